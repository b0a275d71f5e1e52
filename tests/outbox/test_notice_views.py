"""The bell, the page Notices, and What is mailed to me."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from outbox.models import Notice, NoticeChoice
from outbox.subjects import Subject, subjects_for
from partnercenter.bell import BellMiddleware
from tests.factories import NoticeFactory, UserFactory
from tests.refusals import codes_on

LIST, MAIL, READ_ALL = "/notices/", "/notices/mail/", "/notices/read/"
HTMX = {"HX-Request": "true", "HX-Target": "results"}


def read_url(notice: Notice) -> str:
    return reverse("notices:read", args=[notice.code])


def bell(response) -> str:
    """What a screen reader says at the bell."""
    link = response.content.decode().split('class="bar-button bell"')[1]
    return link.split('"sr-only">')[1].split("</span>")[0].strip()


def elsewhere(response) -> list[str]:
    """What stands beside one's other companies in the switch."""
    switch = response.content.decode().split('action="/me/switch/"')[1].split("</form>")[0]
    return [each.split("</span>")[0].strip() for each in switch.split('<span class="quiet">')[1:]]


@pytest.mark.parametrize(
    ("unread", "said"),
    [(0, "Notices"), (1, "Notices: 1 unread"), (9, "Notices: 9 unread"), (12, "Notices: more than 9 unread")],
)
def test_the_bell_counts_what_is_unread(provider_admin, sales_agent, sign_in, unread, said):
    NoticeFactory.create_batch(unread, membership=provider_admin)
    NoticeFactory(membership=provider_admin, read_at=timezone.now())
    NoticeFactory(membership=sales_agent)

    assert bell(sign_in(provider_admin).get("/me/profile/")) == said


def test_the_bell_costs_no_query_of_its_own(provider_admin, sign_in, django_assert_num_queries):
    client = sign_in(provider_admin)
    NoticeFactory.create_batch(3, membership=provider_admin)

    for headers in ({}, HTMX):
        with django_assert_num_queries(3):  # user, memberships with the bell, the list
            client.get(LIST, headers=headers)


def test_the_bell_is_read_from_its_index_alone(provider_admin):
    NoticeFactory.create_batch(60, membership=provider_admin, read_at=timezone.now())
    NoticeFactory(membership=provider_admin)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_notice; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")

    plan = BellMiddleware(HttpResponse).rows().filter(user=provider_admin.user).explain(costs=False)

    read = [line.strip() for line in plan.splitlines() if "outbox_notice" in line]
    assert read == ["->  Index Only Scan using outbox_notice_unread on outbox_notice u0"]


def test_the_switch_says_where_else_something_waits(provider_admin, stranger, sign_in):
    other = Membership.objects.create(
        user=provider_admin.user, organisation=stranger.organisation, roles=[Role.SALES_AGENT]
    )
    NoticeFactory.create_batch(2, membership=other)
    NoticeFactory(membership=provider_admin)
    client = sign_in(provider_admin)

    here = client.get("/me/profile/")
    client.post(reverse("accounts:switch"), {"membership": other.pk})
    there = client.get("/me/profile/")

    assert (bell(here), elsewhere(here)) == ("Notices: 1 unread", ["Notices: 2 unread"])
    assert (bell(there), elsewhere(there)) == ("Notices: 2 unread", ["Notices: 1 unread"])


def test_who_acts_for_no_company_has_no_bell_and_is_told_nothing(client, db):
    client.force_login(UserFactory())

    response = client.get(LIST)

    assert response.status_code == 200
    assert b"bar-button bell" not in response.content
    assert response.context["page"].rows == []
    assert client.get(MAIL).status_code == 403
    assert client.post(READ_ALL, {"until": timezone.now().isoformat()}).status_code == 302


def test_the_newest_is_first_and_what_is_unread_says_so(provider_admin, sales_agent, stranger, sign_in):
    now = timezone.now()
    old = NoticeFactory(membership=provider_admin, created_at=now - timedelta(days=1), read_at=now)
    new = NoticeFactory(membership=provider_admin, names={"company": "<Hikari>"}, path="/resellers/requests/")
    for membership in (sales_agent, stranger):
        NoticeFactory(membership=membership, names={"company": "Neckar"})

    response = sign_in(provider_admin).get(LIST)

    text = response.content.decode()
    assert response.context["page"].rows == [new, old]
    assert '<a href="/resellers/requests/">The partnership with &lt;Hikari&gt; has ended</a>' in text
    assert (text.count('data-state="unread"'), text.count('data-state="read"')) == (1, 1)
    assert (text.count(read_url(new)), text.count(read_url(old))) == (1, 0)
    assert "Neckar" not in text


def test_only_unread_ones_on_request_page_by_page(provider_admin, sign_in):
    unread = NoticeFactory.create_batch(26, membership=provider_admin)
    NoticeFactory(membership=provider_admin, read_at=timezone.now())
    client = sign_in(provider_admin)

    first = client.get(f"{LIST}?state=unread", headers=HTMX)
    second = client.get(first.context["page"].next_url)

    assert [each.pk for each in first.context["page"]] == [each.pk for each in reversed(unread[1:])]
    assert second.context["page"].rows == [unread[0]]
    assert first.templates[0].name == "notices/_table.html"


@pytest.mark.parametrize(
    ("address", "said"), [(LIST, "No notices yet"), (f"{LIST}?state=unread", "You have read everything")]
)
def test_an_empty_list_says_what_will_be_there(provider_admin, sales_agent, sign_in, address, said):
    NoticeFactory(membership=sales_agent)

    response = sign_in(provider_admin).get(address)

    assert f"<h2>{said}</h2>" in response.content.decode()


def test_reading_one_goes_back_to_the_page_where_it_was(provider_admin, sign_in):
    notice, other = NoticeFactory.create_batch(2, membership=provider_admin)
    client = sign_in(provider_admin)

    back = client.post(read_url(notice), {"next": "/notices/?state=unread"})
    plain = client.post(read_url(notice), {"next": "https://elsewhere.example/"})

    assert (back.status_code, back["Location"]) == (302, "/notices/?state=unread")
    assert plain["Location"] == LIST
    assert list(Notice.objects.unread()) == [other]


@pytest.mark.parametrize("who", ["sales_agent", "stranger", "customer_admin"])
def test_nobody_reads_anothers_not_even_a_colleague(provider_admin, sign_in, request, who):
    notice = NoticeFactory(membership=provider_admin)

    response = sign_in(request.getfixturevalue(who)).post(read_url(notice))

    assert response.status_code == 404
    assert list(Notice.objects.unread()) == [notice]


def test_what_one_was_told_for_another_company_is_not_found_before_switching(provider_admin, stranger, sign_in):
    other = Membership.objects.create(
        user=provider_admin.user, organisation=stranger.organisation, roles=[Role.SALES_AGENT]
    )
    notice = NoticeFactory(membership=other)
    client = sign_in(provider_admin)
    before = client.post(read_url(notice)).status_code

    client.post(reverse("accounts:switch"), {"membership": other.pk})

    assert (before, client.post(read_url(notice)).status_code) == (404, 302)
    assert list(Notice.objects.unread()) == []


def test_all_are_read_that_the_page_could_show(provider_admin, sales_agent, sign_in):
    client = sign_in(provider_admin)
    NoticeFactory.create_batch(2, membership=provider_admin)
    until = client.get(LIST).context["until"]
    late, anothers = NoticeFactory(membership=provider_admin), NoticeFactory(membership=sales_agent)

    response = client.post(READ_ALL, {"until": until})

    assert (response.status_code, response["Location"]) == (302, LIST)
    assert list(Notice.objects.unread().order_by("pk")) == [late, anothers]


@pytest.mark.parametrize("until", ["", "now", "\0"])
def test_reading_all_until_nonsense_reads_nothing(provider_admin, sign_in, until):
    notice = NoticeFactory(membership=provider_admin)

    response = sign_in(provider_admin).post(READ_ALL, {"until": until})

    assert response.status_code == 302
    assert list(Notice.objects.unread()) == [notice]


@pytest.mark.parametrize("address", ["read", "read_all"])
def test_reading_is_not_done_by_a_get(provider_admin, sign_in, address):
    notice = NoticeFactory(membership=provider_admin)
    url = read_url(notice) if address == "read" else READ_ALL

    assert sign_in(provider_admin).get(url).status_code == 405
    assert list(Notice.objects.unread()) == [notice]


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_everything_that_can_concern_ones_company_is_offered_and_ticked(request, sign_in, who):
    membership = request.getfixturevalue(who)

    form = sign_in(membership).get(MAIL).context["form"]

    offered = [subject.value for subject in subjects_for(membership.kind)]
    assert [value for value, _label in form.fields["subjects"].choices] == offered
    assert form["subjects"].value() == offered


def test_the_ticks_are_kept(provider_admin, sales_agent, sign_in):
    client = sign_in(provider_admin)

    response = client.post(MAIL, {"subjects": ["roles_changed", "link_accepted"]})

    assert (response.status_code, response["Location"]) == (302, MAIL)
    assert client.get(MAIL).context["form"]["subjects"].value() == ["link_accepted", "roles_changed"]
    assert NoticeChoice.objects.filter(user=sales_agent.user).count() == 0


def test_no_tick_at_all_is_a_choice_too(customer_admin, sign_in):
    sign_in(customer_admin).post(MAIL, {})

    chosen = set(NoticeChoice.objects.visible_to(customer_admin).values_list("subject", flat=True))
    assert chosen == set(subjects_for(customer_admin.kind))


@pytest.mark.parametrize("subject", [Subject.LEAVE_REQUESTED.value, "nonsense"])
def test_what_is_not_offered_is_refused_and_nothing_changes(customer_admin, sign_in, subject):
    response = sign_in(customer_admin).post(MAIL, {"subjects": ["roles_changed", subject]})

    assert response.status_code == 200
    assert codes_on(response) == {"subjects": ["invalid_choice"]}
    assert response.context["form"]["subjects"].value() == ["roles_changed", subject]
    assert NoticeChoice.objects.count() == 0


def test_ones_profile_leads_to_what_is_mailed(provider_admin, sign_in):
    assert f'href="{MAIL}"' in sign_in(provider_admin).get("/me/profile/").content.decode()


def test_the_list_costs_the_same_with_three_rows(provider_admin, sign_in, django_assert_num_queries):
    client = sign_in(provider_admin)
    NoticeFactory(membership=provider_admin)
    with django_assert_num_queries(3):
        client.get(LIST)
    NoticeFactory.create_batch(2, membership=provider_admin)

    with django_assert_num_queries(3):
        client.get(LIST)

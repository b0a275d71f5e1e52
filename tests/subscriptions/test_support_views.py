"""The pages of support requests: the list, a new one, and one with what was written."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from resellers.models import SupportProfile
from subscriptions.models import SupportMessage, SupportRequest
from subscriptions.support import close_request, hand_over_open_requests, write
from tests.factories import (
    CustomerFactory,
    RelationshipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
    ready_reseller,
)
from tests.pages import rows_of
from tests.refusals import codes

LIST = reverse("support:list")
EXPORT = reverse("support:export")
NEW = reverse("support:new")


def at(day, hour=0):
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def url(row, page="detail"):
    return reverse(f"support:{page}", args=[row.code])


def titles(response):
    return [each.title for each in response.context["page"]]


def said(response):
    return [str(each) for each in response.context["messages"]]


def answers(subscription, **changes):
    return {
        "key": str(uuid4()),
        "subscription": str(subscription.code),
        "title": "No mail",
        "severity": "critical",
        "text": "Since Monday.",
        **changes,
    }


@pytest.fixture
def supported(subscription, reseller):
    """Sakura supports the subscription; whoever administers the customer is somebody else."""
    subscription.support_contact = reseller
    subscription.save()
    subscription.relationship.reseller = None
    subscription.relationship.save()
    subscription.customer.delegations.filter(partner=reseller.organisation).delete()
    return subscription


@pytest.fixture
def asked(supported, customer_admin):
    return SupportRequestFactory(
        subscription=supported, opened_by=customer_admin.user, title="No mail", text="Since <b>Monday</b>."
    )


@pytest.fixture
def strange_request(strange_subscription):
    return SupportRequestFactory(subscription=strange_subscription, title="Fremd")


# The list


def test_list_shows_the_newest_change_first(sign_in, provider_admin, subscription, strange_request):
    for day in (1, 3, 2):
        SupportRequestFactory(subscription=subscription, title=f"Day {day}", changed_at=at(day), opened_at=at(10 - day))
    client = sign_in(provider_admin)

    assert titles(client.get(LIST)) == ["Day 3", "Day 2", "Day 1"]
    assert titles(client.get(LIST, {"sort": "-changed"})) == ["Day 1", "Day 2", "Day 3"]
    assert titles(client.get(LIST, {"sort": "opened"})) == ["Day 1", "Day 2", "Day 3"]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("provider_admin", ["Direct", "Mine"]),
        ("reseller_admin", ["Mine"]),
        ("customer_admin", ["Mine"]),
        ("stranger", ["Fremd"]),
    ],
)
def test_everybody_sees_their_own(sign_in, request, provider, asked, strange_request, who, expected):
    SupportRequest.objects.filter(pk=asked.pk).update(title="Mine")
    SupportRequestFactory(
        subscription=SubscriptionFactory(relationship=RelationshipFactory(provider=provider)), title="Direct"
    )

    response = sign_in(request.getfixturevalue(who)).get(LIST)

    assert sorted(titles(response)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "mail"}, ["No mail"]),
        ({"q": "beta"}, ["No calendar", "Slow"]),
        ({"q": "ＢＥＴＡ calendar"}, ["No calendar"]),
        ({"q": "Fremd"}, []),
        ({"status": "attention_needed"}, ["Slow"]),
        ({"status": "closed"}, ["No calendar"]),
        ({"status": "gone"}, ["No mail", "No calendar", "Slow"]),
        ({"severity": "minimal"}, ["No calendar"]),
        ({"severity": "minimal", "status": "open"}, []),
        ({"subscription": "beta"}, ["No calendar", "Slow"]),
        ({"subscription": "not an id"}, ["No mail", "No calendar", "Slow"]),
    ],
)
def test_list_narrows(sign_in, provider, provider_admin, subscription, strange_request, query, expected):
    beta = SubscriptionFactory(
        relationship=RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name="Beta"))
    )
    for day, of, title, status, severity in (
        (3, subscription, "No mail", "open", "critical"),
        (2, beta, "No calendar", "closed", "minimal"),
        (1, beta, "Slow", "attention_needed", "moderate"),
    ):
        SupportRequestFactory(subscription=of, title=title, status=status, severity=severity, changed_at=at(day))
    if query.get("subscription") == "beta":
        query = {"subscription": str(beta.code)}

    assert titles(sign_in(provider_admin).get(LIST, query)) == expected


def test_pages_follow_each_other(sign_in, provider_admin, subscription):
    for number in range(PAGE_SIZE + 2):
        SupportRequestFactory(subscription=subscription, title=f"{number}", changed_at=at(1))
    client = sign_in(provider_admin)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)

    assert (len(titles(first)), len(titles(second))) == (PAGE_SIZE, 2)
    assert len({*titles(first), *titles(second)}) == PAGE_SIZE + 2


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_list_costs_the_same_for_one_row_and_three(
    sign_in, request, supported, strange_request, who, django_assert_max_num_queries, django_assert_num_queries
):
    client = sign_in(request.getfixturevalue(who))
    SupportRequestFactory(subscription=supported)

    with django_assert_max_num_queries(12) as first:
        client.get(LIST)
    for _row in range(2):
        another = SubscriptionFactory(relationship=supported.relationship, support_contact=supported.support_contact)
        SupportRequestFactory(subscription=another)
    with django_assert_num_queries(len(first)):
        response = client.get(LIST)

    assert len(titles(response)) == 3


def test_htmx_gets_the_table_and_the_export_that_goes_with_it(sign_in, provider_admin, asked):
    response = sign_in(provider_admin).get(LIST, {"status": "open"}, headers={"HX-Request": "true"})

    assert response.templates[0].name == "support/_table.html"
    assert '<a id="export" href="/support/export/?status=open" data-hx-swap-oob="true" download>' in response.text


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("customer_admin", "Ask about a subscription: your request goes to the company that supports it."),
        ("provider_admin", "Customers open them on subscriptions that your company supports."),
        ("reseller_admin", "Customers open them on subscriptions that your company supports."),
    ],
)
def test_empty_list_says_what_comes_next(sign_in, request, relationship, strange_request, who, sentence):
    assert sentence in sign_in(request.getfixturevalue(who)).get(LIST).text


def test_empty_list_for_whom_may_not_ask(sign_in, settings, relationship, customer_admin):
    settings.ROLE_RESTRICTIONS = {"request_support": []}

    text = sign_in(customer_admin).get(LIST).text

    assert "Requests that your colleagues open appear here." in text
    assert f'href="{NEW}"' not in text


def test_list_that_nothing_matches_leads_back(sign_in, provider_admin, asked):
    text = sign_in(provider_admin).get(LIST, {"q": "nothing"}).text

    assert f'<a class="button primary" href="{LIST}">Show all support requests</a>' in text


def test_export_has_what_is_filtered(sign_in, reseller_admin, asked, strange_request):
    SupportRequestFactory(subscription=asked.subscription, title="Other", status="closed")
    SupportRequest.objects.filter(pk=asked.pk).update(title="=mail", opened_at=at(1, 9), changed_at=at(2, 9))

    rows = rows_of(sign_in(reseller_admin).get(EXPORT, {"status": "open"}))

    assert rows == [
        [
            *("Request ID", "Title", "Severity", "Status", "Company name", "Subscription", "Indirect provider"),
            *("Answered by", "Opened by", "Opened", "Last change", "Closed"),
        ],
        [
            *(str(asked.code), "'=mail", "Moderate", "Open", "Aoba", asked.subscription.nickname, "Kita", "Sakura"),
            *(asked.opened_by.name, "2026-01-01 09:00:00 +0000", "2026-01-02 09:00:00 +0000", ""),
        ],
    ]
    assert (Activity.objects.get().verb, Activity.objects.get().target) == ("exported", "Support requests")


# A new one


def test_new_request_goes_to_the_contact(sign_in, customer_admin, supported, reseller):
    response = sign_in(customer_admin).post(NEW, answers(supported), follow=True)

    request = SupportRequest.objects.get()
    assert response.redirect_chain == [(url(request), 302)]
    assert said(response) == ["Your request has gone to Sakura."]
    assert (request.title, request.severity, request.assignee) == ("No mail", "critical", reseller.organisation)
    assert (request.subscription, request.opened_by) == (supported, customer_admin.user)


def test_form_sent_twice_makes_one_request(sign_in, customer_admin, supported):
    client, typed = sign_in(customer_admin), answers(supported)

    addresses = [client.post(NEW, typed)["Location"] for _click in range(2)]

    assert addresses == [url(SupportRequest.objects.get())] * 2


def test_form_without_a_key_is_sent_all_the_same(sign_in, customer_admin, supported):
    sign_in(customer_admin).post(NEW, answers(supported, key=""))

    assert SupportRequest.objects.count() == 1


def test_form_has_a_key_of_its_own_and_the_subscription_one_comes_from(sign_in, customer_admin, supported):
    SubscriptionFactory(relationship=supported.relationship, nickname="Azure")
    client = sign_in(customer_admin)

    forms = [client.get(NEW, {"subscription": str(supported.code)}).context["form"] for _time in range(2)]

    assert forms[0]["key"].value() != forms[1]["key"].value()
    assert [str(each["subscription"].value()) for each in forms] == [str(supported.code)] * 2
    choices = [str(label) for _value, label in forms[0].fields["subscription"].choices]
    assert choices == ["Select", "Azure (support by Kita)", f"{supported.nickname} (support by Sakura)"]


def test_form_says_everything_at_once_and_keeps_what_was_typed(sign_in, customer_admin, supported):
    typed = {"key": "no key", "subscription": "", "title": "x" * 151, "severity": "urgent", "text": ""}

    form = sign_in(customer_admin).post(NEW, typed).context["form"]

    assert codes(form) == {
        "key": ["invalid"],
        "subscription": ["required"],
        "title": ["max_length"],
        "severity": ["invalid_choice"],
        "text": ["required"],
    }
    assert {name: form[name].value() for name in typed} == typed
    assert not SupportRequest.objects.exists()


def test_a_strangers_subscription_is_no_choice(sign_in, customer_admin, supported, strange_subscription):
    form = sign_in(customer_admin).post(NEW, answers(strange_subscription)).context["form"]

    assert codes(form) == {"subscription": ["invalid_choice"]}
    assert strange_subscription.nickname not in str(form["subscription"])
    assert not SupportRequest.objects.exists()


def test_without_a_subscription_there_is_nothing_to_ask_about(sign_in, customer_admin):
    response = sign_in(customer_admin).get(NEW)

    assert "A support request is about a subscription." in response.text
    assert "<textarea" not in response.text


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "stranger"])
def test_partners_do_not_open_requests(sign_in, request, supported, who):
    client = sign_in(request.getfixturevalue(who))

    assert (client.get(NEW).status_code, client.post(NEW, answers(supported)).status_code) == (404, 404)
    assert not SupportRequest.objects.exists()
    assert f'href="{NEW}' not in client.get(LIST).text


def test_who_may_not_ask_is_told_so(sign_in, settings, customer_admin, supported):
    settings.ROLE_RESTRICTIONS = {"request_support": ["user_admin"]}
    client = sign_in(customer_admin)

    assert (client.get(NEW).status_code, client.post(NEW, answers(supported)).status_code) == (403, 403)
    assert not SupportRequest.objects.exists()
    assert f'href="{NEW}' not in client.get(supported.get_absolute_url()).text


def test_a_subscriptions_page_leads_to_a_new_request(sign_in, customer_admin, provider_admin, supported):
    pages = [sign_in(each).get(supported.get_absolute_url()).text for each in (customer_admin, provider_admin)]

    assert [f'href="{NEW}?subscription={supported.code}"' in page for page in pages] == [True, False]
    assert [f'href="{LIST}?subscription={supported.code}"' in page for page in pages] == [True, True]


# One request


def test_page_shows_what_was_written_in_order(sign_in, customer_admin, reseller_admin, asked):
    write(asked, text="Which mailbox?\nAll?", membership=reseller_admin)
    close_request(asked, membership=reseller_admin)
    asked.subscription.support_contact = None
    hand_over_open_requests(asked.subscription, actor=reseller_admin.user)

    response = sign_in(customer_admin).get(url(asked))

    thread = [(entry.by, entry.company, entry.text or entry.what) for entry in response.context["thread"]]
    assert thread == [
        (customer_admin.user.name, "Aoba", "Since <b>Monday</b>."),
        (reseller_admin.user.name, "Sakura", "Which mailbox?\nAll?"),
        (reseller_admin.user.name, "", "Closed"),
    ]
    assert "Since &lt;b&gt;Monday&lt;/b&gt;." in response.text
    assert "<p>Which mailbox?<br>All?</p>" in response.text


def test_page_shows_the_hand_over_to_everybody(sign_in, customer_admin, provider_admin, partnership, asked):
    asked.subscription.support_contact = None
    hand_over_open_requests(asked.subscription, actor=provider_admin.user)

    threads = [sign_in(each).get(url(asked)).context["thread"] for each in (customer_admin, provider_admin)]

    assert [thread[-1].what for thread in threads] == ["Handed over from Sakura to Kita"] * 2


def test_page_shows_how_the_contact_is_reached(sign_in, customer_admin, reseller, asked):
    SupportProfile.objects.create(organisation=reseller.organisation, hours="Mon–Fri", languages=["ja"])

    contact = sign_in(customer_admin).get(url(asked)).context["contact"]

    assert (contact.company, contact.hours, contact.languages) == ("Sakura", "Mon–Fri", ("ja",))


def test_supporting_reseller_sees_the_request_and_nothing_else_of_the_subscription(
    sign_in, reseller_admin, asked, provider_admin
):
    other = ready_reseller("Ume", number="0098765")
    ResellerOfRecordFactory(subscription=asked.subscription, partner_account=other.organisation.partner_accounts.get())
    asked.subscription.licences = 4711
    asked.subscription.unit_price = "9876.5400"
    asked.subscription.save()
    client = sign_in(reseller_admin)

    response = client.get(url(asked))

    assert client.get(asked.subscription.get_absolute_url()).status_code == 404
    shown = {
        word: word in response.text
        for word in ("Aoba", asked.opened_by.email, asked.subscription.nickname, "Kita", "Since &lt;b&gt;Monday")
    }
    assert shown == dict.fromkeys(shown, True)
    hidden = ("4711", "4,711", "9,876", "Ume", "0098765", "hanako@customer.example")
    leaked = [word for word in (*hidden, asked.subscription.get_absolute_url()) if word in response.text]
    assert leaked == []


def test_page_leads_to_the_subscription_for_those_who_may_see_it(sign_in, customer_admin, provider_admin, asked):
    link = f'href="{asked.subscription.get_absolute_url()}"'

    assert [link in sign_in(each).get(url(asked)).text for each in (customer_admin, provider_admin)] == [True, True]


def test_a_customer_does_not_read_its_own_peoples_addresses_twice(sign_in, customer_admin, asked):
    asked.opened_by = member(customer_admin.organisation, Role.SALES_AGENT, email="colleague@aoba.example").user
    asked.save()

    assert "colleague@aoba.example" not in sign_in(customer_admin).get(url(asked)).text


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_page_costs_the_same_for_one_message_and_three(
    sign_in, request, asked, who, django_assert_max_num_queries, django_assert_num_queries
):
    client = sign_in(request.getfixturevalue(who))

    with django_assert_max_num_queries(12) as first:
        client.get(url(asked))
    for person in ("reseller_admin", "provider_admin"):
        membership = request.getfixturevalue(person)
        SupportMessage.objects.create(
            request=asked, author=membership.user, organisation=membership.organisation, text="Hm"
        )
    with django_assert_num_queries(len(first)):
        response = client.get(url(asked))

    assert len(response.context["thread"]) == 3


@pytest.mark.parametrize(
    ("who", "status"),
    [("provider_admin", "attention_needed"), ("reseller_admin", "attention_needed"), ("customer_admin", "open")],
)
def test_each_side_writes(sign_in, request, asked, who, status):
    membership = request.getfixturevalue(who)

    response = sign_in(membership).post(url(asked, "write"), {"text": " One moment. "}, follow=True)

    asked.refresh_from_db()
    assert response.redirect_chain == [(url(asked), 302)]
    assert (said(response), asked.status) == (["Message sent."], status)
    message = asked.messages.latest("pk")
    assert (message.text, message.author, message.organisation) == (
        *("One moment.", membership.user, membership.organisation),
    )


@pytest.mark.parametrize(("text", "code"), [("", "required"), ("x" * 10_001, "max_length")])
def test_message_that_is_none_is_shown_again(sign_in, customer_admin, asked, text, code):
    response = sign_in(customer_admin).post(url(asked, "write"), {"text": text})

    assert (codes(response.context["form"]), response.context["form"]["text"].value()) == ({"text": [code]}, text)
    assert asked.messages.count() == 1


def test_message_in_a_closed_request_is_refused_and_kept(sign_in, customer_admin, reseller_admin, asked):
    close_request(asked, membership=reseller_admin)

    response = sign_in(customer_admin).post(url(asked, "write"), {"text": "One more thing"})

    assert codes(response.context["form"]) == {"__all__": ["support_closed"]}
    assert response.context["form"]["text"].value() == "One more thing"
    assert f'action="{url(asked, "reopen")}"' in response.text
    assert asked.messages.count() == 1


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_close_and_reopen_are_buttons_of_their_own(sign_in, request, asked, who):
    client = sign_in(request.getfixturevalue(who))

    closed = client.post(url(asked, "close"), follow=True)
    again = client.post(url(asked, "close"), follow=True)
    reopened = client.post(url(asked, "reopen"), follow=True)

    assert [said(each)[-1] for each in (closed, again, reopened)] == [
        "Support request closed.",
        "This request is closed already.",
        "Support request opened again.",
    ]
    assert ["<textarea" in each.text for each in (closed, reopened)] == [False, True]
    assert [f'action="{url(asked, "close")}"' in each.text for each in (closed, reopened)] == [False, True]


@pytest.mark.parametrize("page", ["write", "close", "reopen"])
def test_what_changes_a_request_is_no_page_to_read(sign_in, customer_admin, asked, page):
    assert sign_in(customer_admin).get(url(asked, page)).status_code == 405


@pytest.mark.parametrize("page", ["write", "close", "reopen"])
def test_who_only_looks_is_told_who_answers(sign_in, billing_admin, reseller, asked, page):
    for membership in (billing_admin, member(reseller.organisation, Role.BILLING_ADMIN)):
        client = sign_in(membership)

        text = client.get(url(asked)).text

        assert client.post(url(asked, page), {"text": "Hm"}).status_code == 403
        assert "Roles that can answer this: Global admin" in text
        assert "<textarea" not in text
    asked.refresh_from_db()
    assert (asked.status, asked.messages.count()) == ("open", 1)


@pytest.mark.parametrize("page", ["detail", "write", "close", "reopen"])
def test_a_strangers_request_is_not_found(
    sign_in, stranger, provider_admin, reseller_admin, customer_admin, asked, strange_request, page
):
    tried = [(stranger, asked), *((each, strange_request) for each in (provider_admin, reseller_admin, customer_admin))]

    found = [sign_in(each).post(url(row, page), {"text": "Hm"}).status_code for each, row in tried]

    assert found == [404] * 4
    assert [SupportMessage.objects.count(), SupportRequest.objects.open().count()] == [2, 2]


def test_who_lost_a_request_does_not_find_it_any_more(sign_in, reseller_admin, provider_admin, asked):
    asked.subscription.support_contact = None
    hand_over_open_requests(asked.subscription, actor=provider_admin.user)
    client = sign_in(reseller_admin)

    assert (client.get(url(asked)).status_code, client.post(url(asked, "close")).status_code) == (404, 404)
    assert titles(client.get(LIST)) == []

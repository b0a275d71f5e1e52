"""Ask to be contacted: who may, what stands in the way, what the provider sees and does with it."""

import csv

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from activity.models import Activity, Sighting
from outbox.models import Notice
from resellers.contacts import Contact, ask_to_be_contacted, close_contact, obstacles, request_from_contact
from resellers.models import ContactRequest, PartnerAgreement, PartnershipRequest, Reseller
from tests.factories import (
    ContactRequestFactory,
    PartnershipFactory,
    ProviderFactory,
    UserFactory,
    member,
    ready_reseller,
)
from tests.pages import shown_text
from tests.refusals import refused
from tests.threads import at_once, fresh

LIST, EXPORT, PROVIDERS = "/resellers/contacts/", "/resellers/contacts/export/", "/resellers/providers/"
TYPED = {"name": "桜井 健太", "email": "sakurai@sakura.example", "message": "Please write."}
CONTACT = Contact(**TYPED)


def ask(provider) -> str:
    return reverse("resellers:contact_ask", args=[provider.pk])


def act(name: str, row: ContactRequest) -> str:
    return reverse(f"resellers:contact_{name}", args=[row.code])


def seen() -> list[tuple[str, str, str]]:
    rows = Sighting.objects.order_by("activity", "organisation__name")
    return list(rows.values_list("activity__verb", "activity__refusal", "organisation__name"))


@pytest.fixture
def asked(provider, reseller):
    return ContactRequestFactory(provider=provider, reseller=reseller, **TYPED)


def test_reseller_asks_and_the_provider_is_told(provider, sales_agent, billing_admin, reseller_admin):
    row = ask_to_be_contacted(provider, CONTACT, membership=reseller_admin)

    assert (row.provider, row.reseller, row.created_by) == (
        provider,
        reseller_admin.organisation.reseller,
        reseller_admin.user,
    )
    assert (row.name, row.email, row.message) == tuple(TYPED.values())
    notice = Notice.objects.get()
    assert (notice.membership, notice.names, notice.path) == (sales_agent, {"company": "Sakura"}, LIST)
    assert seen() == [("contact_requested", "", "Kita"), ("contact_requested", "", "Sakura")]


def test_second_question_is_refused_until_the_first_is_closed(provider, asked, reseller_admin, provider_admin):
    assert refused(lambda: ask_to_be_contacted(provider, CONTACT, membership=reseller_admin)) == "contact_open"
    assert seen() == [("contact_requested", "contact_open", "Sakura")]

    close_contact(asked, actor=provider_admin.user)
    ask_to_be_contacted(provider, CONTACT, membership=reseller_admin)

    assert ContactRequest.objects.filter(closed_at=None).count() == 1


def test_partners_need_not_ask(partnership, reseller_admin):
    refusal = refused(lambda: ask_to_be_contacted(partnership.provider, CONTACT, membership=reseller_admin))

    assert refusal == "already_partners"


def test_reseller_of_another_region_is_refused(reseller_admin):
    rhein = ProviderFactory(organisation__country="DE")

    assert refused(lambda: ask_to_be_contacted(rhein, CONTACT, membership=reseller_admin)) == "wrong_region"


@pytest.mark.parametrize("state", ["pending", "rejected", "suspended"])
def test_reseller_that_is_not_enrolled_is_refused(provider, reseller, state):
    reseller.enrolment = state

    assert [problem.code for problem in obstacles(provider, reseller)] == [f"enrolment_{state}"]


def test_agreement_and_mpn_id_can_follow(provider, reseller):
    PartnerAgreement.objects.all().delete()
    reseller.organisation.partner_accounts.all().delete()

    assert obstacles(provider, reseller) == []


def test_closing_is_done_once_and_seen_by_both(asked, provider_admin):
    close_contact(asked, actor=provider_admin.user)

    asked.refresh_from_db()
    assert asked.closed_by == provider_admin.user
    assert refused(lambda: close_contact(asked, actor=provider_admin.user)) == "contact_closed"
    assert seen() == [
        ("contact_closed", "", "Kita"),
        ("contact_closed", "", "Sakura"),
        ("contact_closed", "contact_closed", "Kita"),
    ]


def test_partnership_is_requested_from_it_in_the_readers_language(asked, provider_admin):
    asked.created_by.language = "ja"
    asked.created_by.save()

    drafted = request_from_contact(asked, actor=provider_admin.user)

    asked.refresh_from_db()
    assert (drafted.recipient, drafted.language, drafted.provider) == (asked.email, "ja", asked.provider)
    assert asked.closed_at is not None
    assert refused(lambda: request_from_contact(asked, actor=provider_admin.user)) == "contact_closed"
    assert PartnershipRequest.objects.count() == 1


def test_partnership_is_not_requested_from_a_partner(asked, provider_admin):
    PartnershipFactory(provider=asked.provider, reseller=asked.reseller)

    assert refused(lambda: request_from_contact(asked, actor=provider_admin.user)) == "already_partners"
    asked.refresh_from_db()
    assert asked.closed_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_two_colleagues_ask_at_the_same_moment(provider, reseller_admin, _round):
    colleague = member(reseller_admin.organisation, *reseller_admin.roles)

    answers = at_once(
        lambda: ask_to_be_contacted(provider, CONTACT, membership=fresh(reseller_admin)),
        lambda: ask_to_be_contacted(provider, CONTACT, membership=fresh(colleague)),
    )

    assert sorted(answers) == ["contact_open", "done"]
    assert ContactRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_one_colleague_closes_while_the_other_answers(asked, provider_admin, sales_agent, _round):
    answers = at_once(
        lambda: request_from_contact(asked, actor=sales_agent.user),
        lambda: close_contact(asked, actor=provider_admin.user),
    )

    assert sorted(answers) == ["contact_closed", "done"]
    assert PartnershipRequest.objects.count() == (1 if answers[0] == "done" else 0)


def test_form_begins_with_the_person_and_sends(provider, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    form = client.get(ask(provider)).context["form"]
    response = client.post(ask(provider), TYPED, follow=True)

    assert (form["name"].value(), form["email"].value()) == (reseller_admin.user.name, reseller_admin.user.email)
    assert response.redirect_chain == [(PROVIDERS, 302)]
    assert "Kita has your message." in shown_text(response)
    assert "Asked to be contacted Indirect provider Asked Contact State Kita" in shown_text(response)
    assert "Waiting for the provider" in shown_text(response)


def test_mistakes_stand_beside_their_fields(provider, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(ask(provider), {"name": " ", "email": "nobody", "message": "x" * 2001})

    errors = response.context["form"].errors
    assert {name: each.as_data()[0].code for name, each in errors.items()} == {
        "name": "required",
        "email": "invalid",
        "message": "max_length",
    }
    assert "x" * 2001 in response.content.decode()


def test_refusal_keeps_what_was_typed(provider, asked, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(ask(provider), {**TYPED, "message": "Me again."})

    assert response.context["form"].non_field_errors().as_data()[0].code == "contact_open"
    assert "Me again." in response.content.decode()


def test_obstacle_is_said_before_anything_is_typed(provider, reseller, reseller_admin, sign_in):
    Reseller.objects.filter(pk=reseller.pk).update(enrolment="pending")

    response = sign_in(reseller_admin).get(ask(provider))

    assert "its enrollment is still being reviewed" in shown_text(response)
    assert "<textarea" not in response.content.decode()


def test_provider_that_is_not_listed_cannot_be_asked(reseller_admin, sign_in):
    hidden = ProviderFactory(is_listed=False)

    assert sign_in(reseller_admin).post(ask(hidden), TYPED).status_code == 404
    assert not ContactRequest.objects.exists()


def test_visitor_signs_in_and_comes_back(provider, client):
    response = client.get(ask(provider))

    assert response.url == f"/accounts/login/?next={ask(provider)}"


def test_person_without_company_enrolls_and_comes_back(provider):
    client = Client()
    client.force_login(UserFactory(email="ume@ume.example", name="Umeko"))
    details = {
        "company_name": "Ume",
        "country": "JP",
        "mpn_id": "0077",
        "contact_name": "Umeko",
        "contact_email": "ume@ume.example",
        "contact_phone": "03-1234-5678",
        "signer_name": "Umeko",
        "agreed": "on",
    }

    to_enrol = client.get(ask(provider))
    back = client.post(to_enrol.url, {**details, "next": ask(provider)})

    assert to_enrol.url == f"/resellers/enrol/?next={ask(provider).replace('/', '%2F')}"
    assert back.url == ask(provider)
    assert client.post(ask(provider), TYPED).url == PROVIDERS
    assert ContactRequest.objects.get().reseller.organisation.name == "Ume"


@pytest.mark.parametrize("who", ["provider_admin", "customer_admin"])
def test_only_resellers_ask(request, sign_in, provider, who):
    assert sign_in(request.getfixturevalue(who)).post(ask(provider), TYPED).status_code == 404
    assert not ContactRequest.objects.exists()


def test_provider_sees_who_asked_and_nobody_elses(asked, stranger, provider_admin, billing_admin, sign_in):
    ContactRequestFactory(provider=stranger.organisation.provider, reseller=ready_reseller("Mosel"), name="Lotse")

    response = sign_in(provider_admin).get(LIST)

    page = shown_text(response)
    assert list(response.context["page"]) == [asked]
    assert "Sakura Japan · MPN ID 0012345 桜井 健太 sakurai@sakura.example Please write." in page
    assert act("request", asked) in response.content.decode()
    assert "Lotse" not in page
    assert act("request", asked) not in sign_in(billing_admin).get(LIST).content.decode()


def test_list_is_narrowed_to_open_or_closed(provider, asked, provider_admin, sign_in):
    closed = ContactRequestFactory(provider=provider, closed_at=timezone.now(), closed_by=provider_admin.user)
    client = sign_in(provider_admin)

    assert list(client.get(LIST, {"state": "open"}).context["page"]) == [asked]
    assert list(client.get(LIST, {"state": "closed"}).context["page"]) == [closed]
    assert list(client.get(LIST, {"state": "odd"}).context["page"]) == [closed, asked]
    fragment = client.get(LIST, {"state": "open"}, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()


def test_empty_lists_say_what_to_do(provider_admin, sign_in):
    client = sign_in(provider_admin)

    assert "No contact requests yet" in shown_text(client.get(LIST))
    assert "No contact request is in this state" in shown_text(client.get(LIST, {"state": "open"}))


def test_list_costs_the_same_for_any_number_of_rows(provider, provider_admin, sign_in):
    client, counts = sign_in(provider_admin), []
    for rows in (1, 2):
        for _row in range(rows):
            ContactRequestFactory(provider=provider, reseller=ready_reseller())
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


def test_export_has_what_the_list_shows(provider, asked, stranger, billing_admin, sign_in):
    ContactRequestFactory(provider=provider, closed_at=timezone.now(), closed_by=billing_admin.user, message="=1+1")
    ContactRequestFactory(provider=stranger.organisation.provider, name="Lotse")

    response = sign_in(billing_admin).get(EXPORT, {"sort": "-asked"})

    rows = list(csv.reader(b"".join(response.streaming_content).decode("utf-8-sig").splitlines()))
    assert rows[0] == [
        *("Indirect reseller", "Microsoft ID", "Location", "MPN ID", "Name", "Email address", "Message", "Asked"),
        "Closed",
    ]
    assert rows[1] == [
        *("Sakura", str(asked.reseller_id), "JP", "0012345", *TYPED.values()),
        *(f"{asked.created_at:%Y-%m-%dT%H:%M:%SZ}", ""),
    ]
    assert (len(rows), rows[2][6]) == (3, "'=1+1")
    assert Activity.objects.get().verb == "exported"


def test_request_opens_the_draft_with_the_recipient(asked, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(act("request", asked), follow=True)

    assert response.context["form"]["recipient"].value() == asked.email
    again = client.post(act("request", asked), follow=True)
    assert again.redirect_chain == [(LIST, 302)]
    assert "This contact request is closed already." in shown_text(again)


def test_close_puts_it_away(asked, sales_agent, reseller_admin, sign_in):
    client = sign_in(sales_agent)

    assert "The contact request of Sakura is closed." in shown_text(client.post(act("close", asked), follow=True))
    assert "This contact request is closed already." in shown_text(client.post(act("close", asked), follow=True))
    assert "The provider has dealt with it on" in shown_text(sign_in(reseller_admin).get(PROVIDERS))


@pytest.mark.parametrize("name", ["request", "close"])
def test_answers_need_the_role_and_the_own_request(asked, billing_admin, stranger, reseller_admin, sign_in, name):
    statuses = [sign_in(each).post(act(name, asked)).status_code for each in (billing_admin, stranger, reseller_admin)]

    asked.refresh_from_db()
    assert statuses == [403, 404, 404]
    assert asked.closed_at is None


def test_reseller_sees_its_own_questions_alone(asked, stranger, reseller_admin, customer_admin, sign_in):
    ContactRequestFactory(provider=asked.provider, reseller=ready_reseller("Ume"), name="Lotse")

    page = shown_text(sign_in(reseller_admin).get(PROVIDERS))

    assert "sakurai@sakura.example" in page
    assert "Lotse" not in page
    assert not ContactRequest.objects.visible_to(customer_admin).exists()
    assert not ContactRequest.objects.visible_to(None).exists()


def test_person_with_another_hat_is_offered_the_right_one(provider, provider_admin, reseller, sign_in):
    Membership.objects.create(user=provider_admin.user, organisation=reseller.organisation, roles=["sales_agent"])
    client, address = sign_in(provider_admin), ask(provider)
    page = client.get(address)

    assert "Act for Sakura" in shown_text(page)
    switched = client.post("/me/switch/", {"membership": page.context["others"][0].pk, "next": page.context["back"]})
    assert switched.url == address
    assert client.post(address, TYPED).url == PROVIDERS


def test_lines_count_once(provider, reseller_admin, sign_in):
    sign_in(reseller_admin).post(ask(provider), {**TYPED, "message": "x\r\n" * 1000})

    assert ContactRequest.objects.get().message == "\n".join(["x"] * 1000)

"""The page behind a customer's personalised link, for everybody who may open it."""

import uuid
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from activity.models import Activity
from customers.models import CustomerAgreement, Delegation, Relationship
from providers.models import Provider
from resellers.models import Partnership, Reseller
from tests.factories import (
    CustomerFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    UserFactory,
    member,
)
from tests.links import CLOSED, HEADINGS, problems
from tests.pages import readable

NOW = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)
ACCEPTED = {"agreed": "on", "privileges": "give"}


@pytest.fixture
def won(db):
    customer = CustomerFactory(organisation__name="Aoba")
    return member(customer.organisation, Role.GLOBAL_ADMIN, email="admin@aoba.example")


@pytest.fixture
def request_row(provider):
    Provider.objects.filter(pk=provider.pk).update(website="https://kita.example", email="hello@kita.example")
    provider.refresh_from_db()
    return RelationshipRequestFactory(provider=provider)


@pytest.fixture
def joint_request(partnership):
    Reseller.objects.update(website="https://sakura.example", contact_email="contact@sakura.example")
    partnership.reseller.refresh_from_db()
    return RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller, by_reseller=True)


@pytest.fixture
def link(request_row) -> str:
    return request_row.link.path()


def can_accept(response) -> bool:
    return 'accept/"' in readable(response)


# What the page says


def test_page_says_who_asks_and_what_it_could_do(link):
    html = readable(Client().get(link))

    for words in (
        *("Kita asks for a reseller relationship", "Japan", "https://kita.example", "hello@kita.example"),
        *("order subscriptions for you", "Delegated administration privileges", "manage your users"),
        *("What it does not give", "No duty to buy anything."),
    ):
        assert words in html
    assert "Partner Center menu" not in html


def test_page_names_both_companies_and_what_each_could_do(joint_request):
    html = readable(Client().get(joint_request.link.path()))

    for words in (
        *("Sakura and Kita ask for a reseller relationship", "https://sakura.example", "contact@sakura.example"),
        *("From the moment you accept, Kita may:", "Sakura may:", "It cannot order anything."),
        "Kita and Sakura also ask to administer your account.",
    ):
        assert words in html


def test_page_without_privileges_says_that_none_are_given(provider, won, sign_in):
    request = RelationshipRequestFactory(provider=provider, includes_admin=False)

    response = sign_in(won).get(request.link.path())

    assert "No administration of your account" in readable(response)
    assert "administer your account." not in readable(response)
    assert "privileges" not in response.context["accept_form"].fields


def test_page_keeps_the_secret_to_itself(link, won, sign_in):
    for response in (Client().get(link), sign_in(won).get(link), Client().get(f"{link[:-3]}x/")):
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))


def test_anonymous_signs_in_and_comes_back(request_row, link):
    client = Client()
    response = client.get(link)

    html, back = readable(response), reverse("customers:invitation_return", args=[request_row.code])
    assert response.status_code == 200
    assert f"{reverse('account_login')}?next={quote(back, safe='')}" in html
    assert "ask Kita to add it as a new customer" in html
    assert not can_accept(response)
    assert client.get(back)["Location"] == link


def test_anonymous_answer_leads_back_to_the_page(link):
    for verb in ("accept", "decline"):
        response = Client().post(f"{link}{verb}/", ACCEPTED)
        assert (response.status_code, response.url) == (302, link)
    assert Relationship.objects.count() == 0


def test_person_without_company_is_told_how_it_gets_an_account(link):
    client = Client()
    client.force_login(UserFactory(email="new@ume.example"))

    response = client.get(link)

    assert "Your company has no account here, or you do not belong to it yet. Kita can add it" in readable(response)
    assert "new@ume.example" in readable(response)
    assert not can_accept(response)
    assert reverse("resellers:enrol") not in readable(response)


def test_person_with_another_hat_is_offered_the_right_one(link, reseller_admin, won, sign_in):
    other = member(won.organisation, Role.GLOBAL_ADMIN)
    other.user, _old = reseller_admin.user, other.user
    other.save()
    client = sign_in(reseller_admin)
    client.post(reverse("accounts:switch"), {"membership": reseller_admin.pk})

    response = client.get(link)
    assert problems(response) == ["wrong_kind"]
    assert "Act for Aoba" in readable(response)

    response = client.post(reverse("accounts:switch"), {"membership": other.pk, "next": link}, follow=True)
    assert response.redirect_chain == [(link, 302)]
    assert can_accept(response)


# What stands in the way


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_link_says_why_and_what_to_do(provider, won, sign_in, code, changes):
    link = RelationshipRequestFactory(provider=provider, **changes).link.path()

    for client in (Client(), sign_in(won)):
        response = client.get(link)
        assert (response.status_code, problems(response)) == (410, [code])
        assert f"<h1>{HEADINGS[code]}</h1>" in readable(response)
        assert "for a new link" in readable(response)
        assert not can_accept(response)
        assert "decline/" not in readable(response)


def test_wrong_token_unknown_code_and_other_links_get_one_and_the_same_page(request_row, link):
    other = RelationshipRequestFactory()
    token = link.rstrip("/").rpartition("/")[2]
    wrong = [
        reverse("customers:invitation", args=[request_row.code, "guess"]),
        reverse("customers:invitation", args=[other.code, token]),
        reverse("customers:invitation", args=[uuid.uuid4(), token]),
    ]

    responses = [Client().get(url) for url in wrong]

    assert {response.status_code for response in responses} == {404}
    assert ["This link does not work" in readable(response) for response in responses] == [True] * 3
    assert ["Kita" in readable(response) for response in responses] == [False] * 3
    assert {Client().post(f"{url}accept/", ACCEPTED).status_code for url in wrong} == {404}


def test_wrong_companies_are_told_what_the_link_is_for(
    joint_request, provider_admin, reseller_admin, stranger, sign_in
):
    link = joint_request.link.path()

    for membership, code, words in (
        (provider_admin, "own_company", "This is your own company's link"),
        (reseller_admin, "own_company", "This is your own company's link"),
        (stranger, "wrong_kind", "This link is for customers"),
    ):
        client = sign_in(membership)
        response = client.get(link)
        assert (response.status_code, problems(response)) == (200, [code])
        assert words in readable(response)
        assert not can_accept(response)
        assert client.post(f"{link}accept/", ACCEPTED).url == link
        assert client.post(f"{link}decline/").url == link
    assert Relationship.objects.count() == 0
    joint_request.refresh_from_db()
    assert joint_request.is_open


def test_missing_role_is_told_with_who_could(link, won, sign_in):
    agent = member(won.organisation, Role.USER_ADMIN)

    response = sign_in(agent).get(link)

    assert problems(response) == ["role_missing"]
    assert "Only a Global admin of Aoba can answer." in readable(response)
    assert not can_accept(response)
    assert "decline/" not in readable(response)


def test_wrong_region_is_told_before_any_button(link, sign_in):
    customer = CustomerFactory(organisation__name="Fluss", organisation__country="DE")

    response = sign_in(member(customer.organisation, Role.GLOBAL_ADMIN)).get(link)

    assert problems(response) == ["wrong_region"]
    assert "Fluss is in the CSP region Europe and Kita is in Japan." in readable(response)
    assert not can_accept(response)
    assert "decline/" in readable(response)


def test_ended_partnership_is_told(joint_request, won, sign_in):
    Partnership.objects.update(ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    response = sign_in(won).get(joint_request.link.path())

    assert problems(response) == ["partnership_ended"]
    assert "The partnership of Kita and Sakura has ended" in readable(response)
    assert not can_accept(response)


def test_customers_of_the_provider_are_led_to_their_partners(request_row, link, won, sign_in):
    RelationshipFactory(provider=request_row.provider, customer=won.organisation.customer)

    response = sign_in(won).get(link)

    assert problems(response) == ["already_related"]
    assert f'href="{reverse("customers:partners")}"' in readable(response)
    assert not can_accept(response)
    assert "decline/" not in readable(response)


# Answers


@pytest.mark.parametrize(("choice", "given"), [("give", 2), ("withhold", 0)])
def test_accept_with_the_privileges_or_without(joint_request, won, sign_in, choice, given):
    client, link = sign_in(won), joint_request.link.path()
    assert can_accept(client.get(link))

    response = client.post(f"{link}accept/", {"agreed": "on", "privileges": choice}, follow=True)

    relationship = Relationship.objects.get()
    assert (relationship.provider, relationship.reseller, relationship.customer.organisation) == (
        joint_request.provider,
        joint_request.reseller,
        won.organisation,
    )
    assert Delegation.objects.count() == given
    assert CustomerAgreement.objects.get().source == "accepted"
    assert response.redirect_chain == [(reverse("customers:partners"), 302)]
    assert "Sakura is now your partner." in readable(response)


def test_accept_without_tick_and_choice_says_both(link, won, sign_in):
    response = sign_in(won).post(f"{link}accept/", {})

    assert response.status_code == 200
    assert "Tick the box to show that you agree." in readable(response)
    assert "Choose whether you give the privileges." in readable(response)
    assert Relationship.objects.count() == 0


def test_accept_keeps_the_choice_when_the_tick_is_missing(link, won, sign_in):
    response = sign_in(won).post(f"{link}accept/", {"privileges": "withhold"})

    assert response.context["accept_form"]["privileges"].value() == "withhold"
    assert Relationship.objects.count() == 0


def test_accept_of_a_request_without_privileges_needs_no_choice_and_gives_none(provider, won, sign_in):
    link = RelationshipRequestFactory(provider=provider, includes_admin=False).link.path()

    sign_in(won).post(f"{link}accept/", ACCEPTED)

    assert (Relationship.objects.count(), Delegation.objects.count()) == (1, 0)


def test_accept_of_what_was_withdrawn_meanwhile_says_so(request_row, link, won, sign_in):
    request_row.withdrawn_at = NOW
    request_row.save()

    response = sign_in(won).post(f"{link}accept/", ACCEPTED, follow=True)

    assert response.redirect_chain == [(link, 302)]
    assert problems(response) == ["request_withdrawn"]


def test_decline_says_no_with_a_reason(request_row, link, won, sign_in):
    response = sign_in(won).post(f"{link}decline/", {"reason": "Not now."}, follow=True)

    request_row.refresh_from_db()
    assert (request_row.state, request_row.decline_reason) == ("declined", "Not now.")
    assert response.redirect_chain == [(reverse("customers:partners"), 302)]
    assert "You declined the request of Kita." in readable(response)
    assert Relationship.objects.count() == 0


def test_decline_with_too_long_a_reason_keeps_it(link, won, sign_in):
    response = sign_in(won).post(f"{link}decline/", {"reason": "x" * 501})

    assert list(response.context["decline_form"].errors) == ["reason"]
    assert "x" * 501 in readable(response)


def test_answers_are_posts(link, won, sign_in):
    client = sign_in(won)

    assert [client.get(f"{link}accept/").status_code, client.get(f"{link}decline/").status_code] == [405, 405]
    assert client.post(link).status_code == 405


def test_refused_answer_leaves_no_link_in_the_log(link, won, sign_in):
    agent = member(won.organisation, Role.USER_ADMIN)

    sign_in(agent).post(f"{link}accept/", ACCEPTED)

    [line] = Activity.objects.all()
    token = link.rstrip("/").rpartition("/")[2]
    assert (line.verb, line.refusal) == ("relationship_started", "role_missing")
    assert token not in str(line.__dict__)


def test_existing_customer_is_won_by_mail_and_shows_in_the_lists(
    joint_request, won, provider_admin, reseller_admin, sign_in
):
    sign_in(won).post(f"{joint_request.link.path()}accept/", ACCEPTED)

    for membership in (provider_admin, reseller_admin):
        page = sign_in(membership).get(reverse("customers:list"))
        assert [each.relationship.company_name for each in page.context["rows"]] == ["Aoba"]
    account = readable(sign_in(provider_admin).get(reverse("customers:account", args=[won.organisation_id])))
    assert "The customer accepted the agreement here" in account
    assert "admin@aoba.example" in account

"""The page behind an invitation's link, for everybody who may open it."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.roles import Role
from staff.models import StaffInvitation
from tests.factories import PartnershipRequestFactory, StaffInvitationFactory, UserFactory
from tests.links import CLOSED, problems
from tests.links import HEADINGS as REQUEST_HEADINGS
from tests.pages import readable

NOW = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)
HEADINGS = REQUEST_HEADINGS | {"request_declined": "This invitation was declined"}


@pytest.fixture
def invitation(provider_admin):
    return StaffInvitationFactory(
        organisation=provider_admin.organisation, created_by=provider_admin.user, roles=[Role.SALES_AGENT]
    )


@pytest.fixture
def link(invitation) -> str:
    return invitation.link.path()


@pytest.fixture
def guest(db):
    return UserFactory(email="guest@ume.example", name="Gina Guest")


@pytest.fixture
def browser(guest) -> Client:
    client = Client()
    client.force_login(guest)
    return client


def can_join(response) -> bool:
    return 'accept/"' in response.text


def test_page_says_who_invites_to_what(link, provider_admin):
    html = readable(Client().get(link))

    for words in (
        f"{provider_admin.user.name} invites you to work for Kita",
        *("Indirect provider", "Japan", "Sales agent", "Adds customers, submits orders and works with resellers."),
    ):
        assert words in html
    assert "Partner Center menu" not in html


def test_page_says_that_there_is_no_role(invitation, link):
    StaffInvitation.objects.update(roles=[])

    assert "None: you use the licenses that the company gives you." in readable(Client().get(link))


def test_who_creates_an_account_for_an_invitation_reads_that_it_is_for_that(invitation):
    back = reverse("staff:join_return", args=[invitation.code])

    invited = readable(Client().get(reverse("account_signup"), {"next": back}))
    others = readable(Client().get(reverse("account_signup")))

    assert ("You were invited by link" in invited, "For resellers who want to work" in invited) == (True, False)
    assert ("You were invited by link" in others, "For resellers who want to work" in others) == (False, True)


def test_anonymous_signs_in_or_creates_an_account_and_comes_back(invitation, link):
    client = Client()
    response = client.get(link)

    html, back = readable(response), reverse("staff:join_return", args=[invitation.code])
    assert f"{reverse('account_login')}?next={quote(back, safe='')}" in html
    assert f"{reverse('account_signup')}?next={quote(back, safe='')}" in html
    assert not can_join(response)
    assert client.get(back)["Location"] == link
    assert client.post(f"{link}accept/").url == link
    assert Membership.objects.filter(roles=[Role.SALES_AGENT]).count() == 0


def test_page_keeps_the_secret_to_itself(link, browser):
    for response in (Client().get(link), browser.get(link), browser.get(f"{link[:-3]}x/")):
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))


def test_joining_makes_a_member_and_acts_for_the_company(link, browser, guest, stranger):
    other = Membership.objects.create(user=guest, organisation=stranger.organisation, roles=[Role.BILLING_ADMIN])
    browser.post(reverse("accounts:switch"), {"membership": other.pk})

    page = browser.get(link)
    response = browser.post(f"{link}accept/", follow=True)

    assert can_join(page)
    assert "You are signed in as guest@ume.example." in readable(page)
    assert response.redirect_chain == [("/", 302)]
    assert "You work for Kita now." in readable(response)
    assert response.context["membership"].organisation.name == "Kita"
    assert guest.memberships.get(organisation__name="Kita").roles == ["sales_agent"]


def test_customers_people_join_too(customer_admin, browser, guest):
    row = StaffInvitationFactory(
        organisation=customer_admin.organisation, created_by=customer_admin.user, roles=[Role.BILLING_ADMIN]
    )

    response = browser.post(f"{row.link.path()}accept/", follow=True)

    assert (response.status_code, "You work for Aoba now." in readable(response)) == (200, True)


def test_person_may_use_another_account(invitation, link, browser):
    browser.get(link)
    back = reverse("staff:join_return", args=[invitation.code])

    response = browser.post(reverse("account_logout"), {"next": back}, follow=True)

    assert response.redirect_chain == [(back, 302), (link, 302)]
    assert "Who are you?" in readable(response)


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_link_says_why_and_what_to_do(link, browser, guest, code, changes):
    StaffInvitation.objects.update(**changes)

    for client in (Client(), browser):
        response = client.get(link)
        assert (response.status_code, problems(response)) == (410, [code])
        assert f"<h1>{HEADINGS[code]}</h1>" in readable(response)
        assert not can_join(response)
        assert "decline/" not in response.text
    refused = browser.post(f"{link}accept/", follow=True)
    assert (refused.status_code, problems(refused)) == (410, [code])
    assert not guest.memberships.exists()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({}, "already_member", "You work for this company already"),
        ({"suspended_at": NOW}, "suspended", "Your access is suspended"),
    ],
)
def test_who_is_there_already_is_told(link, sales_agent, sign_in, change, code, words):
    Membership.objects.filter(pk=sales_agent.pk).update(**change)
    client = sign_in(sales_agent)

    for response in (client.get(link), client.post(f"{link}accept/", follow=True)):
        assert problems(response) == [code]
        assert words in readable(response)
        assert not can_join(response)
    assert StaffInvitation.objects.get().is_open


def test_invitation_of_somebody_who_left_gives_nothing(link, browser, guest, provider_admin):
    Membership.objects.filter(pk=provider_admin.pk).update(ended_at=NOW)

    for response in (Client().get(link), browser.get(link), browser.post(f"{link}accept/", follow=True)):
        assert problems(response) == ["author_cannot"]
        assert "Ask the company for a new one" in readable(response)
        assert not can_join(response)
    assert not guest.memberships.exists()


@pytest.mark.parametrize("signed_in", [True, False])
def test_declining_is_said_and_closes_the_link(link, browser, signed_in):
    client = browser if signed_in else Client()
    client.get(link)

    response = client.post(f"{link}decline/", {"reason": "No time"}, follow=True)

    row = StaffInvitation.objects.get()
    assert (row.state, row.decline_reason) == ("declined", "No time")
    assert (response.status_code, problems(response)) == (410, ["request_declined"])
    assert "Kita can see your answer." in readable(response)


def test_declining_with_too_many_words_keeps_them(link):
    response = Client().post(f"{link}decline/", {"reason": "x" * 501})

    assert [error.code for error in response.context["decline_form"].errors["reason"].as_data()] == ["max_length"]
    assert "x" * 501 in response.text
    assert StaffInvitation.objects.get().is_open


def test_declining_what_is_closed_shows_why(link):
    StaffInvitation.objects.update(withdrawn_at=NOW)

    response = Client().post(f"{link}decline/", {"reason": ""}, follow=True)

    assert problems(response) == ["request_withdrawn"]


def test_links_of_other_kinds_open_nothing(invitation, link, provider):
    """Three purposes, one mechanism: a link of one kind is unknown to the pages of the others."""
    token = link.rstrip("/").rsplit("/", 1)[1]
    other = PartnershipRequestFactory(provider=provider)
    other_token = other.link.path().rstrip("/").rsplit("/", 1)[1]

    addresses = [
        reverse("resellers:invitation", args=[invitation.code, token]),
        reverse("staff:join", args=[other.code, other_token]),
        reverse("staff:join", args=[invitation.code, other_token]),
        reverse("staff:join", args=[other.code, token]),
        reverse("staff:join_return", args=[invitation.code]),
    ]

    answers = [Client().get(address) for address in addresses]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert ["This link does not work" in readable(answer) for answer in answers] == [True] * 5


def test_temporary_password_comes_before_joining(link, browser, guest):
    type(guest).objects.filter(pk=guest.pk).update(must_change_password=True)

    assert browser.post(f"{link}accept/").url == reverse("accounts:new_password")
    assert not guest.memberships.exists()


def test_session_of_before_a_reset_joins_nothing(link, browser, guest, provider_admin):
    """The session ends with the old password; what was under way is refused by join()."""
    guest.set_password("another long password")
    guest.save()

    response = browser.post(f"{link}accept/")

    assert response.url == link
    assert not guest.memberships.exists()

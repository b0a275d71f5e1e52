"""The page behind a personalised link, for everybody who may open it."""

import uuid
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Kind, Role
from activity.models import Activity
from providers.models import Provider
from resellers.models import PartnerAgreement, Partnership, Reseller
from tests.factories import (
    OrganisationFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    UserFactory,
    member,
    ready_reseller,
)
from tests.links import CLOSED, HEADINGS, problems
from tests.pages import readable

NOW = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def request_row(provider):
    Provider.objects.filter(pk=provider.pk).update(website="https://kita.example", email="hello@kita.example")
    return PartnershipRequestFactory(provider=provider)


@pytest.fixture
def link(request_row) -> str:
    return request_row.link.path()


def can_authorize(response) -> bool:
    return 'authorize/"' in readable(response)


# What the page says


def test_page_says_who_asks_for_what_and_what_it_gives(link):
    html = readable(Client().get(link))

    for words in (
        *("Kita asks for a partnership", "Japan", "https://kita.example", "hello@kita.example"),
        *("What you agree to", "submit orders", "What it does not give", "No access to your company's own account"),
    ):
        assert words in html
    assert "Partner Center menu" not in html


def test_page_keeps_the_secret_to_itself(link, reseller_admin, sign_in):
    right = [client.get(link) for client in (Client(), sign_in(reseller_admin))]
    wrong = Client().get(f"{link[:-3]}x/")

    for response in (*right, wrong):
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    assert (wrong.status_code, "kita.example" in readable(wrong)) == (404, False)
    for response in right:
        assert 'href="https://kita.example" rel="noopener noreferrer"' in readable(response)


def test_anonymous_signs_in_or_creates_an_account_and_comes_back(request_row, link):
    client = Client()
    response = client.get(link)

    html, back = readable(response), reverse("resellers:invitation_return", args=[request_row.code])
    assert response.status_code == 200
    assert f"{reverse('account_login')}?next={quote(back, safe='')}" in html
    assert f"{reverse('account_signup')}?next={quote(back, safe='')}" in html
    assert not can_authorize(response)
    assert client.get(back)["Location"] == link


def test_anonymous_answer_leads_back_to_the_page(link):
    for verb in ("authorize", "decline"):
        response = Client().post(f"{link}{verb}/", {"agreed": "on"})
        assert (response.status_code, response.url) == (302, link)
    assert Partnership.objects.count() == 0


def test_person_without_company_enrols_first(request_row, link):
    client = Client()
    client.force_login(UserFactory(email="new@ume.example"))

    response = client.get(link)

    back = reverse("resellers:invitation_return", args=[request_row.code])
    assert f"{reverse('resellers:enrol')}?next={quote(back, safe='')}" in readable(response)
    assert "new@ume.example" in readable(response)
    assert not can_authorize(response)


def test_person_may_switch_to_another_company(link, provider_admin, reseller, sign_in):
    other = member(reseller.organisation, Role.GLOBAL_ADMIN)
    other.user, _old = provider_admin.user, other.user
    other.save()
    client = sign_in(provider_admin)

    html = readable(client.get(link))
    assert "Act for Sakura" in html

    response = client.post(reverse("accounts:switch"), {"membership": other.pk, "next": link}, follow=True)
    assert response.redirect_chain == [(link, 302)]
    assert can_authorize(response)


def test_person_may_use_another_account(link, provider_admin, sign_in):
    response = sign_in(provider_admin).post(reverse("account_logout"), {"next": link}, follow=True)

    assert response.redirect_chain == [(link, 302)]
    assert "Who are you?" in readable(response)


# What stands in the way


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_link_says_why_and_what_to_do(provider, reseller_admin, sign_in, code, changes):
    link = PartnershipRequestFactory(provider=provider, **changes).link.path()

    for client in (Client(), sign_in(reseller_admin)):
        response = client.get(link)
        assert (response.status_code, problems(response)) == (410, [code])
        assert f"<h1>{HEADINGS[code]}</h1>" in readable(response)
        assert "for a new link" in readable(response)
        assert not can_authorize(response)
        assert "decline/" not in readable(response)


def test_wrong_token_unknown_code_and_other_links_get_one_and_the_same_page(request_row, link):
    other = PartnershipRequestFactory()
    token = link.rstrip("/").rpartition("/")[2]
    wrong = [
        reverse("resellers:invitation", args=[request_row.code, "guess"]),
        reverse("resellers:invitation", args=[request_row.code, "合言葉"]),
        reverse("resellers:invitation", args=[other.code, token]),
        reverse("resellers:invitation", args=[uuid.uuid4(), token]),
    ]

    responses = [Client().get(url) for url in wrong]

    assert {response.status_code for response in responses} == {404}
    assert ["This link does not work" in readable(response) for response in responses] == [True] * 4
    assert ["Kita" in readable(response) for response in responses] == [False] * 4
    assert {Client().post(f"{url}authorize/", {"agreed": "on"}).status_code for url in wrong} == {404}


def test_own_company_and_wrong_kinds_are_told(link, provider_admin, stranger, sign_in):
    customer = member(OrganisationFactory(kind=Kind.CUSTOMER), Role.GLOBAL_ADMIN)

    for membership, code in ((provider_admin, "own_company"), (stranger, "wrong_kind"), (customer, "wrong_kind")):
        client = sign_in(membership)
        response = client.get(link)
        assert (response.status_code, problems(response)) == (200, [code])
        assert not can_authorize(response)
        assert client.post(f"{link}authorize/", {"agreed": "on"}).url == link
    assert Partnership.objects.count() == 0


def test_missing_role_is_told_with_who_could(link, reseller, sign_in):
    agent = member(reseller.organisation, Role.SALES_AGENT)

    response = sign_in(agent).get(link)

    assert problems(response) == ["role_missing"]
    assert "Only a Global admin of Sakura can answer." in readable(response)
    assert not can_authorize(response)


def test_wrong_region_is_told_before_any_button(link, sign_in):
    reseller = ready_reseller("Mosel", country="DE", region="europe")

    response = sign_in(member(reseller.organisation, Role.GLOBAL_ADMIN)).get(link)

    assert problems(response) == ["wrong_region"]
    assert "Mosel is in the CSP region Europe and Kita is in Japan." in readable(response)
    assert not can_authorize(response)
    assert "decline/" in readable(response)


def test_pending_enrolment_is_told(link, reseller_admin, sign_in):
    Reseller.objects.update(enrolment="pending")

    assert problems(sign_in(reseller_admin).get(link)) == ["enrolment_pending"]


def test_partners_are_told_and_led_to_their_providers(partnership, reseller_admin, sign_in):
    request = PartnershipRequestFactory(provider=partnership.provider)

    response = sign_in(reseller_admin).get(request.link.path())

    assert problems(response) == ["already_partners"]
    assert f'href="{reverse("resellers:providers")}"' in readable(response)
    assert "decline/" not in readable(response)


def test_missing_agreement_is_signed_right_there(link, reseller_admin, sign_in):
    PartnerAgreement.objects.all().delete()
    client = sign_in(reseller_admin)

    response = client.get(link)
    assert problems(response) == ["agreement_missing"]
    assert reverse("resellers:sign_agreement") in readable(response)
    assert not can_authorize(response)

    response = client.post(
        reverse("resellers:sign_agreement"), {"signer_name": "Saku Ra", "agreed": "on", "next": link}, follow=True
    )
    assert response.redirect_chain == [(link, 302)]
    assert can_authorize(response)
    assert PartnerAgreement.objects.get().signer_name == "Saku Ra"


# Answers


def test_authorize_makes_partners_and_shows_the_provider(request_row, link, reseller, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    assert can_authorize(client.get(link))

    response = client.post(f"{link}authorize/", {"agreed": "on"}, follow=True)

    partnership = Partnership.objects.get()
    assert (partnership.provider, partnership.reseller) == (request_row.provider, reseller)
    assert response.redirect_chain == [(reverse("resellers:providers"), 302)]
    assert list(response.context["page"]) == [partnership]
    assert "Kita is now your indirect provider." in readable(response)


def test_authorize_without_the_tick_says_so(link, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(f"{link}authorize/", {})

    assert response.status_code == 200
    assert "Tick the box to show that you agree." in readable(response)
    assert Partnership.objects.count() == 0


def test_authorize_what_was_withdrawn_meanwhile_says_so(request_row, link, reseller_admin, sign_in):
    request_row.withdrawn_at = NOW
    request_row.save()

    response = sign_in(reseller_admin).post(f"{link}authorize/", {"agreed": "on"}, follow=True)

    assert response.redirect_chain == [(link, 302)]
    assert problems(response) == ["request_withdrawn"]


def test_decline_says_no_with_a_reason(request_row, link, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(f"{link}decline/", {"reason": "Not now."}, follow=True)

    request_row.refresh_from_db()
    assert (request_row.state, request_row.decline_reason) == ("declined", "Not now.")
    assert response.redirect_chain == [(reverse("resellers:providers"), 302)]
    assert "You declined the request of Kita." in readable(response)
    assert Partnership.objects.count() == 0


def test_decline_with_too_long_a_reason_keeps_it(link, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(f"{link}decline/", {"reason": "x" * 501})

    assert list(response.context["decline_form"].errors) == ["reason"]
    assert "x" * 501 in readable(response)


def test_decline_needs_the_role(request_row, link, reseller, sign_in):
    agent = member(reseller.organisation, Role.ADMIN_AGENT)

    response = sign_in(agent).post(f"{link}decline/", {}, follow=True)

    request_row.refresh_from_db()
    assert response.redirect_chain == [(link, 302)]
    assert request_row.is_open


def test_answers_are_posts(link, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    assert client.get(f"{link}authorize/").status_code == 405
    assert client.get(f"{link}decline/").status_code == 405
    assert client.post(link).status_code == 405


def test_partnership_after_removal_is_possible_with_a_new_link(request_row, link, reseller, reseller_admin, sign_in):
    PartnershipFactory(provider=request_row.provider, reseller=reseller, ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    sign_in(reseller_admin).post(f"{link}authorize/", {"agreed": "on"})

    assert Partnership.objects.active().count() == 1


def test_refused_answer_leaves_no_link_in_the_log(request_row, link, reseller, sign_in):
    agent = member(reseller.organisation, Role.ADMIN_AGENT)

    sign_in(agent).post(f"{link}authorize/", {"agreed": "on"})

    [line] = Activity.objects.all()
    token = link.rstrip("/").rpartition("/")[2]
    assert (line.verb, line.refusal) == ("partnership_started", "role_missing")
    assert token not in str(line.__dict__)

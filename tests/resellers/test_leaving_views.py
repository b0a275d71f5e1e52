"""The pages Ask to leave and Keep the partnership, and how a wish to leave shows on both sides."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from resellers.leaving import ask_to_leave
from resellers.models import Partnership
from resellers.partnerships import end_partnership
from tests.factories import PartnershipFactory, RelationshipFactory, member, ready_reseller
from tests.pages import body


def url(name: str, company) -> str:
    return reverse(f"resellers:{name}", args=[company.pk])


@pytest.fixture
def waiting(partnership, reseller_admin):
    return ask_to_leave(partnership, reason="We move on.", actor=reseller_admin.user)


@pytest.fixture
def helpdesk_there(reseller):
    return member(reseller.organisation, Role.HELPDESK_AGENT)


def test_the_page_says_what_stays_and_counts_nothing_of_other_providers(
    relationship, reseller_admin, provider, reseller, stranger, sign_in
):
    RelationshipFactory(provider=stranger.organisation.provider, reseller=reseller)

    response = sign_in(reseller_admin).get(url("leave", provider))

    assert response.context["remains"].customers == 1
    assert "1 customer entrusted to you stays the provider's customer" in body(response)
    assert f"{reverse('customers:list')}?provider={provider.pk}" in body(response)
    assert not Partnership.objects.get().leave_requested_at


def test_asking_shows_on_both_sides(partnership, provider, reseller, reseller_admin, sales_agent, sign_in):
    client = sign_in(reseller_admin)

    response = client.post(url("leave", provider), {"reason": " We move on. "}, follow=True)

    assert response.redirect_chain == [(reverse("resellers:providers"), 302)]
    html = body(response)
    assert "Kita is asked to end the partnership. Until it answers, nothing changes." in html
    assert "Waiting for the provider" in html
    assert (url("stay", provider) in html, url("leave", provider) in html) == (True, False)
    assert Partnership.objects.get().leave_reason == "We move on."
    theirs = body(sign_in(sales_agent).get(reverse("resellers:list")))
    assert "Asks to leave" in theirs
    assert url("keep", reseller) in theirs
    overview = sign_in(sales_agent).get("/")
    assert overview.context["leaving"] == [partnership]
    assert url("end", reseller) in body(overview)
    assert client.get("/").context["leaving"] == [partnership]


def test_asking_again_is_said_and_loses_nothing_typed(waiting, provider, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(url("leave", provider), {"reason": "Once more"})

    assert response.status_code == 200
    assert [error.code for error in response.context["form"].errors["__all__"].as_data()] == ["leave_asked"]
    assert "Once more" in body(response)


def test_a_reason_that_is_too_long_is_refused_beside_its_field(partnership, provider, reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(url("leave", provider), {"reason": "x" * 501})

    assert [error.code for error in response.context["form"].errors["reason"].as_data()] == ["max_length"]
    assert not Partnership.objects.get().leave_requested_at


def test_taking_it_back(waiting, provider, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    response = client.post(url("stay", provider), follow=True)

    assert "You stay with Kita." in body(response)
    assert not Partnership.objects.get().leave_requested_at
    assert "Nobody asks to end this partnership now." in body(client.post(url("stay", provider), follow=True))
    assert client.get(url("stay", provider)).status_code == 405


def test_the_provider_reads_who_asked_and_why_before_it_removes(
    waiting, reseller, reseller_admin, sales_agent, sign_in
):
    html = body(sign_in(sales_agent).get(url("end", reseller)))

    assert "Sakura asks to end the partnership" in html
    assert "We move on." in html
    assert reseller_admin.user.get_full_name() in html
    assert url("keep", reseller) in html


def test_removal_without_a_wish_to_leave_speaks_of_none(partnership, reseller, sales_agent, sign_in):
    html = body(sign_in(sales_agent).get(url("end", reseller)))

    assert "asks to end the partnership" not in html
    assert url("keep", reseller) not in html


def test_the_provider_keeps_the_partnership_with_a_reason(waiting, reseller, sales_agent, sign_in):
    client = sign_in(sales_agent)
    assert "We move on." in body(client.get(url("keep", reseller)))

    refused = client.post(url("keep", reseller), {"reason": " "})
    response = client.post(url("keep", reseller), {"reason": "Until May."}, follow=True)

    assert [error.code for error in refused.context["form"].errors["reason"].as_data()] == ["required"]
    assert response.redirect_chain == [(reverse("resellers:list"), 302)]
    assert "The partnership goes on. Sakura can read why." in body(response)
    assert not Partnership.objects.get().leave_requested_at


def test_keeping_what_nobody_asks_to_leave(partnership, reseller, sales_agent, sign_in):
    client = sign_in(sales_agent)

    assert "so there is nothing to refuse" in body(client.get(url("keep", reseller)))
    response = client.post(url("keep", reseller), {"reason": "No."})
    assert [error.code for error in response.context["form"].errors["__all__"].as_data()] == ["leave_not_asked"]
    assert "Nobody asks to end this partnership now." in body(response)


def test_the_roles_that_are_needed(waiting, provider, reseller, helpdesk_there, billing_admin, helpdesk, sign_in):
    client = sign_in(helpdesk_there)

    assert [client.get(url("leave", provider)).status_code, client.post(url("leave", provider)).status_code] == [
        403
    ] * 2
    assert client.post(url("stay", provider)).status_code == 403
    for membership in (billing_admin, helpdesk):
        keeper = sign_in(membership)
        assert [keeper.get(url("keep", reseller)).status_code, keeper.post(url("keep", reseller)).status_code] == [
            403
        ] * 2
        assert url("keep", reseller) not in body(keeper.get(reverse("resellers:list")))
    html = body(client.get(reverse("resellers:providers")))
    assert (url("stay", provider) in html, "Waiting for the provider" in html) == (False, True)


def test_who_may_not_remove_reads_of_it_without_a_link(waiting, reseller, billing_admin, sign_in):
    html = body(sign_in(billing_admin).get("/"))

    assert "Resellers that ask to leave" in html
    assert url("end", reseller) not in html


def test_strangers_and_those_who_are_partners_no_more_find_nothing(
    waiting, provider, reseller, reseller_admin, stranger, sales_agent, sign_in
):
    other = member(ready_reseller("Ume").organisation, Role.GLOBAL_ADMIN)
    rhein = stranger.organisation.provider

    assert sign_in(other).post(url("stay", provider)).status_code == 404
    assert sign_in(reseller_admin).post(url("leave", rhein)).status_code == 404
    assert sign_in(stranger).post(url("keep", reseller), {"reason": "Mine."}).status_code == 404
    assert sign_in(stranger).get("/").context["leaving"] == []
    end_partnership(waiting, actor=sales_agent.user)
    assert sign_in(reseller_admin).post(url("stay", provider)).status_code == 404
    assert sign_in(sales_agent).get("/").context["leaving"] == []


def test_the_lists_take_as_many_queries_when_three_ask_to_leave(
    waiting, provider, reseller, sales_agent, reseller_admin, sign_in, django_assert_max_num_queries
):
    pages = [(sign_in(sales_agent), "/"), (sign_in(sales_agent), "/resellers/")]
    pages += [(sign_in(reseller_admin), "/"), (sign_in(reseller_admin), "/resellers/providers/")]
    counts = []
    for client, page in pages:
        client.get(page)
        with django_assert_max_num_queries(12) as one:
            client.get(page)
        counts.append(len(one))
    now = timezone.now()
    for _each in range(2):
        PartnershipFactory(provider=provider, reseller=ready_reseller(), leave_requested_at=now)
        PartnershipFactory(reseller=reseller, leave_requested_at=now)

    for (client, page), count in zip(pages, counts, strict=True):
        with django_assert_max_num_queries(count):
            client.get(page)

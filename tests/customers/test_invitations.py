"""What stands in the way of accepting a relationship: every code, and that the page has words for each."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Role
from customers.invitations import _WORDS, can_answer, explain, obstacles
from resellers.models import Partnership
from tests.factories import (
    CustomerFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    member,
)
from tests.links import CLOSED

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def won(db):
    customer = CustomerFactory(organisation__name="Aoba")
    return member(customer.organisation, Role.GLOBAL_ADMIN)


@pytest.fixture
def request_row(provider):
    return RelationshipRequestFactory(provider=provider)


def codes(problems: list[ValidationError]) -> list[str]:
    return [problem.code for problem in problems]


def test_nothing_stands_in_the_way_of_a_global_admin(request_row, won):
    assert obstacles(request_row, won) == []
    assert obstacles(request_row, None) == []


def test_nothing_stands_in_the_way_of_two_partners(partnership, won):
    request = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller)

    assert obstacles(request, won) == []


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_request_is_closed_for_everybody(provider, won, changes, code):
    request = RelationshipRequestFactory(provider=provider, **changes)

    assert codes(obstacles(request, won)) == [code]
    assert codes(obstacles(request, None)) == [code]


def test_customers_of_the_provider_are_told_so_even_when_the_link_is_used_up(provider, won):
    RelationshipFactory(provider=provider, customer=won.organisation.customer)
    request = RelationshipRequestFactory(provider=provider, uses=1)

    [problem] = obstacles(request, won)

    assert (problem.code, problem.messages) == ("already_related", ["Aoba is a customer of Kita already."])


def test_customer_of_another_provider_may_accept(request_row, won, stranger):
    RelationshipFactory(provider=stranger.organisation.provider, customer=won.organisation.customer)

    assert obstacles(request_row, won) == []


def test_relationship_that_has_ended_is_no_obstacle(request_row, won):
    RelationshipFactory(provider=request_row.provider, customer=won.organisation.customer, ended_at=NOW)

    assert obstacles(request_row, won) == []


def test_own_companies_and_other_kinds_cannot_accept(partnership, provider_admin, reseller_admin, stranger):
    request = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller)

    assert codes(obstacles(request, provider_admin)) == ["own_company"]
    assert codes(obstacles(request, reseller_admin)) == ["own_company"]
    assert codes(obstacles(request, stranger)) == ["wrong_kind"]


def test_partnership_that_has_ended_is_told_to_everybody(partnership, won):
    request = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller)
    Partnership.objects.update(ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    assert codes(obstacles(request, won)) == ["partnership_ended"]
    assert codes(obstacles(request, None)) == ["partnership_ended"]


def test_everything_that_is_missing_is_said_at_once(request_row):
    customer = CustomerFactory(organisation__name="Fluss", organisation__country="DE")

    problems = obstacles(request_row, member(customer.organisation, Role.USER_ADMIN))

    assert codes(problems) == ["wrong_region", "role_missing"]
    assert problems[0].messages == ["Fluss is in the CSP region Europe and Kita is in Japan."]
    assert problems[1].messages == ["Only a Global admin of Fluss can answer. Ask one of them to open this link."]


def test_country_outside_the_programme_is_in_no_region(won):
    request = RelationshipRequestFactory(provider__organisation__country="KP", provider__organisation__name="Kita")
    won.organisation.country = "KP"

    [problem] = obstacles(request, won)

    assert problem.messages == ["Aoba is in the CSP region None and Kita is in None."]


def test_only_a_customers_global_admin_answers(won, provider_admin, reseller_admin):
    assert can_answer(won) is True
    assert can_answer(member(won.organisation, Role.USER_ADMIN, Role.BILLING_ADMIN)) is False
    assert can_answer(provider_admin) is False
    assert can_answer(reseller_admin) is False
    assert can_answer(None) is False


@pytest.mark.parametrize("code", _WORDS)
def test_every_obstacle_has_a_heading_a_reason_and_advice(code):
    [explanation] = explain([ValidationError("What happened.", code=code)])

    assert (explanation.code, explanation.text) == (code, "What happened.")
    assert explanation.heading
    assert explanation.advice

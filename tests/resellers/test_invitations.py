"""What stands in the way of accepting: every code, and that the page has words for each."""

import uuid
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Kind, Role
from outbox.landing import find
from resellers.invitations import _WORDS, can_answer, explain, obstacles
from resellers.models import PartnerAgreement, PartnershipRequest, Reseller
from tests.factories import (
    OrganisationFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    ResellerFactory,
    member,
    ready_reseller,
)
from tests.links import CLOSED, token_of

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def request_row(provider):
    return PartnershipRequestFactory(provider=provider)


def codes(problems: list[ValidationError]) -> list[str]:
    return [problem.code for problem in problems]


def test_link_leads_to_its_request(request_row):
    PartnershipRequestFactory()

    assert find(PartnershipRequest, request_row.code, token_of(request_row)) == request_row


def test_wrong_tokens_and_unknown_codes_lead_nowhere(request_row):
    other = PartnershipRequestFactory()

    assert find(PartnershipRequest, request_row.code, token_of(other)) is None
    assert find(PartnershipRequest, request_row.code, token_of(request_row)[:-1]) is None
    assert find(PartnershipRequest, request_row.code, request_row.nonce) is None
    assert find(PartnershipRequest, uuid.uuid4(), token_of(request_row)) is None


def test_link_outlives_a_rotated_key(request_row, settings):
    token = token_of(request_row)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]

    assert find(PartnershipRequest, request_row.code, token) == request_row

    settings.SECRET_KEY_FALLBACKS = []
    assert find(PartnershipRequest, request_row.code, token) is None


def test_nothing_stands_in_the_way_of_a_ready_reseller(request_row, reseller_admin):
    assert obstacles(request_row, reseller_admin) == []
    assert obstacles(request_row, None) == []


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_request_is_closed_for_everybody(provider, reseller_admin, changes, code):
    request = PartnershipRequestFactory(provider=provider, **changes)

    assert codes(obstacles(request, reseller_admin)) == [code]
    assert codes(obstacles(request, None)) == [code]


def test_partners_are_told_so_even_when_the_link_is_used_up(partnership, reseller_admin):
    request = PartnershipRequestFactory(provider=partnership.provider, uses=1)

    assert codes(obstacles(request, reseller_admin)) == ["already_partners"]


def test_own_company_and_other_kinds_cannot_accept(request_row, provider_admin, stranger):
    customer = member(OrganisationFactory(kind=Kind.CUSTOMER), Role.GLOBAL_ADMIN)

    assert codes(obstacles(request_row, provider_admin)) == ["own_company"]
    assert codes(obstacles(request_row, stranger)) == ["wrong_kind"]
    assert codes(obstacles(request_row, customer)) == ["wrong_kind"]


def test_everything_that_is_missing_is_said_at_once(request_row):
    reseller = ResellerFactory(organisation__country="DE", enrolment=Reseller.Enrolment.PENDING)
    agent = member(reseller.organisation, Role.SALES_AGENT)

    assert codes(obstacles(request_row, agent)) == [
        "enrolment_pending",
        "wrong_region",
        "no_location_account",
        "agreement_missing",
        "role_missing",
    ]


@pytest.mark.parametrize("enrolment", ["pending", "rejected", "suspended"])
def test_enrolment_has_to_be_authorized(request_row, reseller, reseller_admin, enrolment):
    Reseller.objects.update(enrolment=enrolment)
    reseller_admin.refresh_from_db()

    assert codes(obstacles(request_row, reseller_admin)) == [f"enrolment_{enrolment}"]


def test_country_outside_the_programme_is_in_no_region_not_in_the_same(reseller_admin):
    request = PartnershipRequestFactory(provider__organisation__country="KP")
    reseller_admin.organisation.country = "KP"

    assert codes(obstacles(request, reseller_admin)) == ["wrong_region", "agreement_missing"]


def test_global_account_is_not_enough(request_row):
    reseller = ready_reseller("Ume")
    reseller.organisation.partner_accounts.all().delete()
    PartnerAccountFactory(organisation=reseller.organisation, kind="global", is_associated=False)
    admin = member(reseller.organisation, Role.GLOBAL_ADMIN)

    assert codes(obstacles(request_row, admin)) == ["no_location_account"]


def test_agreement_has_to_be_of_the_region_and_in_force(request_row, reseller_admin):
    PartnerAgreement.objects.update(region="europe")
    assert codes(obstacles(request_row, reseller_admin)) == ["agreement_missing"]

    PartnerAgreement.objects.update(region="japan", ended_at=NOW)
    assert codes(obstacles(request_row, reseller_admin)) == ["agreement_missing"]


def test_refusal_names_who_could_answer(request_row, reseller):
    agent = member(reseller.organisation, Role.ADMIN_AGENT)

    [problem] = obstacles(request_row, agent)

    assert problem.messages == ["Only a Global admin of Sakura can answer. Ask one of them to open this link."]
    assert can_answer(agent) is False


def test_only_a_resellers_global_admin_answers(reseller_admin, provider_admin):
    assert can_answer(reseller_admin) is True
    assert can_answer(provider_admin) is False
    assert can_answer(None) is False


def test_partnership_that_has_ended_is_no_obstacle(request_row, reseller, reseller_admin):
    PartnershipFactory(provider=request_row.provider, reseller=reseller, ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    assert obstacles(request_row, reseller_admin) == []


@pytest.mark.parametrize("code", _WORDS)
def test_every_obstacle_has_a_heading_a_reason_and_advice(code):
    [explanation] = explain([ValidationError("What happened.", code=code)])

    assert explanation.code == code
    assert explanation.text == "What happened."
    assert explanation.heading
    assert explanation.advice

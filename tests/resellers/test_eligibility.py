"""Whose MPN ID may be credited (design.md §4.5, domain.md §3.6). Who may partner: test_invitations.py."""

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Kind
from activity.log import codes_of
from resellers.eligibility import account_for_credit, accounts_for_credit
from resellers.models import PartnerAccount, PartnerAgreement, Reseller
from tests.factories import OrganisationFactory, PartnerAccountFactory, ready_reseller


def refusal_of(number: str, provider) -> ValidationError:
    with pytest.raises(ValidationError) as refusal:
        account_for_credit(number, provider=provider)
    return refusal.value


@pytest.mark.parametrize("typed", ["0012345", "12345", " 0012345 ", "000012345"])
def test_account_is_found_however_its_zeros_are_typed(partnership, typed):
    account = account_for_credit(typed, provider=partnership.provider)

    assert (account.number, account.organisation.reseller) == ("0012345", partnership.reseller)


@pytest.mark.parametrize("typed", ["", "12-345", "abc", "１２３４５", "-5", "1e5"])
def test_what_is_no_number_is_refused(partnership, typed):
    assert codes_of(refusal_of(typed, partnership.provider)) == "mpn_digits"


@pytest.mark.parametrize("typed", ["99999", "9" * 13, "9" * 100])
def test_unknown_number_is_refused_by_name(partnership, typed):
    refusal = refusal_of(typed, partnership.provider)

    assert codes_of(refusal) == "mpn_unknown"
    assert typed in refusal.messages[0]


def test_own_number_is_refused(partnership):
    PartnerAccountFactory(organisation=partnership.provider.organisation, number="500")

    assert codes_of(refusal_of("500", partnership.provider)) == "mpn_own"


def test_number_of_another_kind_of_company_is_refused(partnership):
    company = OrganisationFactory(kind=Kind.PROVIDER, name="Minami")
    PartnerAccountFactory(organisation=company, number="500")

    refusal = refusal_of("500", partnership.provider)

    assert codes_of(refusal) == "mpn_not_reseller"
    assert refusal.messages == ["500 belongs to Minami, which is not an indirect reseller."]


def test_global_number_is_refused_with_what_to_ask_for(partnership):
    PartnerAccountFactory(
        organisation=partnership.reseller.organisation, number="500", kind="global", is_associated=False
    )

    refusal = refusal_of("500", partnership.provider)

    assert codes_of(refusal) == "mpn_global"
    assert refusal.messages == [
        "500 is the global account (PGA) of Sakura, which cannot transact. "
        "Ask Sakura for the number of its location account (PLA)."
    ]


def test_location_that_is_not_associated_is_refused(partnership):
    PartnerAccountFactory(organisation=partnership.reseller.organisation, number="500", is_associated=False)

    assert codes_of(refusal_of("500", partnership.provider)) == "mpn_not_associated"


def test_number_of_somebody_elses_partner_is_refused(partnership, stranger):
    ready_reseller("Ume", number="500")

    refusal = refusal_of("500", partnership.provider)

    assert codes_of(refusal) == "mpn_not_partnered"
    assert "500 belongs to Ume" in refusal.messages[0]
    assert codes_of(refusal_of("12345", stranger.organisation.provider)) == "mpn_not_partnered"


def test_number_of_a_former_partner_is_refused(partnership):
    partnership.ended_at = partnership.started_at
    partnership.save()

    assert codes_of(refusal_of("12345", partnership.provider)) == "mpn_not_partnered"


@pytest.mark.parametrize("enrolment", ["pending", "rejected", "suspended"])
def test_number_of_a_reseller_that_is_not_enrolled_is_refused(partnership, enrolment):
    Reseller.objects.update(enrolment=enrolment)

    assert codes_of(refusal_of("12345", partnership.provider)) == f"enrolment_{enrolment}"


def test_number_without_agreement_is_refused(partnership):
    PartnerAgreement.objects.all().delete()

    assert codes_of(refusal_of("12345", partnership.provider)) == "agreement_missing"


def test_number_in_another_region_is_refused(partnership):
    partnership.provider.organisation.country = "DE"

    refusal = refusal_of("12345", partnership.provider)

    assert codes_of(refusal) == "wrong_region"
    assert refusal.messages == [
        "Sakura is in the CSP region Japan and Kita is in Europe. Partners must be in the same region."
    ]


def test_many_numbers_are_answered_in_as_many_queries_as_one(partnership, django_assert_num_queries):
    ready_reseller("Ume", number="500")
    provider = partnership.provider

    with django_assert_num_queries(4):
        one = accounts_for_credit(["12345"], provider=provider)
    with django_assert_num_queries(4):
        three = accounts_for_credit(["12345", "500", "x"], provider=provider)

    account = PartnerAccount.objects.get(number="0012345")
    assert one == {"12345": account}
    assert {number: codes_of(answer) for number, answer in three.items() if answer != account} == {
        "500": "mpn_not_partnered",
        "x": "mpn_digits",
    }

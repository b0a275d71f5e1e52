from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from resellers.models import PartnerAccount, Partnership, PartnershipRequest, Reseller
from tests.factories import (
    PartnerAccountFactory,
    PartnerAgreementFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    ready_reseller,
)

PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "not_sent"),
        ({"sent_at": PAST}, "sent"),
        ({"sent_at": PAST, "expires_at": FUTURE, "max_uses": None, "uses": 9}, "sent"),
        ({"sent_at": PAST, "expires_at": PAST}, "expired"),
        ({"declined_at": PAST, "expires_at": PAST}, "declined"),
        ({"uses": 1, "declined_at": PAST, "expires_at": PAST}, "accepted"),
        ({"uses": 1, "withdrawn_at": PAST}, "withdrawn"),
    ],
)
def test_state_of_a_request_is_the_same_in_python_and_in_sql(provider, changes, state):
    request = PartnershipRequestFactory(provider=provider, **changes)

    found = [each for each in PartnershipRequest.State if PartnershipRequest.objects.in_state(each).exists()]

    assert request.state == state
    assert found == [state]
    assert request.is_open is (state in ("sent", "not_sent"))
    assert list(PartnershipRequest.objects.in_state("nonsense")) == []


def test_request_is_called_by_its_recipient_or_its_day(provider):
    assert str(PartnershipRequestFactory(provider=provider, recipient="a@b.example")) == "a@b.example"
    assert str(PartnershipRequestFactory(provider=provider, created_at=PAST)) == "Kita · 2020-01-01"


def test_everybody_sees_what_is_theirs(partnership, provider_admin, reseller_admin, stranger, customer_admin):
    request = PartnershipRequestFactory(provider=partnership.provider)
    ready_reseller("Ume")

    def seen(model):
        viewers = (provider_admin, reseller_admin, stranger, customer_admin, None)
        return [list(model.objects.visible_to(viewer)) for viewer in viewers]

    account = PartnerAccount.objects.get(number="0012345")
    assert seen(Partnership) == [[partnership], [partnership], [], [], []]
    assert seen(Reseller) == [[partnership.reseller], [partnership.reseller], [], [], []]
    assert seen(PartnershipRequest) == [[request], [], [], [], []]
    assert seen(PartnerAccount) == [[account], [account], [], [], []]


def test_provider_sees_its_own_numbers_and_the_associated_ones_of_partners(partnership, provider_admin):
    own = PartnerAccountFactory(organisation=partnership.provider.organisation, number="1")
    PartnerAccountFactory(organisation=partnership.reseller.organisation, number="2", is_associated=False)

    found = PartnerAccount.objects.visible_to(provider_admin).order_by("number").values_list("number", flat=True)

    assert list(found) == ["0012345", own.number]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Sakura", "Ume Systems"]),
        ("saku", ["Sakura"]),
        ("ＳＡＫＵ", ["Sakura"]),
        ("systems ume", ["Ume Systems"]),
        ("0012345", ["Sakura"]),
        ("12345", ["Sakura"]),
        ("77", ["Ume Systems"]),
        ("99", []),
        ("0", ["Sakura"]),
        ("rhein", []),
    ],
)
def test_partners_are_found_by_name_and_by_number(partnership, provider_admin, text, names):
    PartnershipFactory(provider=partnership.provider, reseller=ready_reseller("Ume Systems", number="7788"))
    rows = Partnership.objects.visible_to(provider_admin).by_partner("reseller").order_by("partner_name")

    assert [str(row.reseller) for row in rows.search(text)] == names


def test_numbers_are_digits_and_compared_as_numbers(db):
    account = PartnerAccountFactory(number="0077")

    assert list(PartnerAccount.objects.numbered("77")) == [account]
    assert list(PartnerAccount.objects.numbered("x", "9" * 13)) == []
    for number, rule in (("77", "resellers_account_number"), ("7-7", 'bigint: "7-7"|resellers_account_digits')):
        with pytest.raises(DatabaseError, match=rule), transaction.atomic():
            PartnerAccountFactory(number=number)


def test_reseller_has_one_associated_and_one_global_account(reseller):
    def refused(rule, **fields):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            PartnerAccountFactory(organisation=reseller.organisation, **fields)

    PartnerAccountFactory(organisation=reseller.organisation, kind="global", is_associated=False)

    refused("resellers_account_one_associated")
    refused("resellers_account_one_global", kind="global", is_associated=False)


def test_global_account_is_never_associated(db):
    with pytest.raises(IntegrityError, match="resellers_account_global_never_transacts"), transaction.atomic():
        PartnerAccountFactory(kind="global", is_associated=True)


def test_rows_are_called_by_what_people_know(partnership):
    agreement = PartnerAgreementFactory(organisation=partnership.provider.organisation)

    assert str(partnership) == "Kita – Sakura"
    assert str(agreement) == "Kita · 2026-11"
    assert str(PartnerAccount.objects.get()) == "0012345"

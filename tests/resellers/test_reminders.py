"""A partner agreement that is missing is told to the reseller and to its providers, once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from accounts.roles import Role
from outbox.models import Notice, OutgoingEmail
from resellers import reminders
from resellers.eligibility import has_agreement
from resellers.enrolment import sign_agreement
from resellers.models import Partnership, Reseller
from resellers.reminders import without_agreement
from resellers.tasks import remind_of_agreements
from tests.factories import PartnerAgreementFactory, PartnershipFactory, ProviderFactory, ResellerFactory, member
from tests.threads import held_up, results_at_once

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lapsed(partnership, provider_admin, billing_admin, reseller_admin, stranger):
    """Sakura, partner of Kita, whose agreement ended yesterday."""
    Reseller.objects.update(enrolled_at=NOW - timedelta(days=300))
    partnership.reseller.organisation.partner_agreements.update(ended_at=NOW - timedelta(days=1))
    member(partnership.reseller.organisation, Role.ADMIN_AGENT)
    return partnership.reseller


def told() -> set[tuple[str, str, str]]:
    rows = Notice.objects.filter(subject="agreement_missing").select_related("membership__user")
    return {(each.membership.user.email, each.names["company"], each.path) for each in rows}


def test_both_sides_are_told_that_an_agreement_has_ended(lapsed, provider_admin, reseller_admin):
    assert remind_of_agreements() == 2

    assert told() == {
        (provider_admin.user.email, "Sakura", "/resellers/"),
        (reseller_admin.user.email, "Sakura", "/resellers/agreement/"),
    }
    assert Notice.objects.count() == 2


def test_they_are_told_once_and_again_when_the_next_one_has_ended(lapsed):
    first = [remind_of_agreements(), remind_of_agreements()]
    signed = PartnerAgreementFactory(organisation=lapsed.organisation)
    signed_run = remind_of_agreements()
    signed.ended_at = NOW
    signed.save()

    assert (first, signed_run) == ([2, 0], 0)
    assert [remind_of_agreements(), remind_of_agreements()] == [2, 0]
    assert Notice.objects.count() == 4


def test_a_provider_that_becomes_a_partner_later_is_told_too(lapsed):
    remind_of_agreements()
    other = ProviderFactory(organisation__name="Minami")
    late = member(other.organisation, Role.SALES_AGENT)
    PartnershipFactory(provider=other, reseller=lapsed)

    assert remind_of_agreements() == 1

    assert Notice.objects.latest("pk").membership == late


def test_a_former_provider_is_not_told(lapsed, reseller_admin):
    Partnership.objects.update(ended_at=NOW)

    assert remind_of_agreements() == 1

    assert {who for who, _company, _path in told()} == {reseller_admin.user.email}


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"enrolled_at": NOW - timedelta(hours=23)}, False),
        ({"enrolment": "pending"}, False),
        ({"enrolment": "suspended"}, False),
        ({"organisation__country": "KP"}, False),
    ],
)
def test_who_never_signed_is_told_a_day_after_enrolling(db, changes, is_told):
    fields = {"organisation__country": "JP", "enrolled_at": NOW - timedelta(hours=25), **changes}
    reseller = ResellerFactory(**fields)
    member(reseller.organisation, Role.GLOBAL_ADMIN)

    assert remind_of_agreements() == int(is_told)

    assert Notice.objects.count() == int(is_told)


@pytest.mark.parametrize("region", ["japan", "europe"])
def test_only_an_agreement_for_its_own_region_counts_as_on_the_pages(db, region):
    reseller = ResellerFactory(organisation__country="JP", enrolled_at=NOW - timedelta(days=9))
    PartnerAgreementFactory(organisation=reseller.organisation, region=region)

    assert list(without_agreement()) == ([] if has_agreement(reseller) else [reseller])
    assert has_agreement(reseller) == (region == "japan")


def test_a_run_ends_after_a_batch_and_the_next_goes_on(db, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 2)
    for _each in range(3):
        reseller = ResellerFactory(enrolled_at=NOW - timedelta(days=9))
        member(reseller.organisation, Role.GLOBAL_ADMIN)

    assert [remind_of_agreements() for _run in range(3)] == [2, 1, 0]

    assert Notice.objects.count() == 3


def test_companies_with_nobody_to_tell_do_not_keep_a_run_from_the_others(db, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 2)
    for _each in range(3):
        ResellerFactory(enrolled_at=NOW - timedelta(days=9))
    last = ResellerFactory(organisation__pk=UUID(int=2**128 - 1), enrolled_at=NOW - timedelta(days=9))
    reached = member(last.organisation, Role.GLOBAL_ADMIN)

    assert remind_of_agreements() == 1

    assert Notice.objects.get().membership == reached


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_once(lapsed):
    answers = results_at_once(remind_of_agreements, remind_of_agreements)

    assert sum(answers) == 2
    assert (Notice.objects.count(), OutgoingEmail.objects.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_an_agreement_that_is_signed_at_this_moment_is_not_told_of(lapsed, reseller_admin):
    told_of = held_up(
        remind_of_agreements,
        by=lambda: sign_agreement(lapsed, signer_name="Hanako Sato", actor=reseller_admin.user),
    )

    assert (told_of, Notice.objects.count()) == (0, 0)

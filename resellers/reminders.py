"""Partner agreements that are missing: both sides are told, for nobody can be credited without (domain.md §3.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, Max, OuterRef, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from accounts.roles import Permission
from outbox.notices import notify
from outbox.reminders import BATCH, in_chunks, told_already
from outbox.subjects import Subject
from providers.regions import NAMES, countries_in
from resellers.models import PartnerAgreement, Partnership, Reseller

GRACE = timedelta(days=1)
"""Signing is the last step of enrolling: nobody is reminded of it in the middle."""


@dataclass(frozen=True)
class _Reminder:
    """Who is to be told whose agreement is missing, and of which time that it went missing."""

    reseller: Reseller
    told: Organisation
    holding: Permission
    page: str
    occasion: str


def tell_of_missing_agreements() -> int:
    """Tell each enrolled reseller without a signed agreement for its region, and each of its providers.

    Once for each time that an agreement ended, and once when none was ever signed. About BATCH a run at most, the next
    run goes on; returns how many companies were told.
    """
    told = 0
    for reminder in _untold():
        told += _remind_of(reminder)
        if told >= BATCH:
            break
    return told


def without_agreement() -> QuerySet[Reseller]:
    """Authorized resellers that eligibility.has_agreement() is false for, and were given time to sign."""
    signed = PartnerAgreement.objects.filter(organisation=OuterRef("pk"), region=OuterRef("sells_in"), ended_at=None)
    places = [When(organisation__country__in=countries_in(region), then=Value(region)) for region in NAMES]
    found = Reseller.objects.filter(
        enrolment=Reseller.Enrolment.AUTHORIZED, enrolled_at__lte=timezone.now() - GRACE
    ).alias(sells_in=Case(*places, default=Value("")))
    # Where the programme does not sell there is nothing to sign.
    return found.exclude(sells_in="").filter(~Exists(signed)).select_related("organisation").order_by("pk")


def _untold() -> Iterator[_Reminder]:
    for resellers in in_chunks(without_agreement()):
        reminders = list(_of(resellers))
        told = told_already(Subject.AGREEMENT_MISSING, {each.occasion for each in reminders})
        yield from (each for each in reminders if (each.occasion, each.told.pk) not in told)


@transaction.atomic
def _remind_of(reminder: _Reminder) -> bool:
    # Whoever signs holds the same row.
    Organisation.objects.select_for_update(no_key=True).get(pk=reminder.reseller.pk)
    if not without_agreement().filter(pk=reminder.reseller.pk).exists():
        return False  # signed at this moment
    told = notify(
        Subject.AGREEMENT_MISSING,
        reminder.told,
        holding=reminder.holding,
        path=reverse(reminder.page),
        occasion=reminder.occasion,
        company=str(reminder.reseller),
    )
    return told > 0


def _of(resellers: Sequence[Reseller]) -> Iterator[_Reminder]:
    occasions = _occasions(resellers)
    for each in resellers:
        yield _Reminder(
            each, each.organisation, Permission.ACT_FOR_COMPANY, "resellers:sign_agreement", occasions[each.pk]
        )
    partnerships = Partnership.objects.active().filter(reseller__in=resellers).order_by("pk")
    for tie in partnerships.select_related("provider__organisation", "reseller__organisation"):
        yield _Reminder(
            tie.reseller,
            tie.provider.organisation,
            Permission.REQUEST_PARTNERSHIP,
            "resellers:list",
            occasions[tie.reseller_id],
        )


def _occasions(resellers: Sequence[Reseller]) -> dict[UUID, str]:
    agreements = PartnerAgreement.objects.filter(organisation__in=[each.pk for each in resellers])
    ended = dict(agreements.values_list("organisation").annotate(Max("ended_at")))
    return {each.pk: f"{each.pk} {ended.get(each.pk) or 'never'}" for each in resellers}

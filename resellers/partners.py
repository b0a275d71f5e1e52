"""A provider's indirect resellers: their rows in the list, and what of them stays when a partnership is removed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.paging import Sorting
from resellers.models import PartnerAccount, PartnerAgreement, Partnership, Reseller

SORTINGS = {
    "name": Sorting(("partner_name", "pk")),
    "since": Sorting(("started_at", "pk"), descending=True),
}
HEADER = (
    _("Indirect reseller"),
    _("Microsoft ID"),
    _("Location"),
    _("MPN ID"),
    _("Enrollment"),
    _("Agreement"),
    _("Customers"),
    _("Partner since"),
    _("Asked to leave"),
)
_CHUNK = 500
_UTC = "%Y-%m-%dT%H:%M:%SZ"
# In the other states a subscription is a record. Subscription.Status is in a room to the right, so: its values.
_CURRENT = ("pending", "active", "suspended")


@dataclass(frozen=True)
class Partner:
    """A row of the list of indirect resellers."""

    partnership: Partnership
    mpn_id: str
    has_agreement: bool
    customers: int

    @property
    def reseller(self) -> Reseller:
        return self.partnership.reseller

    @property
    def is_enrolled(self) -> bool:
        return self.reseller.enrolment == Reseller.Enrolment.AUTHORIZED


@dataclass(frozen=True)
class Remains:
    """How much of the provider's business a reseller is part of; it stays without the partnership (design.md §4.9)."""

    customers: int
    """Added for the reseller: it has administrator access to them."""
    credited: int
    """Subscriptions that credit one of its MPN IDs now."""
    supported: int
    """Subscriptions whose designated support contact it is."""


def partners_in(partnerships: Sequence[Partnership], provider: UUID) -> list[Partner]:
    """The rows for these partnerships of the provider; three queries, however many they are."""
    resellers = [partnership.reseller_id for partnership in partnerships]
    numbers = dict(
        PartnerAccount.objects.filter(organisation__in=resellers, is_associated=True).values_list(
            "organisation", "number"
        )
    )
    signed = set(
        PartnerAgreement.objects.filter(organisation__in=resellers, ended_at=None).values_list("organisation", "region")
    )
    customers = _customers_of(resellers, provider)
    return [
        Partner(
            partnership,
            mpn_id=numbers.get(partnership.reseller_id, ""),
            has_agreement=(partnership.reseller_id, partnership.reseller.region or "") in signed,
            customers=customers.get(partnership.reseller_id, 0),
        )
        for partnership in partnerships
    ]


def export_lines(partnerships: Iterable[Partnership], provider: UUID) -> Iterator[tuple[object, ...]]:
    """The list as a table under HEADER: times in UTC, countries as ISO codes."""
    remaining = iter(partnerships)
    while chunk := list(islice(remaining, _CHUNK)):
        for partner in partners_in(chunk, provider):
            asked = partner.partnership.leave_requested_at
            yield (
                str(partner.reseller),
                partner.reseller.pk,
                str(partner.reseller.organisation.country),
                partner.mpn_id,
                partner.reseller.get_enrolment_display(),
                pgettext("agreement", "Signed") if partner.has_agreement else gettext("Not signed"),
                partner.customers,
                partner.partnership.started_at.strftime(_UTC),
                asked.strftime(_UTC) if asked else "",
            )


def remains_of(partnership: Partnership) -> Remains:
    """Counted between these two companies, whichever of them asks, and with no other provider."""
    reseller, provider = partnership.reseller, partnership.provider_id
    credits_now = reseller.organisation.partner_accounts.filter(
        credits__provider=provider, credits__ends_at=None, credits__subscription__status__in=_CURRENT
    )
    supported = reseller.supported_subscriptions.filter(provider=provider, status__in=_CURRENT)
    return Remains(
        customers=reseller.relationships.filter(provider=provider, ended_at=None).count(),
        credited=credits_now.count(),
        supported=supported.count(),
    )


def _customers_of(resellers: Sequence[UUID], provider: UUID) -> dict[UUID, int]:
    # One range of the index customers_by_reseller for each reseller of the page.
    current = Reseller.objects.filter(
        pk__in=resellers, relationships__provider=provider, relationships__ended_at=None
    ).annotate(customers=Count("relationships"))
    return dict(current.values_list("pk", "customers"))

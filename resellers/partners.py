"""What lists show of partners: one row for each, gathered in a constant number of queries for a page of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db.models import Count, prefetch_related_objects
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.paging import Sorting
from providers.models import Provider
from resellers.eligibility import has_agreement
from resellers.models import Partnership, Reseller

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
)
_CHUNK = 500


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


def partners_in(partnerships: Sequence[Partnership], provider: Provider) -> list[Partner]:
    """The rows for these partnerships of the provider; three queries, however many they are."""
    organisations = [partnership.reseller.organisation for partnership in partnerships]
    prefetch_related_objects(organisations, "partner_accounts", "partner_agreements")
    customers = _customers_of([partnership.reseller_id for partnership in partnerships], provider)
    return [
        Partner(
            partnership,
            mpn_id=mpn_id_of(partnership.reseller),
            has_agreement=has_agreement(partnership.reseller),
            customers=customers.get(partnership.reseller_id, 0),
        )
        for partnership in partnerships
    ]


def mpn_id_of(reseller: Reseller) -> str:
    """The number that goes into Reseller (MPN ID); empty without an associated location account."""
    accounts = reseller.organisation.partner_accounts.all()
    return next((account.number for account in accounts if account.is_associated), "")


def export_lines(partnerships: Iterable[Partnership], provider: Provider) -> Iterator[tuple[object, ...]]:
    """The list as a table under HEADER: times in UTC, countries as ISO codes."""
    remaining = iter(partnerships)
    while chunk := list(islice(remaining, _CHUNK)):
        for partner in partners_in(chunk, provider):
            yield (
                str(partner.reseller),
                partner.reseller.pk,
                str(partner.reseller.organisation.country),
                partner.mpn_id,
                partner.reseller.get_enrolment_display(),
                pgettext("agreement", "Signed") if partner.has_agreement else gettext("Not signed"),
                partner.customers,
                partner.partnership.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )


def _customers_of(resellers: Sequence[UUID], provider: Provider) -> dict[UUID, int]:
    # One range of the index customers_by_reseller for each reseller of the page.
    current = Reseller.objects.filter(
        pk__in=resellers, relationships__provider=provider, relationships__ended_at=None
    ).annotate(customers=Count("relationships"))
    return dict(current.values_list("pk", "customers"))

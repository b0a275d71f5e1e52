"""The rows of the list of customers, closed or opened, and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind
from customers.filters import administered_by
from customers.models import Relationship, RelationshipQuerySet
from customers.partner_choice import id_from

SORTINGS = {"name": Sorting(("sort_name", "id")), "domain": Sorting(("primary_domain", "id"))}


@dataclass(frozen=True)
class Row:
    """A customer in the list: where its arrow leads, with JavaScript and without."""

    relationship: Relationship
    is_open: bool
    toggle_url: str
    fragment_url: str


def list_row(relationship: Relationship, kept: str, *, is_open: bool) -> Row:
    """The row; its links turn it around and leave the rest of the list's address, kept_in() the request, as it is."""
    list_url = reverse("customers:list")
    fragment = reverse("customers:row", args=[relationship.customer_id])
    page = "" if is_open else f"open={relationship.customer_id}"
    # A reseller may have the customer through several providers.
    turned = "&".join(filter(None, [kept, "closed=1" if is_open else "", f"of={relationship.provider_id}"]))
    return Row(
        relationship,
        is_open,
        f"{list_url}?{'&'.join(filter(None, [kept, page]))}#open-{relationship.pk}",
        f"{fragment}?{turned}",
    )


def kept_in(request: HttpRequest) -> str:
    """What of the list's address stays as it is when a row is opened or closed."""
    query = request.GET.copy()
    for name in ("open", "closed", "of"):
        query.pop(name, None)
    return query.urlencode()


def row_labels(membership: Membership) -> dict[str, str]:
    """What every row of the list says, translated once: in thirty rows it costs more than their query."""
    return {
        "domain": _("Primary domain name"),
        "partner": _("Indirect provider") if membership.kind == Kind.RESELLER else _("Indirect reseller"),
        "relationship": _("Relationship"),
        "cloud_reseller": _("Cloud Reseller"),
    }


def with_names(rows: RelationshipQuerySet, membership: Membership) -> RelationshipQuerySet:
    """The rows with what a closed row shows, in one query: no join that its reader does not need."""
    rows = rows.select_related("customer", "reseller__organisation")
    return rows if membership.kind == Kind.PROVIDER else rows.select_related("provider__organisation")


def relationship_with(customer: UUID, membership: Membership, *, of: str = "") -> RelationshipQuerySet:
    """The member's relationship with the customer, at most one: with the provider of this id, else the oldest."""
    rows = _with_everything(Relationship.objects.visible_to(membership)).filter(customer=customer)
    if of:
        rows = rows.filter(provider=id_from(of))
    return rows.order_by("created_at", "pk")[:1]


def _with_everything(rows: RelationshipQuerySet) -> RelationshipQuerySet:
    names = rows.select_related("customer__organisation", "provider__organisation", "reseller__organisation")
    return names.prefetch_related("reseller__organisation__partner_accounts")


def export_header(membership: Membership) -> list[str]:
    """What the file's columns are called. A reseller reads whose customer it is, a provider for whom it was added."""
    partner = [_("Indirect provider")] if membership.kind == Kind.RESELLER else [_("Indirect reseller"), _("MPN ID")]
    return [
        *(_("Microsoft ID"), _("Company name"), _("Primary domain name"), _("Relationship")),
        *partner,
        *(_("Country/region"), _("Created"), _("Delegated admin")),
    ]


def export_lines(rows: RelationshipQuerySet, membership: Membership) -> Iterator[list[str]]:
    """One line a customer, under export_header(). Days are those in UTC, wherever the reader is.

    Delegated admin says since when the reader's company administers the account, or No.
    """
    kind_of_relationship = _("Cloud Reseller")
    given = Subquery(administered_by(membership.organisation_id).values("granted_at"))
    no = _("No")
    for row in _with_everything(rows).annotate(administered_since=given).iterator(chunk_size=500):
        partner = [str(row.provider)]
        if membership.kind == Kind.PROVIDER:
            partner = [str(row.reseller), row.reseller.mpn_id] if row.reseller else ["", ""]
        yield [
            *(str(row.customer_id), row.company_name, row.primary_domain, kind_of_relationship),
            *partner,
            *(str(row.customer.organisation.country), f"{row.created_at:%Y-%m-%d}"),
            f"{since:%Y-%m-%d}" if (since := row.administered_since) else no,  # type: ignore[attr-defined]  # annotated
        ]

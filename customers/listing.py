"""The rows of the list of customers, closed or opened, and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind
from customers.models import Relationship, RelationshipQuerySet
from customers.partners import id_from

SORTINGS = {"name": Sorting(("sort_name", "id")), "domain": Sorting(("primary_domain", "id"))}


@dataclass(frozen=True)
class Row:
    """A customer in the list: where its arrow leads, with JavaScript and without."""

    relationship: Relationship
    is_open: bool
    toggle_url: str
    fragment_url: str


def list_row(relationship: Relationship, request: HttpRequest, *, is_open: bool) -> Row:
    """The row; its links turn it around and leave the rest of the list's address as it is."""
    query = request.GET.copy()
    for name in ("open", "closed", "of"):
        query.pop(name, None)
    page = query.copy()
    if not is_open:
        page["open"] = str(relationship.customer_id)
    else:
        query["closed"] = "1"
    query["of"] = str(relationship.provider_id)  # a reseller may have the customer through several providers
    fragment = reverse("customers:row", args=[relationship.customer_id])
    list_url = reverse("customers:list")
    return Row(
        relationship,
        is_open,
        f"{list_url}?{page.urlencode()}#open-{relationship.pk}",
        f"{fragment}?{query.urlencode()}",
    )


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
        *(_("Country/region"), _("Created")),
    ]


def export_lines(rows: RelationshipQuerySet, membership: Membership) -> Iterator[list[str]]:
    """One line a customer, under export_header(). The day of creation is that in UTC, wherever the reader is."""
    kind_of_relationship = _("Cloud Reseller")
    for row in _with_everything(rows).iterator(chunk_size=500):
        partner = [str(row.provider)]
        if membership.kind == Kind.PROVIDER:
            partner = [str(row.reseller), row.reseller.mpn_id] if row.reseller else ["", ""]
        yield [
            *(str(row.customer_id), row.company_name, row.primary_domain, kind_of_relationship),
            *partner,
            *(str(row.customer.organisation.country), f"{row.created_at:%Y-%m-%d}"),
        ]

"""What the list of customers can be narrowed to, and what every list needs that can be narrowed to a reseller."""

import unicodedata
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership
from accounts.roles import Kind
from customers.delegations import DELEGATED_ADMIN
from customers.models import Delegation, Relationship, RelationshipQuerySet
from customers.partner_choice import MOST_CHOICES, id_from
from resellers.models import PartnerAccount, Partnership, Reseller

NO_RESELLER = "none"


class ResellerField(forms.CharField):
    """A reseller to narrow a list to: its Microsoft ID, "none", or, where there are too many to choose from, a name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Filter by indirect reseller"), required=False, max_length=200, **kwargs)

    def offer(self, resellers: QuerySet[Reseller], chosen: str) -> None:
        """Offer these to choose from; a box to type a name into when they are more than 100 and none is chosen yet."""
        if resellers.values("pk")[MOST_CHOICES : MOST_CHOICES + 1]:
            if not chosen:
                return
            resellers = resellers.filter(pk=id_from(chosen))
        found = list(resellers.order_by("organisation__name", "pk").values_list("pk", "organisation__name"))
        if chosen and not found and chosen != NO_RESELLER:
            return
        none = (NO_RESELLER, _("No indirect reseller"))
        self.widget = forms.Select(choices=[("", _("All indirect resellers")), none, *found])


class ProviderField(forms.UUIDField):
    """An indirect provider to narrow a reseller's list to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Filter by indirect provider"), required=False, **kwargs)

    def offer(self, membership: Membership) -> None:
        """Offer those that the reseller is, or was, a partner of."""
        partnerships = Partnership.objects.visible_to(membership).order_by("provider__organisation__name")
        names = partnerships.values_list("provider", "provider__organisation__name").distinct()
        self.widget = forms.Select(choices=[("", _("All indirect providers")), *names])


def wanted_resellers(wanted: str, resellers: QuerySet[Reseller]) -> list[UUID]:
    """The one with this Microsoft ID, or those of the given ones whose name has every word."""
    if exactly := id_from(wanted):
        return [exactly]
    for word in wanted.split():
        resellers = resellers.filter(organisation__name__icontains=word)
    return list(resellers.values_list("pk", flat=True))


def past_and_present_partners(membership: Membership, still: QuerySet[Any]) -> QuerySet[Reseller]:
    """The provider's partners, and those that are none any more but of whom something is still there (design.md §4.9).

    The rows of still are compared with a partnership through OuterRef("reseller").
    """
    partnerships = Partnership.objects.visible_to(membership).filter(Q(ended_at=None) | Exists(still))
    return Reseller.objects.filter(pk__in=partnerships.values("reseller"))


def administered_by(partner: UUID) -> QuerySet[Delegation]:
    """The account administration that a partner has; the rows are compared with a relationship's customer."""
    return Delegation.objects.active().filter(customer=OuterRef("customer"), partner=partner, privilege=DELEGATED_ADMIN)


class CustomerFilter(ListFilter):
    """Search, and the indirect reseller; for a reseller, the indirect provider."""

    q = forms.CharField(label=_("Search customers"), required=False, max_length=200, widget=forms.SearchInput)
    reseller = ResellerField()
    provider = ProviderField()
    admin = forms.ChoiceField(
        label=_("Delegated admin"),
        required=False,
        choices=[("", _("All")), ("yes", _("Yes")), ("no", _("No"))],
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = membership.organisation_id
        if membership.kind == Kind.PROVIDER:
            del self.fields["provider"]
            still = Relationship.objects.visible_to(membership).filter(reseller=OuterRef("reseller"))
            self.resellers = past_and_present_partners(membership, still)
            self.fields["reseller"].offer(self.resellers, self.data.get("reseller", ""))  # type: ignore[attr-defined]  # a ResellerField does
        else:
            del self.fields["reseller"]
            self.fields["provider"].offer(membership)  # type: ignore[attr-defined]  # a ProviderField does

    def apply(self, rows: RelationshipQuerySet) -> RelationshipQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        if provider := values.get("provider"):
            rows = rows.filter(provider=provider)
        if values.get("reseller") == NO_RESELLER:
            rows = rows.filter(reseller=None)
        elif reseller := values.get("reseller"):
            rows = rows.filter(reseller__in=wanted_resellers(reseller, self.resellers))
        if admin := values.get("admin"):
            held = Exists(administered_by(self.own))
            rows = rows.filter(held if admin == "yes" else ~held)
        return _search(rows, values["q"]) if "q" in values else rows


def _search(rows: RelationshipQuerySet, text: str) -> RelationshipQuerySet:
    """By company name, domain name or Microsoft ID; a number is looked up among the resellers' MPN IDs as well."""
    number = unicodedata.normalize("NFKC", text).strip()
    found = rows.search(text)
    owners = list(PartnerAccount.objects.numbered(number).values_list("organisation", flat=True))
    return found | rows.filter(reseller__in=owners) if owners else found

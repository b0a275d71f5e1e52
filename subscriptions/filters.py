"""What the lists of orders, of subscriptions and of prices can be narrowed to."""

from typing import Any, ClassVar

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.filters import ListFilter, PeriodFilter
from accounts.models import Membership
from accounts.roles import Kind
from customers.filters import NO_RESELLER, ProviderField, ResellerField, past_and_present_partners, wanted_resellers
from customers.partner_choice import id_from
from subscriptions.models import Offer, ResellerOfRecord, Subscription
from subscriptions.models.catalogue import OfferQuerySet, Term
from subscriptions.models.orders import OrderQuerySet
from subscriptions.models.subscriptions import SubscriptionQuerySet

ANY = "all"


class OrderFilter(PeriodFilter):
    """A customer, words of its name or an order number, and days."""

    q = forms.CharField(
        label=_("Search orders"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search", "placeholder": _("Customer or order number"), "autocomplete": "off"}),
    )
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def apply(self, orders: OrderQuerySet) -> OrderQuerySet:
        """The orders that were asked for, of the given ones."""
        values = self.values()
        if customer := values.get("customer"):
            orders = orders.filter(customer=customer)
        if self.begin:
            orders = orders.filter(placed_at__gte=self.begin)
        if self.end:
            orders = orders.filter(placed_at__lt=self.end)
        return orders.search(values.get("q", ""))


class SubscriptionFilter(ListFilter):
    """Search, status, customer, and for a provider the reseller that is credited."""

    q = forms.CharField(label=_("Search subscriptions"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *Subscription.Status.choices]
    )
    reseller = ResellerField()
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if membership.kind != Kind.PROVIDER:
            del self.fields["reseller"]
            return
        still = ResellerOfRecord.objects.current().filter(
            provider=membership.organisation_id, partner_account__organisation=OuterRef("reseller")
        )
        self.resellers = past_and_present_partners(membership, still)
        self.fields["reseller"].offer(self.resellers, self.data.get("reseller", ""))  # type: ignore[attr-defined]  # a ResellerField does

    def apply(self, rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        if status := values.get("status"):
            rows = rows.filter(status=status)
        if customer := values.get("customer"):
            rows = rows.filter(customer=customer)
        if reseller := values.get("reseller"):
            rows = self._crediting(rows, reseller)
        return rows.search(values.get("q", ""))

    def _crediting(self, rows: SubscriptionQuerySet, reseller: str) -> SubscriptionQuerySet:
        current = ResellerOfRecord.objects.current().filter(subscription=OuterRef("pk"))
        if reseller == NO_RESELLER:
            return rows.filter(~Exists(current))
        wanted = wanted_resellers(reseller, self.resellers)
        return rows.filter(Exists(current.filter(partner_account__organisation__in=wanted)))


class FactFilter(ListFilter):
    """Search, and the indirect provider, of those that a reseller has or had to do with."""

    searched: ClassVar[tuple[str, ...]]
    """The lookups that a word may match."""
    code: ClassVar[str]
    """Where the subscription's ID is, which is found when it is whole."""
    q = forms.CharField(required=False, max_length=200)
    provider = ProviderField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].offer(membership)  # type: ignore[attr-defined]  # a ProviderField does

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        if provider := values.get("provider"):
            rows = rows.filter(provider=provider)
        for word in values.get("q", "").split():
            matches = Q(*((lookup, word) for lookup in self.searched), _connector=Q.OR)
            if code := id_from(word):
                matches |= Q((self.code, code))
            rows = rows.filter(matches)
        return rows


class CreditedFilter(FactFilter):
    """Also whether the credit goes on. Not the customer: what cannot be read cannot be asked for either."""

    searched = ("subscription__offer__sku_title__icontains", "partner_account__number__contains")
    code = "subscription__code"
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), ("current", _("Current")), ("ended", _("Ended"))]
    )

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        state = self.values().get("state")
        return super().apply(rows.filter(ends_at__isnull=state == "current") if state else rows)


class SupportedFilter(FactFilter):
    """By the customer's name as well: whoever answers the telephone looks for it."""

    searched = ("offer__sku_title__icontains", "customer__organisation__name__icontains")
    code = "code"


class PriceListFilter(ListFilter):
    """Search, and what an offer is for: market, segment, category, term. The market is one's own unless chosen."""

    q = forms.CharField(label=_("Search the price list"), required=False, max_length=200)
    market = forms.ChoiceField(label=_("Market"), required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False, choices=[("", _("All")), *Offer.Segment.choices])
    category = forms.ChoiceField(label=_("Category"), required=False, choices=[("", _("All")), *Offer.Category.choices])
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("All")), *((term.value or "none", term.label) for term in Term)],
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider = membership.organisation.provider
        names = sorted((str(countries.name(code)), code) for code in provider.markets)
        field = self.fields["market"]
        field.choices = [(code, name) for name, code in names] + [(ANY, _("All"))]  # type: ignore[attr-defined]  # a ChoiceField has them
        self.own_market = str(membership.organisation.country)
        if "market" not in self.data:
            self.data = {**dict(self.data.items()), "market": self.own_market}

    def apply(self, rows: OfferQuerySet) -> OfferQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        market = values.get("market", self.own_market)
        if market != ANY:
            rows = rows.filter(market=market)
        for name in ("segment", "category"):
            if name in values:
                rows = rows.filter(**{name: values[name]})
        if term := values.get("term"):
            rows = rows.filter(term="" if term == "none" else term)
        return rows.search(values.get("q", ""))

"""What the lists of orders, of subscriptions and of prices can be narrowed to."""

from typing import Any, ClassVar

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries import countries

from accounts.filters import ListFilter, PeriodFilter
from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind
from customers.filters import NO_RESELLER, ProviderField, ResellerField, past_and_present_partners, wanted_resellers
from customers.forms.partners import PartnerField
from customers.partner_choice import Partners, id_from
from providers.models import Provider
from resellers.models import Partnership, Reseller
from subscriptions.lists.subscriptions import SORTINGS
from subscriptions.models import Offer, OrderLine, ResellerOfRecord, Subscription
from subscriptions.models.catalogue import OfferQuerySet, Term
from subscriptions.models.orders import OrderQuerySet
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.product_filter import ProductField, offers_named

ANY = "all"
HORIZONS = {30: _("Within 30 days"), 60: _("Within 60 days"), 90: _("Within 90 days")}


def _offer_resellers(filters: Any, membership: Membership) -> None:
    """Let a provider choose whom its rows credit; for others it is no question."""
    if membership.kind != Kind.PROVIDER:
        del filters.fields["reseller"]
        return
    still = ResellerOfRecord.objects.current().filter(
        provider=membership.organisation_id, partner_account__organisation=OuterRef("reseller")
    )
    filters.resellers = past_and_present_partners(membership, still)
    field: Any = filters.fields["reseller"]
    field.offer(filters.resellers, filters.data.get("reseller", ""))


class OrderFilter(PeriodFilter):
    """A customer, words of its name or an order number, days, a product, and for a provider who is credited."""

    q = forms.CharField(
        label=_("Search orders"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search", "placeholder": _("Customer or order number"), "autocomplete": "off"}),
    )
    product = ProductField()
    reseller = ResellerField()
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    resellers: QuerySet[Reseller]

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_resellers(self, membership)

    def apply(self, orders: OrderQuerySet) -> OrderQuerySet:
        """The orders that were asked for, of the given ones."""
        values = self.values()
        lines = OrderLine.objects.filter(order=OuterRef("pk"))
        if product := values.get("product"):
            orders = orders.filter(Exists(lines.filter(offer__in=offers_named(product, OrderLine))))
        if (reseller := values.get("reseller")) == NO_RESELLER:
            orders = orders.filter(Exists(lines.filter(partner_account=None)))
        elif reseller:
            wanted = wanted_resellers(reseller, self.resellers)
            orders = orders.filter(Exists(lines.filter(partner_account__organisation__in=wanted)))
        if customer := values.get("customer"):
            orders = orders.filter(customer=customer)
        if self.begin:
            orders = orders.filter(placed_at__gte=self.begin)
        if self.end:
            orders = orders.filter(placed_at__lt=self.end)
        return orders.search(values.get("q", ""))


class SubscriptionFilter(ListFilter):
    """Search, status, product, renewal, customer, and for a provider the reseller that is credited."""

    q = forms.CharField(label=_("Search subscriptions"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *Subscription.Status.choices]
    )
    product = ProductField()
    renews = forms.TypedChoiceField(
        label=_("Term ends"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("At any time")), *HORIZONS.items()],
    )
    auto_renew = forms.ChoiceField(
        label=_("Auto-renew"),
        required=False,
        choices=[
            ("", _("All")),
            ("on", pgettext_lazy("auto-renew", "On")),
            ("off", pgettext_lazy("auto-renew", "Off")),
        ],
    )
    reseller = ResellerField()
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    resellers: QuerySet[Reseller]

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_resellers(self, membership)

    def apply(self, rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        if status := values.get("status"):
            rows = rows.filter(status=status)
        if customer := values.get("customer"):
            rows = rows.filter(customer=customer)
        if product := values.get("product"):
            rows = rows.filter(offer__in=offers_named(product, Subscription))
        if days := values.get("renews"):
            rows = rows.ending_within(days)
        if wanted := values.get("auto_renew"):
            rows = rows.filter(auto_renew=wanted == "on").exclude(term="")
        if reseller := values.get("reseller"):
            rows = self._crediting(rows, reseller)
        return rows.search(values.get("q", ""))

    def _crediting(self, rows: SubscriptionQuerySet, reseller: str) -> SubscriptionQuerySet:
        current = ResellerOfRecord.objects.current().filter(subscription=OuterRef("pk"))
        if reseller == NO_RESELLER:
            return rows.filter(is_credited=False)
        wanted = wanted_resellers(reseller, self.resellers)
        return rows.filter(Exists(current.filter(partner_account__organisation__in=wanted)))


def sortings_of(filters: SubscriptionFilter) -> dict[str, Sorting]:
    """How the list can be sorted. Whoever asks what ends soon reads first what ends first."""
    return dict(reversed(SORTINGS.items())) if filters.values().get("renews") else SORTINGS


class RenewalFilter(SubscriptionFilter):
    """Which days ahead, and of which subscriptions; the next 30 days unless others are chosen."""

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, membership=membership, **kwargs)
        self.fields["renews"].choices = list(HORIZONS.items())  # type: ignore[attr-defined]  # a ChoiceField has them
        if "renews" not in self.data:
            self.data = {**dict(self.data.items()), "renews": str(self.days)}

    @property
    def days(self) -> int:
        """How far one looks ahead."""
        wanted = self.data.get("renews", "")
        return int(wanted) if wanted in map(str, HORIZONS) else next(iter(HORIZONS))

    @property
    def is_narrowed(self) -> bool:
        return bool(self.values().keys() - {"renews"})


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
    """Search, and what an offer is for: market, segment, category, term. The market is one's own unless chosen.

    What is on sale now, unless all is asked for. A provider may choose a partner, to see what it pays; a reseller
    chooses whose price list it reads, where it has several indirect providers.
    """

    q = forms.CharField(label=_("Search the price list"), required=False, max_length=200)
    provider = forms.ChoiceField(label=_("Indirect provider"), required=False)
    reseller = PartnerField(label=_("Prices for"))
    market = forms.ChoiceField(label=_("Market"), required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False, choices=[("", _("All")), *Offer.Segment.choices])
    category = forms.ChoiceField(label=_("Category"), required=False, choices=[("", _("All")), *Offer.Category.choices])
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("All")), *((term.value or "none", term.label) for term in Term)],
    )
    sale = forms.ChoiceField(label=_("On sale"), required=False, choices=[("now", _("Now")), (ANY, _("All"))])

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if membership.kind == Kind.PROVIDER:
            self.providers = [membership.organisation.provider]
            del self.fields["provider"]
            self.fields["reseller"].offer(Partners(membership, nobody=str(_("All indirect resellers"))))  # type: ignore[attr-defined]  # a PartnerField does
        else:
            self.providers = _providers_of(membership)
            del self.fields["reseller"]
            unchosen = [("", _("Choose an indirect provider"))] if len(self.providers) != 1 else []
            self.fields["provider"].choices = [*unchosen, *((str(each.pk), str(each)) for each in self.providers)]  # type: ignore[attr-defined]  # a ChoiceField has them
        # All of a reseller's providers are in its own CSP region (domain.md §3.4), and so have the same markets.
        markets = self.providers[0].markets if self.providers else ()
        names = sorted((str(countries.name(code)), code) for code in markets)
        self.fields["market"].choices = [(code, name) for name, code in names] + [(ANY, _("All"))]  # type: ignore[attr-defined]  # a ChoiceField has them
        self.own_market = str(membership.organisation.country)
        self.data = {"market": self.own_market, "sale": "now", **dict(self.data.items())}

    @cached_property
    def seller(self) -> Provider | None:
        """Whose price list it is; None for a reseller that has no provider, or several and has not chosen one yet."""
        if len(self.providers) == 1:
            return self.providers[0]
        wanted = self.values().get("provider")
        return next((each for each in self.providers if str(each.pk) == wanted), None)

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
        if values.get("sale") != ANY:
            rows = rows.on_sale()
        return rows.search(values.get("q", ""))


def _providers_of(membership: Membership) -> list[Provider]:
    """Those that a reseller buys through, by name."""
    partnerships = Partnership.objects.visible_to(membership).active().select_related("provider__organisation")
    return [each.provider for each in partnerships.order_by("provider__organisation__name", "provider")]

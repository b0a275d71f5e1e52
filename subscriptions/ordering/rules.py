"""The price list's rules for an order, decided here once: for the pages before Submit, and under the locks of Submit.

Sources: design.md §7, domain.md §6.1, §6.3 and §7.3. Every refusal names the line and the rule, and has a code of its
own; all of them are said at once.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from subscriptions.markups import MOST as MOST_PERCENT
from subscriptions.models import Offer, Subscription
from subscriptions.models.catalogue import MOST_LICENCES, Billing
from subscriptions.ordering.holdings import Holdings, is_named, is_ready, may_add_to, may_end_with
from subscriptions.ordering.lines import Line

MOST_AMOUNT = Decimal(10**14 - 1)  # what a column holds
_Found = tuple[str | None, ValidationError]
_PERIODIC = (Billing.MONTHLY, Billing.ANNUAL, Billing.TRIENNIAL)
_TOO_FEW = ngettext_lazy(
    "%(offer)s needs at least %(fewest)s license.", "%(offer)s needs at least %(fewest)s licenses.", "fewest"
)
_TOO_MANY = ngettext_lazy(
    "%(offer)s allows at most %(most)s license.", "%(offer)s allows at most %(most)s licenses.", "most"
)
_TOO_MANY_ALTOGETHER = ngettext_lazy(
    "A customer may have at most %(most)s license of %(offer)s altogether. "
    "With this order it would have %(altogether)s from you.",
    "A customer may have at most %(most)s licenses of %(offer)s altogether. "
    "With this order it would have %(altogether)s from you.",
    "most",
)
_ONE_BILLING = _(
    "Billing frequency of %(offer)s: %(billing)s; of %(other)s: %(other_billing)s. One order has only one: "
    "order one of them separately."
)
_PREREQUISITE = _("%(offer)s needs one of these, active already or in the same order: %(names)s.")
_BASE_MISSING = _("%(offer)s is an add-on. It needs one of these, active already or in the same order: %(names)s.")
_BASE_NOT_ACTIVE = _("%(offer)s cannot be added to %(base)s: the subscription is %(status)s.")
_BASE_DUE = _(
    "%(offer)s cannot be added to %(base)s just now: its term has ended, and it is about to be renewed. "
    "Try again in a few minutes."
)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line: beside which of its fields, and why; without a field it is the line as a whole."""

    line: Line
    field: str | None
    refusal: ValidationError


def check_licences(offer: Offer, licences: int) -> None:
    """Raise ValidationError, with the limit in the sentence, for too few or too many licences of an offer.

    Also without a limit of its own there are never so many that what they cost is more than an amount can be.
    """
    most = min(offer.max_licences or MOST_LICENCES, _most_that_can_be_charged(offer))
    names = {"offer": offer.sku_title, "fewest": offer.min_licences, "most": most}
    if licences < offer.min_licences:
        raise ValidationError(_TOO_FEW, "too_few", names)
    if licences > most:
        raise ValidationError(_TOO_MANY, "too_many", names)


def _most_that_can_be_charged(offer: Offer) -> int:
    dearest = offer.unit_price * (100 + MOST_PERCENT) / 100  # for a reseller: nobody adds more than that
    return int(MOST_AMOUNT // dearest) if dearest else MOST_LICENCES


def not_on_sale(offer: Offer) -> ValidationError:
    """The refusal for an offer that this customer may not buy now: market, segment, effective period."""
    return ValidationError(
        _("%(offer)s is not offered to this customer any more. Remove it or choose another."),
        "not_on_sale",
        {"offer": offer.sku_title},
    )


def one_trial(offer: Offer) -> ValidationError:
    """The refusal for the second trial of a product: each customer has one, whoever sells it (domain.md §6.3)."""
    return ValidationError(
        _("A customer can try %(offer)s only once. Order what it is a trial of, or remove it."),
        "one_trial",
        {"offer": offer.sku_title},
    )


def end_gone(offer: Offer) -> ValidationError:
    """The refusal for sharing the end of a subscription that has none any more."""
    return ValidationError(
        _("The end date that you chose for %(offer)s is not there any more. Choose it again."),
        "end_not_offered",
        {"offer": offer.sku_title},
    )


@dataclass(frozen=True)
class Rules:
    """The rules for an order that begins at a moment, with all of its lines and what its customer has.

    `on_sale` has the keys of those offers that this customer may buy at that moment.
    """

    lines: Sequence[Line]
    held: Holdings
    on_sale: Collection[int]
    moment: datetime

    def problems(self) -> list[Problem]:
        """Everything that keeps the lines from being ordered; nothing when all is well."""
        return [Problem(line, field, refusal) for line in self.lines for field, refusal in self._of(line)]

    def _of(self, line: Line) -> Iterator[_Found]:
        rules = (self._sale, self._limits, self._limit_altogether, self._trial, self._billing, self._end)
        for rule in (*rules, self._base if line.offer.is_add_on else self._prerequisites):
            yield from rule(line)

    def _sale(self, line: Line) -> Iterator[_Found]:
        if line.offer.pk not in self.on_sale:
            yield None, not_on_sale(line.offer)

    def _limits(self, line: Line) -> Iterator[_Found]:
        try:
            check_licences(line.offer, line.licences)
        except ValidationError as refusal:
            yield "licences", refusal

    def _limit_altogether(self, line: Line) -> Iterator[_Found]:
        """Suspended subscriptions count, and so do other lines of the same product and SKU."""
        most, sku = line.offer.most_per_customer, line.offer.sku
        ordered = sum(each.licences for each in self.lines if each.offer.sku == sku)
        altogether = self.held.licences(sku) + ordered
        if most is not None and altogether > most:
            names = {"offer": line.offer.sku_title, "most": most, "altogether": altogether}
            yield "licences", ValidationError(_TOO_MANY_ALTOGETHER, "too_many_altogether", names)

    def _trial(self, line: Line) -> Iterator[_Found]:
        if not line.offer.is_trial:
            return
        in_order = sum(each.offer.sku == line.offer.sku for each in self.lines)
        if line.offer.sku in self.held.tried or in_order > 1:
            yield None, one_trial(line.offer)

    def _billing(self, line: Line) -> Iterator[_Found]:
        """One billing frequency for one order; what is billed once or by use, and what costs nothing, is exempt."""
        periodic = [each for each in self.lines if each.billing in _PERIODIC and not each.offer.is_trial]
        if line in periodic and line.billing != periodic[0].billing:
            names = {"offer": line.offer.sku_title, "billing": Billing(line.billing).label}
            names |= {"other": periodic[0].offer.sku_title, "other_billing": Billing(periodic[0].billing).label}
            yield None, ValidationError(_ONE_BILLING, "one_billing", names)

    def _end(self, line: Line) -> Iterator[_Found]:
        other = line.ends_with
        if other is None or (self._has(other) and may_end_with(line.offer, other, self.moment)):
            return
        names = {"offer": line.offer.sku_title, "other": other.nickname}
        yield "align", ValidationError(_("%(offer)s cannot end with %(other)s."), "end_not_offered", names)

    def _prerequisites(self, line: Line) -> Iterator[_Found]:
        required = line.offer.requires
        in_order = any(each is not line and is_named(each.offer, required) for each in self.lines)
        if required and not in_order and not self.held.has_active(required):
            names = {"offer": line.offer.sku_title, "names": self._titles(required)}
            yield None, ValidationError(_PREREQUISITE, "prerequisite_missing", names)

    def _base(self, line: Line) -> Iterator[_Found]:
        if line.base is None:
            yield self._without_base(line.offer)
        elif isinstance(line.base, Line):
            if line.base not in self.lines or not may_add_to(line.offer, line.base.offer):
                yield self._wrong_base(line, line.base.offer.sku_title)
        elif not self._has(line.base) or not may_add_to(line.offer, line.base.offer):
            yield self._wrong_base(line, line.base.nickname)
        elif not is_ready(line.base, line.offer):
            yield "base", self._not_ready(line.offer, line.base)

    def _without_base(self, offer: Offer) -> _Found:
        if self.held.bases(offer) or any(may_add_to(offer, each.offer) for each in self.lines):
            refusal = ValidationError(_("Choose what %(offer)s adds to."), "base_unclear", {"offer": offer.sku_title})
            return "base", refusal
        names = {"offer": offer.sku_title, "names": self._titles(offer.requires)}
        return None, ValidationError(_BASE_MISSING, "base_missing", names)

    def _wrong_base(self, line: Line, base: str) -> _Found:
        names = {"offer": line.offer.sku_title, "base": base}
        return "base", ValidationError(_("%(offer)s cannot be added to %(base)s."), "base_wrong", names)

    def _not_ready(self, offer: Offer, base: Subscription) -> ValidationError:
        names = {"offer": offer.sku_title, "base": base.nickname, "status": Subscription.Status(base.status).label}
        if base.status == Subscription.Status.ACTIVE:
            return ValidationError(_BASE_DUE, "base_due", names)
        return ValidationError(_BASE_NOT_ACTIVE, "base_not_active", names)

    def _has(self, subscription: Subscription) -> bool:
        return any(each.pk == subscription.pk for each in self.held.subscriptions)

    def _titles(self, required: Collection[str]) -> str:
        """What the price list calls the products that are required; their IDs where it does not know them."""
        found = [each for each in self._known if is_named(each, required)]
        known = {each.product_id for each in found}
        unknown = sorted(name for name in required if name.partition(":")[0] not in known)
        return ", ".join([*dict.fromkeys(each.sku_title for each in found), *unknown])

    @cached_property
    def _known(self) -> list[Offer]:
        """What any of the lines requires, as the price list has it: one query for all of them."""
        products = {name.partition(":")[0] for line in self.lines for name in line.offer.requires}
        offers = Offer.objects.filter(market__in={line.offer.market for line in self.lines}, product_id__in=products)
        return list(offers.order_by("sku_title", "pk").only("product_id", "sku_id", "sku_title", "category"))

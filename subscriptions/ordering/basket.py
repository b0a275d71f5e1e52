"""The chosen offers of a draft, checked as of now, and the price list that one chooses from.

Sources: seed (*On the New subscription page…*), design.md §4.5 and §6, domain.md §6.3. The number of queries does not
depend on the number of lines.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from customers.partner_choice import Partners
from resellers.eligibility import accounts_for_credit
from subscriptions.credit import tidy_number
from subscriptions.forms.order_lines import Choices, LineForm, TypedLine, typed_number
from subscriptions.models import Offer
from subscriptions.models.catalogue import OfferQuerySet
from subscriptions.money import Money
from subscriptions.ordering.holdings import Holdings, may_add_to
from subscriptions.ordering.lines import Line, PeriodTotal, bases_first, charged_at_submit, order_totals
from subscriptions.ordering.rules import Rules

MOST_OFFERS = 50


@dataclass(frozen=True)
class Catalogue:
    """Offers to choose from, by category; is_cut when there are more than a page should show."""

    groups: list[tuple[str, list[Offer]]]
    is_cut: bool


class Basket:
    """What is typed for the chosen offers of one customer, and everything that is wrong with it at a moment.

    The customer is None while there is none: then there is nothing that the order could rest on.
    """

    def __init__(
        self,
        typed: Sequence[TypedLine],
        *,
        membership: Membership,
        country: str,
        qualification: str,
        customer: UUID | None = None,
        moment: datetime | None = None,
    ) -> None:
        self.typed = typed
        self.membership = membership
        self.country = country
        self.qualification = qualification
        self.customer = customer
        self.moment = moment or timezone.now()

    @cached_property
    def lines(self) -> list[LineForm]:
        """One form for each offer that exists for this provider, in the order in which they were chosen; all checked.

        What breaks a rule of the price list is said beside the field, or of the line.
        """
        offers, on_sale = self._offers()
        self.partners.look_up(each["reseller"] for each in self.typed if not tidy_number(each["reseller"]).isdigit())
        numbers = {typed_number(each, self.partners) for each in self.typed} - {""}
        credited = accounts_for_credit(numbers, provider=self.membership.organisation.provider)
        held = Holdings.of(self.customer, self.membership.organisation_id, list(offers.values()))
        forms = [
            LineForm(
                each,
                offer=offers[each["offer"]],
                partners=self.partners,
                credited=credited.get(typed_number(each, self.partners)),
                choices=self._choices(offers[each["offer"]], held, offers.values()),
                moment=self.moment,
            )
            for each in self.typed
            if each["offer"] in offers
        ]
        self._judge(forms, held, on_sale)
        return forms

    def _choices(self, offer: Offer, held: Holdings, chosen: Iterable[Offer]) -> Choices:
        in_order = [each for each in chosen if may_add_to(offer, each)]
        ends = held.ends(offer, self.moment)
        return Choices([*in_order, *held.bases(offer)], ends, held.subscriptions, held.accounts)

    def _judge(self, forms: Sequence[LineForm], held: Holdings, on_sale: Collection[int]) -> None:
        made: dict[Offer, Line] = {}
        for number in bases_first([form.offer for form in forms]):
            forms[number].full_clean()
            made[forms[number].offer] = forms[number].take(made)
        by_offer = {form.offer: form for form in forms}
        for problem in Rules([form.line for form in forms], held, on_sale, self.moment).problems():
            by_offer[problem.line.offer].refuse(problem.field, problem.refusal)

    @property
    def problems(self) -> list[ValidationError]:
        """What is wrong with the order as a whole."""
        if not self.typed:
            return [ValidationError(_("Select at least one subscription."), "no_lines")]
        if len(self.lines) < len(self.typed):
            return [ValidationError(_("An offer that you selected is not in your price list."), "offer_unknown")]
        return []

    def is_valid(self) -> bool:
        return not self.problems and all(line.is_valid() for line in self.lines)

    @property
    def totals(self) -> list[PeriodTotal]:
        """What the lines that hold cost for each billing period."""
        return order_totals(line.line for line in self.lines if line.is_valid())

    @property
    def charged(self) -> list[Money]:
        """What is charged for them at Submit, where that is something else than the totals."""
        return charged_at_submit((line.due for line in self.lines if line.is_valid()), self.totals)

    @cached_property
    def partners(self) -> Partners:
        """Whom one may credit: nobody, or a partnered reseller by its number."""
        return Partners(self.membership, nobody=str(_("No indirect reseller")), is_credit=True)

    def number_of(self, reseller: str) -> str:
        """The MPN ID of a partnered reseller, given as on the page before; empty when there is none."""
        self.partners.are_many  # noqa: B018  # read what the page shows anyway before anybody is looked for
        try:
            return self.partners.number(reseller)
        except ValidationError:
            return ""

    def place(self, *, page_url: str, touched: str) -> None:
        """Make the lines ready for their page."""
        if self.partners.are_many:
            self.partners.look_up(each["reseller"] for each in self.typed)
        for line in self.lines:
            line.place(page_url=page_url, touched=touched)

    def catalogue(self, *, q: str = "", category: str = "") -> Catalogue:
        """The offers for this customer that are not chosen yet: at most fifty."""
        found = self._on_sale().exclude(code__in=list(self._codes().values())).search(q)
        if category:
            found = found.filter(category=category)
        offers = list(found.order_by("sku_title", "pk")[: MOST_OFFERS + 1])
        shown = offers[:MOST_OFFERS]
        groups = [(str(each.label), [offer for offer in shown if offer.category == each]) for each in Offer.Category]
        return Catalogue([group for group in groups if group[1]], is_cut=len(offers) > MOST_OFFERS)

    def _on_sale(self) -> OfferQuerySet:
        offers = Offer.objects.visible_to(self.membership)
        return offers.on_sale(self.moment).for_customer(self.country, self.qualification)

    def _offers(self) -> tuple[dict[str, Offer], set[int]]:
        """The chosen offers by their codes as typed, and the keys of those that this customer can buy."""
        codes = self._codes()
        by_code = {offer.code: offer for offer in self._on_sale().filter(code__in=codes.values())}
        on_sale = {offer.pk for offer in by_code.values()}
        if missing := set(codes.values()) - set(by_code):
            others = Offer.objects.visible_to(self.membership).filter(code__in=missing)
            by_code |= {offer.code: offer for offer in others}
        return {text: by_code[code] for text, code in codes.items() if code in by_code}, on_sale

    def _codes(self) -> dict[str, UUID]:
        """What was typed as the code of an offer and is one."""
        codes = {}
        for each in self.typed:
            try:
                codes[each["offer"]] = UUID(each["offer"])
            except ValueError:
                continue
        return codes

"""Forms that choose a line of the price list: for a renewal, for an upgrade, or in place of a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Offer, Subscription
from subscriptions.models.catalogue import MOST_LICENCES
from subscriptions.money import Money
from subscriptions.sides import Reader


@dataclass(frozen=True)
class Choice:
    """An offer with its button, and what a licence of it costs the reader today, as far as that is its business."""

    offer: Offer
    price: Money | None
    is_chosen: bool
    total: Money | None = None
    """What the licences of the form come to, for one billing period."""


class OfferForm(forms.Form):
    """One of the offers that the domain allows here; with licences, how many of it."""

    use_required_attribute = False

    offer = forms.ChoiceField(
        label=_("Subscription"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of these."), "invalid_choice": _("Choose one of these.")},
    )

    def __init__(
        self,
        subscription: Subscription,
        offers: Sequence[Offer],
        *,
        reader: Reader,
        credited: UUID | None,
        data: Mapping[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.subscription, self._reader, self._credited = subscription, reader, credited
        self.offers = {str(offer.code): offer for offer in offers}
        self.fields["offer"].choices = [(code, str(offer)) for code, offer in self.offers.items()]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def chosen(self) -> Offer:
        return self.offers[self.cleaned_data["offer"]]

    @cached_property
    def choices(self) -> list[Choice]:
        """What the page lists, with the button of each."""
        value = self["offer"].value()
        return [
            Choice(offer, self._reader.price(offer, self.subscription, self._credited), code == str(value))
            for code, offer in self.offers.items()
        ]

    @property
    def has_prices(self) -> bool:
        return any(choice.price for choice in self.choices)

    def sent(self) -> list[tuple[str, str]]:
        """What was chosen, to be sent again with the price that it has."""
        return [(name, self.data[name]) for name in self.fields if name in self.data]


class LicensedOfferForm(OfferForm):
    licences = forms.IntegerField(label=_("Licenses"), min_value=1, max_value=MOST_LICENCES)


class RenewalForm(LicensedOfferForm):
    """With what the licences come to with each of the offers, on the side of the money that the reader sees."""

    has_totals = True

    @cached_property
    def choices(self) -> list[Choice]:
        count = self._count()
        return [
            replace(each, total=each.price.times(count) if each.price and count else None) for each in super().choices
        ]

    def _count(self) -> int | None:
        """The licences as they stand in the field, if that is a number of them."""
        try:
            return int(self.fields["licences"].clean(self["licences"].value()))
        except forms.ValidationError:
            return None

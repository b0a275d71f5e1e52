"""What is typed for the chosen offers of an order, one form for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from babel.dates import format_date
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from customers.forms.partners import CreditField
from customers.partner_choice import Partners
from resellers.models import PartnerAccount
from subscriptions.credit import tidy_number
from subscriptions.models import Offer, Subscription
from subscriptions.money import Money
from subscriptions.ordering.lines import Line
from subscriptions.ordering.rules import end_gone

TypedLine = dict[str, str]
_LONGEST = 1000  # of what is kept as typed; no field takes as much


@dataclass(frozen=True)
class Choices:
    """What a line may add to or end with, whom those credit, and everything that the customer has."""

    bases: Sequence[Offer | Subscription] = ()
    ends: Sequence[Subscription] = ()
    held: Sequence[Subscription] = ()
    accounts: Mapping[int, PartnerAccount] = field(default_factory=dict)


class LineForm(forms.Form):
    """One chosen offer: how many licences, whom it credits, and when it ends.

    A typed MPN ID goes before the one from the list. An add-on has neither: it credits whom its base credits.
    """

    use_required_attribute = False

    licences = forms.IntegerField(
        label=_("Licenses"),
        error_messages={
            "required": _("Enter the number of licenses."),
            "invalid": _("Enter the number of licenses in digits, such as 25."),
        },
    )
    base = forms.CharField(label=_("Adds to"), required=False, widget=forms.Select)
    align = forms.CharField(label=_("End date"), required=False, widget=forms.Select)
    reseller = CreditField(label=_("Reseller (MPN ID)"))
    mpn_id = forms.CharField(
        label=_("Enter MPN ID"),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "maxlength": 20}),
    )

    def __init__(
        self,
        typed: TypedLine,
        *,
        offer: Offer,
        partners: Partners,
        credited: PartnerAccount | ValidationError | None,
        choices: Choices,
        moment: datetime,
    ) -> None:
        super().__init__({f"{offer.code}-{name}": text for name, text in typed.items()}, prefix=str(offer.code))
        self.offer = offer
        self.choices = choices
        self.moment = moment
        self.line = Line(offer, offer.min_licences)  # until the basket knows all lines
        self.fields["reseller"].offer(partners)  # type: ignore[attr-defined]  # a CreditField does
        self.credited = None if offer.is_add_on else credited
        self._shape_licences()
        self._shape_dates()

    def take(self, made: Mapping[Offer, Line]) -> Line:
        """What is typed, as the line that Submit needs; of an add-on, the lines of its possible bases are made already.

        What is billed by use counts as one licence, and a number that is none as the fewest.
        """
        fewest = 1 if self.offer.is_usage_based else self.offer.min_licences
        chosen = self._chosen_base()
        base = made[chosen] if isinstance(chosen, Offer) else chosen
        account = self.credited if isinstance(self.credited, PartnerAccount) else None
        if isinstance(base, Line):
            account = base.account
        elif base is not None:
            account = self.choices.accounts.get(base.pk)
        licences = self.cleaned_data.get("licences", fewest)
        self.line = Line(self.offer, licences, account, base, self._chosen_end())
        return self.line

    def refuse(self, name: str | None, refusal: ValidationError) -> None:
        """Say beside the field what the rules of the order say; nothing of licences that are no number."""
        if name == "licences" and name in self.errors:
            return
        self.add_error(name if name in self.fields else None, refusal)

    @property
    def due(self) -> Money:
        """What is charged at Submit."""
        return self.line.due(self.moment)

    @property
    def ends_at(self) -> datetime | None:
        return self.line.clock(self.moment)[1]

    @property
    def has_typed_mpn_id(self) -> bool:
        return "mpn_id" in self.fields and bool(self["mpn_id"].value())

    @property
    def credited_label(self) -> str:
        return self.line.account.label if self.line.account else ""

    def place(self, *, page_url: str, touched: str) -> None:
        """Make it ready for its page: where a change is sent to, and whether it was just ticked."""
        shown = [self.fields[name] for name in ("licences", "base", "align", "reseller") if name in self.fields]
        for each in shown:
            each.widget.attrs |= {"data-hx-post": page_url, "data-hx-trigger": "change", "data-hx-target": "#total"}
        if "base" in self.fields:
            self.fields["base"].widget.attrs["data-hx-target"] = "#order"  # its credit follows
        if "licences" in self.fields:
            self.fields["licences"].widget.attrs["data-hx-trigger"] = "change, input changed delay:400ms"
        if touched == f"offer-{self.offer.code}":
            shown[0].widget.attrs["data-focus"] = True

    def clean(self) -> dict[str, Any]:
        if self.has_typed_mpn_id:
            self.errors.pop("reseller", None)  # what is typed there does not count
        if isinstance(self.credited, ValidationError) and "reseller" not in self.errors:
            self.add_error("mpn_id" if self.has_typed_mpn_id else "reseller", self.credited)
        typed_end = not self.offer.is_add_on and self.data.get(self.add_prefix("align"))
        if typed_end and not self._chosen_end():
            self.refuse("align", end_gone(self.offer))
        return self.cleaned_data

    def _shape_licences(self) -> None:
        if self.offer.is_usage_based:
            del self.fields["licences"]
            return
        limits = {"min": self.offer.min_licences, "max": self.offer.max_licences}
        self.fields["licences"].widget.attrs |= {name: limit for name, limit in limits.items() if limit}
        self.fields["licences"].help_text = limits_of(self.offer)

    def _shape_dates(self) -> None:
        """Ask only what there is to choose: what an add-on adds to, or with which other subscription a line ends."""
        if self.offer.is_add_on:
            del self.fields["reseller"], self.fields["mpn_id"], self.fields["align"]
            self._offer("base", self._bases())
        else:
            del self.fields["base"]
            self._offer("align", self._ends())

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        select: Any = self.fields[name].widget
        select.choices = options
        if not options:
            del self.fields[name]

    def _bases(self) -> list[tuple[str, str]]:
        """What one may choose, and what was chosen before and cannot be any more."""
        chosen, bases = self._chosen_base(), list(self.choices.bases)
        if chosen and chosen not in bases:
            bases.append(chosen)
        unclear = [("", str(_("Select what it adds to")))] if bases and not chosen else []
        return unclear + [(str(each.code), _base_label(each)) for each in bases]

    def _ends(self) -> list[tuple[str, str]]:
        chosen, ends = self._chosen_end(), list(self.choices.ends)
        if chosen and chosen not in ends:
            ends.append(chosen)
        full = [("", str(_("A full term")))] if ends else []
        return full + [(str(each.code), _end_label(each)) for each in ends]

    def _chosen_base(self) -> Offer | Subscription | None:
        """What the add-on is added to; where there is but one, it is that."""
        if not self.offer.is_add_on:
            return None
        typed = self.data.get(self.add_prefix("base"), "")
        if not typed and len(self.choices.bases) == 1:
            return self.choices.bases[0]
        return next((each for each in (*self.choices.bases, *self.choices.held) if str(each.code) == typed), None)

    def _chosen_end(self) -> Subscription | None:
        """The subscription that it ends with, also when it may not any more; None for a full term."""
        typed = self.data.get(self.add_prefix("align"), "")
        if self.offer.is_add_on or not typed:
            return None
        return next((each for each in self.choices.held if each.ends_at and str(each.code) == typed), None)


def _base_label(base: Offer | Subscription) -> str:
    if isinstance(base, Offer):
        return str(_("%(offer)s, in this order") % {"offer": base.sku_title})
    if base.ends_at is None:
        return base.nickname
    return str(_("%(base)s, until %(day)s") % {"base": base.nickname, "day": _day(base.ends_at)})


def _end_label(other: Subscription) -> str:
    assert other.ends_at is not None, "what has no end is no end to share"
    return str(_("%(day)s, with %(other)s") % {"day": _day(other.ends_at), "other": other.nickname})


def limits_of(offer: Offer) -> str:
    """How many licences one may buy, as help beside the field."""
    limits = {"fewest": offer.min_licences, "most": offer.max_licences}
    if offer.max_licences is None:
        return str(_("At least %(fewest)s.") % limits)
    return str(_("From %(fewest)s to %(most)s.") % limits)


def typed_lines(data: QueryDict) -> list[TypedLine]:
    """The ticked offers with what was typed for each, in the order of the page; without the one to be removed."""
    return [
        {
            "offer": kept(code),
            "licences": kept(data.get(f"{code}-licences", "")),
            "reseller": kept(data.get(f"{code}-reseller", data.get("reseller", ""))),
            "mpn_id": kept(data.get(f"{code}-mpn_id", "")),
            "base": kept(data.get(f"{code}-base", "")),
            "align": kept(data.get(f"{code}-align", "")),
        }
        for code in dict.fromkeys(data.getlist("offer"))
        if code != data.get("remove")
    ]


def typed_number(line: TypedLine, partners: Partners) -> str:
    """The MPN ID to credit for a line, in half-width digits; empty for none, and where it is not said whose it is."""
    try:
        return tidy_number(line["mpn_id"]) or partners.number(line["reseller"])
    except ValidationError:
        return ""


def kept(text: str) -> str:
    """As much of it as a draft keeps of anything typed."""
    return text.replace("\0", "")[:_LONGEST]  # PostgreSQL keeps no zero characters


def _day(moment: datetime) -> str:
    """The day it is where the reader is, as a list to choose from can say it."""
    return format_date(timezone.localtime(moment).date(), locale=to_locale(get_language() or "en"))

"""What the pages of *Incentives* can be narrowed to."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership
from subscriptions.incentives import months_to_choose
from subscriptions.lists.statements import month_name
from subscriptions.models.ledger import ChargeQuerySet, StatementQuerySet


class MonthFilter(ListFilter):
    """A month, the running one unless another is chosen."""

    month = forms.ChoiceField(label=_("Month"), required=False)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = months_to_choose(membership)
        self.choices = {f"{month:%Y-%m}": month for month in months}
        self.fields["month"].choices = [(key, month_name(month)) for key, month in self.choices.items()]  # type: ignore[attr-defined]  # a ChoiceField has them
        self.data = {"month": f"{months[0]:%Y-%m}", **dict(self.data.items())}

    @property
    def chosen(self) -> date:
        """The first day of the month."""
        return self.choices[self.values().get("month", next(iter(self.choices)))]


class IncentiveFilter(MonthFilter):
    """A month, and words of a partner's name."""

    q = forms.CharField(label=_("Search incentives"), required=False, max_length=200)

    @property
    def words(self) -> str:
        return str(self.values().get("q", ""))

    def apply(self, rows: StatementQuerySet) -> StatementQuerySet:
        """Of rows of summaries(), those whose partner's name has every word."""
        for word in self.words.lower().split():
            rows = rows.filter(Q(partner_name__contains=word))
        return rows


class ChargeFilter(MonthFilter):
    """A month, and whether a charge is eligible."""

    state = forms.ChoiceField(
        label=_("Eligible"), required=False, choices=[("", _("All")), ("yes", _("Yes")), ("no", _("No"))]
    )

    def apply(self, rows: ChargeQuerySet) -> ChargeQuerySet:
        """The rows that are asked for, of the given ones."""
        state = self.values().get("state")
        if not state:
            return rows
        return rows.filter(ineligible="") if state == "yes" else rows.exclude(ineligible="")

    @property
    def is_narrowed(self) -> bool:
        """Also to less than a month."""
        return "state" in self.values()

"""What the lists of this room can be narrowed to, as it stands in their URLs."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from resellers.models import PartnershipRequest
from resellers.models.partnerships import PartnershipQuerySet, PartnershipRequestQuerySet


class PartnerFilter(ListFilter):
    """Partners by name; indirect resellers by MPN ID as well."""

    q = forms.CharField(required=False, max_length=200)

    def apply(self, rows: PartnershipQuerySet) -> PartnershipQuerySet:
        """Narrow rows of by_partner()."""
        return rows.search(self.values().get("q", ""))


class RequestFilter(ListFilter):
    """Requests by what has become of them."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *PartnershipRequest.State.choices]
    )

    def apply(self, rows: PartnershipRequestQuerySet) -> PartnershipRequestQuerySet:
        state = self.values().get("state")
        return rows.in_state(state) if state else rows

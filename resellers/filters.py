"""What the lists of this room can be narrowed to, as it stands in their URLs."""

from django import forms

from accounts.filters import ListFilter
from resellers.models.partnerships import PartnershipQuerySet


class PartnerFilter(ListFilter):
    """Partners by name; indirect resellers by MPN ID as well."""

    q = forms.CharField(required=False, max_length=200)

    def apply(self, rows: PartnershipQuerySet) -> PartnershipQuerySet:
        """Narrow rows of by_partner()."""
        return rows.search(self.values().get("q", ""))

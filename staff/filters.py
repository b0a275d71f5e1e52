"""What the lists of this room can be narrowed to, as it stands in their URLs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership, MembershipQuerySet
from accounts.roles import Role
from staff.listing import PersonState, in_state, search
from staff.roles import offered


class PeopleFilter(ListFilter):
    """People by name or account, by role, and by state; without any state, those who belong to the organisation."""

    q = forms.CharField(required=False, max_length=200)
    role = forms.ChoiceField(label=_("Role"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *PersonState.choices])

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, role.label) for role in Role if role in offered(membership.kind)]
        self.fields["role"].choices = [("", _("All")), *roles]  # type: ignore[attr-defined]  # a ChoiceField has them

    def apply(self, rows: MembershipQuerySet) -> MembershipQuerySet:
        values = self.values()
        found = search(rows, values.get("q", ""))
        if role := values.get("role"):
            found = found.filter(roles__contains=[role])
        state = values.get("state")
        return in_state(found, state) if state else found.current()

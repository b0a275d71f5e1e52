"""Users and licences: what is ticked, what lists are narrowed to, and a new user of a customer."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership, MembershipQuerySet
from customers.models import Customer
from staff.forms import PersonForm
from staff.listing import PersonState, in_state, search
from subscriptions.models import Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet


class _TickedForm(forms.Form):
    """Rows of a list that were ticked."""

    use_required_attribute = False
    name = ""

    def refuse(self, reasons: Iterable[str]) -> None:
        """Say beside the list who or what was refused, and why."""
        self.add_error(self.name, [ValidationError(reason, "refused") for reason in reasons])

    @property
    def ticked(self) -> list[str]:
        """What was ticked, as it was sent; for the page that shows a refusal."""
        return list(self[self.name].value() or [])


class ChooseUsersForm(_TickedForm):
    """Which users get a licence. Others than the customer's own are no choice."""

    name = "users"
    users = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        label=_("Users"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick at least one user."),
            "invalid_choice": _("Somebody who was ticked is not a user of this company any more."),
            "invalid_pk_value": _("Somebody who was ticked is not a user of this company any more."),
        },
    )

    def __init__(self, *args: Any, users: MembershipQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["users"].queryset = users  # type: ignore[attr-defined]  # a ModelMultipleChoiceField


class ChooseSubscriptionsForm(_TickedForm):
    """Of which subscriptions a user gets a licence."""

    name = "subscriptions"
    subscriptions = forms.ModelMultipleChoiceField(
        queryset=Subscription.objects.none(),
        label=_("Subscriptions"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick at least one subscription."),
            "invalid_choice": _("Licenses of a subscription that was ticked cannot be assigned any more."),
            "invalid_pk_value": _("Licenses of a subscription that was ticked cannot be assigned any more."),
        },
    )

    def __init__(self, *args: Any, subscriptions: SubscriptionQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subscriptions"].queryset = subscriptions  # type: ignore[attr-defined]  # a ModelMultipleChoiceField


class SearchFilter(ListFilter):
    """Words."""

    q = forms.CharField(required=False, max_length=200)

    @property
    def words(self) -> str:
        return str(self.values().get("q", ""))


class UserFilter(SearchFilter):
    """A customer's users by name or account, and by state. Those who were removed are the customer's business."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *((state.value, state.label) for state in PersonState if state != PersonState.REMOVED),
        ],
    )

    def apply(self, rows: MembershipQuerySet) -> MembershipQuerySet:
        found, state = search(rows, self.words), self.values().get("state")
        return in_state(found, state) if state else found


class CustomerUserForm(PersonForm):
    """A new user, added by a partner: without roles, which only the customer gives."""

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        # As one of the customer's own would add somebody: in its domain.
        super().__init__(*args, membership=Membership(organisation=customer.organisation), **kwargs)
        del self.fields["roles"]
        self.initial["language"] = customer.language

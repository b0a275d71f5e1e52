"""Users and licences: what is ticked, what lists are narrowed to, and a new user of a customer."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership, MembershipQuerySet
from customers.models import Customer
from staff.forms import PersonForm
from staff.listing import PersonState, in_state, search
from subscriptions.models import Subscription


def _tick_list(queryset: QuerySet[Any], label: Promise, *, none: Promise, gone: Promise) -> forms.Field:
    """Check boxes, with what is said when none is ticked, and when one that was ticked is no choice any more."""
    return forms.ModelMultipleChoiceField(
        queryset,
        label=label,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": none, "invalid_choice": gone, "invalid_pk_value": gone},
    )


class _TickedForm(forms.Form):
    """Rows of a list that were ticked; others than the offered ones are no choice."""

    use_required_attribute = False
    name = ""

    def __init__(self, *args: Any, offered: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.name].queryset = offered  # type: ignore[attr-defined]  # a ModelMultipleChoiceField

    def refuse(self, reasons: Iterable[str]) -> None:
        """Say beside the list who or what was refused, and why."""
        self.add_error(self.name, [ValidationError(reason, "refused") for reason in reasons])

    @property
    def ticked(self) -> list[str]:
        """What was ticked, as it was sent; for the page that shows a refusal."""
        return list(self[self.name].value() or [])


class ChooseUsersForm(_TickedForm):
    """Which users get a licence."""

    name = "users"
    users = _tick_list(
        Membership.objects.none(),
        _("Users"),
        none=_("Tick at least one user."),
        gone=_("Somebody who was ticked is not a user of this company any more."),
    )


class ChooseSubscriptionsForm(_TickedForm):
    """Of which subscriptions a user gets a licence."""

    name = "subscriptions"
    subscriptions = _tick_list(
        Subscription.objects.none(),
        _("Subscriptions"),
        none=_("Tick at least one subscription."),
        gone=_("Licenses of a subscription that was ticked cannot be assigned any more."),
    )


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

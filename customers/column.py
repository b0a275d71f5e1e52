"""The left column within a customer: the customer's own steps."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from customers.delegations import has_azure_plan
from customers.models import Customer


@dataclass(frozen=True)
class StepLink:
    """A line of the column, as components/steps.html shows it; without an address it cannot be opened."""

    label: str | Promise
    state: str
    url: str = ""


def customer_steps(
    customer: UUID, current: str, membership: Membership | None = None, *, azure: bool | None = None
) -> list[StepLink]:
    """Subscriptions, Users and licenses, Orders, Account, User settings; current is the name of one of them in lower
    case, or empty.

    For partners: a customer's own people need no column, for the menu is theirs already. *User settings* of the Azure
    service portal are there when the member can see an Azure plan of this customer, which azure says if it is known.
    """
    if azure is None and membership and membership.kind != Kind.CUSTOMER:
        azure = has_azure_plan(Customer(pk=customer), membership)
    pages = [
        ("subscriptions", _("Subscriptions"), reverse("subscriptions:customer", args=[customer])),
        ("users and licenses", _("Users and licenses"), reverse("subscriptions:users", args=[customer])),
        ("orders", _("Orders"), f"{reverse('orders:list')}?customer={customer}"),
        ("account", _("Account"), reverse("customers:account", args=[customer])),
    ]
    if azure or current == "user settings":
        pages.append(("user settings", _("User settings"), reverse("customers:user_settings", args=[customer])))
    return [StepLink(label, "current" if name == current else "", url) for name, label, url in pages]

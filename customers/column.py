"""The left column within a customer: the customer's own steps."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StepLink:
    """A line of the column, as components/steps.html shows it; without an address it cannot be opened."""

    label: str | Promise
    state: str
    url: str = ""


def customer_steps(customer: UUID, current: str) -> list[StepLink]:
    """Subscriptions, Orders, Account; current is the name of one of them in lower case, or empty.

    For partners: a customer's own people need no column, for the menu is theirs already.
    """
    pages = (
        ("subscriptions", _("Subscriptions"), reverse("subscriptions:customer", args=[customer])),
        ("orders", _("Orders"), f"{reverse('orders:list')}?customer={customer}"),
        ("account", _("Account"), reverse("customers:account", args=[customer])),
    )
    return [StepLink(label, "current" if name == current else "", url) for name, label, url in pages]

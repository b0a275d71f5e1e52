"""What may change in a customer's account: its contact, its address, and the name under which it is billed.

Sources: design.md §5 and §6 (*Account*), domain.md §8 ("Company name" change). The domain never changes
(design.md §4.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from activity.log import attempt
from activity.verbs import Verb
from customers.delegations import check_administers
from customers.models import Customer, Relationship
from customers.registration import parties


@dataclass(frozen=True)
class AccountDetails:
    """The account as its page was submitted, checked. What is equal to what it was is no change."""

    company_name: str
    address_line1: str
    first_name: str
    last_name: str
    email: str
    language: str
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    phone: str = ""

    @classmethod
    def from_form(cls, answers: Mapping[str, Any]) -> Self:
        """From the cleaned data of AccountForm; fields that the customer's country does not have stay empty."""
        return cls(**{each.name: answers[each.name] for each in fields(cls) if each.name in answers})


def change_account(relationship: Relationship, details: AccountDetails, *, membership: Membership) -> list[str]:
    """Make all the changes or none, and return the names of the fields that changed.

    Refused with no_delegation to a partner that does not administer the account (domain.md §5).
    The company name is the one under which the provider bills the customer: it changes in this relationship and nowhere
    else, and for anybody but the provider it is refused with company_name_by_provider.
    """
    with attempt(
        Verb.CUSTOMER_CHANGED,
        relationship.customer,
        actor=membership.user,
        seen_by=parties(relationship),
        affected=relationship.customer.organisation,
    ) as line:
        # Without its key: an order holds the relationship and needs the customer's key, we come the other way round.
        customer = Customer.objects.select_for_update(no_key=True).get(pk=relationship.customer_id)
        relationship = Relationship.objects.select_for_update().get(pk=relationship.pk)
        check_administers(membership, customer)  # after all waiting: access may have been withdrawn meanwhile
        changes = _take(relationship, ["company_name"], details)
        if changes and membership.kind != Kind.PROVIDER:
            refusal = _("Only the provider can change the name under which it bills the customer.")
            raise ValidationError({"company_name": ValidationError(refusal, "company_name_by_provider")})
        names = [each.name for each in fields(details) if each.name != "company_name"]
        of_customer = _take(customer, names, details)
        relationship.take_names()
        relationship.save(update_fields=["company_name", "sort_name", "search_text"])
        relationship.subscriptions.update(customer_text=relationship.search_text)
        customer.save(update_fields=names)
        changes |= of_customer
        line.details["old"] = {name: old for name, (old, _new) in changes.items()}
        line.details["new"] = {name: new for name, (_old, new) in changes.items()}
        line.is_written = not changes  # nothing happened, so nothing is written
    return list(changes)


def _take(row: Customer | Relationship, names: list[str], details: AccountDetails) -> dict[str, tuple[str, str]]:
    """Set the fields and return, for those that were different, what was there and what is."""
    changes = {}
    for name in names:
        old = getattr(row, name)
        setattr(row, name, getattr(details, name))
        new = getattr(row, name)
        if old != new:
            changes[name] = (str(old), str(new))
    return changes

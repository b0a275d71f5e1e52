"""What is typed to change a customer's account: contact, address, and for the provider the name it bills."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from customers.addresses import FIELDS
from customers.forms.company import CONTACT, CompanyForm
from customers.models import Customer, Relationship
from customers.names import in_name_order


class AccountForm(CompanyForm):
    """The account of a customer.

    The domain and the country are not in it, for they never change; the company name is there for the provider only.
    """

    company_name = forms.CharField(
        label=_("Company name"), max_length=200, help_text=_("The name under which you bill this customer.")
    )

    def __init__(
        self, relationship: Relationship, membership: Membership, data: Mapping[str, Any] | None = None
    ) -> None:
        self.relationship = relationship
        self.provider = relationship.provider
        super().__init__(data, initial=_as_it_is(relationship))
        if membership.kind != Kind.PROVIDER and not self.data.get("company_name"):
            self.fields["company_name"].disabled = True
            self.fields["company_name"].help_text = _("Only the provider can change it.")
        self.follow_country()

    @property
    def country_code(self) -> str:
        return str(self.relationship.customer.organisation.country)

    def contact_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in in_name_order(CONTACT)]


def _as_it_is(relationship: Relationship) -> dict[str, Any]:
    customer: Customer = relationship.customer
    answers = {name: getattr(customer, name) for name in (*FIELDS, *CONTACT)}
    answers["phone"] = customer.phone.as_international if customer.phone else ""
    return answers | {"company_name": relationship.company_name}

"""Customers, whose they are, and what they have agreed to."""

from customers.models.companies import DOMAIN_SUFFIX, Customer, Relationship, RelationshipQuerySet, folded
from customers.models.consents import CustomerAgreement, Delegation
from customers.models.requests import RelationshipRequest

__all__ = [
    "DOMAIN_SUFFIX",
    "Customer",
    "CustomerAgreement",
    "Delegation",
    "Relationship",
    "RelationshipQuerySet",
    "RelationshipRequest",
    "folded",
]

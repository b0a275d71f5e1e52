"""Resellers, and their partnerships with providers."""

from resellers.models.companies import PartnerAccount, PartnerAgreement, Reseller
from resellers.models.contacts import ContactRequest
from resellers.models.partnerships import Partnership, PartnershipRequest
from resellers.models.support import SupportProfile

__all__ = [
    "ContactRequest",
    "PartnerAccount",
    "PartnerAgreement",
    "Partnership",
    "PartnershipRequest",
    "Reseller",
    "SupportProfile",
]

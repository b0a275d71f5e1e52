"""Resellers, and their partnerships with providers."""

from resellers.models.companies import PartnerAccount, PartnerAgreement, Reseller
from resellers.models.partnerships import Partnership, PartnershipRequest

__all__ = ["PartnerAccount", "PartnerAgreement", "Partnership", "PartnershipRequest", "Reseller"]

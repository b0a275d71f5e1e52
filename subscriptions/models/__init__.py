"""What customers buy: the price list, orders, subscriptions, and what they cost."""

from subscriptions.models.assignments import LicenceAssignment
from subscriptions.models.bulk import BulkChange, BulkRow
from subscriptions.models.catalogue import Offer
from subscriptions.models.histories import LicenceChange, ResellerOfRecord
from subscriptions.models.ledger import Charge, Statement
from subscriptions.models.orders import Order, OrderDraft, OrderLine
from subscriptions.models.plans import RenewalPlan
from subscriptions.models.prices import Markup, PastMarkup, PriceListImport, PriceListLine, PriceListProblem
from subscriptions.models.subscriptions import Subscription
from subscriptions.models.support import SupportMessage, SupportRequest

__all__ = [
    "BulkChange",
    "BulkRow",
    "Charge",
    "LicenceAssignment",
    "LicenceChange",
    "Markup",
    "Offer",
    "Order",
    "OrderDraft",
    "OrderLine",
    "PastMarkup",
    "PriceListImport",
    "PriceListLine",
    "PriceListProblem",
    "RenewalPlan",
    "ResellerOfRecord",
    "Statement",
    "Subscription",
    "SupportMessage",
    "SupportRequest",
]

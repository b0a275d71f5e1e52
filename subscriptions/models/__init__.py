"""What customers buy: the price list, orders, subscriptions."""

from subscriptions.models.assignments import LicenceAssignment
from subscriptions.models.catalogue import Offer
from subscriptions.models.orders import Order, OrderDraft, OrderLine
from subscriptions.models.subscriptions import LicenceChange, ResellerOfRecord, Subscription
from subscriptions.models.support import SupportMessage, SupportRequest

__all__ = [
    "LicenceAssignment",
    "LicenceChange",
    "Offer",
    "Order",
    "OrderDraft",
    "OrderLine",
    "ResellerOfRecord",
    "Subscription",
    "SupportMessage",
    "SupportRequest",
]

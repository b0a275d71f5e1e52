"""What customers buy: the price list, orders, subscriptions."""

from subscriptions.models.catalogue import Offer
from subscriptions.models.orders import Order, OrderDraft, OrderLine
from subscriptions.models.subscriptions import LicenceChange, ResellerOfRecord, Subscription

__all__ = ["LicenceChange", "Offer", "Order", "OrderDraft", "OrderLine", "ResellerOfRecord", "Subscription"]

"""Everything that the activity log can say. The label is the sentence that people read."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verb(models.TextChoices):
    PARTNERSHIP_REQUESTED = "partnership_requested", _("Requested a partnership")
    PARTNERSHIP_REQUEST_SENT = "partnership_request_sent", _("Sent a partnership request")
    PARTNERSHIP_REQUEST_WITHDRAWN = "partnership_request_withdrawn", _("Withdrew a partnership request")
    PARTNERSHIP_STARTED = "partnership_started", _("Authorized an indirect provider")
    PARTNERSHIP_DECLINED = "partnership_declined", _("Declined a partnership request")
    PARTNERSHIP_REMOVED = "partnership_removed", _("Removed a partnership")
    RESELLER_ENROLLED = "reseller_enrolled", _("Enrolled as an indirect reseller")
    ENROLMENT_AUTHORIZED = "enrolment_authorized", _("Authorized an enrollment")
    ENROLMENT_REJECTED = "enrolment_rejected", _("Rejected an enrollment")
    ENROLMENT_SUSPENDED = "enrolment_suspended", _("Suspended an enrollment")
    AGREEMENT_SIGNED = "agreement_signed", _("Signed the partner agreement")
    CUSTOMER_ADDED = "customer_added", _("Added a customer")
    CUSTOMER_CHANGED = "customer_changed", _("Changed a customer's account")
    PASSWORD_RESET = "password_reset", _("Issued a new temporary password")  # a verb, not a secret
    DRAFT_CANCELLED = "draft_cancelled", _("Canceled an order before Submit")
    ORDER_PLACED = "order_placed", _("Submitted an order")
    NICKNAME_CHANGED = "nickname_changed", _("Changed a subscription's nickname")
    LICENCES_CHANGED = "licences_changed", _("Changed a subscription's licenses")
    AUTO_RENEW_CHANGED = "auto_renew_changed", _("Changed auto-renew")
    CREDIT_CHANGED = "credit_changed", _("Changed Reseller (MPN ID)")
    SUPPORT_CONTACT_CHANGED = "support_contact_changed", _("Changed the designated support contact")
    SUBSCRIPTION_CHANGED = "subscription_changed", _("Changed a subscription")
    SUBSCRIPTION_SUSPENDED = "subscription_suspended", _("Suspended a subscription")
    SUBSCRIPTION_REACTIVATED = "subscription_reactivated", _("Reactivated a subscription")
    OPERATOR_CHANGED = "operator_changed", _("Changed by the operator of this portal")
    ACCESS_REFUSED = "access_refused", _("Tried something that the role does not allow")
    EXPORTED = "exported", _("Exported a list")

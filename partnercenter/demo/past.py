"""Spreads the demo's rows over the last year: domain functions write "now", the demo moves that to when it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pgtrigger
from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from activity.models import Activity
from customers.models import CustomerAgreement, Delegation, Relationship, RelationshipRequest
from outbox.models import Notice
from providers.models import ProfileProposal
from resellers.models import ContactRequest, PartnerAgreement, Partnership, PartnershipRequest, Reseller
from staff.models import StaffInvitation
from subscriptions.models import (
    LicenceAssignment,
    LicenceChange,
    Order,
    OrderDraft,
    ResellerOfRecord,
    Subscription,
    SupportMessage,
    SupportRequest,
)

_MOMENTS: tuple[tuple[type[models.Model], tuple[str, ...]], ...] = (
    (Organisation, ("created_at",)),
    (User, ("date_joined",)),
    (Membership, ("created_at", "suspended_at", "ended_at")),
    (StaffInvitation, ("created_at", "sent_at", "declined_at", "withdrawn_at")),
    (Reseller, ("enrolled_at",)),
    (PartnerAgreement, ("signed_at", "ended_at")),
    (PartnershipRequest, ("created_at", "sent_at", "declined_at", "withdrawn_at")),
    (Partnership, ("ended_at", "started_at")),
    (ContactRequest, ("created_at", "closed_at")),
    (ProfileProposal, ("proposed_at", "decided_at")),
    (RelationshipRequest, ("created_at", "sent_at", "declined_at", "withdrawn_at")),
    (Relationship, ("created_at",)),
    (Delegation, ("withdrawn_at", "granted_at")),
    (CustomerAgreement, ("recorded_at",)),
    (OrderDraft, ("created_at", "changed_at")),
    (Order, ("placed_at",)),
    (Subscription, ("created_at", "starts_at")),
    (LicenceChange, ("changed_at",)),
    (LicenceAssignment, ("assigned_at", "withdrawn_at")),
    (ResellerOfRecord, ("ends_at", "starts_at")),
    (SupportRequest, ("opened_at", "changed_at", "closed_at")),
    (SupportMessage, ("written_at",)),
    (Notice, ("created_at",)),
    (Activity, ("happened_at",)),
)


@contextmanager
def days_ago(days: float) -> Iterator[datetime]:
    """What the block does happened so many days ago. Blocks come in the order of time; none contains another."""
    began = timezone.now()
    moment = began - timedelta(days=days)
    yield moment
    for kind in (PartnershipRequest, RelationshipRequest, StaffInvitation):
        requests = kind._default_manager.filter(created_at__gte=began, expires_at__gte=began)
        requests.update(expires_at=F("expires_at") - (began - moment))
    # The log is append-only, also for the demo; what is moved here has not been seen by anybody yet.
    with pgtrigger.ignore("activity.Activity:append_only"):
        for model, names in _MOMENTS:
            for name in names:
                model._default_manager.filter(**{f"{name}__gte": began}).update(**{name: moment})

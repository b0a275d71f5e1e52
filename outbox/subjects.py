"""Everything that a person can be told, in the portal and by mail. The label names it where one chooses."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Kind


class Subject(models.TextChoices):
    LINK_ACCEPTED = "link_accepted", _("A link that we sent was accepted")
    LINK_DECLINED = "link_declined", _("A link that we sent was declined")
    LINK_EXPIRING = "link_expiring", _("A link that we sent is about to expire")
    LINK_EXPIRED = "link_expired", _("A link that we sent has expired")
    PARTNERSHIP_ENDED = "partnership_ended", _("A partnership has ended")
    LEAVE_REQUESTED = "leave_requested", _("A reseller asks to leave")
    LEAVE_REFUSED = "leave_refused", _("A provider keeps a partnership that we asked to leave")
    CONTACT_REQUESTED = "contact_requested", _("A reseller asks to be contacted")
    RELATIONSHIP_STARTED = "relationship_started", _("A partner won a customer for us")
    RELATIONSHIP_ENDED = "relationship_ended", _("A reseller relationship has ended")
    ACCESS_CHANGED = "access_changed", _("A customer gave or withdrew access")
    AGREEMENT_MISSING = "agreement_missing", _("A partner agreement is missing")
    ENROLMENT_DECIDED = "enrolment_decided", _("Our enrollment was decided")
    PROFILE_DECIDED = "profile_decided", _("A proposal for our directory entry was decided")
    ROLES_CHANGED = "roles_changed", _("My roles have changed")
    RENEWALS_AHEAD = "renewals_ahead", _("Subscriptions are about to renew or to end")
    SUBSCRIPTION_ENDED = "subscription_ended", _("A subscription has ended without being renewed")
    STATEMENT_CLOSED = "statement_closed", _("The statements of a month are closed")
    BULK_FINISHED = "bulk_finished", _("A bulk change has finished")
    SUPPORT_REQUESTED = "support_requested", _("A customer asks for support")
    SUPPORT_ANSWERED = "support_answered", _("A support request was answered or changed")


_PARTNERS = frozenset({Kind.PROVIDER, Kind.RESELLER})
# Whom a subject can concern, where it is not everybody.
_ONLY: dict[Subject, frozenset[Kind]] = {
    Subject.PARTNERSHIP_ENDED: _PARTNERS,
    Subject.LEAVE_REQUESTED: frozenset({Kind.PROVIDER}),
    Subject.LEAVE_REFUSED: frozenset({Kind.RESELLER}),
    Subject.CONTACT_REQUESTED: frozenset({Kind.PROVIDER}),
    Subject.RELATIONSHIP_STARTED: _PARTNERS,
    Subject.ACCESS_CHANGED: _PARTNERS,
    Subject.AGREEMENT_MISSING: _PARTNERS,
    Subject.ENROLMENT_DECIDED: frozenset({Kind.RESELLER}),
    Subject.PROFILE_DECIDED: frozenset({Kind.PROVIDER}),
    Subject.RENEWALS_AHEAD: _PARTNERS,
    Subject.SUBSCRIPTION_ENDED: _PARTNERS,
    Subject.STATEMENT_CLOSED: _PARTNERS,
    Subject.BULK_FINISHED: frozenset({Kind.PROVIDER}),
    Subject.SUPPORT_REQUESTED: _PARTNERS,
}


def subjects_for(kind: Kind) -> list[Subject]:
    """What people of such an organisation can be told."""
    return [subject for subject in Subject if kind in _ONLY.get(subject, frozenset(Kind))]

"""What leaves the portal, or is told within it: mail, the personal links that it carries, and notices."""

from outbox.models.mail import LINK, OutgoingEmail
from outbox.models.notices import Notice, NoticeChoice
from outbox.models.requests import PersonalRequest, PersonalRequestQuerySet

__all__ = ["LINK", "Notice", "NoticeChoice", "OutgoingEmail", "PersonalRequest", "PersonalRequestQuerySet"]

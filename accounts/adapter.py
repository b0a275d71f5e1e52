"""What this portal does differently from django-allauth's defaults."""

import logging
import smtplib
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Codes by mail go straight to the mail server: they are secrets, so they are neither stored nor queued."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, or say on the page that it could not be sent; the person can ask for it again."""
        try:
            super().send_mail(template_prefix, email, _at_the_portal(context))
        except (OSError, smtplib.SMTPException):
            logger.exception("the mail server did not take a sign-in message")
            messages.error(
                self.request, _("The message could not be sent at the moment. Please try again in a few minutes.")
            )

    def format_email_subject(self, subject: str) -> str:
        """The product's name goes ahead, and not the host name of the address that was visited."""
        return _("Partner Center: %(subject)s") % {"subject": subject}

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell the former address that another one signs in now; whose mailbox that is may not have asked for it."""
        if template_prefix == "account/email/email_changed" and email:
            self.send_mail(template_prefix, email, {"user": user, **(context or {})})

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("accounts:profile")

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data["name"]
        user.language = request.LANGUAGE_CODE
        return super().save_user(request, user, form, commit)


def _at_the_portal(context: dict[str, Any]) -> dict[str, Any]:
    """The message's values with its links leading to the portal, whatever host name the request was sent to."""
    links = {name: urlsplit(str(link)) for name, link in context.items() if name.endswith("_url") and link}
    ours = {name: f"{settings.PORTAL_URL}{urlunsplit(('', '', *parts[2:]))}" for name, parts in links.items()}
    return {**context, **ours, "portal_url": settings.PORTAL_URL}

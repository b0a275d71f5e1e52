"""Posting and delivering mail. post() belongs into the transaction that promises it; deliver() runs in a worker."""

import smtplib
from collections.abc import Sequence
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation
from outbox.links import PersonalLink, path_from
from outbox.models import LINK, OutgoingEmail

ATTEMPTS = 8
_SMTP_REFUSED_FOR_GOOD = range(500, 600)


@transaction.atomic
def post(
    *, sender: Organisation, to: str, language: str, subject: str, text: str, link: PersonalLink | None = None
) -> OutgoingEmail:
    """Write a message down and hand it to a worker when the transaction commits.

    The text contains LINK where the personal link stands; the link itself is neither stored nor queued.
    """
    email = OutgoingEmail.objects.create(
        sender=sender,
        to=to,
        language=language,
        subject=" ".join(subject.split()),  # a line break in a header would never leave
        text=text,
        link_path=link.template if link else "",
        link_purpose=link.purpose if link else "",
        link_nonce=link.nonce if link else "",
    )
    _deliver_on_commit(email)
    return email


@transaction.atomic
def post_many(emails: Sequence[OutgoingEmail]) -> None:
    """Write down many messages without a personal link in one query, and hand each to a worker on commit."""
    OutgoingEmail.objects.bulk_create(emails)
    for email in emails:
        _deliver_on_commit(email)


@transaction.atomic
def post_again(email: OutgoingEmail) -> None:
    """Give a message that was refused another round of attempts. One that waits or was sent is left alone."""
    refused = OutgoingEmail.objects.filter(pk=email.pk, state=OutgoingEmail.State.REFUSED)
    if refused.update(state=OutgoingEmail.State.WAITING, attempts=0, next_attempt_at=timezone.now()):
        _deliver_on_commit(email)


def recall(link: PersonalLink) -> int:
    """Keep back every message with this link that waits; returns how many. What has left or was refused stays so.

    A delivery under way at this moment is waited for, so that a message ends as one of sent and withdrawn.
    """
    waiting = OutgoingEmail.objects.filter(
        state=OutgoingEmail.State.WAITING, link_purpose=link.purpose, link_nonce=link.nonce
    )
    return waiting.update(state=OutgoingEmail.State.WITHDRAWN)


@transaction.atomic
def deliver(email_id: int) -> bool:
    """Send a waiting message now; True when it left. Twice at once sends once: the row is locked, others skip it.

    A passing fault is tried again, later and later; a refusal for good (SMTP 5xx) is kept and shown.
    """
    email = (
        OutgoingEmail.objects.select_for_update(skip_locked=True)
        .filter(pk=email_id, state=OutgoingEmail.State.WAITING)
        .first()
    )
    if email is None:
        return False
    email.attempts += 1
    try:
        _message(email).send()
    except (OSError, smtplib.SMTPException) as fault:
        _postpone(email, fault)
    else:
        email.state, email.sent_at, email.problem = OutgoingEmail.State.SENT, timezone.now(), ""
    email.save(update_fields=["state", "sent_at", "attempts", "problem", "next_attempt_at"])
    return email.state == OutgoingEmail.State.SENT


def _deliver_on_commit(email: OutgoingEmail) -> None:
    # By name, because the tasks import this module. A broker that is away must not undo the change: the sweeper finds
    # the row within a minute.
    transaction.on_commit(lambda: current_app.send_task("outbox.tasks.deliver_email", [email.pk]), robust=True)


def _message(email: OutgoingEmail) -> EmailMessage:
    link = (
        f"{settings.PORTAL_URL}{path_from(email.link_path, email.link_purpose, email.link_nonce)}"
        if email.link_nonce
        else ""
    )
    return EmailMessage(
        subject=email.subject,
        body=email.text.replace(LINK, link),
        to=[email.to],
        headers={"Message-ID": email.message_id, "Content-Language": email.language},
    )


def _postpone(email: OutgoingEmail, fault: Exception) -> None:
    code, words = _answer(fault)
    email.problem = words[:1000]
    for_good = code in _SMTP_REFUSED_FOR_GOOD
    if for_good or email.attempts >= ATTEMPTS:
        email.state = OutgoingEmail.State.REFUSED
    email.next_attempt_at = timezone.now() + timedelta(minutes=2**email.attempts)


def _answer(fault: Exception) -> tuple[int, str]:
    """What the server said of this very message: its code and its words. The code is 0 when it said nothing of it, as
    when it was away or does not know us: that may be put right, so it is never for good.
    """
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code, words = max(fault.recipients.values())
        return code, f"{code} {_text(words)}"
    if isinstance(fault, smtplib.SMTPResponseException):
        is_of_message = isinstance(fault, smtplib.SMTPDataError)
        return fault.smtp_code if is_of_message else 0, f"{fault.smtp_code} {_text(fault.smtp_error)}"
    return 0, str(fault) or type(fault).__name__


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words

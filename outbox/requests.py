"""The life of a personal request until it is answered: drafted, edited, sent, withdrawn. The same for every kind.

What an answer means is the business of the room that the request belongs to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from activity.log import attempt
from activity.verbs import Verb
from outbox.models import LINK, PersonalRequest
from outbox.post import post, recall

DEFAULT_LIFETIME = timedelta(days=90)
SUBJECT_LENGTH = 200

R = TypeVar("R", bound=PersonalRequest)
Wording = Callable[[Any, str], tuple[str, str]]
"""Subject and message of a request as the portal drafts them in a language. The message has LINK in it."""

_CLOSED = {
    PersonalRequest.State.WITHDRAWN: (_("This link was withdrawn by the company that sent it."), "request_withdrawn"),
    PersonalRequest.State.ACCEPTED: (_("This link has been used already."), "request_used"),
    PersonalRequest.State.DECLINED: (_("This request was declined."), "request_declined"),
    PersonalRequest.State.EXPIRED: (_("This link has expired."), "request_expired"),
}


@dataclass(frozen=True)
class Draft:
    """A message as its author left it: the text has LINK where the personal link stands."""

    subject: str
    message: str
    recipient: str = ""
    expires_at: datetime | None = None
    max_uses: int | None = 1
    language: str = ""
    """Empty: as it was."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields that only this kind of request has. What its message says may depend on them."""


def write(request: R, wording: Wording) -> R:
    """Give a new request its message, as the portal drafts it in the request's language, and store it for 90 days."""
    request.subject, request.message = worded(request, wording, request.language)
    request.expires_at = timezone.now() + DEFAULT_LIFETIME
    request.save()
    return request


def worded(request: PersonalRequest, wording: Wording, language: str) -> tuple[str, str]:
    """Subject and message as the portal drafts them, the subject no longer than its column."""
    subject, message = wording(request, language)
    return Truncator(subject).chars(SUBJECT_LENGTH), message


@transaction.atomic
def edit(request: R, draft: Draft, wording: Wording) -> R:
    """Keep the message and the options as edited. Refused without the link, and once the request is closed.

    Another language, or another option, drafts the message anew, unless somebody edited it: what a person wrote stays.
    """
    request = locked(request)
    if not request.is_open:
        raise closed(request)
    _check(draft, request)
    is_untouched = (draft.subject, draft.message) == worded(request, wording, request.language)
    for name, value in draft.options.items():
        setattr(request, name, value)
    request.language = draft.language or request.language
    request.subject, request.message = draft.subject, draft.message
    if is_untouched:
        request.subject, request.message = worded(request, wording, request.language)
    request.recipient, request.expires_at, request.max_uses = draft.recipient, draft.expires_at, draft.max_uses
    names = ["subject", "message", "language", "recipient", "expires_at", "max_uses"]
    request.save(update_fields=[*names, *draft.options])
    return request


def send(request: R, *, verb: Verb, actor: User) -> R:
    """Mail the message to its recipient; again, when it was sent before.

    Refused when closed, without a recipient, and while the very same message has yet to leave (mail_waiting).
    """
    sender = request.sender
    with attempt(verb, sender, actor=actor, seen_by=[sender], request=request.code) as line:
        request = locked(request)
        line.details["recipient"] = request.recipient
        if not request.is_open:
            raise closed(request)
        if not request.recipient:
            raise ValidationError({"recipient": ValidationError(_("Enter the address to send it to."), "required")})
        _refuse_while_waiting(request)
        request.email = post(
            sender=sender,
            to=request.recipient,
            language=request.language,
            subject=request.subject,
            text=request.message,
            link=request.link,
        )
        request.sent_at = timezone.now()
        request.save(update_fields=["email", "sent_at"])
    return request


def withdraw(request: PersonalRequest, *, verb: Verb, actor: User) -> None:
    """Make the link worthless, and keep back what has yet to leave with it.

    A request that is closed already stays as it is, and that is said.
    """
    sender = request.sender
    with attempt(verb, sender, actor=actor, seen_by=[sender], request=request.code):
        request = locked(request)
        if not request.is_open:
            raise closed(request)
        request.withdrawn_at = timezone.now()
        request.save(update_fields=["withdrawn_at"])
        recall(request.link)


def close_declined(request: PersonalRequest, reason: str) -> None:
    """Note that a locked request was declined. One for many uses stays open for others."""
    if request.max_uses == 1:
        request.declined_at, request.decline_reason = timezone.now(), reason
        request.save(update_fields=["declined_at", "decline_reason"])


def count_use(request: PersonalRequest) -> None:
    """Note that a locked request was accepted once more."""
    request.uses += 1
    request.save(update_fields=["uses"])


def closed(request: PersonalRequest) -> ValidationError:
    """Why a request takes no more answers and no more changes."""
    sentence, code = _CLOSED[request.state]
    return ValidationError(sentence, code=code)


def locked(request: R) -> R:
    """The row as it is now, held until the transaction ends. What it names is read with it, not held."""
    rows = type(request)._default_manager.select_for_update(of=("self",))
    return rows.get(pk=request.pk)


def check_message(message: str) -> None:
    """Refuse a message without its link (link_missing), or with an address that looks like it and is not
    (link_altered): a typing mistake would send people nowhere, and another request's link is nobody's to store.
    """
    refuse_links(message)
    if LINK not in message:
        raise ValidationError(_("Put the link back: without it, nobody can accept."), "link_missing")


def refuse_links(text: str) -> None:
    """Refuse a text with the address of a personal link of any kind, which would be stored (link_altered)."""
    views = {model.LINK_VIEW for model in PersonalRequest.__subclasses__()}
    if any(_before_any_code(view) in text for view in views):
        raise ValidationError(
            _("The text has a personal link that is not this one, or that was changed. Copy the link below anew."),
            "link_altered",
        )


def _before_any_code(link_view: str) -> str:
    code = str(UUID(int=0))
    return reverse(link_view, args=[code, "TOKEN"]).partition(code)[0]


def _check(draft: Draft, request: PersonalRequest) -> None:
    try:
        check_message(draft.message)
    except ValidationError as refusal:
        raise ValidationError({"message": refusal}) from None
    if draft.max_uses is not None and draft.max_uses <= request.uses:
        sentence = ngettext(
            "The link was accepted %(uses)s time already. Allow more, or withdraw it.",
            "The link was accepted %(uses)s times already. Allow more, or withdraw it.",
            request.uses,
        )
        raise ValidationError({"max_uses": ValidationError(sentence, "max_uses", {"uses": request.uses})})


def _refuse_while_waiting(request: PersonalRequest) -> None:
    waiting = request.email
    same = (request.recipient, request.subject, request.message)
    if waiting and waiting.state == waiting.State.WAITING and (waiting.to, waiting.subject, waiting.text) == same:
        raise ValidationError(
            _("This message is on its way to %(recipient)s already; the portal keeps trying until it has left."),
            "mail_waiting",
            {"recipient": request.recipient},
        )

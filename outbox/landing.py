"""What somebody meets who opens a personal link, of whatever kind: whether it is one, and what is in the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import tokens
from outbox.models import PersonalRequest

R = TypeVar("R", bound=PersonalRequest)
Words = Mapping[str, tuple[str | Promise, str | Promise]]
"""For each code of a refusal: what it is called, and what to do about it."""

_NOBODYS_NONCE = "0" * 2 * tokens.NONCE_BYTES
_ASK_ANEW = _("Ask the company that sent it for a new link.")
# What can be wrong with a link itself is the same for all kinds.
CLOSED_WORDS: Words = {
    "request_withdrawn": (_("This link was withdrawn"), _ASK_ANEW),
    "request_used": (_("This link has been used"), _("If that was not your company, ask the sender for a new link.")),
    "request_declined": (
        _("This request was declined"),
        _("If your company has changed its mind, ask the sender for a new link."),
    ),
    "request_expired": (_("This link has expired"), _ASK_ANEW),
}


@dataclass(frozen=True)
class Explanation:
    """An obstacle as a page says it: what it is called, what happened, what to do about it."""

    code: str
    heading: str
    text: str
    advice: str


def find(model: type[R], code: UUID, token: str) -> R | None:
    """The request whose link this is; None for a wrong token as for an unknown code, after the same work.

    Nobody is slowed down for guessing: a token is an HMAC of 128 random bits, so a billion guesses a second for the age
    of the universe would find none. A link of another purpose is as wrong as any.
    """
    request = model._default_manager.filter(code=code).first()
    nonce = request.nonce if request else _NOBODYS_NONCE
    is_genuine = tokens.verify(token, nonce, purpose=model.PURPOSE)
    return request if is_genuine else None


def explain(problems: Iterable[ValidationError], words: Words) -> list[Explanation]:
    """One explanation for each problem, in their order; the codes of a closed link need no words of their own."""
    return [_explanation(problem, {**CLOSED_WORDS, **words}) for problem in problems]


def _explanation(problem: ValidationError, words: Words) -> Explanation:
    heading, advice = words[problem.code or ""]
    return Explanation(problem.code or "", str(heading), problem.messages[0], str(advice))

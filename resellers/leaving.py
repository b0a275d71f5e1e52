"""Leaving a provider: the reseller asks, the provider confirms by removing the partnership, or keeps it.

domain.md §14 (#9) asks for a reseller-side way out; nothing changes before the provider has decided (issue 3, §2.5).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from activity.log import attempt
from activity.verbs import Verb
from outbox.notices import notify
from outbox.subjects import Subject
from resellers.models import Partnership
from resellers.partnerships import refuse_ended

_FIELDS = ("leave_requested_at", "leave_requested_by", "leave_reason")


def ask_to_leave(partnership: Partnership, *, actor: User, reason: str = "") -> Partnership:
    """Ask the provider to end the partnership. Its people who may do so are told.

    Refused with leave_asked when that was done already, and with partnership_ended.
    """
    with _changing(Verb.LEAVE_REQUESTED, partnership, actor, reason) as locked:
        if locked.leave_requested_at:
            raise ValidationError(
                _("Your company has asked %(provider)s already."),
                "leave_asked",
                {"provider": str(partnership.provider)},
            )
        locked.leave_requested_at, locked.leave_requested_by = timezone.now(), actor
        locked.leave_reason = reason
        locked.save(update_fields=_FIELDS)
        notify(
            Subject.LEAVE_REQUESTED,
            partnership.provider.organisation,
            holding=Permission.REMOVE_PARTNERSHIP,
            path=reverse("resellers:end", args=[partnership.reseller_id]),
            actor=actor,
            company=str(partnership.reseller),
            reason=reason or "–",
        )
    return locked


def take_back(partnership: Partnership, *, actor: User) -> Partnership:
    """Stay after all. Refused with leave_not_asked when nothing waits for an answer, and with partnership_ended."""
    with _changing(Verb.LEAVE_RECALLED, partnership, actor) as locked:
        _clear(locked)
    return locked


def keep(partnership: Partnership, *, reason: str, actor: User) -> Partnership:
    """The provider does not let go, and says why; the reseller is told. Refused as take_back() is."""
    with _changing(Verb.LEAVE_REFUSED, partnership, actor, reason) as locked:
        _clear(locked)
        notify(
            Subject.LEAVE_REFUSED,
            partnership.reseller.organisation,
            holding=Permission.ACT_FOR_COMPANY,
            path=reverse("resellers:providers"),
            actor=actor,
            company=str(partnership.provider),
            reason=reason,
        )
    return locked


def not_asked() -> ValidationError:
    """That there is nothing to take back or to answer."""
    return ValidationError(_("Nobody asks to end this partnership now."), "leave_not_asked")


@contextmanager
def _changing(verb: Verb, partnership: Partnership, actor: User, reason: str = "") -> Iterator[Partnership]:
    """The partnership, locked and not ended, while its line of the log is written for both sides."""
    both = [partnership.provider.organisation, partnership.reseller.organisation]
    with attempt(verb, partnership, actor=actor, seen_by=both, reason=reason):
        locked = Partnership.objects.select_for_update().get(pk=partnership.pk)
        refuse_ended(locked)
        yield locked


def _clear(locked: Partnership) -> None:
    if not locked.leave_requested_at:
        raise not_asked()
    locked.leave_requested_at = locked.leave_requested_by = None
    locked.leave_reason = ""
    locked.save(update_fields=_FIELDS)

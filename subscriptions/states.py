"""The life of a subscription as data: its states, and the moves between them (design.md §7).

    pending → active ⇄ suspended → canceled, and active → expired. What has ended stays so.

The database allows no other move (the trigger *moves* is made of the same table), and every move writes Activity.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    PENDING = "pending", _("Pending")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CANCELLED = "cancelled", _("Canceled")
    EXPIRED = "expired", _("Expired")


@dataclass(frozen=True)
class Move:
    """A transition: from which states, and to which."""

    origins: frozenset[Status]
    goal: Status

    def check(self, status: str) -> None:
        """Raise ValidationError (wrong_state), naming the state, unless the move starts there."""
        if status not in self.origins:
            raise ValidationError(
                _("This subscription is %(status)s."), "wrong_state", {"status": Status(status).label}
            )


ACTIVATE = Move(frozenset({Status.PENDING}), Status.ACTIVE)
SUSPEND = Move(frozenset({Status.ACTIVE}), Status.SUSPENDED)
REACTIVATE = Move(frozenset({Status.SUSPENDED}), Status.ACTIVE)
CANCEL = Move(frozenset({Status.PENDING, Status.ACTIVE, Status.SUSPENDED}), Status.CANCELLED)
EXPIRE = Move(frozenset({Status.ACTIVE}), Status.EXPIRED)
MOVES = (ACTIVATE, SUSPEND, REACTIVATE, CANCEL, EXPIRE)

"""A draft in the hands of several people: who comes second, with what has changed, is refused (design.md §4.6)."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from activity.log import attempt
from activity.verbs import Verb
from subscriptions.models import OrderDraft
from subscriptions.quotes import HOLDS_FOR, quote_expired
from subscriptions.terms import month_of


def cancel_draft(draft: OrderDraft, *, actor: User) -> None:
    """Forget the draft. It never created anything, so nothing is left; a submitted one is refused."""
    provider = draft.provider
    with attempt(Verb.DRAFT_CANCELLED, draft, actor=actor, seen_by=[provider.organisation]):
        lock_draft(draft)
        draft.delete()


def lock_draft(draft: OrderDraft) -> None:
    """Hold the draft's row until the transaction ends, and look again at what may have changed since it was read."""
    current = OrderDraft.objects.select_for_update().filter(pk=draft.pk).first()
    if current is None:
        raise ValidationError(_("This order was canceled in another window."), "draft_cancelled")
    if current.order_id:
        raise already_submitted()
    if current.changed_at != draft.changed_at:
        raise draft_changed()


def quoted_at(version: str) -> datetime:
    """The moment of the amounts on a page, as the page's version says it; now when it says none.

    Refused with quote_expired after a quarter of an hour, and once another month has begun: a charge belongs to the
    month in which it is made. Whether the version is a true one is for its seal to say.
    """
    now = timezone.now()
    try:
        moment = datetime.fromisoformat(version.partition(" ")[0]).astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    if now - moment > HOLDS_FOR or month_of(moment) != month_of(now):
        raise quote_expired()
    return moment


def unfinished() -> ValidationError:
    """The refusal for an order of which something does not hold; its page marks it."""
    return ValidationError(_("Please correct what is marked before you submit the order."), "unfinished")


def already_submitted() -> ValidationError:
    """The refusal for the second click, the retry, the second tab."""
    return ValidationError(_("This order has been submitted already."), "already_submitted")


def draft_changed() -> ValidationError:
    """The refusal for submitting something else than what one has read."""
    return ValidationError(_("This order was changed in another window. Please review it again."), "draft_changed")


def not_shown() -> ValidationError:
    """The refusal for submitting on the page New subscription what that page has not shown with its total."""
    return ValidationError(_("This is what you are about to order. Please check it, then submit it."), "not_shown")


def relationship_ended() -> ValidationError:
    """The refusal for an order for somebody who was the provider's customer."""
    return ValidationError(_("This company is not your customer any more."), "relationship_ended")

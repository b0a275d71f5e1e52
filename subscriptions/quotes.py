"""What a change will cost, shown before Submit: the same lines are posted then, as of the same moment.

Charges are reckoned by the second (design.md §7), so what was read for a minute would be charged differently. The
form therefore carries the signed moment of its quote, and Submit charges by it. After a quarter of an hour the quote is
shown again, and nothing is charged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from subscriptions.credit import current_credit
from subscriptions.ledger import Posting
from subscriptions.models import Subscription
from subscriptions.money import Money, totals

HOLDS_FOR = timedelta(minutes=15)
_SALT = "subscriptions.quote"


@dataclass(frozen=True)
class Quote:
    """What would be posted at a moment, and which reseller would be billed for what is new in it."""

    moment: datetime
    postings: Sequence[Posting]
    reseller_id: UUID | None = None

    @property
    def totals(self) -> list[Money]:
        """What the provider owes for it, or gets back: one sum for each currency, none when nothing is charged."""
        return totals(posting.cost for posting in self.postings)

    @property
    def token(self) -> str:
        """The moment, signed, for the form that the quote is shown with."""
        return signing.dumps(self.moment.isoformat(), salt=_SALT)

    def is_same(self, postings: Iterable[Posting]) -> bool:
        """Whether the postings cost what was shown."""
        return self.totals == totals(posting.cost for posting in postings)


def quote(subscription: Subscription, postings: Sequence[Posting], *, moment: datetime) -> Quote:
    """The postings with whoever is credited now; those of add-ons have the same reseller."""
    period = current_credit(subscription)
    return Quote(moment, postings, period.partner_account.organisation_id if period else None)


def moment_from(token: str) -> datetime:
    """The moment of the quote that a form was shown with; refused with quote_expired when it is too old, or forged."""
    try:
        moment = datetime.fromisoformat(signing.loads(token, salt=_SALT))
    except signing.BadSignature:
        raise quote_expired() from None
    if timezone.now() - moment > HOLDS_FOR:
        raise quote_expired()
    return moment


def quote_expired() -> ValidationError:
    """The refusal for charging what is not what was shown."""
    return ValidationError(
        _("What this costs has changed since it was shown. Nothing was charged: look at it again, then submit."),
        "quote_expired",
    )

"""What a change will cost, shown before Submit: the same lines are posted then, as of the same moment.

Charges are reckoned by the second (design.md §7), so what was read for a minute would be charged differently. The
form therefore carries what was agreed to, signed: the moment, by which Submit charges, and the amounts, which it must
come to. After a quarter of an hour, or when a price was corrected meanwhile, the quote is shown again, and nothing is
charged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from subscriptions.credit import current_credit
from subscriptions.ledger import Posting
from subscriptions.models import Charge, Subscription
from subscriptions.money import Money, totals

HOLDS_FOR = timedelta(minutes=15)
_SALT = "subscriptions.quote"


@dataclass(frozen=True)
class Agreement:
    """What somebody agreed to by Submit: as of which moment, and to which amounts of either side.

    The amounts are a keyed digest: the form is the reseller's too, who does not read what the provider pays.
    """

    moment: datetime
    digest: str

    @classmethod
    def of(cls, token: str) -> Self:
        """What a form was shown with; refused with quote_expired when it is too old, or forged."""
        try:
            moment, digest = signing.loads(token, salt=_SALT)
        except (signing.BadSignature, ValueError):  # the second: a page that was open during an update
            raise quote_expired() from None
        agreed = cls(datetime.fromisoformat(moment), digest)
        if timezone.now() - agreed.moment > HOLDS_FOR:
            raise quote_expired()
        return agreed

    @property
    def token(self) -> str:
        """It, signed, for the form that the quote is shown with."""
        return signing.dumps([self.moment.isoformat(), self.digest], salt=_SALT)

    def check(self, charges: Iterable[Charge]) -> None:
        """Refuse (quote_expired) to charge anything else."""
        made = ((each.amount, each.currency, each.reseller_id, each.resale_amount) for each in charges)
        if not constant_time_compare(self.digest, _digest(made)):
            raise quote_expired()


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
    def agreement(self) -> Agreement:
        """What whoever submits it agrees to."""
        return Agreement(self.moment, _digest(self._sides(posting) for posting in self.postings))

    def _sides(self, posting: Posting) -> "_Sides":
        billed = posting.undoes.reseller_id if posting.undoes else self.reseller_id
        cost = posting.cost
        return cost.amount, cost.currency, billed, posting.bill.amount if billed else None


_Sides = tuple[Decimal, str, UUID | None, Decimal | None]


def quote(subscription: Subscription, postings: Sequence[Posting], *, moment: datetime) -> Quote:
    """The postings with whoever is credited now; those of add-ons have the same reseller."""
    period = current_credit(subscription)
    return Quote(moment, postings, period.partner_account.organisation_id if period else None)


def quote_expired() -> ValidationError:
    """The refusal for charging what is not what was shown."""
    return ValidationError(
        _("What this costs has changed since it was shown. Nothing was charged: look at it again, then submit."),
        "quote_expired",
    )


def _digest(sides: Iterable[_Sides]) -> str:
    lines = sorted(" ".join(map(str, each)) for each in sides)
    return salted_hmac(_SALT, "\n".join(lines), algorithm="sha256").hexdigest()

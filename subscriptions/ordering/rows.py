"""The rows of an order that is placed: its lines, the subscriptions, whom they credit, what they are charged."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from customers.models import Relationship
from subscriptions.families import Family
from subscriptions.ledger import current_period, post
from subscriptions.markups import markups_of
from subscriptions.models import LicenceChange, Order, OrderLine, ResellerOfRecord, Subscription
from subscriptions.ordering.holdings import Holdings
from subscriptions.ordering.lines import Line, bases_first, first_charge
from subscriptions.ordering.rules import one_trial

# Crockford's base 32: without I, L, O and U, so that a number survives being read aloud.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Writer:
    """Writes one order for a customer, as of a moment, in as many queries for one line as for fifty.

    `families` are those that add-ons join, held by the caller, by the keys of their bases.
    """

    relationship: Relationship
    actor: User
    moment: datetime
    families: Mapping[int, Family]

    def write(self, lines: Sequence[Line]) -> Order:
        """Everything that the order makes. Refused with one_trial when another order was quicker with the trial."""
        order = Order.objects.create(
            number=_new_number(),
            provider=self.relationship.provider,
            customer=self.relationship.customer,
            relationship=self.relationship,
            placed_at=timezone.now(),
            placed_by=self.actor,
        )
        rows = OrderLine.objects.bulk_create([self._order_line(order, line) for line in lines])
        subscriptions = self._subscriptions(lines, rows)
        LicenceChange.objects.bulk_create(
            LicenceChange(subscription=each, difference=each.licences, changed_at=self.moment, changed_by=self.actor)
            for each in subscriptions
        )
        ResellerOfRecord.objects.bulk_create(
            ResellerOfRecord(
                subscription=each,
                provider_id=each.provider_id,
                partner_account=line.account,
                starts_at=self.moment,
                set_by=self.actor,
            )
            for each, line in zip(subscriptions, lines, strict=True)
            if line.account
        )
        post([first_charge(each, order) for each in subscriptions], actor=self.actor, moment=self.moment)
        return order

    def _order_line(self, order: Order, line: Line) -> OrderLine:
        due = line.due(self.moment) if line.is_shared else None  # else it is a whole period
        return OrderLine(
            order=order,
            offer=line.offer,
            title=line.offer.sku_title,
            term=line.offer.term,
            billing=line.offer.billing,
            licences=line.licences,
            unit_price=line.offer.unit_price,
            currency=line.offer.currency,
            first_amount=due.amount if due and due != line.total else None,
            ends_at=line.clock(self.moment)[1] if line.is_shared else None,
            partner_account=line.account,
        )

    def _subscriptions(self, lines: Sequence[Line], rows: Sequence[OrderLine]) -> list[Subscription]:
        """A subscription for each line, in their order: saved bases first, so that add-ons can name them."""
        markups = self._markups(lines)
        made = [self._subscription(*each) for each in zip(lines, rows, markups, strict=True)]
        joined = self._join_families(lines, made)
        bases = [made[number] for number in bases_first([line.offer for line in lines]) if not made[number].base]
        # Trials in the order of their names: of two orders with the same trials, one waits for the other.
        self._save(sorted(bases, key=lambda each: each.trial_of), lines)
        Subscription.objects.bulk_create([each for each in made if each.base])
        Subscription.objects.bulk_update(joined, ["due_at"])
        return made

    def _subscription(self, line: Line, row: OrderLine, markup: Decimal) -> Subscription:
        subscription = line.subscription(self.moment)
        subscription.provider = self.relationship.provider
        subscription.customer = self.relationship.customer
        subscription.relationship = self.relationship
        subscription.order_line = row
        subscription.markup = markup
        subscription.is_credited = line.account is not None  # as the period says next: one write less
        subscription.charged_until = current_period(subscription, self.moment).end
        subscription.take_names()
        return subscription

    def _join_families(self, lines: Sequence[Line], made: Sequence[Subscription]) -> list[Subscription]:
        """Give every add-on its base, and every base its next visit; return the bases that existed before."""
        own: list[Family] = [Family(each, []) for each in made]
        for number, line in enumerate(lines):
            if isinstance(line.base, Line):
                made[number].base = made[lines.index(line.base)]
                own[lines.index(line.base)].add_ons.append(made[number])
            elif line.base is not None:
                made[number].base = line.base
                self.families[line.base.pk].add_ons.append(made[number])
        joined = {line.base.pk: line.base for line in lines if isinstance(line.base, Subscription)}
        for family in (*own, *(self.families[pk] for pk in joined)):
            if family.base.base is None:
                family.plan_next_visit()
        return list(joined.values())

    def _save(self, bases: Sequence[Subscription], lines: Sequence[Line]) -> None:
        try:
            with transaction.atomic():
                Subscription.objects.bulk_create(bases)
        except IntegrityError as error:
            if "subscriptions_one_trial" not in str(error):
                raise
            offers = [line.offer for line in lines if line.offer.is_trial]
            tried = Holdings.of(self.relationship.customer_id, self.relationship.provider_id, offers).tried
            raise one_trial(next(offer for offer in offers if offer.sku in tried)) from None

    def _markups(self, lines: Sequence[Line]) -> list[Decimal]:
        """What the provider adds for whoever is credited, line by line."""
        provider: UUID = self.relationship.provider_id
        pairs = [(provider, line.account.organisation_id if line.account else None) for line in lines]
        markups = markups_of(pairs)
        return [markups[pair].percent(line.offer) for pair, line in zip(pairs, lines, strict=True)]


def _new_number() -> str:
    """60 random bits: unguessable, and it tells nobody how many orders there are."""
    digits = "".join(secrets.choice(_DIGITS) for _digit in range(12))
    return "-".join((digits[:4], digits[4:8], digits[8:]))

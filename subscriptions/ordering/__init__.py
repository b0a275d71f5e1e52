"""From a draft to an order: everything at Submit, or nothing (design.md §4.6 and §4.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.passwords import Credentials
from activity.log import attempt
from activity.verbs import Verb
from customers.models import Relationship
from customers.registration import CustomerDetails, parties, register_customer
from providers.models import Provider
from resellers.partnerships import still_partners
from subscriptions.families import Family, lock_families
from subscriptions.models import Offer, Order, OrderDraft
from subscriptions.ordering.drafts import draft_changed, lock_draft, relationship_ended, unfinished
from subscriptions.ordering.holdings import Holdings
from subscriptions.ordering.lines import Line, as_of_now
from subscriptions.ordering.rows import Writer
from subscriptions.ordering.rules import Rules


@dataclass(frozen=True)
class Receipt:
    """What Submit gives back. The credentials exist only here, and only for a new customer."""

    order: Order
    credentials: Credentials | None = None


def place_order(
    draft: OrderDraft,
    *,
    lines: Sequence[Line],
    details: CustomerDetails | None = None,
    relationship: Relationship | None = None,
    actor: User,
    moment: datetime | None = None,
) -> Receipt:
    """Submit the draft: for a new customer with its details, or for an existing one with the relationship.

    Once, whoever asks and however often: the second time is refused with already_submitted. Refused with draft_changed
    when somebody edited the draft after the caller read it, or a line would cost something else than the caller read;
    with relationship_ended when the provider has removed the relationship; with no_lines and domain_taken, and under
    the locks with all that order_rules find. Whether an account may be credited the caller has asked
    accounts_for_credit() just before; refused with unfinished when a partnership has ended since (design.md §4.9).

    The moment is that of the amounts that somebody has read, by default now: terms and charges begin with it.
    """
    provider, moment = draft.provider, moment or timezone.now()
    seen_by = parties(relationship) if relationship else [provider.organisation]
    affected = relationship.customer.organisation if relationship else None
    with attempt(Verb.ORDER_PLACED, draft, actor=actor, seen_by=seen_by, affected=affected) as line:
        lock_draft(draft)
        credentials, held = None, Holdings()
        families = _hold(relationship, lines)
        if relationship:
            held = Holdings.of(relationship.customer_id, provider.pk, [each.offer for each in lines])
        else:
            assert details is not None, "a new customer needs its details"
            relationship, credentials = register_customer(details, provider=provider, actor=actor)
        lines = _check(lines, relationship, families, held, moment)
        order = Writer(relationship, actor, moment, families).write(lines)
        _close(draft, order)
        _check_partners(lines, details, provider)  # last, for it holds a lock that other orders wait for
        line.target, line.affected, line.seen_by = order, order.customer.organisation, parties(relationship)
        line.details.update(order=order.number, lines=[_for_log(each) for each in lines])
    return Receipt(order, credentials)


def _hold(relationship: Relationship | None, lines: Sequence[Line]) -> dict[int, Family]:
    """Hold what the order rests on; return the families that its lines join or end with, by the keys of the bases.

    The relationship: nobody ends it before the order is placed, for end_relationship() waits for its row; and no
    other order for the customer passes, so that what the customer may have altogether is counted right.
    """
    if relationship:
        held = Relationship.objects.select_for_update(no_key=True).filter(pk=relationship.pk, ended_at=None)
        if held.first() is None:
            raise relationship_ended()
    followed = {line.follows.base_id or line.follows.pk for line in lines if line.follows}
    return {family.base.pk: family for family in lock_families(followed)} if followed else {}


def _check(
    lines: Sequence[Line],
    relationship: Relationship,
    families: Mapping[int, Family],
    held: Holdings,
    moment: datetime,
) -> list[Line]:
    """The lines as they are under the locks; refused when a rule is broken, or one costs something else than before."""
    if not lines:
        raise ValidationError(_("Select at least one subscription."), "no_lines")
    customer = relationship.customer
    offers = Offer.objects.on_sale(moment).for_customer(str(customer.organisation.country), customer.qualification)
    # One query for all lines: each must still be on sale to this customer.
    on_sale = set(offers.filter(pk__in=[line.offer.pk for line in lines]).values_list("pk", flat=True))
    followed = {each.pk: each for family in families.values() for each in family}
    current = as_of_now(lines, followed, held.accounts)
    if problems := Rules(current, held, on_sale, moment).problems():
        raise ValidationError([each.refusal for each in problems])
    if [line.due(moment) for line in current] != [line.due(moment) for line in lines]:
        raise draft_changed()
    return current


def _check_partners(lines: Sequence[Line], details: CustomerDetails | None, provider: Provider) -> None:
    """Everybody whom the order credits, and for whom the customer is added, has to be a partner when it commits.

    Not whom an add-on credits: its credit is that of its base, which goes on when a partnership ends.
    """
    resellers = {line.account.organisation_id for line in lines if line.account and line.base is None}
    if details and details.reseller:
        resellers.add(details.reseller.pk)
    if resellers and not still_partners(provider, resellers):
        raise unfinished()


def _close(draft: OrderDraft, order: Order) -> None:
    draft.order = order
    draft.account = {}  # the answers live on in the customer; a draft keeps no second copy of personal data
    draft.save(update_fields=["order", "account", "changed_at"])


def _for_log(line: Line) -> dict[str, str | int]:
    return {"offer": line.offer.sku_title, "licences": line.licences, "mpn_id": str(line.account or "")}

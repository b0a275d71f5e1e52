"""From a draft to an order: everything at Submit, or nothing (design.md §4.6 and §4.7)."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from accounts.passwords import Credentials
from activity.log import attempt
from activity.verbs import Verb
from customers.models import Relationship
from customers.registration import CustomerDetails, parties, register_customer
from providers.models import Provider
from resellers.models import PartnerAccount
from resellers.partnerships import still_partners
from subscriptions.models import LicenceChange, Offer, Order, OrderDraft, OrderLine, ResellerOfRecord, Subscription
from subscriptions.models.catalogue import MOST_LICENCES, Billing
from subscriptions.money import Money, totals
from subscriptions.terms import end_of_term

# Crockford's base 32: without I, L, O and U, so that a number survives being read aloud.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TOO_FEW = ngettext_lazy(
    "%(offer)s needs at least %(fewest)s license.", "%(offer)s needs at least %(fewest)s licenses.", "fewest"
)
_TOO_MANY = ngettext_lazy(
    "%(offer)s allows at most %(most)s license.", "%(offer)s allows at most %(most)s licenses.", "most"
)


@dataclass(frozen=True)
class Line:
    """One offer of an order: how many licences, and which MPN ID is credited."""

    offer: Offer
    licences: int
    account: PartnerAccount | None = None

    @property
    def billing(self) -> str:
        return self.offer.billing

    @property
    def total(self) -> Money:
        """What it costs for one billing period."""
        return self.offer.price.times(self.licences)


@dataclass(frozen=True)
class PeriodTotal:
    """What an order costs each month, each year or once."""

    billing: Billing
    money: Money


@dataclass(frozen=True)
class Receipt:
    """What Submit gives back. The credentials exist only here, and only for a new customer."""

    order: Order
    credentials: Credentials | None = None


def order_totals(lines: Iterable[Line | OrderLine]) -> list[PeriodTotal]:
    """One sum for each billing frequency and currency; what is charged by use alone has none."""
    amounts: dict[str, list[Money]] = {}
    for line in lines:
        total = line.total
        if total.amount or line.billing != Billing.NONE:
            amounts.setdefault(line.billing, []).append(total)
    return [PeriodTotal(billing, sum_) for billing in Billing for sum_ in totals(amounts.get(billing, []))]


def check_licences(offer: Offer, licences: int) -> None:
    """Raise ValidationError, with the limit in the sentence, for too few or too many licences of an offer."""
    most = offer.max_licences or MOST_LICENCES
    names = {"offer": offer.sku_title, "fewest": offer.min_licences, "most": most}
    if licences < offer.min_licences:
        raise ValidationError(_TOO_FEW, "too_few", names)
    if licences > most:
        raise ValidationError(_TOO_MANY, "too_many", names)


def not_on_sale(offer: Offer) -> ValidationError:
    """The refusal for an offer that this customer may not buy now: market, segment, effective period."""
    return ValidationError(
        _("%(offer)s is not offered to this customer any more. Remove it or choose another."),
        "not_on_sale",
        {"offer": offer.sku_title},
    )


def place_order(
    draft: OrderDraft,
    *,
    lines: Sequence[Line],
    details: CustomerDetails | None = None,
    relationship: Relationship | None = None,
    actor: User,
) -> Receipt:
    """Submit the draft: for a new customer with its details, or for an existing one with the relationship.

    Once, whoever asks and however often: the second time is refused with already_submitted. Refused with draft_changed
    when somebody edited the draft after the caller read it, with relationship_ended when the provider has removed the
    relationship; besides domain_taken, no_lines, too_few, too_many and not_on_sale. Whether an account may be credited
    the caller has asked accounts_for_credit() just before; refused with unfinished when a partnership has ended since
    (design.md §4.9).
    """
    provider = draft.provider
    seen_by = parties(relationship) if relationship else [provider.organisation]
    affected = relationship.customer.organisation if relationship else None
    with attempt(Verb.ORDER_PLACED, draft, actor=actor, seen_by=seen_by, affected=affected) as line:
        lock_draft(draft)
        credentials = None
        if relationship:
            _hold(relationship)
        else:
            assert details is not None, "a new customer needs its details"
            relationship, credentials = register_customer(details, provider=provider, actor=actor)
        _check(lines, relationship)
        order = _create_order(draft, relationship, lines, actor)
        _check_partners(lines, details, provider)  # last, for it holds a lock that other orders wait for
        line.target, line.affected, line.seen_by = order, order.customer.organisation, parties(relationship)
        line.details.update(order=order.number, lines=[_for_log(each) for each in lines])
    return Receipt(order, credentials)


def cancel_draft(draft: OrderDraft, *, actor: User) -> None:
    """Forget the draft. It never created anything, so nothing is left; a submitted one is refused."""
    provider = draft.provider
    with attempt(Verb.DRAFT_CANCELLED, draft, actor=actor, seen_by=[provider.organisation]):
        lock_draft(draft)
        draft.delete()


def unfinished() -> ValidationError:
    """The refusal for an order of which something does not hold; its page marks it."""
    return ValidationError(_("Please correct what is marked before you submit the order."), "unfinished")


def already_submitted() -> ValidationError:
    """The refusal for the second click, the retry, the second tab."""
    return ValidationError(_("This order has been submitted already."), "already_submitted")


def draft_changed() -> ValidationError:
    """The refusal for submitting something else than what one has read."""
    return ValidationError(_("This order was changed in another window. Please review it again."), "draft_changed")


def relationship_ended() -> ValidationError:
    """The refusal for an order for somebody who was the provider's customer."""
    return ValidationError(_("This company is not your customer any more."), "relationship_ended")


def lock_draft(draft: OrderDraft) -> None:
    """Hold the draft's row until the transaction ends, and look again at what may have changed since it was read."""
    current = OrderDraft.objects.select_for_update().filter(pk=draft.pk).first()
    if current is None:
        raise ValidationError(_("This order was canceled in another window."), "draft_cancelled")
    if current.order_id:
        raise already_submitted()
    if current.changed_at != draft.changed_at:
        raise draft_changed()


def _hold(relationship: Relationship) -> None:
    """Let nobody end the relationship before the order is placed: end_relationship() waits for this row."""
    held = Relationship.objects.select_for_update(no_key=True).filter(pk=relationship.pk, ended_at=None)
    if held.first() is None:
        raise relationship_ended()


def _check(lines: Sequence[Line], relationship: Relationship) -> None:
    if not lines:
        raise ValidationError(_("Select at least one subscription."), "no_lines")
    customer = relationship.customer
    country = str(customer.organisation.country)
    # One query for all lines: each must still be on sale to this customer.
    on_sale = set(
        Offer.objects.on_sale()
        .for_customer(country, customer.qualification)
        .filter(pk__in=[line.offer.pk for line in lines])
        .values_list("pk", flat=True)
    )
    problems = [not_on_sale(line.offer) for line in lines if line.offer.pk not in on_sale]
    for line in lines:
        try:
            check_licences(line.offer, line.licences)
        except ValidationError as problem:
            problems.append(problem)
    if problems:
        raise ValidationError(problems)


def _check_partners(lines: Sequence[Line], details: CustomerDetails | None, provider: Provider) -> None:
    """Everybody whom the order credits, and for whom the customer is added, has to be a partner when it commits."""
    resellers = {line.account.organisation_id for line in lines if line.account}
    if details and details.reseller:
        resellers.add(details.reseller.pk)
    if resellers and not still_partners(provider, resellers):
        raise unfinished()


def _create_order(draft: OrderDraft, relationship: Relationship, lines: Sequence[Line], actor: User) -> Order:
    now = timezone.now()
    order = Order.objects.create(
        number=_new_number(),
        provider=draft.provider,
        customer=relationship.customer,
        relationship=relationship,
        placed_at=now,
        placed_by=actor,
    )
    rows = OrderLine.objects.bulk_create([_order_line(order, line) for line in lines])
    subscriptions = Subscription.objects.bulk_create(
        [_subscription(row, line, relationship, now) for row, line in zip(rows, lines, strict=True)]
    )
    LicenceChange.objects.bulk_create(
        LicenceChange(subscription=each, difference=each.licences, changed_at=now, changed_by=actor)
        for each in subscriptions
    )
    ResellerOfRecord.objects.bulk_create(
        ResellerOfRecord(
            subscription=each, provider=draft.provider, partner_account=line.account, starts_at=now, set_by=actor
        )
        for each, line in zip(subscriptions, lines, strict=True)
        if line.account
    )
    draft.order = order
    draft.account = {}  # the answers live on in the customer; a draft keeps no second copy of personal data
    draft.save(update_fields=["order", "account", "changed_at"])
    return order


def _order_line(order: Order, line: Line) -> OrderLine:
    return OrderLine(
        order=order,
        offer=line.offer,
        title=line.offer.sku_title,
        term=line.offer.term,
        billing=line.offer.billing,
        licences=line.licences,
        unit_price=line.offer.unit_price,
        currency=line.offer.currency,
        partner_account=line.account,
    )


def _subscription(row: OrderLine, line: Line, relationship: Relationship, now: datetime) -> Subscription:
    subscription = Subscription(
        provider=relationship.provider,
        customer=relationship.customer,
        relationship=relationship,
        order_line=row,
        offer=line.offer,
        nickname=line.offer.sku_title[:100],
        licences=line.licences,
        term=line.offer.term,
        billing=line.offer.billing,
        unit_price=line.offer.unit_price,
        currency=line.offer.currency,
        auto_renew=bool(line.offer.term),
        starts_at=now,
        ends_at=end_of_term(now, line.offer),
    )
    subscription.take_names()
    return subscription


def _for_log(line: Line) -> dict[str, str | int]:
    return {"offer": line.offer.sku_title, "licences": line.licences, "mpn_id": str(line.account or "")}


def _new_number() -> str:
    """60 random bits: unguessable, and it tells nobody how many orders there are."""
    digits = "".join(secrets.choice(_DIGITS) for _digit in range(12))
    return "-".join((digits[:4], digits[4:8], digits[8:]))

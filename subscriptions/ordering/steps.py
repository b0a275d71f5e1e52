"""The pages before Submit: Account info, New subscription, Review. Each is checked anew from what the draft keeps.

Sources: seed (*Add new customers…*, *Add new subscriptions…*), design.md §4.6, §4.7 and §6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from customers.column import StepLink
from customers.models import Customer, Relationship
from customers.registration import CustomerDetails
from subscriptions.forms.order_lines import TypedLine
from subscriptions.forms.orders import AccountInfoForm
from subscriptions.models import OrderDraft
from subscriptions.ordering import Receipt, place_order
from subscriptions.ordering.basket import Basket
from subscriptions.ordering.drafts import (
    already_submitted,
    draft_changed,
    lock_draft,
    not_shown,
    quoted_at,
    relationship_ended,
    unfinished,
)


@dataclass(frozen=True)
class Step:
    """A page of the order, and its line in the left column."""

    name: str
    label: str | Promise


ACCOUNT = Step("account", _("Account info"))
SUBSCRIPTIONS = Step("subscriptions", _("New subscription"))
REVIEW = Step("review", _("Review"))
CONFIRMATION = Step("confirmation", _("Confirmation"))
STEPS = (ACCOUNT, SUBSCRIPTIONS, REVIEW, CONFIRMATION)


def column(current: Step, draft: OrderDraft | None = None) -> list[StepLink]:
    """The four steps of a new customer's order; only those before the current one can be opened."""
    position = STEPS.index(current)
    links = []
    for number, step in enumerate(STEPS):
        state = "done" if number < position else "current" if number == position else "todo"
        url = ""
        if state == "done" and draft and not draft.order_id:
            url = reverse(f"orders:{step.name}", args=[draft.code])
        links.append(StepLink(step.label, state, url))
    return links


class Answers:
    """What a draft says, checked as of now, at the prices of a moment: that of the page that was read, or now."""

    def __init__(self, draft: OrderDraft, *, membership: Membership, moment: datetime | None = None) -> None:
        self.draft = draft
        self.membership = membership
        self.moment = moment or timezone.now()

    @cached_property
    def account(self) -> AccountInfoForm | None:
        """Account info; None for an existing customer."""
        return None if self.draft.has_customer else AccountInfoForm(self.draft.account, membership=self.membership)

    @cached_property
    def basket(self) -> Basket:
        country, qualification = self._customer()
        return Basket(
            self.draft.lines,
            membership=self.membership,
            country=country,
            qualification=qualification,
            customer=self.draft.customer_id,
            moment=self.moment,
        )

    @cached_property
    def relationship(self) -> Relationship | None:
        """The existing customer as its provider knows it; None for a new one."""
        if not self.draft.has_customer:
            return None
        relationships = Relationship.objects.visible_to(self.membership).select_related(
            "provider__organisation", "customer__organisation", "reseller__organisation"
        )
        return relationships.filter(customer=self.draft.customer_id).first()

    @property
    def usual_number(self) -> str:
        """The MPN ID that new lines begin with: that of the reseller whom the customer was, or will be, added for."""
        if self.account is not None:
            return self.basket.number_of(str(self.account["reseller"].value() or ""))
        return self.basket.number_of(str(self.relationship.reseller_id if self.relationship else ""))

    @property
    def unfinished(self) -> Step:
        """The first step that does not hold today; Review when all do."""
        if self.account is not None and not self.account.is_valid():
            return ACCOUNT
        return REVIEW if self.basket.is_valid() else SUBSCRIPTIONS

    @property
    def version(self) -> str:
        """What somebody has read: the moment of its amounts, and a seal of it.

        Another time of change, or another amount of a line at that moment, is another order.
        """
        lines = [line for line in self.basket.lines if line.is_valid()]
        sums = [f"{each.offer.pk} {each.due} {each.line.total}" for each in lines]
        # Under the server's key: it stands on the page, also for those who may order and may not see prices.
        said = " ".join([self.moment.isoformat(), str(self.draft.changed_at), *sums])
        seal = salted_hmac("subscriptions.ordering.steps.version", said, algorithm="sha256").hexdigest()
        return f"{self.moment.isoformat()} {seal}"

    def _customer(self) -> tuple[str, str]:
        """Country and special qualification decide which offers there are."""
        if self.account is None:
            customer = self.draft.customer
            assert customer is not None, "a draft without an account has a customer"
            return str(customer.organisation.country), customer.qualification
        return self.account.country_code, str(self.account["qualification"].value() or Customer.Qualification.NONE)


def begin_draft(
    code: UUID | None,
    *,
    membership: Membership,
    customer: Customer | None = None,
    account: dict[str, str] | None = None,
) -> OrderDraft:
    """The draft with the code that the page was given, begun now unless it exists: twice the click is one draft.

    Refused with draft_unknown when the code belongs to another order.
    """
    try:
        with transaction.atomic():
            draft, _created = OrderDraft.objects.select_related("provider__organisation").get_or_create(
                code=code or uuid4(),
                provider=membership.organisation.provider,
                customer=customer,
                defaults={"created_by": membership.user, "account": account or {}},
            )
    except IntegrityError:
        raise ValidationError(_("This page belongs to another order. Open it again."), "draft_unknown") from None
    return draft


def keep_account(draft: OrderDraft, account: dict[str, str]) -> None:
    """Store Account info as it was typed, right or wrong."""
    _keep(draft, account=account)


def keep_lines(draft: OrderDraft, lines: Sequence[TypedLine]) -> None:
    """Store the chosen offers as they were typed, right or wrong."""
    _keep(draft, lines=list(lines))


def _keep(draft: OrderDraft, **answers: Any) -> None:
    """Change the draft unless it says so already; refused with already_submitted when there is nothing to change."""
    if all(getattr(draft, name) == answer for name, answer in answers.items()):
        return
    answers["changed_at"] = timezone.now()
    if not OrderDraft.objects.open().filter(pk=draft.pk).update(**answers):
        raise already_submitted()
    for name, answer in answers.items():
        setattr(draft, name, answer)


def submit_draft(draft: OrderDraft, *, membership: Membership, reviewed: str | None = None) -> Receipt:
    """Check every step once more from storage, and place the order. What is given as reviewed must still be the order:
    then it is charged as it was shown.

    Refused with unfinished, relationship_ended and quote_expired; with draft_changed, or with not_shown where New
    subscription is the last page; and with what place_order() refuses.
    """
    moment = timezone.now() if reviewed is None else quoted_at(reviewed)
    answers = Answers(draft, membership=membership, moment=moment)
    if draft.has_customer and answers.relationship is None:
        raise relationship_ended()
    if answers.unfinished != REVIEW:
        with transaction.atomic():
            lock_draft(draft)  # what does not hold may have been made true by the first of two clicks
        raise unfinished()
    if reviewed is not None and not constant_time_compare(reviewed, answers.version):
        raise not_shown() if draft.has_customer else draft_changed()
    details = CustomerDetails.from_form(answers.account.cleaned_data) if answers.account is not None else None
    return place_order(
        draft,
        lines=[line.line for line in answers.basket.lines],
        details=details,
        relationship=answers.relationship,
        actor=membership.user,
        moment=moment,
    )

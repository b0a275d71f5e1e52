"""Support requests: opened by a customer, answered by the designated support contact of that moment.

Sources: design.md §3 (support is one of four facts: it gives no access) and §4.9; domain.md §7.5 and §11.2.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership, Organisation, User
from accounts.roles import Kind, Permission
from activity.log import Line, attempt, record
from activity.verbs import Verb
from outbox.notices import notify, tell
from outbox.subjects import Subject
from subscriptions.models import Subscription, SupportMessage, SupportRequest

Status = SupportRequest.Status

# What SUPPORT_ANSWERED says has changed: outbox/sentences.py has the words.
PARTNER_WROTE = "support_partner_wrote"
CUSTOMER_WROTE = "support_customer_wrote"
WAS_CLOSED = "support_closed"
WAS_REOPENED = "support_reopened"
WAS_HANDED_OVER = "support_handed_over"


def answered_by(subscription: Subscription) -> Organisation:
    """Whom a customer is sent to at this moment: the designated support contact, the provider otherwise."""
    contact = subscription.support_contact
    return contact.organisation if contact else subscription.provider.organisation


def needed_permission(membership: Membership) -> Permission:
    """What one must hold to take part in a request: customers ask, partners answer."""
    return Permission.REQUEST_SUPPORT if membership.kind == Kind.CUSTOMER else Permission.ANSWER_SUPPORT


def open_request(
    subscription: Subscription, *, title: str, severity: str, text: str, key: UUID, membership: Membership
) -> SupportRequest:
    """Ask whoever supports the subscription now. The same words with the same key are one request, however often sent.

    Refused with relationship_ended when the provider no longer has anything to do with the customer.
    """
    if not membership.can(Permission.REQUEST_SUPPORT):
        raise RoleMissing(Permission.REQUEST_SUPPORT, membership.kind)
    code = _code_of(key, membership.pk, subscription.code, severity, title, text)
    parties = [subscription.provider.organisation, subscription.customer.organisation, answered_by(subscription)]
    with attempt(
        Verb.SUPPORT_REQUESTED,
        title,
        actor=membership.user,
        seen_by=parties,
        affected=subscription.customer.organisation,
        subscription=subscription.code,
    ) as line:
        subscription = _locked_subscription(subscription.pk)
        if existing := SupportRequest.objects.filter(code=code).first():
            line.is_written = True  # by the click before this one
            return existing
        _check_provider(subscription)
        request = SupportRequest.objects.create(
            code=code,
            subscription=subscription,
            provider=subscription.provider,
            customer=subscription.customer,
            assignee=answered_by(subscription),
            title=title,
            severity=severity,
            opened_by=membership.user,
        )
        _add_message(request, text, membership)
        line.target, line.seen_by = request, concerned(request)
        line.details["support_request"] = code
        _tell_who_answers(request, membership.user)
        return request


def write(request: SupportRequest, *, text: str, membership: Membership) -> SupportMessage:
    """Say something in a request: it is the other side's turn then.

    Refused with support_closed until it is reopened, and with support_moved when another reseller answers it now.
    """
    with _changing(request, Verb.SUPPORT_ANSWERED, membership) as (request, _line):
        if not request.is_open:
            raise ValidationError(_("This request is closed. Reopen it to write in it."), "support_closed")
        is_customer = membership.kind == Kind.CUSTOMER
        message = _add_message(request, text, membership)
        _move(request, Status.OPEN if is_customer else Status.ATTENTION)
        _tell_the_others(request, membership, CUSTOMER_WROTE if is_customer else PARTNER_WROTE)
        return message


def close_request(request: SupportRequest, *, membership: Membership) -> None:
    """Nothing more to do. Refused with support_closed when it is closed already."""
    with _changing(request, Verb.SUPPORT_CHANGED, membership) as (request, line):
        if not request.is_open:
            raise ValidationError(_("This request is closed already."), "support_closed")
        line.details |= {"old": request.status, "new": Status.CLOSED.value}
        _move(request, Status.CLOSED)
        _tell_the_others(request, membership, WAS_CLOSED)


def reopen_request(request: SupportRequest, *, membership: Membership) -> None:
    """Go on with a closed request; whoever supports the subscription now answers it from here on.

    Refused with support_open when it is open, and with support_moved for a reseller that is no longer the contact.
    """
    with _changing(request, Verb.SUPPORT_CHANGED, membership) as (request, line):
        if request.is_open:
            raise ValidationError(_("This request is open already."), "support_open")
        contact = answered_by(request.subscription)
        if membership.kind == Kind.RESELLER and contact.pk != membership.organisation_id:
            raise _moved()
        line.details |= {"old": request.status, "new": Status.OPEN.value}
        _move(request, Status.OPEN)
        if contact.pk == request.assignee_id:
            _tell_the_others(request, membership, WAS_REOPENED)
        else:
            _hand_over(request, contact, actor=membership.user)


def hand_over_open_requests(subscription: Subscription, *, actor: User) -> list[SupportRequest]:
    """Give the open requests of a subscription to whoever supports it now; closed ones stay with who answered them.

    For submit_changes(), which has locked the subscription.
    """
    contact = answered_by(subscription)
    rows = SupportRequest.objects.open().filter(subscription=subscription).exclude(assignee=contact)
    moved = list(rows.with_parties().order_by("pk"))
    for request in moved:
        _hand_over(request, contact, actor=actor)
    return moved


def concerned(request: SupportRequest) -> list[Organisation]:
    """Whose business a request is: the provider's, the customer's, and that of whoever answers it now."""
    return [request.provider.organisation, request.customer.organisation, request.assignee]


def _hand_over(request: SupportRequest, contact: Organisation, *, actor: User) -> None:
    before, request.assignee = request.assignee, contact
    request.changed_at = timezone.now()
    request.save(update_fields=["assignee", "changed_at"])
    record(
        Verb.SUPPORT_REASSIGNED,
        request,
        actor=actor,
        seen_by=[*concerned(request), before],
        affected=request.customer.organisation,
        support_request=request.code,
        subscription=request.subscription.code,
        old=before.name,
        new=contact.name,
    )
    names = {"title": request.title, "change": WAS_HANDED_OVER}
    _tell_opener(request, actor, names)
    # A reseller from which it was taken has no page of it any more.
    path = request.get_absolute_url() if before.kind == Kind.PROVIDER else ""
    notify(Subject.SUPPORT_ANSWERED, before, holding=Permission.ANSWER_SUPPORT, path=path, actor=actor, **names)
    _tell_who_answers(request, actor)


@contextmanager
def _changing(request: SupportRequest, verb: Verb, membership: Membership) -> Iterator[tuple[SupportRequest, Line]]:
    """The request as it is now, locked, for somebody who may take part in it; and its line in the log."""
    permission = needed_permission(membership)
    if not membership.can(permission):
        raise RoleMissing(permission, membership.kind)
    with attempt(
        verb,
        request,
        actor=membership.user,
        seen_by=concerned(request),
        affected=request.customer.organisation,
        support_request=request.code,
        subscription=request.subscription.code,
    ) as line:
        subscription = _locked_subscription(request.subscription_id)
        current = SupportRequest.objects.visible_to(membership).with_parties().filter(pk=request.pk).first()
        if current is None:
            raise _moved()
        current.subscription = subscription
        yield current, line
        line.seen_by = concerned(current)


def _locked_subscription(pk: int) -> Subscription:
    """The lock of all requests of a subscription: whoever changes one, or the contact, waits here for the others.

    In two steps: a query that has waited for a row would join it to the contact from before the wait.
    """
    Subscription.objects.select_for_update().get(pk=pk)
    return Subscription.objects.with_parties().get(pk=pk)


def _code_of(*parts: object) -> UUID:
    """One for each key, person, subscription and wording.

    Nobody's key can run into somebody else's request, and what was edited before it was sent again is not lost.
    """
    return uuid5(NAMESPACE_URL, "\n".join(map(str, parts)))


def _check_provider(subscription: Subscription) -> None:
    if subscription.relationship.ended_at:
        raise ValidationError(
            _("Your company has no relationship with %(provider)s any more. Ask your new provider for support."),
            "relationship_ended",
            {"provider": str(subscription.provider)},
        )


def _moved() -> ValidationError:
    return ValidationError(_("Another company answers this request now."), "support_moved")


def _add_message(request: SupportRequest, text: str, membership: Membership) -> SupportMessage:
    return SupportMessage.objects.create(
        request=request, author=membership.user, organisation=membership.organisation, text=text
    )


def _move(request: SupportRequest, status: SupportRequest.Status) -> None:
    request.status, request.changed_at = status, timezone.now()
    request.closed_at = request.changed_at if status == Status.CLOSED else None
    request.save(update_fields=["status", "changed_at", "closed_at"])


def _tell_the_others(request: SupportRequest, membership: Membership, change: str) -> None:
    """Everybody whose turn it may be, but not whoever did it: the person who asked, and who answers unless they did."""
    names = {"title": request.title, "change": change}
    _tell_opener(request, membership.user, names)
    if membership.organisation_id != request.assignee_id:
        notify(
            Subject.SUPPORT_ANSWERED,
            request.assignee,
            holding=Permission.ANSWER_SUPPORT,
            path=request.get_absolute_url(),
            actor=membership.user,
            **names,
        )


def _tell_who_answers(request: SupportRequest, actor: User) -> None:
    notify(
        Subject.SUPPORT_REQUESTED,
        request.assignee,
        holding=Permission.ANSWER_SUPPORT,
        path=request.get_absolute_url(),
        actor=actor,
        company=request.subscription.relationship.company_name,
        title=request.title,
        subscription=request.subscription.nickname,
    )


def _tell_opener(request: SupportRequest, actor: User, names: dict[str, str]) -> None:
    """Whoever asked; the customer's Global admins when that person has left."""
    path, customer = request.get_absolute_url(), request.customer.organisation
    if request.opened_by_id == actor.pk:
        return
    people = Membership.objects.active().filter(organisation=customer, user=request.opened_by_id)
    if found := list(people.select_related("user", "organisation")):
        tell(Subject.SUPPORT_ANSWERED, found, path=path, **names)
    else:
        notify(Subject.SUPPORT_ANSWERED, customer, holding=Permission.ACT_FOR_COMPANY, path=path, actor=actor, **names)

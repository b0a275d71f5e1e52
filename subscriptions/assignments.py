"""Licences of a subscription, given to the customer's users and taken back (issue 3; domain.md §5).

The customer's own administrators do it, and partners that administer its account. Assigned are never more than were
bought: the subscription's row is locked, by submit_changes() as well. Names of users are the customer's business, so
the lines in the activity log are for the customer and for the company that acts, and for nobody else.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership, MembershipQuerySet, Organisation
from accounts.roles import Kind, Permission
from activity.log import attempt
from activity.verbs import Verb
from customers.delegations import DELEGATED_ADMIN, check_administers, no_delegation
from customers.models import Customer, Delegation, Relationship
from staff.people import add_person
from subscriptions.models import LicenceAssignment, Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.support import answered_by

R = TypeVar("R", Membership, Subscription)


def assign_licence(subscription: Subscription, person: Membership, *, membership: Membership) -> LicenceAssignment:
    """Give a user of the customer a licence of the subscription, which must be active.

    Refused with usage_based, not_changeable, not_a_user (removed, or of another company), already_assigned,
    no_licence_left, and with no_delegation for a partner that does not administer the account. Somebody who is
    suspended can be given one for the day of coming back.
    """
    with _changing(Verb.LICENCE_ASSIGNED, subscription, person, membership) as subscription:
        if subscription.offer.is_usage_based:
            raise ValidationError(_("A usage-based subscription has no licenses to assign."), "usage_based")
        if subscription.status != Subscription.Status.ACTIVE:
            raise _not_changeable(subscription)
        _check_person(subscription, person, membership)
        return LicenceAssignment.objects.create(
            subscription=subscription, membership=person, assigned_by=membership.user
        )


def withdraw_licence(assignment: LicenceAssignment, *, membership: Membership) -> LicenceAssignment:
    """Take a licence back, also while the subscription is suspended; one that has ended is a record.

    Refused with already_withdrawn, not_changeable and no_delegation.
    """
    person = assignment.membership
    with _changing(Verb.LICENCE_WITHDRAWN, assignment.subscription, person, membership) as subscription:
        if not subscription.can_change:
            raise _not_changeable(subscription)
        current = LicenceAssignment.objects.active().filter(pk=assignment.pk).first()
        if current is None:
            raise ValidationError(
                _("%(person)s does not have this license any more."),
                "already_withdrawn",
                {"person": person.user.get_full_name()},
            )
        current.withdrawn_at, current.withdrawn_by = timezone.now(), membership.user
        current.save(update_fields=["withdrawn_at", "withdrawn_by"])
        return current


def assign_to(
    subscription: Subscription, people: QuerySet[Membership], *, membership: Membership
) -> tuple[list[Membership], list[str]]:
    """Give each of them a licence, by name, as far as there are any: who has got one, and why the others have not."""
    return _give_each(
        people.select_related("user", "organisation").order_by("user__name", "pk"),
        lambda person: assign_licence(subscription, person, membership=membership),
        lambda person: person.user.get_full_name(),
    )


def assign_all(
    subscriptions: SubscriptionQuerySet, person: Membership, *, membership: Membership
) -> tuple[list[Subscription], list[str]]:
    """Give somebody a licence of each of them that can be: of which it was, and why not of the others."""
    return _give_each(
        subscriptions.with_parties().order_by("nickname", "pk"),
        lambda subscription: assign_licence(subscription, person, membership=membership),
        lambda subscription: subscription.nickname,
    )


def add_user(
    relationship: Relationship, *, account_name: str, name: str, language: str, password: str, membership: Membership
) -> Membership:
    """Open an account for a new user of a customer that the partner looks after. It has no role: those are the
    customer's to give.

    Refused with no_delegation, and as add_person() refuses.
    """
    customer = relationship.customer.organisation
    partner = membership.organisation
    with attempt(
        Verb.STAFF_ADDED, account_name, actor=membership.user, seen_by=[customer, partner], affected=customer, name=name
    ) as line:
        # add_person() waits for this row: access may be withdrawn meanwhile.
        Organisation.objects.select_for_update(no_key=True).get(pk=customer.pk)
        check_administers(membership, relationship.customer)
        line.is_written = True  # add_person() writes its own
        return add_person(
            customer,
            account_name=account_name,
            name=name,
            language=language,
            roles=[],
            password=password,
            by=membership,
            seen_by=[partner],
        )


def users_of(customer: Customer, membership: Membership) -> MembershipQuerySet:
    """The customer's users: for its own people and for a partner that administers the account, else nobody."""
    return users_visible_to(membership).filter(organisation=customer.pk)


def users_visible_to(membership: Membership) -> MembershipQuerySet:
    """The users of one's own company; for a partner those of every customer whose account it administers."""
    if membership.kind == Kind.CUSTOMER:
        return Membership.objects.current().visible_to(membership)
    entrusted = Relationship.objects.visible_to(membership).values("customer")
    given = Delegation.objects.active().filter(
        partner=membership.organisation_id, privilege=DELEGATED_ADMIN, customer__in=entrusted
    )
    return Membership.objects.current().filter(organisation__in=given.values("customer"))


def with_assigned(rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
    """The rows with how many of their licences are assigned, and how many are left."""
    counted = LicenceAssignment.objects.active().filter(subscription=OuterRef("pk")).order_by().values("subscription")
    assigned = Subquery(counted.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
    return rows.annotate(assigned=Coalesce(assigned, 0))


def check_not_assigned(subscription: Subscription, licences: int) -> None:
    """Refuse to reduce a locked subscription to fewer licences than are assigned: licences_assigned."""
    assigned = subscription.assignments.active().count()
    if assigned <= licences:
        return
    raise ValidationError(
        _("%(assigned)s licenses are assigned to users. Take %(count)s back before you reduce to %(licences)s."),
        "licences_assigned",
        {"assigned": assigned, "count": assigned - licences, "licences": licences},
    )


@contextmanager
def _changing(
    verb: Verb, subscription: Subscription, person: Membership, membership: Membership
) -> Iterator[Subscription]:
    """The subscription as _locked() has it, with the line in the activity log."""
    customer = subscription.customer.organisation
    with attempt(
        verb,
        person.user,
        actor=membership.user,
        seen_by=[customer, membership.organisation],
        affected=customer,
        subscription=subscription.code,
    ):
        yield _locked(subscription, membership)


def _locked(subscription: Subscription, membership: Membership) -> Subscription:
    """The subscription as it is now, held, for somebody who may assign its licences."""
    if not membership.can(Permission.ASSIGN_LICENCES):
        raise RoleMissing(Permission.ASSIGN_LICENCES, membership.kind)
    Subscription.objects.select_for_update().get(pk=subscription.pk)
    # In two steps: a query that has waited for a row would join it to what was there before the wait.
    visible = Subscription.objects.visible_to(membership).with_parties()
    current = visible.filter(pk=subscription.pk).first()
    if current is None:
        raise no_delegation()
    check_administers(membership, current.customer)
    return current


def _check_person(subscription: Subscription, person: Membership, membership: Membership) -> None:
    """Hold the user, who may be removed at this moment, and refuse who cannot get a licence."""
    users = Membership.objects.current().filter(organisation=subscription.customer_id)
    names = {"person": person.user.get_full_name(), "company": subscription.customer.organisation.name}
    if users.select_for_update(no_key=True).filter(pk=person.pk).first() is None:
        raise ValidationError(_("%(person)s is not a user of %(company)s."), "not_a_user", names)
    held = subscription.assignments.active()
    if held.filter(membership=person).exists():
        raise ValidationError(_("%(person)s has a license of this subscription already."), "already_assigned", names)
    if held.count() >= subscription.licences:
        raise _no_licence_left(subscription, membership)


def _no_licence_left(subscription: Subscription, membership: Membership) -> ValidationError:
    """How many were bought, and how to get more: the customer asks its partner, a partner adds them."""
    count = subscription.licences
    if membership.kind == Kind.CUSTOMER:
        words = ngettext(
            "The one license of this subscription is assigned. Take it back first, or ask %(company)s for more.",
            "All %(count)s licenses of this subscription are assigned. Take one back first, or ask %(company)s for "
            "more.",
            count,
        )
    else:
        words = ngettext(
            "The one license of this subscription is assigned. Take it back first, or add licenses.",
            "All %(count)s licenses of this subscription are assigned. Take one back first, or add licenses.",
            count,
        )
    return ValidationError(words, "no_licence_left", {"count": count, "company": answered_by(subscription).name})


def _not_changeable(subscription: Subscription) -> ValidationError:
    return ValidationError(
        _("This subscription is %(status)s: its licenses stay as they are."),
        "not_changeable",
        {"status": Subscription.Status(subscription.status).label},
    )


def _give_each(
    rows: Iterable[R], give: Callable[[R], object], name_of: Callable[[R], str]
) -> tuple[list[R], list[str]]:
    """Those that it worked for; and for each of the others, by name, why not."""
    done, refused = [], []
    for row in rows:
        try:
            give(row)
        except ValidationError as refusal:
            names = {"name": name_of(row), "reason": refusal.messages[0]}
            refused.append(gettext("%(name)s: %(reason)s") % names)
        else:
            done.append(row)
    return done, refused

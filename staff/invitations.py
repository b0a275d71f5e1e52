"""Invitations by link: made by whoever manages an organisation's people, taken by one person (decision 011).

A link gives what its author can give at the moment when it is taken: whoever has lost the role, or left, has no
invitations open any more, and those to be a Global admin are handled by Global admins alone, for the link is the role.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.roles import Permission, Role
from activity.log import attempt
from activity.verbs import Verb
from outbox import landing, requests
from outbox.landing import Explanation, Words
from outbox.notices import notify
from outbox.requests import closed
from outbox.subjects import Subject
from staff.drafts import draft_text
from staff.models import StaffInvitation
from staff.rules import acting, check_grant, may_grant

_WORDS: Words = {
    "already_member": (
        _("You work for this company already"),
        _("There is nothing left to do. If your roles are not what you need, ask a colleague who manages users."),
    ),
    "suspended": (
        _("Your access is suspended"),
        _("Ask a colleague there who manages users to reactivate it; a link cannot do that."),
    ),
    "author_cannot": (
        _("This invitation is no longer valid"),
        _("Ask the company for a new one, from somebody who manages its users now."),
    ),
    "request_used": (
        _("This link has been used"),
        _("It works once. If it was not you who used it, tell the company that sent it."),
    ),
    "request_declined": (
        _("This invitation was declined"),
        _("If you have changed your mind, ask the company for a new one."),
    ),
}


def invite(
    organisation: Organisation, *, recipient: str, roles: Iterable[Role], language: str, by: Membership
) -> StaffInvitation:
    """Make a link with its draft message. Refused with global_admin_only when a role is not the caller's to grant."""
    wanted = sorted(set(roles))
    with attempt(
        Verb.STAFF_INVITED,
        recipient or organisation,
        actor=by.user,
        seen_by=[organisation],
        affected=organisation,
        roles=wanted,
    ) as line:
        by = acting(by, organisation)
        check_grant(set(), set(wanted), by=by, organisation=organisation)
        invitation = StaffInvitation(
            organisation=organisation, created_by=by.user, recipient=recipient, roles=wanted, language=language
        )
        requests.write(invitation, draft_text)
        line.details["request"] = invitation.code
    return invitation


def obstacles(invitation: StaffInvitation, user: User | None) -> list[ValidationError]:
    """Everything that keeps this person from joining, for the page to say before anybody presses a button."""
    if problem := _membership_problem(invitation, user):
        return [problem]
    if not invitation.is_open:
        return [closed(invitation)]
    if not is_backed(invitation):
        names = {"person": invitation.created_by.get_full_name(), "company": invitation.organisation.name}
        return [
            ValidationError(
                _("%(person)s, who made it, can no longer give these roles at %(company)s."), "author_cannot", names
            )
        ]
    return []


def is_backed(invitation: StaffInvitation) -> bool:
    """Whether its author is there and may still give these roles."""
    author = (
        Membership.objects.active()
        .filter(user=invitation.created_by_id, organisation=invitation.organisation_id)
        .select_related("organisation")
        .first()
    )
    return author is not None and backs(author, invitation)


def backs(author: Membership, invitation: StaffInvitation) -> bool:
    """Whether the author, as this active member, may give what the invitation promises."""
    may_invite = author.can(Permission.MANAGE_STAFF)
    return may_invite and may_grant(set(invitation.roles), by=author, organisation=author.organisation)


def explain(problems: Iterable[ValidationError]) -> list[Explanation]:
    """One explanation for each problem that obstacles() found, in its order."""
    return landing.explain(problems, _WORDS)


def join(invitation: StaffInvitation, *, user: User) -> Membership:
    """Make the person a member with the roles of the invitation. Whoever was removed may come back.

    Two at the same moment make one: the second is told. Refused as obstacles() says.
    """
    organisation = invitation.organisation
    with attempt(
        Verb.STAFF_JOINED,
        user,
        actor=user,
        seen_by=[organisation],
        affected=organisation,
        request=invitation.code,
        roles=sorted(invitation.roles),
    ):
        # Held in the order in which staff.people holds them; a change of the author's roles waits, or is seen here.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        invitation = requests.locked(invitation)
        problems = obstacles(invitation, user) or password_problems(user)
        if problems:
            raise ValidationError(problems)
        membership = Membership.objects.create(user=user, organisation=organisation, roles=invitation.roles)
        invitation.membership, invitation.uses = membership, invitation.uses + 1
        invitation.save(update_fields=["membership", "uses"])
        notify(
            Subject.LINK_ACCEPTED,
            organisation,
            holding=Permission.MANAGE_STAFF,
            path=reverse("staff:person", args=[membership.pk]),
            actor=user,
            company=user.get_full_name(),
        )
    return membership


def decline(invitation: StaffInvitation, *, user: User | None, reason: str = "") -> None:
    """Say no, signed in or not: whoever has the link is the one who was asked."""
    organisation = invitation.organisation
    name = user.get_full_name() if user else invitation.recipient
    with attempt(
        Verb.STAFF_DECLINED,
        name or organisation,
        actor=user,
        seen_by=[organisation],
        affected=organisation,
        request=invitation.code,
        reason=reason,
    ):
        invitation = requests.locked(invitation)
        if not invitation.is_open:
            raise closed(invitation)
        requests.close_declined(invitation, reason)
        notify(
            Subject.LINK_DECLINED,
            organisation,
            holding=Permission.MANAGE_STAFF,
            path=reverse("staff:invitations"),
            actor=user,
            company=name or organisation.name,
            reason=reason,
        )


def _membership_problem(invitation: StaffInvitation, user: User | None) -> ValidationError | None:
    current = Membership.objects.current().filter(user=user, organisation=invitation.organisation_id)
    member = current.first() if user else None
    names = {"company": invitation.organisation.name, "person": user.email if user else ""}
    if member is None:
        return None
    if member.suspended_at:
        return ValidationError(_("The access of %(person)s to %(company)s is suspended."), "suspended", names)
    return ValidationError(_("%(person)s works for %(company)s already."), "already_member", names)


def password_problems(user: User) -> list[ValidationError]:
    """Whoever was given a temporary password meanwhile joins and enrolls nothing with the session of before: whoever
    gave it would have the key. The account is held until the transaction ends, as by who gives it (staff.people).
    """
    now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if now.password == user.password:
        return []
    return [ValidationError(_("Your password was changed meanwhile."), "sign_in_again")]

"""Invitations by link: what they give, to whom, and for how long (decision 011)."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity, Sighting
from outbox.models import LINK, Notice
from staff.drafts import draft_text
from staff.invitations import decline, explain, invite, join, obstacles
from staff.models import StaffInvitation
from tests.factories import StaffInvitationFactory, UserFactory, member
from tests.links import CLOSED
from tests.refusals import refused

NOW = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def invitation(provider_admin):
    return StaffInvitationFactory(organisation=provider_admin.organisation, created_by=provider_admin.user)


@pytest.fixture
def guest(db):
    return UserFactory(email="guest@ume.example", name="Gina Guest")


def codes(invitation, user) -> list[str]:
    return [problem.code for problem in obstacles(invitation, user)]


# Made


def test_invitation_has_a_message_and_is_used_once(provider_admin):
    invitation = invite(
        provider_admin.organisation,
        recipient="guest@ume.example",
        roles=[Role.SALES_AGENT, Role.GLOBAL_ADMIN],
        language="en",
        by=provider_admin,
    )

    stored, activity = StaffInvitation.objects.get(), Activity.objects.get()
    assert (stored, stored.roles, stored.max_uses) == (invitation, ["global_admin", "sales_agent"], 1)
    assert stored.subject == "Invitation to work for Kita in Partner Center"
    assert "Your roles there: Global admin, Sales agent" in stored.message
    assert stored.message.count(LINK) == 1
    assert stored.get_absolute_url() == reverse("staff:invitation", args=[stored.code])
    assert (activity.verb, activity.target, activity.actor) == (
        "staff_invited",
        "guest@ume.example",
        provider_admin.user,
    )
    assert activity.details == {"roles": ["global_admin", "sales_agent"], "request": str(stored.code)}
    assert stored.nonce not in str(Activity.objects.values().get())


def test_message_says_that_there_is_no_role(invitation):
    invitation.roles = []

    assert "Your roles there: None" in draft_text(invitation, "en")[1]


def test_invitation_to_be_global_admin_takes_one(provider):
    user_admin = member(provider.organisation, Role.USER_ADMIN)
    given = {"recipient": "", "language": "en", "by": user_admin}

    assert refused(invite, provider.organisation, roles=[Role.GLOBAL_ADMIN], **given) == "global_admin_only"
    assert invite(provider.organisation, roles=[Role.SALES_AGENT], **given).roles == ["sales_agent"]
    assert list(Activity.objects.order_by("pk").values_list("target", "refusal")) == [
        ("Kita", "global_admin_only"),
        ("Kita", ""),
    ]


def test_invitations_are_seen_by_their_own_organisation(invitation, provider_admin, stranger):
    own = StaffInvitationFactory(organisation=stranger.organisation)

    assert list(StaffInvitation.objects.visible_to(provider_admin)) == [invitation]
    assert list(StaffInvitation.objects.visible_to(stranger)) == [own]
    assert list(StaffInvitation.objects.visible_to(None)) == []


# Joining


def test_whoever_joins_is_a_member_with_the_roles(invitation, guest, provider_admin):
    membership = join(invitation, user=guest)

    invitation.refresh_from_db()
    activity, notice = Activity.objects.get(), Notice.objects.get()
    assert (membership.user, membership.organisation) == (guest, provider_admin.organisation)
    assert membership.roles == ["sales_agent"]
    assert (invitation.state, invitation.membership) == ("accepted", membership)
    assert (activity.verb, activity.target, activity.actor) == ("staff_joined", "guest@ume.example", guest)
    assert list(Sighting.objects.values_list("organisation", flat=True)) == [provider_admin.organisation_id]
    assert (notice.membership, notice.subject) == (provider_admin, "link_accepted")
    assert (notice.names, notice.path) == ({"company": "Gina Guest"}, reverse("staff:person", args=[membership.pk]))


def test_who_was_removed_may_come_back(invitation, guest, provider):
    Membership.objects.create(user=guest, organisation=provider.organisation, ended_at=NOW)

    join(invitation, user=guest)

    assert Membership.objects.current().filter(user=guest).count() == 1


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_invitation_is_refused(invitation, guest, changes, code):
    StaffInvitation.objects.update(**changes)

    assert refused(join, invitation, user=guest) == code
    assert list(Activity.objects.values_list("verb", "refusal")) == [("staff_joined", code)]
    assert not Membership.objects.filter(user=guest).exists()


def test_who_works_there_already_is_told(invitation, sales_agent, provider_admin):
    assert codes(invitation, sales_agent.user) == ["already_member"]
    assert refused(join, invitation, user=sales_agent.user) == "already_member"


def test_link_does_not_end_a_suspension(invitation, sales_agent):
    Membership.objects.filter(pk=sales_agent.pk).update(suspended_at=NOW)

    assert refused(join, invitation, user=sales_agent.user) == "suspended"


@pytest.mark.parametrize(
    ("change", "roles", "code"),
    [
        ({}, [Role.GLOBAL_ADMIN], None),
        ({"ended_at": NOW}, [Role.SALES_AGENT], "author_cannot"),
        ({"suspended_at": NOW}, [Role.SALES_AGENT], "author_cannot"),
        ({"roles": [Role.SALES_AGENT]}, [Role.SALES_AGENT], "author_cannot"),
        ({"roles": [Role.USER_ADMIN]}, [Role.SALES_AGENT], None),
        ({"roles": [Role.USER_ADMIN]}, [Role.GLOBAL_ADMIN], "author_cannot"),
    ],
)
def test_link_gives_what_its_author_may_give_now(invitation, provider_admin, guest, change, roles, code):
    StaffInvitation.objects.update(roles=roles)
    Membership.objects.filter(pk=provider_admin.pk).update(**change)
    invitation.refresh_from_db()

    assert codes(invitation, guest) == codes(invitation, None) == ([code] if code else [])
    if code:
        assert refused(join, invitation, user=guest) == code
    else:
        assert join(invitation, user=guest).roles == roles


def test_session_of_before_a_reset_joins_nothing(invitation, guest):
    type(guest).objects.filter(pk=guest.pk).update(password="another")

    assert refused(join, invitation, user=guest) == "sign_in_again"


@pytest.mark.parametrize("code", ["already_member", "suspended", "author_cannot", "request_used", "request_declined"])
def test_every_refusal_is_explained(db, code):
    explanation = explain([ValidationError("What happened.", code)])[0]

    assert (explanation.code, explanation.text) == (code, "What happened.")
    assert explanation.heading
    assert explanation.advice


# Declining


@pytest.mark.parametrize("signed_in", [True, False])
def test_declining_closes_the_invitation(invitation, guest, provider_admin, signed_in):
    StaffInvitation.objects.update(recipient="asked@ume.example")
    invitation.refresh_from_db()

    decline(invitation, user=guest if signed_in else None, reason="No time")

    invitation.refresh_from_db()
    activity, notice = Activity.objects.get(), Notice.objects.get()
    assert (invitation.state, invitation.decline_reason) == ("declined", "No time")
    assert (activity.verb, activity.actor) == ("staff_declined", guest if signed_in else None)
    assert activity.target == ("Gina Guest" if signed_in else "asked@ume.example")
    assert (notice.subject, notice.names["reason"]) == ("link_declined", "No time")


def test_closed_invitation_is_not_declined(invitation, guest):
    join(invitation, user=guest)

    assert refused(decline, invitation, user=None) == "request_used"
    assert list(Activity.objects.filter(result="refused").values_list("verb", "refusal")) == [
        ("staff_declined", "request_used")
    ]

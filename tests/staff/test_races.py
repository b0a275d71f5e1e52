"""Two at the same moment, with real threads and real transactions: one Global admin always stays (design.md §5)."""

import pytest

from accounts.models import Membership, User
from accounts.roles import Role
from staff.invitations import decline, join
from staff.models import StaffInvitation
from staff.people import add_person, change_roles, remove_person, reset_password, suspend_person
from tests.factories import StaffInvitationFactory, UserFactory, member
from tests.threads import at_once, fresh

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(5)


def global_admins(organisation) -> int:
    active = Membership.objects.active().filter(organisation=organisation)
    return active.filter(roles__contains=[Role.GLOBAL_ADMIN]).count()


@pytest.mark.parametrize("_round", ROUNDS)
@pytest.mark.parametrize("act", [remove_person, suspend_person])
def test_two_global_admins_shut_each_other_out(provider, provider_admin, act, _round):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: act(fresh(other), by=provider_admin),
        lambda: act(fresh(provider_admin), by=other),
    )

    assert sorted(answers) == ["done", "role_missing"]
    assert global_admins(provider.organisation) == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_global_admins_step_down(provider, provider_admin, _round):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: change_roles(fresh(provider_admin), [Role.USER_ADMIN], by=provider_admin),
        lambda: change_roles(fresh(other), [Role.USER_ADMIN], by=other),
    )

    assert sorted(answers) == ["done", "last_global_admin"]
    assert global_admins(provider.organisation) == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_global_admins_demote_each_other(provider, provider_admin, _round):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: change_roles(fresh(other), [Role.USER_ADMIN], by=provider_admin),
        lambda: change_roles(fresh(provider_admin), [Role.USER_ADMIN], by=other),
    )

    assert sorted(answers) == ["done", "global_admin_only"]
    assert global_admins(provider.organisation) == 1


def test_one_account_is_added_twice(provider, provider_admin):
    given = {"account_name": "new@kita.example", "name": "Nina", "language": "en", "roles": [Role.SALES_AGENT]}

    answers = at_once(
        *[lambda: add_person(provider.organisation, password="temporary-1", by=provider_admin, **given)] * 3
    )

    assert sorted(answers) == ["account_taken", "account_taken", "done"]
    assert Membership.objects.filter(user__email="new@kita.example").count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_people_open_one_invitation(provider, provider_admin, _round):
    invitation = StaffInvitationFactory(organisation=provider.organisation, created_by=provider_admin.user)
    people = UserFactory(), UserFactory()

    answers = at_once(*[lambda user=user: join(invitation, user=user) for user in people])

    assert sorted(answers) == ["done", "request_used"]
    assert Membership.objects.filter(user__in=people).count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_one_person_takes_two_invitations(provider, provider_admin, _round):
    rows = [StaffInvitationFactory(organisation=provider.organisation, created_by=provider_admin.user) for _ in "ab"]
    user = UserFactory()

    answers = at_once(*[lambda row=row: join(row, user=user) for row in rows])

    assert sorted(answers) == ["already_member", "done"]
    assert Membership.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_joining_while_the_author_is_removed(provider, provider_admin, _round):
    author = member(provider.organisation, Role.GLOBAL_ADMIN)
    row = StaffInvitationFactory(organisation=provider.organisation, created_by=author.user)
    user = UserFactory()

    answers = at_once(lambda: join(row, user=user), lambda: remove_person(fresh(author), by=provider_admin))

    assert answers in (["done", "done"], ["author_cannot", "done"])
    assert Membership.objects.filter(user=user).exists() == (answers[0] == "done")


@pytest.mark.parametrize("_round", ROUNDS)
def test_joining_and_declining(provider, provider_admin, _round):
    row = StaffInvitationFactory(organisation=provider.organisation, created_by=provider_admin.user)
    user = UserFactory()

    answers = at_once(lambda: join(row, user=user), lambda: decline(row, user=None))

    assert answers in (["done", "request_used"], ["request_declined", "done"])
    assert StaffInvitation.objects.get().state == ("accepted" if answers[0] == "done" else "declined")


@pytest.mark.parametrize("_round", ROUNDS)
def test_password_is_not_reset_into_another_company(provider, provider_admin, sales_agent, stranger, _round):
    """Whoever resets a colleague's password gets into nothing that the colleague joins at that very moment."""
    row = StaffInvitationFactory(organisation=stranger.organisation, created_by=stranger.user)
    user = User.objects.get(pk=sales_agent.user_id)

    answers = at_once(
        lambda: join(row, user=user),
        lambda: reset_password(fresh(sales_agent), by=provider_admin),
    )

    assert answers in (["done", "works_elsewhere"], ["sign_in_again", "done"])

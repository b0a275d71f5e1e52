"""The people of an organisation: who may do what to whom, and that one Global admin always stays (design.md §5)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from accounts.passwords import Credentials
from accounts.roles import Role
from activity.models import Activity, Sighting
from outbox.models import Notice, OutgoingEmail
from staff.people import (
    REMEMBERED,
    add_person,
    change_roles,
    reactivate_person,
    remove_person,
    reset_password,
    shut_out_of,
    suspend_person,
)
from tests.factories import member
from tests.refusals import refused
from tests.threads import fresh

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def user_admin(provider):
    return member(provider.organisation, Role.USER_ADMIN, email="user-admin@kita.example")


def add(by, **changes):
    given = {
        "account_name": "New@Kita.example",
        "name": "Nina Neu",
        "language": "ja",
        "roles": [Role.SALES_AGENT],
        "password": "abcd-efgh-jkmn-pqrs",
        **changes,
    }
    return add_person(given.pop("organisation", by.organisation), by=by, **given)


def lines() -> list[tuple[str, str, str]]:
    return list(Activity.objects.order_by("pk").values_list("verb", "target", "refusal"))


# Adding


def test_added_person_signs_in_with_the_temporary_password_and_must_change_it(user_admin):
    added = add(user_admin)

    user = User.objects.get(email="new@kita.example")
    assert (added.user, added.organisation, added.roles) == (user, user_admin.organisation, ["sales_agent"])
    assert (user.name, user.language, user.must_change_password) == ("Nina Neu", "ja", True)
    assert user.check_password("abcd-efgh-jkmn-pqrs")
    assert list(user.emailaddress_set.values_list("verified", "primary")) == [(True, True)]


def test_adding_is_remembered_without_the_password(user_admin):
    add(user_admin)

    activity = Activity.objects.get()
    assert (activity.verb, activity.target, activity.actor) == ("staff_added", "New@Kita.example", user_admin.user)
    assert activity.details == {"roles": ["sales_agent"], "name": "Nina Neu"}
    assert "abcd-efgh" not in str(Activity.objects.values().get())
    assert list(Sighting.objects.values_list("organisation", flat=True)) == [user_admin.organisation_id]


def test_adding_may_be_seen_by_a_partner_too(relationship, customer_admin):
    add(customer_admin, account_name="taro@aoba.onmicrosoft.com", seen_by=[relationship.provider.organisation])

    assert set(Sighting.objects.values_list("organisation", flat=True)) == {
        relationship.provider_id,
        relationship.customer_id,
    }


@pytest.mark.parametrize("taken", ["billing-admin@kita.example", "Billing-Admin@KITA.example"])
def test_account_that_somebody_has_is_refused(user_admin, billing_admin, taken):
    assert refused(add, user_admin, account_name=taken) == "account_taken"
    assert lines() == [("staff_added", taken, "account_taken")]
    assert User.objects.count() == 2


def test_global_admin_is_given_by_a_global_admin_alone(user_admin, provider_admin):
    assert refused(add, user_admin, roles=[Role.GLOBAL_ADMIN]) == "global_admin_only"
    assert add(provider_admin, roles=[Role.GLOBAL_ADMIN, Role.GLOBAL_ADMIN]).roles == ["global_admin"]


def test_a_partners_global_admin_makes_no_global_admin_of_its_customer(provider_admin, relationship):
    organisation = relationship.customer.organisation
    given = {"organisation": organisation, "account_name": "taro@aoba.onmicrosoft.com"}

    refusal = refused(add, provider_admin, roles=[Role.GLOBAL_ADMIN], **given)
    added = add(provider_admin, roles=[], **given)

    assert (refusal, added.organisation, added.roles) == ("global_admin_only", organisation, [])


def test_who_looks_after_a_customer_needs_the_role_for_it(relationship, billing_admin):
    given = {"organisation": relationship.customer.organisation, "account_name": "taro@aoba.onmicrosoft.com"}

    assert refused(add, billing_admin, roles=[], **given) == "role_missing"


@pytest.mark.parametrize(
    "name", ["taro@other.onmicrosoft.com", "taro@xaoba.onmicrosoft.com.example", "taro@gmail.example", "taro"]
)
def test_customer_gives_out_names_in_its_own_domain_only(customer_admin, name):
    assert refused(add, customer_admin, account_name=name, roles=[]) == "wrong_domain"


def test_partner_gives_out_no_name_of_a_customer(user_admin):
    """Else it could take the name that Submit gives to a customer's first administrator (design.md §4.11)."""
    assert refused(add, user_admin, account_name="admin@Next.OnMicrosoft.com") == "wrong_domain"


@pytest.mark.parametrize("change", [{"ended_at": NOW}, {"suspended_at": NOW}, {"roles": [Role.SALES_AGENT]}])
def test_who_has_lost_the_role_meanwhile_adds_nobody(user_admin, change):
    Membership.objects.filter(pk=user_admin.pk).update(**change)

    assert refused(add, user_admin) == "role_missing"
    assert lines() == [("staff_added", "New@Kita.example", "role_missing")]


# Roles


def test_roles_are_changed_remembered_and_told(user_admin, sales_agent):
    change_roles(sales_agent, [Role.HELPDESK_AGENT, Role.BILLING_ADMIN], by=user_admin)

    activity, notice, email = Activity.objects.get(), Notice.objects.get(), OutgoingEmail.objects.get()
    assert fresh(sales_agent).roles == ["billing_admin", "helpdesk_agent"]
    assert (activity.verb, activity.target) == ("staff_roles_changed", "sales-agent@kita.example")
    assert activity.details == {"old": ["sales_agent"], "new": ["billing_admin", "helpdesk_agent"]}
    assert (notice.membership, notice.subject, notice.email) == (sales_agent, "roles_changed", email)
    assert notice.names == {"company": "Kita", "roles": "billing_admin helpdesk_agent"}
    assert (email.to, email.subject) == ("sales-agent@kita.example", "Your roles at Kita have changed")


def test_person_left_without_a_role_is_told_so(customer_admin, relationship):
    user = member(relationship.customer.organisation, Role.BILLING_ADMIN, language="")

    change_roles(user, [], by=customer_admin)

    assert Notice.objects.get().names == {"company": "Aoba", "roles": ""}


def test_same_roles_are_neither_remembered_nor_told(user_admin, sales_agent):
    change_roles(sales_agent, [Role.SALES_AGENT], by=user_admin)

    assert (lines(), Notice.objects.count()) == ([], 0)


def test_who_changes_ones_own_roles_is_not_told(user_admin):
    change_roles(user_admin, [Role.SALES_AGENT], by=user_admin)

    assert (fresh(user_admin).roles, Notice.objects.count()) == (["sales_agent"], 0)


@pytest.mark.parametrize("taken_away", [True, False])
def test_only_a_global_admin_changes_who_is_one(provider_admin, user_admin, sales_agent, taken_away):
    person, roles = (provider_admin, [Role.SALES_AGENT]) if taken_away else (sales_agent, [Role.GLOBAL_ADMIN])

    assert refused(change_roles, person, roles, by=user_admin) == "global_admin_only"
    assert lines() == [("staff_roles_changed", person.user.email, "global_admin_only")]


def test_user_admin_may_change_a_global_admins_other_roles(provider_admin, user_admin):
    change_roles(provider_admin, [Role.GLOBAL_ADMIN, Role.SALES_AGENT], by=user_admin)

    assert fresh(provider_admin).roles == ["global_admin", "sales_agent"]


def test_last_global_admin_stays(provider_admin, stranger):
    assert refused(change_roles, provider_admin, [], by=provider_admin) == "last_global_admin"
    assert fresh(provider_admin).roles == ["global_admin"]


@pytest.mark.parametrize("change", [{"suspended_at": NOW}, {"ended_at": NOW}])
def test_global_admin_who_cannot_come_in_does_not_count(provider_admin, provider, change):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)
    Membership.objects.filter(pk=other.pk).update(**change)

    assert refused(change_roles, provider_admin, [Role.USER_ADMIN], by=provider_admin) == "last_global_admin"


def test_closed_account_does_not_count_as_a_global_admin(provider_admin, provider):
    member(provider.organisation, Role.GLOBAL_ADMIN, is_active=False)

    assert refused(change_roles, provider_admin, [], by=provider_admin) == "last_global_admin"


def test_global_admin_steps_down_when_there_is_another(provider_admin, provider):
    member(provider.organisation, Role.GLOBAL_ADMIN)

    change_roles(provider_admin, [Role.SALES_AGENT], by=provider_admin)

    assert fresh(provider_admin).roles == ["sales_agent"]


def test_suspended_global_admin_may_be_demoted_though_no_other_is_suspended(provider_admin, provider):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)
    suspend_person(other, by=provider_admin)

    change_roles(other, [Role.SALES_AGENT], by=provider_admin)

    assert fresh(other).roles == ["sales_agent"]


def test_removed_person_gets_no_roles(user_admin, sales_agent):
    remove_person(sales_agent, by=user_admin)

    assert refused(change_roles, sales_agent, [Role.BILLING_ADMIN], by=user_admin) == "wrong_state"


# Suspending, reactivating, removing


def test_suspending_and_reactivating(user_admin, sales_agent):
    suspend_person(sales_agent, by=user_admin)
    suspended = fresh(sales_agent).suspended_at
    reactivate_person(sales_agent, by=user_admin)

    assert suspended is not None
    assert fresh(sales_agent).suspended_at is None
    assert lines() == [
        ("staff_suspended", "sales-agent@kita.example", ""),
        ("staff_reactivated", "sales-agent@kita.example", ""),
    ]


def test_removing_keeps_the_row_and_the_account(user_admin, sales_agent):
    remove_person(sales_agent, by=user_admin)

    assert fresh(sales_agent).ended_at is not None
    assert sales_agent.user in User.objects.filter(is_active=True)
    assert lines() == [("staff_removed", "sales-agent@kita.example", "")]


def test_suspended_person_can_be_removed(user_admin, sales_agent):
    suspend_person(sales_agent, by=user_admin)

    remove_person(sales_agent, by=user_admin)

    assert fresh(sales_agent).ended_at is not None


@pytest.mark.parametrize("act", [suspend_person, remove_person, reset_password])
def test_nobody_does_it_to_oneself(provider_admin, provider, act):
    member(provider.organisation, Role.GLOBAL_ADMIN)

    assert refused(act, provider_admin, by=provider_admin) == "yourself"


@pytest.mark.parametrize("act", [suspend_person, remove_person, reset_password])
def test_user_admin_does_it_to_no_global_admin(provider_admin, user_admin, provider, act):
    member(provider.organisation, Role.GLOBAL_ADMIN)

    assert refused(act, provider_admin, by=user_admin) == "global_admin_only"
    assert fresh(provider_admin).ended_at is None


def test_user_admin_reactivates_no_global_admin(provider_admin, user_admin, provider):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)
    suspend_person(other, by=provider_admin)

    assert refused(reactivate_person, other, by=user_admin) == "global_admin_only"


def test_global_admin_may_be_removed_by_another(provider_admin, provider):
    other = member(provider.organisation, Role.GLOBAL_ADMIN)

    remove_person(provider_admin, by=other)

    assert fresh(provider_admin).ended_at is not None


@pytest.mark.parametrize(
    ("change", "act"),
    [
        ({"suspended_at": NOW}, suspend_person),
        ({"ended_at": NOW}, suspend_person),
        ({}, reactivate_person),
        ({"suspended_at": NOW, "ended_at": NOW}, reactivate_person),
        ({"ended_at": NOW}, remove_person),
        ({"suspended_at": NOW}, reset_password),
        ({"ended_at": NOW}, reset_password),
    ],
)
def test_what_somebody_else_has_done_already_is_said(user_admin, sales_agent, change, act):
    Membership.objects.filter(pk=sales_agent.pk).update(**change)

    assert refused(act, sales_agent, by=user_admin) == "wrong_state"


# Temporary passwords


def test_reset_gives_a_new_password_to_be_changed(user_admin, sales_agent):
    credentials = reset_password(sales_agent, by=user_admin)

    user = User.objects.get(pk=sales_agent.user_id)
    assert credentials == Credentials("sales-agent@kita.example", credentials.password)
    assert user.check_password(credentials.password)
    assert user.must_change_password
    assert lines() == [("password_reset", "sales-agent@kita.example", "")]
    assert credentials.password not in str(Activity.objects.values().get())


@pytest.mark.parametrize("change", [{}, {"suspended_at": NOW}])
def test_password_that_opens_more_is_left(user_admin, sales_agent, stranger, change):
    Membership.objects.create(user=sales_agent.user, organisation=stranger.organisation, **change)
    before = User.objects.get(pk=sales_agent.user_id).password

    assert refused(reset_password, sales_agent, by=user_admin) == "works_elsewhere"
    assert User.objects.get(pk=sales_agent.user_id).password == before


def test_former_work_elsewhere_does_not_matter(user_admin, sales_agent, stranger):
    Membership.objects.create(user=sales_agent.user, organisation=stranger.organisation, ended_at=NOW)

    assert reset_password(sales_agent, by=user_admin).account_name == "sales-agent@kita.example"


def test_operators_password_is_left(user_admin, provider):
    operator = member(provider.organisation, Role.SALES_AGENT, is_staff=True)

    assert refused(reset_password, operator, by=user_admin) == "works_elsewhere"


# Shut out


def test_shut_out_says_where_somebody_was_suspended_or_removed_lately(sales_agent, stranger, reseller):
    user = sales_agent.user
    sales_agent.suspended_at = NOW
    sales_agent.save()
    lately = Membership.objects.create(
        user=user, organisation=stranger.organisation, ended_at=timezone.now() - REMEMBERED + timedelta(hours=1)
    )
    Membership.objects.create(
        user=user, organisation=reseller.organisation, ended_at=timezone.now() - REMEMBERED - timedelta(hours=1)
    )

    assert set(shut_out_of(user)) == {sales_agent, lately}


def test_who_has_come_back_is_not_shut_out(sales_agent):
    Membership.objects.create(user=sales_agent.user, organisation=sales_agent.organisation, ended_at=timezone.now())

    assert shut_out_of(sales_agent.user) == []

"""The other sides at the same moment, on real connections (issue 3): what is withdrawn at one moment holds at the next.

People are raced in tests/staff/test_races.py, relationship links in tests/customers/test_relationship_races.py,
support in tests/subscriptions/test_support_races.py, licences in tests/subscriptions/test_assignments_races.py.
"""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from activity.models import Activity
from customers.accounts import AccountDetails, change_account
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER, grant, withdraw
from customers.models import Delegation, Relationship
from customers.registration import reset_temporary_password
from resellers.enrolment import Enrolment, enrol
from resellers.leaving import ask_to_leave
from resellers.models import Partnership
from resellers.partnerships import end_partnership
from staff.invitations import invite, join
from staff.people import change_roles, remove_person, suspend_person
from subscriptions.assignments import add_user, assign_licence
from subscriptions.changes import suspend
from subscriptions.models import LicenceAssignment, Order, ResellerOfRecord, Subscription
from subscriptions.ordering.steps import submit_draft
from tests.factories import OfferFactory, SubscriptionFactory, member
from tests.subscriptions.order_answers import draft_for, line
from tests.threads import at_once, fresh, overtaken

pytestmark = pytest.mark.django_db(transaction=True)
rounds = pytest.mark.parametrize("nth", range(4))


def administration(relationship) -> Delegation:
    given = Delegation.objects.active().select_related("customer__organisation", "partner")
    return given.get(customer=relationship.customer, partner=relationship.reseller_id, privilege=DELEGATED_ADMIN)


# Access that is withdrawn while the reseller's write waits


def rename(relationship, membership):
    row = Relationship.objects.select_related("customer__organisation", "provider__organisation", "reseller").get(
        pk=relationship.pk
    )
    same = {name: getattr(row.customer, name) for name in ("address_line1", "first_name", "last_name", "email")}
    details = AccountDetails(company_name=row.company_name, language="en", **same)
    change_account(row, replace(details, city="Sendai"), membership=fresh(membership))


@pytest.mark.parametrize("what", ["suspend", "assign", "account", "add_user", "password"])
def test_a_write_that_waited_finds_the_access_withdrawn_meanwhile(
    what, relationship, subscription, reseller_admin, customer_admin
):
    person = member(relationship.customer.organisation)
    acts = {
        "suspend": (subscription, lambda: suspend(again(subscription), membership=fresh(reseller_admin))),
        "assign": (
            subscription,
            lambda: assign_licence(again(subscription), fresh(person), membership=fresh(reseller_admin)),
        ),
        "account": (relationship, lambda: rename(relationship, reseller_admin)),
        "add_user": (
            relationship.customer.organisation,
            lambda: add_user(
                relationship,
                account_name="new@aoba.onmicrosoft.com",
                name="New",
                language="en",
                password="x",
                membership=fresh(reseller_admin),
            ),
        ),
        "password": (
            customer_admin.user,
            lambda: reset_temporary_password(relationship, membership=fresh(reseller_admin)),
        ),
    }
    row, act = acts[what]
    given, password = administration(relationship), customer_admin.user.password

    answer = overtaken(act, by=lambda: withdraw(given, membership=fresh(customer_admin)), row=row)

    relationship.customer.refresh_from_db()
    assert answer == "no_delegation"
    assert Subscription.objects.get().status == "active"
    assert (LicenceAssignment.objects.count(), relationship.customer.city) == (0, "")
    assert User.objects.get(pk=customer_admin.user_id).password == password
    assert not User.objects.filter(email="new@aoba.onmicrosoft.com").exists()


def again(subscription):
    return Subscription.objects.with_parties().get(pk=subscription.pk)


@rounds
def test_withdrawing_access_and_a_resellers_write_happen_one_after_the_other(
    relationship, subscription, reseller_admin, customer_admin, nth
):
    given = administration(relationship)

    answers = at_once(
        lambda: suspend(again(subscription), membership=fresh(reseller_admin)),
        lambda: withdraw(given, membership=fresh(customer_admin)),
    )

    assert answers in (["done", "done"], ["no_delegation", "done"])
    assert Subscription.objects.get().status == ("suspended" if answers[0] == "done" else "active")
    assert not Delegation.objects.active().filter(partner=relationship.reseller_id).exists()


@rounds
def test_tenant_owner_given_and_withdrawn_by_both_sides(relationship, provider_admin, customer_admin, nth):
    SubscriptionFactory(relationship=relationship, offer__category="usage")
    customer, partner = relationship.customer, relationship.reseller.organisation
    first = grant(customer, partner, TENANT_OWNER, membership=provider_admin)

    answers = at_once(
        lambda: withdraw(first, membership=fresh(customer_admin)),
        lambda: withdraw(first, membership=fresh(provider_admin)),
        lambda: grant(customer, partner, TENANT_OWNER, membership=fresh(provider_admin)),
        lambda: grant(customer, partner, TENANT_OWNER, membership=fresh(customer_admin)),
    )

    assert sorted(answers[:2]) == ["already_withdrawn", "done"]
    assert set(answers[2:]) <= {"done", "already_given"}
    rows = Delegation.objects.filter(privilege=TENANT_OWNER)
    assert rows.active().count() == answers[2:].count("done") <= 1
    assert Activity.objects.filter(verb="access_granted", refusal="").count() == rows.count()


# A password that opens another company's pages


@rounds
def test_a_customers_password_is_not_reset_into_another_company(
    relationship, customer_admin, provider_admin, stranger, nth
):
    """The customer's Global admin takes an invitation elsewhere while its partner issues a temporary password."""
    invitation = invite(stranger.organisation, recipient="", roles=[Role.GLOBAL_ADMIN], language="en", by=stranger)
    user = User.objects.get(pk=customer_admin.user_id)

    answers = at_once(
        lambda: reset_temporary_password(relationship, membership=fresh(provider_admin)),
        lambda: join(invitation, user=user),
    )

    assert answers in (["done", "sign_in_again"], ["no_administrator", "done"])
    has_joined = Membership.objects.filter(user=user, organisation=stranger.organisation).exists()
    assert has_joined is (answers[1] == "done")
    assert User.objects.get(pk=user.pk).must_change_password is not has_joined


@rounds
def test_a_customers_password_is_not_reset_into_a_company_that_its_admin_enrolls(
    relationship, customer_admin, provider_admin, nth
):
    user = User.objects.get(pk=customer_admin.user_id)
    details = Enrolment("Ume", "JP", "0077", "Umeko", "umeko@ume.example", "+81312345678", "Umeko")

    answers = at_once(
        lambda: reset_temporary_password(relationship, membership=fresh(provider_admin)),
        lambda: enrol(details, actor=user),
    )

    assert answers in (["done", "sign_in_again"], ["no_administrator", "done"])
    assert Membership.objects.filter(user=user).count() == 1 + (answers[1] == "done")


def test_a_reset_that_waited_finds_that_the_admin_works_elsewhere(
    relationship, customer_admin, provider_admin, stranger
):
    before = customer_admin.user.password

    answer = overtaken(
        lambda: reset_temporary_password(relationship, membership=fresh(provider_admin)),
        by=lambda: Membership.objects.create(
            user_id=customer_admin.user_id,
            organisation=stranger.organisation,
            roles=[Role.GLOBAL_ADMIN],
            suspended_at=timezone.now(),  # and will be reactivated some day
        ),
        row=customer_admin.user,
    )

    assert answer == "no_administrator"
    assert User.objects.get(pk=customer_admin.user_id).password == before


# Leaving


@rounds
def test_a_leave_that_is_confirmed_and_an_order_happen_one_after_the_other(
    partnership, reseller_admin, provider_admin, sales_agent, relationship, nth
):
    ask_to_leave(partnership, actor=reseller_admin.user, reason="Bye")
    draft = draft_for(sales_agent, relationship.customer, line(OfferFactory(), reseller="0012345"))

    answers = at_once(
        lambda: submit_draft(draft, membership=fresh(sales_agent)),
        lambda: end_partnership(partnership, actor=provider_admin.user),
    )

    assert answers in (["done", "done"], ["unfinished", "done"])
    placed = answers[0] == "done"
    assert (Order.objects.count(), ResellerOfRecord.objects.count()) == (placed, placed)
    ended = Partnership.objects.get()
    assert (ended.ended_by, ended.leave_requested_by) == (provider_admin.user, reseller_admin.user)


@rounds
def test_a_last_global_admin_stays_whatever_is_tried_at_once(provider, provider_admin, nth):
    """Three ways of losing the last two of them, at the same moment."""
    other = member(provider.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: remove_person(fresh(other), by=fresh(provider_admin)),
        lambda: suspend_person(fresh(provider_admin), by=fresh(other)),
        lambda: change_roles(fresh(provider_admin), [Role.SALES_AGENT], by=fresh(provider_admin)),
    )

    admins = Membership.objects.active().filter(organisation=provider.pk, roles__contains=[Role.GLOBAL_ADMIN])
    assert admins.count() == 1
    assert "done" in answers
    assert set(answers) - {"done"} <= {"role_missing", "last_global_admin", "global_admin_only"}


def test_who_is_suspended_while_pressing_presses_for_nothing(provider, provider_admin, sales_agent, sign_in):
    """The page was asked for with the role; by the time the company's row was free, the role was gone."""
    admin, answers = member(provider.organisation, Role.USER_ADMIN), []
    client = sign_in(admin)
    address = reverse("staff:remove", args=[sales_agent.pk])
    organisation = Organisation.objects.get(pk=provider.pk)

    def press():
        answers.append(client.post(address))

    overtaken(
        press, by=lambda: Membership.objects.filter(pk=admin.pk).update(suspended_at=timezone.now()), row=organisation
    )

    assert answers[0].context["refused"] == "role_missing"
    assert Membership.objects.get(pk=sales_agent.pk).ended_at is None

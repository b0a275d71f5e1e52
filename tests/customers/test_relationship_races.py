"""Two at the same moment, with real threads and real transactions: one relationship, and never an order and an end."""

import pytest

from accounts.roles import Role
from activity.models import Activity
from activity.verbs import Verb
from customers.accounts import AccountDetails, change_account
from customers.endings import end_relationship
from customers.models import CustomerAgreement, Delegation, Relationship, RelationshipRequest
from customers.relationships import accept_request, request_relationship
from outbox import requests
from resellers.partnerships import end_partnership
from subscriptions.models import Order, OrderDraft, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from subscriptions.ordering.steps import submit_draft
from tests.factories import CustomerFactory, OfferFactory, RelationshipRequestFactory, member
from tests.subscriptions.order_answers import draft_for, line
from tests.threads import at_once, fresh, held_up

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = pytest.mark.parametrize("nth", range(4))


@pytest.fixture
def won(transactional_db):
    customer = CustomerFactory(organisation__name="Aoba", primary_domain="aoba.onmicrosoft.com")
    return member(customer.organisation, Role.GLOBAL_ADMIN)


def accept(request, membership):
    return accept_request(request, membership=fresh(membership), with_privileges=True)


@ROUNDS
def test_two_admins_accept_one_link(partnership, won, nth):
    request = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller, max_uses=None)
    colleague = member(won.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(lambda: accept(request, won), lambda: accept(request, colleague))

    assert sorted(answers) == ["already_related", "done"]
    assert (Relationship.objects.count(), CustomerAgreement.objects.count(), Delegation.objects.count()) == (1, 1, 2)
    assert RelationshipRequest.objects.get().uses == 1
    assert sorted(Activity.objects.values_list("result", flat=True)) == ["done", "refused"]


@ROUNDS
def test_one_customer_accepts_two_links_of_one_provider(provider, won, nth):
    first, second = RelationshipRequestFactory(provider=provider), RelationshipRequestFactory(provider=provider)

    answers = at_once(lambda: accept(first, won), lambda: accept(second, won))

    assert sorted(answers) == ["already_related", "done"]
    assert Relationship.objects.count() == 1


@ROUNDS
def test_two_customers_accept_one_single_use_link(provider, won, nth):
    request = RelationshipRequestFactory(provider=provider)
    other = member(CustomerFactory().organisation, Role.GLOBAL_ADMIN)

    answers = at_once(lambda: accept(request, won), lambda: accept(request, other))

    assert sorted(answers) == ["done", "request_used"]
    assert Relationship.objects.count() == 1


@ROUNDS
def test_accept_and_withdraw(provider, sales_agent, won, nth):
    request = RelationshipRequestFactory(provider=provider, created_by=sales_agent.user)

    answers = at_once(
        lambda: accept(request, won),
        lambda: requests.withdraw(request, verb=Verb.RELATIONSHIP_REQUEST_WITHDRAWN, actor=sales_agent.user),
    )

    assert answers in (["done", "request_used"], ["request_withdrawn", "done"])
    assert Relationship.objects.count() == (1 if answers[0] == "done" else 0)


@ROUNDS
def test_accept_and_the_end_of_the_partnership(partnership, provider_admin, won, nth):
    request = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller)

    answers = at_once(lambda: accept(request, won), lambda: end_partnership(partnership, actor=provider_admin.user))

    assert answers[1] == "done"
    assert answers[0] in ("done", "not_partners", "partnership_ended")
    assert Relationship.objects.count() == (1 if answers[0] == "done" else 0)


@ROUNDS
def test_request_and_the_end_of_the_partnership(partnership, provider_admin, reseller_admin, nth):
    answers = at_once(
        lambda: request_relationship(
            partnership.provider,
            reseller=partnership.reseller,
            by_reseller=True,
            language="en",
            actor=reseller_admin.user,
        ),
        lambda: end_partnership(partnership, actor=provider_admin.user),
    )

    assert answers in (["done", "done"], ["not_partners", "done"])
    assert RelationshipRequest.objects.count() == (1 if answers[0] == "done" else 0)


@ROUNDS
def test_an_order_and_an_end_never_both_happen(relationship, provider_admin, sales_agent, nth):
    draft_for(sales_agent, relationship.customer, line(OfferFactory()))
    draft = OrderDraft.objects.get()

    answers = at_once(
        lambda: submit_draft(draft, membership=sales_agent),
        lambda: end_relationship(relationship, actor=provider_admin.user),
    )

    assert answers in (["done", "subscriptions_active"], ["relationship_ended", "done"])
    ended = Relationship.objects.get().ended_at is not None
    assert (Order.objects.count(), Subscription.objects.count()) == ((0, 0) if ended else (1, 1))


def test_an_end_waits_for_the_order_that_holds_the_relationship(relationship, provider_admin, sales_agent):
    """The order is in the middle of its transaction: the end may decide only when it is over."""
    draft, offer = draft_for(sales_agent, relationship.customer), OfferFactory()

    answer = held_up(
        lambda: end_relationship(relationship, actor=sales_agent.user),
        by=lambda: place_order(draft, lines=[Line(offer, 1)], relationship=relationship, actor=sales_agent.user),
    )

    assert answer == "subscriptions_active"
    assert Relationship.objects.get().ended_at is None


def test_an_order_waits_for_the_end_that_holds_the_relationship(relationship, provider_admin, sales_agent):
    draft_for(sales_agent, relationship.customer, line(OfferFactory()))
    draft = OrderDraft.objects.get()

    answer = held_up(
        lambda: submit_draft(draft, membership=sales_agent),
        by=lambda: end_relationship(relationship, actor=provider_admin.user),
    )

    assert answer == "relationship_ended"
    assert Order.objects.count() == 0


def test_two_end_one_relationship(relationship, provider_admin, sales_agent):
    answers = at_once(
        lambda: end_relationship(relationship, actor=provider_admin.user),
        lambda: end_relationship(relationship, actor=sales_agent.user),
    )

    assert sorted(answers) == ["done", "relationship_ended"]
    assert Activity.objects.filter(result="done").count() == 1


@ROUNDS
def test_an_order_and_a_change_of_the_account_do_not_wait_for_each_other_for_ever(
    relationship, provider_admin, sales_agent, nth
):
    draft_for(sales_agent, relationship.customer, line(OfferFactory()), line(OfferFactory()))
    draft = OrderDraft.objects.get()
    customer = relationship.customer
    details = AccountDetails(
        company_name="Aoba Two",
        address_line1=customer.address_line1,
        first_name=customer.first_name,
        last_name=customer.last_name,
        email=customer.email,
        language=customer.language,
    )

    answers = at_once(
        lambda: submit_draft(draft, membership=sales_agent),
        lambda: change_account(relationship, details, membership=provider_admin),
    )

    assert answers == ["done", "done"]
    assert (Order.objects.count(), Relationship.objects.get().company_name) == (1, "Aoba Two")

"""Remove reseller relationship: refused while a subscription lives; what ends with it, and what does not."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.models import Activity
from customers.endings import end_relationship, ending_of
from customers.models import Delegation, Relationship
from outbox.models import Notice
from resellers.models import Partnership
from subscriptions.models import Order, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from subscriptions.ordering.steps import submit_draft
from tests.factories import (
    OfferFactory,
    PartnershipFactory,
    ProviderFactory,
    RelationshipFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.pages import readable
from tests.refusals import refused
from tests.subscriptions.order_answers import chosen, draft_for, line, url

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2999, 1, 1, tzinfo=UTC)


def access(**conditions) -> list[tuple[str, str]]:
    rows = Delegation.objects.active().filter(**conditions).order_by("partner__name", "privilege")
    return [(each.partner.name, each.privilege) for each in rows]


# The domain


@time_machine.travel(NOW, tick=False)
def test_end_ends_the_relationship_and_the_access_given_through_it(relationship, provider_admin, reseller_admin):
    assert access() == [("Kita", "delegated_admin"), ("Sakura", "delegated_admin")]

    ended = end_relationship(relationship, actor=provider_admin.user)

    ended.refresh_from_db()
    assert (ended.ended_at, ended.ended_by) == (NOW, provider_admin.user)
    assert access() == []
    assert set(Delegation.objects.values_list("withdrawn_at", "withdrawn_by")) == {(NOW, provider_admin.user.pk)}
    for membership in (provider_admin, reseller_admin):
        assert list(Relationship.objects.visible_to(membership)) == []


def test_end_is_in_the_log_of_both_sides_and_the_reseller_and_they_are_told(
    relationship, provider_admin, sales_agent, billing_admin, reseller_admin, customer_admin
):
    end_relationship(relationship, actor=provider_admin.user)

    [activity] = Activity.objects.all()
    assert (activity.verb, activity.result, activity.affected) == (
        "relationship_ended",
        "done",
        relationship.customer.organisation,
    )
    assert set(activity.sightings.values_list("organisation__name", flat=True)) == {"Kita", "Sakura", "Aoba"}
    assert activity.details == {
        "delegations": [
            "Kita: Delegated administration privileges",
            "Sakura: Delegated administration privileges",
        ]
    }
    told = {each.membership.user.email: (each.subject, each.names) for each in Notice.objects.all()}
    assert told == {
        sales_agent.user.email: ("relationship_ended", {"company": "Aoba"}),
        reseller_admin.user.email: ("relationship_ended", {"company": "Aoba"}),
        customer_admin.user.email: ("relationship_ended", {"company": "Kita"}),
    }


def test_end_of_a_customer_without_reseller(provider_admin):
    relationship = RelationshipFactory(provider=provider_admin.organisation.provider)

    end_relationship(relationship, actor=provider_admin.user)

    assert access() == []


@pytest.mark.parametrize("status", ["pending", "active", "suspended"])
def test_end_is_refused_while_a_subscription_lives(relationship, provider_admin, status):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

    assert refused(end_relationship, subscription.relationship, actor=provider_admin.user) == "subscriptions_active"
    assert Relationship.objects.get().ended_at is None
    assert access() == [("Kita", "delegated_admin"), ("Sakura", "delegated_admin")]
    assert list(Activity.objects.values_list("verb", "refusal")) == [("relationship_ended", "subscriptions_active")]
    assert Notice.objects.count() == 0


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_end_leaves_ended_subscriptions_as_they_are(relationship, provider_admin, status):
    subscription = SubscriptionFactory(relationship=relationship, status=status)
    before = Subscription.objects.values().get()

    end_relationship(subscription.relationship, actor=provider_admin.user)

    assert Subscription.objects.values().get() == before
    assert list(Subscription.objects.visible_to(provider_admin)) == [subscription]


def test_end_twice_is_refused(relationship, provider_admin):
    end_relationship(relationship, actor=provider_admin.user)

    assert refused(end_relationship, relationship, actor=provider_admin.user) == "relationship_ended"


def test_end_does_not_mind_the_subscriptions_of_another_provider(relationship, provider_admin, stranger):
    other = RelationshipFactory(provider=stranger.organisation.provider, customer=relationship.customer)
    SubscriptionFactory(relationship=other)

    end_relationship(relationship, actor=provider_admin.user)

    assert access() == [("Rhein", "delegated_admin")]
    assert list(Relationship.objects.visible_to(stranger)) == [other]


def test_end_takes_the_tenant_owners_that_came_through_this_provider(relationship, provider_admin):
    partner, former = ready_reseller("Ume"), ready_reseller("Momo")
    PartnershipFactory(provider=relationship.provider, reseller=partner)
    PartnershipFactory(provider=relationship.provider, reseller=former, ended_at=LATER)
    for each in (relationship.reseller, partner, former):
        Delegation.objects.create(customer=relationship.customer, partner=each.organisation, privilege="tenant_owner")
    elsewhere = RelationshipFactory(provider=relationship.provider)
    Delegation.objects.create(customer=elsewhere.customer, partner=partner.organisation, privilege="tenant_owner")

    end_relationship(relationship, actor=provider_admin.user)

    assert access(customer=relationship.customer) == []
    assert access(customer=elsewhere.customer) == [("Kita", "delegated_admin"), ("Ume", "tenant_owner")]


def test_end_leaves_what_a_reseller_holds_through_another_provider(relationship, provider_admin):
    other, partner = ProviderFactory(organisation__name="Minami"), ready_reseller("Ume")
    RelationshipFactory(provider=other, customer=relationship.customer, reseller=relationship.reseller)
    for provider in (other, relationship.provider):
        PartnershipFactory(provider=provider, reseller=partner)
    Delegation.objects.create(customer=relationship.customer, partner=partner.organisation, privilege="tenant_owner")

    end_relationship(relationship, actor=provider_admin.user)

    assert access() == [("Minami", "delegated_admin"), ("Sakura", "delegated_admin"), ("Ume", "tenant_owner")]


def test_what_would_end_is_what_ends(relationship, provider_admin):
    Delegation.objects.create(
        customer=relationship.customer, partner=relationship.reseller.organisation, privilege="tenant_owner"
    )
    ending = ending_of(relationship)

    end_relationship(relationship, actor=provider_admin.user)

    assert (ending.is_possible, ending.active, ending.has_more) == (True, [], False)
    assert [(each.partner.name, each.privilege) for each in ending.delegations] == [
        ("Kita", "delegated_admin"),
        ("Sakura", "delegated_admin"),
        ("Sakura", "tenant_owner"),
    ]
    assert set(Delegation.objects.exclude(withdrawn_at=None)) == set(ending.delegations)


def test_obstacles_are_a_few_and_it_says_that_there_are_more(relationship):
    subscriptions = [SubscriptionFactory(relationship=relationship) for _each in range(11)]
    SubscriptionFactory(relationship=relationship, status="cancelled")

    ending = ending_of(relationship)

    assert (ending.is_possible, ending.active, ending.has_more) == (False, subscriptions[:10], True)
    assert ending.delegations == []


# An order for somebody who is no customer any more


def test_open_draft_is_refused_at_submit(relationship, provider_admin, sign_in):
    offer = OfferFactory()
    draft = draft_for(provider_admin, relationship.customer, line(offer))
    end_relationship(relationship, actor=provider_admin.user)

    assert refused(submit_draft, draft, membership=provider_admin) == "relationship_ended"
    response = sign_in(provider_admin).post(url("subscriptions", draft), chosen(offer, action="next"))

    assert response.status_code == 200
    assert "This company is not your customer any more." in readable(response)
    assert Order.objects.count() == 0


def test_order_looks_again_at_the_relationship(relationship, provider_admin):
    draft = draft_for(provider_admin, relationship.customer)
    Relationship.objects.update(ended_at=NOW)

    code = refused(
        place_order, draft, lines=[Line(OfferFactory(), 1)], relationship=relationship, actor=provider_admin.user
    )

    assert (code, Order.objects.count()) == ("relationship_ended", 0)
    assert list(Activity.objects.values_list("verb", "refusal")) == [("order_placed", "relationship_ended")]


# The pages


def test_account_page_always_shows_the_way_and_what_stands_in_it(subscription, provider_admin, sign_in):
    customer = subscription.customer_id
    client = sign_in(provider_admin)

    html = readable(client.get(reverse("customers:account", args=[customer])))
    assert "Remove reseller relationship" in html
    assert f'href="{subscription.get_absolute_url()}"' in html
    assert reverse("customers:end", args=[customer]) not in html

    Subscription.objects.update(status="cancelled", due_at=None, ended_at=timezone.now())
    html = readable(client.get(reverse("customers:account", args=[customer])))
    assert f'href="{reverse("customers:end", args=[customer])}"' in html


def test_account_page_names_the_roles_to_those_who_may_not(relationship, billing_admin, sign_in):
    html = readable(sign_in(billing_admin).get(reverse("customers:account", args=[relationship.customer_id])))

    assert "Roles that may do this: Global admin, Admin agent, Sales agent" in html
    assert reverse("customers:end", args=[relationship.customer_id]) not in html


def test_account_page_of_the_others_has_no_such_section(relationship, reseller_admin, customer_admin, sign_in):
    for membership in (reseller_admin, customer_admin):
        response = sign_in(membership).get(reverse("customers:account", args=[relationship.customer_id]))
        assert "Remove reseller relationship" not in readable(response)


def test_page_lists_what_ends_and_yes_ends_it(relationship, provider_admin, sign_in):
    client, page = sign_in(provider_admin), reverse("customers:end", args=[relationship.customer_id])

    html = readable(client.get(page))
    for words in (
        "What ends",
        "Access of Kita: Delegated administration privileges",
        "Access of Sakura: Delegated administration privileges",
        "You and Sakura are not its support contacts any more.",
        "You can order nothing more for it",
        "Open support requests stay open",
    ):
        assert words in html
    assert Relationship.objects.get().ended_at is None

    response = client.post(page, follow=True)
    assert response.redirect_chain == [(reverse("customers:list"), 302)]
    assert "The reseller relationship with Aoba is removed." in readable(response)
    assert list(response.context["page"]) == []
    assert client.get(page).status_code == 404


def test_page_without_reseller_or_access_says_so(provider_admin, sign_in):
    relationship = RelationshipFactory(provider=provider_admin.organisation.provider, administered=False)

    html = readable(sign_in(provider_admin).get(reverse("customers:end", args=[relationship.customer_id])))

    assert "You are not its support contact any more." in html
    assert "so no access ends" in html


def test_page_says_which_subscriptions_stand_in_the_way(subscription, provider_admin, sign_in):
    client, page = sign_in(provider_admin), reverse("customers:end", args=[subscription.customer_id])

    html = readable(client.get(page))
    assert f'href="{subscription.get_absolute_url()}"' in html
    assert "What stands in the way" in html
    assert '<button type="submit" class="button danger"' not in html

    response = client.post(page, follow=True)
    assert response.redirect_chain == [(page, 302)]
    assert "has subscriptions that have not ended" in readable(response)
    assert Relationship.objects.get().ended_at is None


def test_page_is_for_the_provider_and_those_who_may(
    relationship, billing_admin, helpdesk, stranger, reseller_admin, customer_admin, sign_in
):
    page = reverse("customers:end", args=[relationship.customer_id])
    user_admin = member(relationship.provider.organisation, Role.USER_ADMIN)
    visitors = (billing_admin, helpdesk, user_admin, stranger, reseller_admin, customer_admin)

    assert [sign_in(each).post(page).status_code for each in visitors] == [403, 403, 403, 404, 404, 404]
    assert Relationship.objects.get().ended_at is None


def test_ended_customer_can_be_read_in_what_is_left(relationship, provider_admin, sign_in):
    """Records stay, without links to pages that are not there any more."""
    subscription = SubscriptionFactory(relationship=relationship, status="cancelled")
    end_relationship(subscription.relationship, actor=provider_admin.user)
    client = sign_in(provider_admin)

    order = subscription.order_line.order
    for page in (subscription.get_absolute_url(), reverse("subscriptions:list"), order.get_absolute_url()):
        html = readable(client.get(page))
        assert "Aoba" in html
        assert reverse("customers:account", args=[subscription.customer_id]) not in html
        assert reverse("subscriptions:customer", args=[subscription.customer_id]) not in html


def test_partnership_that_has_ended_keeps_nobody_from_ending_the_relationship(relationship, provider_admin):
    Partnership.objects.update(ended_at=LATER)

    end_relationship(relationship, actor=provider_admin.user)

    assert access() == []

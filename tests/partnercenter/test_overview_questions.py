"""Support requests on the overview: those in which it is one's own company that has to write next."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from subscriptions.models import SupportRequest
from tests.factories import SubscriptionFactory, SupportRequestFactory, member

ATTENTION = SupportRequest.Status.ATTENTION


def questions(membership: Membership) -> list[str]:
    client = Client()
    client.force_login(membership.user)
    return [each.title for each in client.get("/").context["questions"]]


@pytest.fixture
def asked(subscription, strange_subscription):
    """Of the provider and of the reseller: what waits for it, what waits for the customer, what is closed."""
    ours = SubscriptionFactory(relationship=subscription.relationship)
    for each, whose in ((ours, "provider"), (subscription, "reseller")):
        SupportRequestFactory(subscription=each, title=f"For the {whose}")
        SupportRequestFactory(subscription=each, title=f"From the {whose}", status=ATTENTION)
        SupportRequestFactory(subscription=each, title=f"Done by the {whose}", status="closed")
    SupportRequestFactory(subscription=strange_subscription, title="A stranger's")
    SupportRequestFactory(subscription=strange_subscription, title="A stranger's answer", status=ATTENTION)


@pytest.fixture
def subscription(subscription):
    subscription.support_contact = subscription.relationship.reseller
    subscription.save()
    return subscription


def test_each_side_sees_what_waits_for_it(asked, provider_admin, reseller_admin, customer_admin):
    assert questions(provider_admin) == ["For the provider"]
    assert questions(reseller_admin) == ["For the reseller"]
    assert sorted(questions(customer_admin)) == ["From the provider", "From the reseller"]


def test_who_may_not_answer_is_not_asked(asked, provider, reseller):
    seller = member(provider.organisation, Role.SALES_AGENT)
    helper = member(provider.organisation, Role.HELPDESK_AGENT)

    assert questions(seller) == []
    assert questions(helper) == ["For the provider"]


def test_the_longest_waiting_come_first_and_only_a_few(subscription, reseller_admin):
    now = timezone.now()
    for hours in range(6):
        SupportRequestFactory(subscription=subscription, title=f"{hours} h", changed_at=now - timedelta(hours=hours))

    assert questions(reseller_admin) == ["5 h", "4 h", "3 h", "2 h", "1 h"]


def test_each_question_leads_to_its_page(asked, provider_admin, sign_in):
    row = SupportRequest.objects.get(title="For the provider")

    assert (
        f'<a href="{row.get_absolute_url()}">For the provider</a>' in sign_in(provider_admin).get("/").content.decode()
    )

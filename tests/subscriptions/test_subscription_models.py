import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from subscriptions.models import Offer, ResellerOfRecord, Subscription
from subscriptions.models.subscriptions import NEVER
from tests.factories import OfferFactory, ResellerOfRecordFactory, SubscriptionFactory


@pytest.mark.parametrize("model", [Subscription, Offer])
def test_nobody_sees_nothing(subscription, model):
    assert list(model.objects.visible_to(None)) == []


def test_unknown_kind_of_company_sees_nothing(subscription, provider_admin):
    provider_admin.organisation.kind = "bank"

    with pytest.raises(ValueError, match="bank"):
        Subscription.objects.visible_to(provider_admin)


def test_reseller_of_an_ended_relationship_sees_nothing(subscription, reseller_admin):
    subscription.relationship.ended_at = subscription.created_at
    subscription.relationship.save()

    assert list(Subscription.objects.visible_to(reseller_admin)) == []


def test_price_list_is_for_providers(subscription, reseller_admin, customer_admin):
    for membership in (reseller_admin, customer_admin):
        assert list(Offer.objects.visible_to(membership)) == []


def test_provider_sees_the_markets_of_its_region(stranger):
    mine = [OfferFactory(market=market, currency="EUR") for market in ("DE", "FR")]
    OfferFactory(market="JP")

    assert list(Offer.objects.visible_to(stranger).order_by("pk")) == mine


def test_end_for_sorting_follows_the_end(relationship):
    subscription = SubscriptionFactory(relationship=relationship)
    assert Subscription.objects.get().ends_or_never == NEVER

    subscription.ends_at = subscription.created_at
    subscription.save()
    assert Subscription.objects.get().ends_or_never == subscription.created_at


def test_subscription_has_at_least_one_licence(subscription):
    with pytest.raises(IntegrityError, match="subscriptions_subscription_licences"), transaction.atomic():
        Subscription.objects.update(licences=0)


def test_rows_know_what_they_are_called(subscription):
    period = ResellerOfRecordFactory(subscription=subscription, partner_account__number="0077")

    assert str(subscription) == subscription.offer.sku_title == str(subscription.offer)
    assert str(ResellerOfRecord.objects.get(pk=period.pk)) == f"{subscription.pk} → 0077"
    assert str(subscription.licence_changes.get()) == f"{subscription.pk}: +10"
    assert subscription.get_absolute_url() == reverse("subscriptions:detail", args=[subscription.code])

from resellers.models import PartnerAccount, Partnership
from resellers.partners import Remains, remains_of
from tests.factories import (
    PartnershipFactory,
    RelationshipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
)


def test_remains_are_counted_for_this_provider_only(relationship, stranger):
    reseller, account = relationship.reseller, PartnerAccount.objects.get(number="0012345")
    supported = SubscriptionFactory(relationship=relationship, support_contact=reseller)
    SubscriptionFactory(relationship=relationship, support_contact=reseller, status="cancelled")
    ResellerOfRecordFactory(subscription=supported, partner_account=account)
    former = SubscriptionFactory(relationship=relationship)
    ResellerOfRecordFactory(
        subscription=former, partner_account=account, starts_at=former.created_at, ends_at=former.created_at
    )
    ended = SubscriptionFactory(relationship=relationship, status="expired")
    ResellerOfRecordFactory(subscription=ended, partner_account=account)
    RelationshipFactory(provider=relationship.provider, reseller=reseller, ended_at=relationship.created_at)
    theirs = PartnershipFactory(provider=stranger.organisation.provider, reseller=reseller)
    for _each in range(3):
        of_stranger = RelationshipFactory(provider=theirs.provider, reseller=reseller)
        subscription = SubscriptionFactory(relationship=of_stranger, support_contact=reseller)
        ResellerOfRecordFactory(subscription=subscription, partner_account=account)

    ours = Partnership.objects.get(provider=relationship.provider)
    assert remains_of(ours) == Remains(customers=1, credited=1, supported=1)
    assert remains_of(theirs) == Remains(customers=3, credited=3, supported=3)


def test_nothing_remains_of_a_reseller_without_business(partnership):
    assert remains_of(partnership) == Remains(customers=0, credited=0, supported=0)

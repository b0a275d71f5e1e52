from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.access import RoleMissing
from accounts.roles import Role
from activity.log import codes_of
from activity.models import Activity
from activity.verbs import Verb
from resellers.models import Reseller
from resellers.partnerships import end_partnership
from subscriptions.changes import Changes, reactivate, submit_changes, suspend
from subscriptions.models import LicenceChange, ResellerOfRecord, Subscription
from subscriptions.returns import returnable
from tests.factories import (
    PartnerAccountFactory,
    PartnershipFactory,
    ProviderFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.threads import results_at_once

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def as_it_is(subscription, **changes):
    """The page submitted with nothing changed but this."""
    period = subscription.resellers_of_record.filter(ends_at=None).first()
    unchanged = {
        "nickname": subscription.nickname,
        "licences": subscription.licences,
        "auto_renew": subscription.auto_renew,
        "mpn_id": period.partner_account.number if period else "",
        "support_contact": subscription.support_contact,
    }
    return Changes(**unchanged | changes)


def submit(subscription, membership, **changes):
    return submit_changes(
        subscription, as_it_is(subscription, **changes), revision=subscription.revision, membership=membership
    )


def refused(subscription, membership, **changes):
    """The refusals by field; "" for one of the whole page."""
    with pytest.raises(ValidationError) as refusal:
        submit(subscription, membership, **changes)
    if hasattr(refusal.value, "error_dict"):
        return {field: [error.code for error in errors] for field, errors in refusal.value.error_dict.items()}
    return {"": [error.code for error in refusal.value.error_list]}


def log():
    return list(Activity.objects.order_by("pk").values_list("verb", "result", "refusal"))


def test_nothing_changed_leaves_no_trace(subscription, provider_admin):
    done = submit(subscription, provider_admin)

    subscription.refresh_from_db()
    assert done == []
    assert (subscription.revision, log()) == (1, [])


def test_everything_can_change_at_once(subscription, provider_admin, reseller):
    done = submit(
        subscription,
        provider_admin,
        nickname="Head office",
        licences=12,
        auto_renew=False,
        mpn_id="12345",
        support_contact=reseller,
    )

    subscription.refresh_from_db()
    assert done == [
        Verb.NICKNAME_CHANGED,
        Verb.LICENCES_CHANGED,
        Verb.AUTO_RENEW_CHANGED,
        Verb.CREDIT_CHANGED,
        Verb.SUPPORT_CONTACT_CHANGED,
    ]
    assert (subscription.nickname, subscription.licences, subscription.auto_renew) == ("Head office", 12, False)
    assert (subscription.support_contact, subscription.revision) == (reseller, 2)
    assert subscription.search_text == f"head office {subscription.code}"
    assert [period.partner_account.number for period in subscription.resellers_of_record.all()] == ["0012345"]
    assert list(subscription.licence_changes.order_by("pk").values_list("difference", "changed_by")) == [
        (10, None),
        (2, provider_admin.user_id),
    ]
    assert log() == [(verb, "done", "") for verb in done]


def test_change_tells_what_it_was_and_is_to_everybody_who_is_there(subscription, provider_admin, relationship):
    submit(subscription, provider_admin, licences=11)

    activity = Activity.objects.get()
    assert activity.details == {"subscription": str(subscription.code), "old": 10, "new": 11}
    assert activity.affected == subscription.customer.organisation
    assert {sighting.organisation_id for sighting in activity.sightings.all()} == {
        relationship.provider_id,
        relationship.reseller_id,
        relationship.customer_id,
    }


def test_credit_and_support_are_told_to_the_resellers_concerned(subscription, provider, provider_admin):
    other = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=provider, reseller=other)

    submit(subscription, provider_admin, mpn_id="0077", support_contact=other)

    everybody = ["Aoba", "Kita", "Momiji", "Sakura"]
    assert [
        (
            *(each.verb, each.details["old"], each.details["new"]),
            sorted(each.sightings.values_list("organisation__name", flat=True)),
        )
        for each in Activity.objects.order_by("pk")
    ] == [
        ("credit_changed", "", "0077", everybody),
        ("support_contact_changed", "Kita", "Momiji", everybody),
    ]


def test_credit_can_be_given_and_taken_away_again(subscription, provider_admin):
    submit(subscription, provider_admin, mpn_id="0012345")
    subscription.refresh_from_db()
    submit(subscription, provider_admin, mpn_id="")

    period = ResellerOfRecord.objects.get()
    assert period.ends_at is not None
    assert period.ends_at > period.starts_at
    assert period.set_by == provider_admin.user


def test_support_contact_can_go_back_to_the_provider(subscription, provider_admin, reseller):
    subscription.support_contact = reseller
    subscription.save()

    done = submit(subscription, provider_admin, support_contact=None)

    subscription.refresh_from_db()
    assert (done, subscription.support_contact) == ([Verb.SUPPORT_CONTACT_CHANGED], None)


def test_same_number_without_its_zeros_is_no_change(subscription, provider_admin, reseller):
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())

    assert submit(subscription, provider_admin, mpn_id=" 12345 ") == []


def test_all_refusals_are_told_at_once_and_nothing_is_changed(subscription, provider_admin, reseller):
    stranger = ready_reseller("Mosel", number="0099")

    found = refused(subscription, provider_admin, nickname="New", licences=301, mpn_id="0099", support_contact=stranger)

    subscription.refresh_from_db()
    assert found == {
        "licences": ["too_many"],
        "mpn_id": ["mpn_not_partnered"],
        "support_contact": ["support_not_partnered"],
    }
    assert (subscription.nickname, subscription.revision) == (subscription.offer.sku_title, 1)
    assert log() == [
        ("subscription_changed", "refused", "too_many,mpn_not_partnered,support_not_partnered"),
    ]
    assert Activity.objects.get().details == {"subscription": str(subscription.code)}


def test_too_few_licences_are_refused(provider_admin, relationship):
    subscription = SubscriptionFactory(relationship=relationship, offer__min_licences=5)

    assert refused(subscription, provider_admin, licences=4) == {"licences": ["too_few"]}


def test_usage_based_subscription_has_no_licences_to_change(provider_admin, relationship):
    subscription = SubscriptionFactory(relationship=relationship, offer__category="usage", licences=1)

    assert refused(subscription, provider_admin, licences=2) == {"licences": ["usage_based"]}


def test_suspended_subscription_keeps_its_licences_but_can_be_renamed(subscription, provider_admin):
    suspend(subscription, membership=provider_admin)
    subscription.refresh_from_db()

    assert refused(subscription, provider_admin, licences=11) == {"licences": ["suspended"]}
    assert submit(subscription, provider_admin, nickname="Asleep") == [Verb.NICKNAME_CHANGED]


def test_what_has_no_term_does_not_renew(provider_admin, relationship):
    subscription = SubscriptionFactory(relationship=relationship, offer__term="", auto_renew=False)

    assert refused(subscription, provider_admin, auto_renew=True) == {"auto_renew": ["no_term"]}


@pytest.mark.parametrize("status", ["pending", "cancelled", "expired"])
def test_what_is_not_running_cannot_change(subscription, provider_admin, status):
    subscription.status = status
    subscription.save()

    assert refused(subscription, provider_admin, nickname="New") == {"": ["not_changeable"]}


def test_old_page_is_refused(subscription, provider_admin):
    submit(subscription, provider_admin, nickname="First")
    changes = as_it_is(subscription, licences=11)

    with pytest.raises(ValidationError) as refusal:
        submit_changes(subscription, changes, revision=1, membership=provider_admin)

    subscription.refresh_from_db()
    assert codes_of(refusal.value) == "changed_meanwhile"
    assert (subscription.nickname, subscription.licences) == ("First", 10)


# Reseller (MPN ID): everything that keeps a number from being credited stands beside the field.


def global_account(provider, reseller):
    reseller.organisation.partner_accounts.update(kind="global", is_associated=False)
    return "0012345"


def another_location(provider, reseller):
    return PartnerAccountFactory(organisation=reseller.organisation, is_associated=False).number


def own_number(provider, reseller):
    return PartnerAccountFactory(organisation=provider.organisation).number


def another_providers_number(provider, reseller):
    return PartnerAccountFactory(organisation=ProviderFactory().organisation).number


def not_a_partner(provider, reseller):
    return ready_reseller("Momiji", number="0077").organisation.partner_accounts.get().number


def without_agreement(provider, reseller):
    reseller.organisation.partner_agreements.all().delete()
    return "0012345"


def in_another_region(provider, reseller):
    other = ready_reseller("Mosel", country="DE", region="europe", number="0077")
    PartnershipFactory(provider=provider, reseller=other)
    return "0077"


def suspended_enrolment(provider, reseller):
    Reseller.objects.filter(pk=reseller.pk).update(enrolment="suspended")
    return "0012345"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("12a45", "mpn_digits"),
        ("99999", "mpn_unknown"),
        (own_number, "mpn_own"),
        (another_providers_number, "mpn_not_reseller"),
        (global_account, "mpn_global"),
        (another_location, "mpn_not_associated"),
        (not_a_partner, "mpn_not_partnered"),
        (without_agreement, "agreement_missing"),
        (in_another_region, "wrong_region"),
        (suspended_enrolment, "enrolment_suspended"),
    ],
)
def test_ineligible_number_is_refused(subscription, provider, provider_admin, reseller, number, code):
    number = number if isinstance(number, str) else number(provider, reseller)

    assert refused(subscription, provider_admin, mpn_id=number) == {"mpn_id": [code]}
    assert ResellerOfRecord.objects.count() == 0


# Roles: design.md §5.


@pytest.mark.parametrize(
    ("role", "change", "may"),
    [
        (Role.GLOBAL_ADMIN, {"mpn_id": "0012345"}, True),
        (Role.USER_ADMIN, {"mpn_id": "0012345"}, True),
        (Role.ADMIN_AGENT, {"mpn_id": "0012345"}, True),
        (Role.SALES_AGENT, {"mpn_id": "0012345"}, True),
        (Role.HELPDESK_AGENT, {"mpn_id": "0012345"}, False),
        (Role.BILLING_ADMIN, {"mpn_id": "0012345"}, False),
        (Role.HELPDESK_AGENT, {"licences": 11}, True),
        (Role.HELPDESK_AGENT, {"nickname": "New"}, True),
        (Role.HELPDESK_AGENT, {"auto_renew": False}, True),
        (Role.BILLING_ADMIN, {"licences": 11}, False),
        (Role.BILLING_ADMIN, {"nickname": "New"}, False),
        (Role.BILLING_ADMIN, {"auto_renew": False}, False),
    ],
)
def test_provider_roles(subscription, provider, role, change, may):
    membership = member(provider.organisation, role)

    if may:
        assert len(submit(subscription, membership, **change)) == 1
    else:
        with pytest.raises(RoleMissing):
            submit(subscription, membership, **change)
        subscription.refresh_from_db()
        assert subscription.revision == 1


@pytest.mark.parametrize(("role", "may"), [(Role.HELPDESK_AGENT, True), (Role.BILLING_ADMIN, False)])
def test_provider_roles_for_the_support_contact(subscription, provider, reseller, role, may):
    membership = member(provider.organisation, role)

    if may:
        assert submit(subscription, membership, support_contact=reseller) == [Verb.SUPPORT_CONTACT_CHANGED]
    else:
        with pytest.raises(RoleMissing):
            submit(subscription, membership, support_contact=reseller)


def test_reseller_changes_licences_but_neither_credit_nor_support(subscription, reseller, reseller_admin):
    assert submit(subscription, reseller_admin, licences=11, nickname="New", auto_renew=False) == [
        Verb.NICKNAME_CHANGED,
        Verb.LICENCES_CHANGED,
        Verb.AUTO_RENEW_CHANGED,
    ]
    subscription.refresh_from_db()
    for change in ({"mpn_id": "0012345"}, {"support_contact": reseller}):
        with pytest.raises(RoleMissing):
            submit(subscription, reseller_admin, **change)


def test_what_the_role_forbids_is_not_told_why_else_it_fails(subscription, reseller_admin):
    with pytest.raises(RoleMissing):
        submit(subscription, reseller_admin, mpn_id="99999")


# Giving licences back: 168 hours for each of them.


def lots(subscription):
    return [(lot.licences, lot.until) for lot in returnable(subscription)]


@pytest.fixture
def bought(relationship):
    """Ten licences bought at NOW, of which one has to stay."""
    return SubscriptionFactory(relationship=relationship, created_at=NOW)


def change(subscription, difference, *, hours):
    LicenceChange.objects.create(
        subscription=subscription, difference=difference, changed_at=NOW + timedelta(hours=hours)
    )
    subscription.licences += difference
    subscription.save()


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, 9), (167.9, 9), (168, 0), (500, 0)], ids=["at once", "in time", "too late", "long ago"]
)
def test_licences_can_be_given_back_for_168_hours(bought, hours, expected):
    with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
        assert sum(lot.licences for lot in returnable(bought)) == expected


def test_each_licence_has_its_own_clock(bought):
    change(bought, 3, hours=100)

    with time_machine.travel(NOW + timedelta(hours=150), tick=False):
        assert lots(bought) == [(9, NOW + timedelta(hours=168)), (3, NOW + timedelta(hours=268))]
    with time_machine.travel(NOW + timedelta(hours=200), tick=False):
        assert lots(bought) == [(3, NOW + timedelta(hours=268))]


def test_the_oldest_are_given_back_first(bought):
    change(bought, 3, hours=100)
    change(bought, -11, hours=110)

    with time_machine.travel(NOW + timedelta(hours=120), tick=False):
        assert lots(bought) == [(1, NOW + timedelta(hours=268))]


def test_what_was_given_back_before_does_not_count_against_what_is_added_later(bought):
    change(bought, -5, hours=100)
    change(bought, 3, hours=120)

    with time_machine.travel(NOW + timedelta(hours=200), tick=False):
        assert lots(bought) == [(3, NOW + timedelta(hours=288))]


def test_the_offers_least_always_stays(relationship):
    subscription = SubscriptionFactory(relationship=relationship, offer__min_licences=10, created_at=NOW)

    with time_machine.travel(NOW, tick=False):
        assert lots(subscription) == []


def test_utc_is_told_beside_the_readers_time(bought):
    with time_machine.travel(NOW, tick=False):
        assert [lot.utc for lot in returnable(bought)] == ["2026-03-08 12:00 UTC"]


def test_reduction_is_refused_beyond_what_can_be_given_back(bought, provider_admin):
    change(bought, 3, hours=100)

    with time_machine.travel(NOW + timedelta(hours=200), tick=False):
        with pytest.raises(ValidationError) as refusal:
            submit(bought, provider_admin, licences=9)
        error = refusal.value.error_dict["licences"][0]
        assert (error.code, error.params) == ("return_window", {"most": 3, "least": 10})
        assert submit(bought, provider_admin, licences=10) == [Verb.LICENCES_CHANGED]
    assert list(bought.licence_changes.order_by("pk").values_list("difference", flat=True)) == [10, 3, -3]


# Suspend and reactivate


def test_suspend_and_reactivate_move_between_two_states(subscription, provider_admin):
    suspend(subscription, membership=provider_admin)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.revision) == ("suspended", 2)

    reactivate(subscription, membership=provider_admin)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.revision) == ("active", 3)
    assert log() == [("subscription_suspended", "done", ""), ("subscription_reactivated", "done", "")]
    assert {activity.details["subscription"] for activity in Activity.objects.all()} == {str(subscription.code)}


@pytest.mark.parametrize(
    ("status", "move"),
    [
        ("suspended", suspend),
        ("cancelled", suspend),
        ("expired", suspend),
        ("pending", suspend),
        ("active", reactivate),
        ("cancelled", reactivate),
        ("expired", reactivate),
    ],
)
def test_other_moves_are_refused_and_remembered(subscription, provider_admin, status, move):
    subscription.status = status
    subscription.save()

    with pytest.raises(ValidationError) as refusal:
        move(subscription, membership=provider_admin)

    subscription.refresh_from_db()
    assert codes_of(refusal.value) == "wrong_state"
    assert subscription.status == status
    assert [(result, code) for _verb, result, code in log()] == [("refused", "wrong_state")]


# Invariant 9: ending a partnership changes the partnership and nothing else.


def test_ended_partnership_leaves_credit_and_support_and_saving_still_works(
    subscription, partnership, provider_admin, reseller
):
    submit(subscription, provider_admin, mpn_id="0012345", support_contact=reseller)
    end_partnership(partnership, actor=provider_admin.user)
    subscription.refresh_from_db()

    done = submit(subscription, provider_admin, nickname="Still here", licences=11)

    subscription.refresh_from_db()
    assert done == [Verb.NICKNAME_CHANGED, Verb.LICENCES_CHANGED]
    assert subscription.support_contact == reseller
    assert [(each.partner_account.number, each.ends_at) for each in ResellerOfRecord.objects.all()] == [
        ("0012345", None)
    ]


def test_ended_partner_cannot_be_chosen_again(subscription, partnership, provider_admin, reseller):
    end_partnership(partnership, actor=provider_admin.user)

    assert refused(subscription, provider_admin, mpn_id="0012345", support_contact=reseller) == {
        "mpn_id": ["mpn_not_partnered"],
        "support_contact": ["support_not_partnered"],
    }


# Two at the same moment


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_the_second_is_told_and_none_is_lost(relationship, provider_admin, sales_agent):
    subscription = SubscriptionFactory(relationship=relationship)
    subscription = Subscription.objects.get(pk=subscription.pk)

    results = results_at_once(
        lambda: submit(subscription, provider_admin, nickname="New name"),
        lambda: submit(subscription, sales_agent, licences=20),
    )

    subscription.refresh_from_db()
    won = {("New name", 10): 0, (subscription.offer.sku_title, 20): 1}[subscription.nickname, subscription.licences]
    assert results[1 - won] == "changed_meanwhile"
    assert results[won] == [[Verb.NICKNAME_CHANGED], [Verb.LICENCES_CHANGED]][won]
    assert subscription.revision == 2
    assert subscription.licences == sum(each.difference for each in subscription.licence_changes.all())


@pytest.mark.django_db(transaction=True)
def test_two_credits_at_once_make_one_period(relationship, provider, provider_admin, sales_agent):
    subscription = SubscriptionFactory(relationship=relationship)
    other = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=provider, reseller=other)

    results = results_at_once(
        lambda: submit(subscription, provider_admin, mpn_id="0012345"),
        lambda: submit(subscription, sales_agent, mpn_id="0077"),
    )

    assert sorted(results, key=str) == [[Verb.CREDIT_CHANGED], "changed_meanwhile"]
    assert ResellerOfRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_suspending_twice_at_once_suspends_once(relationship, provider_admin):
    subscription = SubscriptionFactory(relationship=relationship)

    results = results_at_once(*[lambda: suspend(subscription, membership=provider_admin)] * 2)

    assert sorted(results, key=str) == [None, "wrong_state"]
    assert Subscription.objects.get().revision == 2

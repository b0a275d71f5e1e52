from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.access import RoleMissing
from accounts.roles import Role
from activity.log import codes_of
from activity.models import Activity
from activity.verbs import Verb
from resellers.models import Reseller
from resellers.partnerships import end_partnership
from subscriptions.changes import quote_changes, reactivate, submit_changes, suspend
from subscriptions.models import Charge, RenewalPlan, ResellerOfRecord, Subscription
from subscriptions.money import Money
from tests.factories import (
    MarkupFactory,
    OfferFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    ProviderFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.lives import at, bought, charges, planned, sold
from tests.subscriptions.submitting import as_it_is, log, refusal_of, refusals, refused, submit


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
    assert activity.details == {
        "subscription": str(subscription.code),
        "old": 10,
        "new": 11,
        "charges": [str(Charge.objects.get().code)],
    }
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
def test_what_is_not_running_cannot_change(relationship, provider_admin, status):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

    assert refused(subscription, provider_admin, nickname="New") == {"": ["not_changeable"]}


def test_old_page_is_refused(subscription, provider_admin):
    submit(subscription, provider_admin, nickname="First")
    changes = as_it_is(subscription, licences=11)

    with pytest.raises(ValidationError) as refusal:
        submit_changes(subscription, changes, revision=1, membership=provider_admin)

    subscription.refresh_from_db()
    assert codes_of(refusal.value) == "changed_meanwhile"
    assert (subscription.nickname, subscription.licences) == ("First", 10)


@pytest.mark.parametrize("of_the_add_on", [False, True])
def test_page_of_before_an_overdue_renewal_does_not_undo_it(relationship, provider_admin, of_the_add_on):
    """It is told so once, and can go on while the schedule is late."""
    base = bought(relationship, "2025-03-31")
    add_on = bought(relationship, "2025-03-31", sold(category="add_on"), base=base)
    for each in (base, add_on):
        again = {"product_id": each.offer.product_id, "term": "P1M"}
        planned(each, sold(**again) if each is base else each.offer, 12)
    changed = add_on if of_the_add_on else base

    with time_machine.travel(at("2026-03-31 08:00"), tick=False):
        refusal = refused(changed, provider_admin, nickname="New name")
        done = submit(changed, provider_admin, nickname="New name")

    changed.refresh_from_db()
    assert refusal == {"": ["changed_meanwhile"]}
    assert done == [Verb.NICKNAME_CHANGED]
    assert (changed.nickname, changed.licences, changed.starts_at) == ("New name", 12, at("2026-03-31"))
    assert log() == [
        ("subscription_renewed", "done", ""),
        ("subscription_renewed", "done", ""),
        ("subscription_changed", "refused", "changed_meanwhile"),
        ("nickname_changed", "done", ""),
    ]


def test_refusal_names_the_state_in_the_language_of_its_reader(relationship, provider_admin):
    subscription = SubscriptionFactory(relationship=relationship, status="expired")

    with pytest.raises(ValidationError) as refusal:
        submit(subscription, provider_admin, nickname="New")

    assert "Expired" in refusal.value.messages[0]
    with translation.override("ja"):
        assert "期限切れ" in refusal.value.messages[0]


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
def test_other_moves_are_refused_and_remembered(relationship, provider_admin, status, move):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

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


def test_partner_whom_nobody_entrusted_the_customer_to_is_refused(subscription, relationship, stranger, reseller_admin):
    assert refused(subscription, stranger, nickname="Mine") == {"": ["no_delegation"]}
    assert refusal_of(lambda: suspend(subscription, membership=stranger)) == "no_delegation"

    relationship.customer.delegations.filter(partner=reseller_admin.organisation_id).delete()
    assert refused(subscription, reseller_admin, nickname="Mine") == {"": ["no_delegation"]}
    relationship.reseller = None
    relationship.save()
    assert refused(subscription, reseller_admin, nickname="Mine") == {"": ["no_delegation"]}
    assert refusal_of(lambda: suspend(subscription, membership=reseller_admin)) == "no_delegation"


@pytest.mark.parametrize("act", [suspend, reactivate])
def test_suspending_takes_the_role(subscription, helpdesk, act):
    with pytest.raises(RoleMissing):
        act(subscription, membership=helpdesk)
    assert log() == []


# What licences cost: the rest of the billing period, by the second.


@pytest.fixture
def yearly(relationship):
    """Ten licences at 1000 yen a month, bought on the first of March at noon."""
    return bought(relationship, "2026-03-01 12:00")


def refused_at(moment, subscription, membership, **changes):
    with time_machine.travel(at(moment), tick=False):
        return refused(subscription, membership, **changes)


def submit_at(moment, subscription, membership, *, quoted=None, **changes):
    """Submitted at a moment, by the quote of that or of an earlier one."""
    subscription.refresh_from_db()
    with time_machine.travel(at(quoted or moment), tick=False):
        quote = quote_changes(subscription, as_it_is(subscription, **changes), moment=at(quoted or moment))
    with time_machine.travel(at(moment), tick=False):
        return submit(subscription, membership, agreed=quote.agreement if quote.postings else None, **changes)


def test_added_licences_are_charged_for_the_rest_of_the_period_as_quoted(yearly, provider_admin):
    quote = quote_changes(yearly, as_it_is(yearly, licences=13), moment=at("2026-03-11 12:00"))

    assert submit_at("2026-03-11 12:00", yearly, provider_admin, licences=13) == [Verb.LICENCES_CHANGED]
    yearly.refresh_from_db()
    charge = yearly.charges.get(kind="licences_added")
    assert quote.totals == [Money(Decimal(2032), "JPY")]  # 3 × 1000 for 21 of 31 days
    assert charges(yearly)[1:] == [("licences_added", "2026-03-11 12:00", "2026-04-01 12:00", 3, Decimal(2032))]
    assert (charge.posted_by, charge.reseller_id) == (provider_admin.user, None)
    assert (yearly.licences, yearly.due_at) == (13, at("2026-04-01 12:00"))
    assert list(yearly.licence_changes.order_by("pk").values_list("difference", "changed_at"))[1:] == [
        (3, at("2026-03-11 12:00"))
    ]


def test_licences_given_back_are_refunded_as_quoted(yearly, provider_admin):
    quote = quote_changes(yearly, as_it_is(yearly, licences=7), moment=at("2026-03-02 12:00"))

    submit_at("2026-03-02 12:00", yearly, provider_admin, licences=7)

    refund = yearly.charges.get(kind="refund")
    assert quote.totals == [Money(Decimal(-2903), "JPY")]  # 3 × 1000 for 30 of 31 days: never a yen too many
    assert charges(yearly)[1:] == [("refund", "2026-03-02 12:00", "2026-04-01 12:00", 3, Decimal(-2903))]
    assert (refund.undoes.kind, refund.order) == ("purchase", yearly.order_line.order)


def test_what_costs_nothing_needs_no_quote(yearly):
    quote = quote_changes(yearly, as_it_is(yearly, nickname="Else"), moment=at("2026-03-02"))

    assert (quote.totals, quote.postings) == ([], [])


def test_quote_is_refused_as_submitting_would_be(yearly):
    with time_machine.travel(at("2026-03-20"), tick=False):
        for licences, code in ((301, "too_many"), (9, "return_window"), (0, "too_few")):
            wanted = as_it_is(yearly, licences=licences)
            assert refusals(lambda wanted=wanted: quote_changes(yearly, wanted, moment=at("2026-03-20"))) == {
                "licences": [code]
            }


def test_what_was_shown_is_charged_though_time_went_by(yearly, provider_admin):
    submit_at("2026-03-11 12:14", yearly, provider_admin, quoted="2026-03-11 12:00", licences=13)

    assert charges(yearly)[1:] == [("licences_added", "2026-03-11 12:00", "2026-04-01 12:00", 3, Decimal(2032))]
    assert yearly.charges.get(kind="licences_added").posted_at == at("2026-03-11 12:14")


def test_quote_for_other_licences_is_refused(yearly, provider_admin):
    quote = quote_changes(yearly, as_it_is(yearly, licences=11), moment=at("2026-03-11 12:00"))

    with time_machine.travel(at("2026-03-11 12:00"), tick=False):
        assert (
            refusal_of(lambda: submit(yearly, provider_admin, agreed=quote.agreement, licences=13)) == "quote_expired"
        )
    assert len(charges(yearly)) == 1


def test_quote_of_before_another_charge_is_refused(yearly, provider_admin):
    submit_at("2026-03-11 12:05", yearly, provider_admin, licences=12)

    assert (
        refusal_of(
            lambda: submit_at("2026-03-11 12:10", yearly, provider_admin, quoted="2026-03-11 12:00", licences=13)
        )
        == "quote_expired"
    )


def test_quote_of_before_the_billing_period_is_refused_and_the_next_one_holds(yearly, provider_admin):
    moment = "2026-04-01 12:05"  # and the schedule is late

    assert (
        refusal_of(lambda: submit_at(moment, yearly, provider_admin, quoted="2026-04-01 11:55", licences=13))
        == "quote_expired"
    )
    assert len(charges(yearly)) == 1
    assert submit_at(moment, yearly, provider_admin, licences=13) == [Verb.LICENCES_CHANGED]
    assert charges(yearly)[1:] == [
        ("cycle", "2026-04-01 12:00", "2026-05-01 12:00", 10, Decimal(10000)),
        ("licences_added", "2026-04-01 12:05", "2026-05-01 12:00", 3, Decimal(3000)),
    ]


def test_overdue_is_settled_even_when_nothing_changes(yearly, provider_admin):
    with time_machine.travel(at("2026-04-02"), tick=False):
        assert submit(yearly, provider_admin) == []

    assert [kind for kind, *_rest in charges(yearly)] == ["purchase", "cycle"]


def test_quote_of_what_is_overdue_leaves_it_overdue(yearly):
    quote = quote_changes(yearly, as_it_is(yearly, licences=13), moment=at("2026-04-16 12:00"))

    yearly.refresh_from_db()
    assert quote.totals == [Money(Decimal(1500), "JPY")]
    assert (len(charges(yearly)), yearly.charged_until) == (1, at("2026-04-01 12:00"))


def test_reduction_is_refused_beyond_what_can_be_given_back(yearly, provider_admin):
    submit_at("2026-03-05 12:00", yearly, provider_admin, licences=13)

    with time_machine.travel(at("2026-03-09 12:00"), tick=False):
        with pytest.raises(ValidationError) as refusal:
            submit(yearly, provider_admin, licences=9)
        error = refusal.value.error_dict["licences"][0]
        assert (error.code, error.params) == ("return_window", {"most": 3, "least": 10})
        assert submit(yearly, provider_admin, licences=10) == [Verb.LICENCES_CHANGED]
    assert list(yearly.licence_changes.order_by("pk").values_list("difference", flat=True)) == [10, 3, -3]
    assert [(kind, count) for kind, _from, _to, count, _amount in charges(yearly)] == [
        ("purchase", 10),
        ("licences_added", 3),
        ("refund", 3),
    ]


def test_limit_for_the_whole_customer_counts_all_its_subscriptions_of_the_provider(
    relationship, provider_admin, strange_relationship
):
    offer = OfferFactory(tags=["Limit:25"])
    mine = SubscriptionFactory(relationship=relationship, offer=offer, licences=10)
    SubscriptionFactory(relationship=relationship, offer=offer, licences=12, status="suspended")
    SubscriptionFactory(relationship=relationship, offer=offer, licences=50, status="cancelled")
    SubscriptionFactory(relationship=strange_relationship, offer=offer, licences=50)

    with pytest.raises(ValidationError) as refusal:
        submit(mine, provider_admin, licences=14)

    error = refusal.value.error_dict["licences"][0]
    assert (error.code, error.params["most"], error.params["others"]) == ("too_many_altogether", 25, 12)
    assert submit(mine, provider_admin, licences=13) == [Verb.LICENCES_CHANGED]


def test_limit_is_that_of_the_price_list_of_this_moment(relationship, provider_admin):
    """A line that is bought keeps its price, not a limit; what has left the price list keeps the last one."""
    lines = {"product_id": "CFQSUITE", "tags": ["Limit:12"]}
    old = sold(effective_to=at("2026-03-01"), **lines)
    mine = bought(relationship, "2026-02-11 12:00", old)

    assert refused_at("2026-03-11 12:00", mine, provider_admin, licences=13) == {"licences": ["too_many_altogether"]}
    sold(effective_from=at("2026-03-01"), effective_to=at("2026-03-12"), **lines | {"tags": ["Limit:20"]})
    assert refused_at("2026-03-11 12:00", mine, provider_admin, licences=21) == {"licences": ["too_many_altogether"]}
    submit_at("2026-03-11 12:00", mine, provider_admin, licences=20)
    sold(effective_from=at("2026-03-12"), **lines | {"tags": []})
    submit_at("2026-03-13 12:00", mine, provider_admin, licences=21)


def test_change_at_once_withdraws_what_was_scheduled(yearly, provider_admin):
    """domain.md §7.3: also when the plan was about something else."""
    plan = planned(yearly, sold(product_id=yearly.offer.product_id, term="P1M"), yearly.licences)

    renamed = submit_at("2026-03-11 12:00", yearly, provider_admin, nickname="New")
    done = submit_at("2026-03-11 12:00", yearly, provider_admin, licences=20)

    plan.refresh_from_db()
    assert renamed == [Verb.NICKNAME_CHANGED]
    assert done == [Verb.LICENCES_CHANGED, Verb.RENEWAL_UNSCHEDULED]
    assert plan.withdrawn_at == at("2026-03-11 12:00")
    note = Activity.objects.get(verb=Verb.RENEWAL_UNSCHEDULED)
    assert note.details == {"subscription": str(yearly.code), "old": str(plan)}


def test_refused_change_leaves_what_was_scheduled(yearly, provider_admin):
    plan = planned(yearly, yearly.offer, 5)

    assert refused_at("2026-03-11 12:00", yearly, provider_admin, licences=301) == {"licences": ["too_many"]}

    plan.refresh_from_db()
    assert plan.withdrawn_at is None


# Credit: from this moment on, with the markup of this moment.


def test_new_reseller_is_billed_for_what_is_added_with_it(yearly, provider, provider_admin, reseller):
    MarkupFactory(provider=provider, reseller=reseller, percent=Decimal(20))

    submit_at("2026-03-01 12:00", yearly, provider_admin, licences=11, mpn_id="12345")

    yearly.refresh_from_db()
    purchase, added = yearly.charges.order_by("pk")
    assert (purchase.reseller_id, purchase.resale_amount) == (None, None)
    assert (added.reseller_id, added.amount, added.resale_unit_price, added.resale_amount) == (
        *(reseller.pk, Decimal(1000)),
        *(Decimal(1200), Decimal(1200)),
    )
    assert yearly.markup == Decimal(20)


def test_former_reseller_gets_back_what_it_was_billed(yearly, provider, provider_admin, reseller):
    MarkupFactory(provider=provider, percent=Decimal(10))
    submit_at("2026-03-01 12:00", yearly, provider_admin, mpn_id="12345")
    submit_at("2026-03-02 12:00", yearly, provider_admin, licences=11)
    submit_at("2026-03-02 13:00", yearly, provider_admin, mpn_id="")

    submit_at("2026-03-02 14:00", yearly, provider_admin, licences=10)

    refund = yearly.charges.get(kind="refund")
    assert (refund.undoes.kind, refund.reseller_id) == ("purchase", None)  # the oldest licences go first
    submit_at("2026-03-02 14:00", yearly, provider_admin, licences=9)
    assert yearly.charges.filter(kind="refund", reseller=None).count() == 2


# Add-ons


@pytest.fixture
def add_on(relationship, yearly):
    return bought(relationship, "2026-03-01 12:00", sold(category="add_on", sku_title="Storage"), base=yearly)


def test_add_on_follows_its_base(add_on, yearly, provider_admin):
    assert refused(add_on, provider_admin, mpn_id="12345", auto_renew=False) == {
        "auto_renew": ["add_on_renewal"],
        "mpn_id": ["add_on_credit"],
    }
    assert refusal_of(lambda: suspend(add_on, membership=provider_admin)) == "add_on_state"
    add_on.refresh_from_db()
    assert (add_on.status, add_on.auto_renew) == ("active", True)


def test_add_on_has_licences_and_a_name_of_its_own(add_on, yearly, provider_admin):
    assert submit_at("2026-03-11 12:00", add_on, provider_admin, licences=13, nickname="More") == [
        Verb.NICKNAME_CHANGED,
        Verb.LICENCES_CHANGED,
    ]

    yearly.refresh_from_db()
    add_on.refresh_from_db()
    assert charges(add_on)[1:] == [("licences_added", "2026-03-11 12:00", "2026-04-01 12:00", 3, Decimal(2032))]
    assert (add_on.revision, yearly.revision, add_on.due_at) == (2, 1, None)


def test_base_carries_its_add_ons(add_on, yearly, provider, provider_admin, reseller):
    MarkupFactory(provider=provider, percent=Decimal(10))
    MarkupFactory(provider=provider, product_id=add_on.offer.product_id, percent=Decimal(30))

    done = submit_at("2026-03-11 12:00", yearly, provider_admin, mpn_id="12345", auto_renew=False)
    with time_machine.travel(at("2026-03-11 13:00"), tick=False):
        suspend(yearly, membership=provider_admin)

    yearly.refresh_from_db()
    add_on.refresh_from_db()
    assert done == [Verb.AUTO_RENEW_CHANGED, Verb.CREDIT_CHANGED]
    assert (yearly.markup, add_on.markup) == (Decimal(10), Decimal(30))
    assert (yearly.status, add_on.status) == ("suspended", "suspended")
    assert (yearly.auto_renew, add_on.auto_renew) == (False, False)
    assert (yearly.revision, add_on.revision) == (3, 3)
    periods = ResellerOfRecord.objects.values_list("subscription", "partner_account__number", "starts_at")
    assert sorted(periods) == [(each.pk, "0012345", at("2026-03-11 12:00")) for each in (yearly, add_on)]
    assert [(each.verb, each.target) for each in Activity.objects.order_by("pk")] == [
        (verb, str(each))
        for verb in ("auto_renew_changed", "credit_changed", "subscription_suspended")
        for each in (yearly, add_on)
    ]


def test_reactivating_a_base_reactivates_what_was_suspended_with_it(add_on, yearly, relationship, provider_admin):
    gone = bought(relationship, "2026-03-01 12:00", base=yearly)
    Subscription.objects.filter(pk=gone.pk).update(status="cancelled", ended_at=at("2026-03-02"))
    with time_machine.travel(at("2026-03-11 12:00"), tick=False):
        suspend(yearly, membership=provider_admin)
        reactivate(yearly, membership=provider_admin)

    statuses = Subscription.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["active", "active", "cancelled"]


def test_add_on_that_waits_stays_when_its_base_is_suspended(yearly, relationship, provider_admin):
    waiting = SubscriptionFactory(relationship=relationship, base=yearly, status="pending")

    with time_machine.travel(at("2026-03-11 12:00"), tick=False):
        suspend(yearly, membership=provider_admin)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.revision) == ("pending", 1)


def test_changed_add_on_that_has_ended_is_refused(add_on, provider_admin):
    Subscription.objects.filter(pk=add_on.pk).update(status="cancelled", ended_at=at("2026-03-02"))

    assert refused(add_on, provider_admin, nickname="New") == {"": ["not_changeable"]}


# Auto-renew


def test_auto_renew_off_withdraws_what_was_scheduled(yearly, provider_admin):
    plan = planned(yearly, yearly.offer, 5)

    done = submit_at("2026-03-11 12:00", yearly, provider_admin, auto_renew=False)
    submit_at("2026-03-11 12:00", yearly, provider_admin, auto_renew=True)

    plan.refresh_from_db()
    assert done == [Verb.AUTO_RENEW_CHANGED, Verb.RENEWAL_UNSCHEDULED]
    assert plan.withdrawn_at == at("2026-03-11 12:00")
    assert list(RenewalPlan.objects.open()) == []


def test_add_on_that_has_it_off_already_is_left_alone(add_on, yearly, provider_admin):
    Subscription.objects.filter(pk=add_on.pk).update(auto_renew=False)

    submit_at("2026-03-11 12:00", yearly, provider_admin, auto_renew=False)

    add_on.refresh_from_db()
    assert (add_on.auto_renew, add_on.revision) == (False, 1)

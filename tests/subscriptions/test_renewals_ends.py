"""Terms that end for good: auto-renew off, suspended, not offered any more; and add-ons with their base."""

from datetime import date

import pytest

from activity.models import Activity
from subscriptions.models import Charge, RenewalPlan, Statement, Subscription
from subscriptions.renewals import run_due
from tests.factories import LicenceAssignmentFactory
from tests.subscriptions.lives import at, bought, charges, fresh, planned, sold

pytestmark = pytest.mark.django_db


def outcome(subscription):
    subscription = fresh(subscription)
    return subscription.status, subscription.ended_at, subscription.due_at


def verbs():
    return list(Activity.objects.order_by("pk").values_list("verb", "details__reason"))


def test_without_auto_renew_it_expires_with_its_term_however_late(relationship):
    subscription = bought(relationship, "2025-03-10", auto_renew=False)

    run_due(at("2026-06-01"))

    assert outcome(subscription) == ("expired", at("2026-03-10"), None)
    assert charges(subscription)[-1][:3] == ("cycle", "2026-02-10", "2026-03-10")
    assert verbs() == [("subscription_expired", "ended_expired")]
    assert Activity.objects.get().details["old"] == f"10 × {subscription.offer.sku_title} – 2026-03-10"
    assert run_due(at("2026-06-01")) == 0


def test_without_auto_renew_it_is_charged_until_its_term_ends(relationship):
    subscription = bought(relationship, "2025-03-10", auto_renew=False)

    run_due(at("2026-03-09"))

    assert outcome(subscription) == ("active", None, at("2026-03-10"))
    assert len(charges(subscription)) == 12


@pytest.mark.parametrize("auto_renew", [True, False])
def test_suspended_goes_on_being_billed_and_is_cancelled_at_the_end(relationship, auto_renew):
    subscription = bought(relationship, "2025-03-10", status="suspended", auto_renew=auto_renew)

    run_due(at("2026-03-10"))

    assert outcome(subscription) == ("cancelled", at("2026-03-10"), None)
    assert len(charges(subscription)) == 12
    assert verbs() == [("subscription_cancelled", "ended_cancelled")]


def test_what_is_not_offered_any_more_expires(relationship):
    subscription = bought(relationship, "2025-03-10", sold(effective_to=at("2026-03-10")))

    run_due(at("2026-03-10"))

    assert outcome(subscription) == ("expired", at("2026-03-10"), None)
    assert verbs() == [("subscription_expired", "ended_not_offered")]


def test_what_was_withdrawn_after_its_term_ended_is_renewed_though_it_is_late(relationship):
    subscription = bought(relationship, "2025-03-10", sold(effective_to=at("2026-03-11")))

    run_due(at("2026-05-01"))

    assert outcome(subscription) == ("active", None, at("2026-05-10"))


def test_what_came_on_sale_after_its_term_ended_does_not_renew_it(relationship):
    gone = sold(effective_to=at("2026-03-01"))
    again = sold(product_id=gone.product_id, effective_from=at("2026-03-11"))
    subscription = bought(relationship, "2025-03-10", gone)

    run_due(at("2026-05-01"))

    assert again.item == gone.item
    assert outcome(subscription) == ("expired", at("2026-03-10"), None)


def test_open_plan_of_what_ends_is_withdrawn(relationship):
    subscription = bought(relationship, "2025-03-10", auto_renew=False)
    plan = planned(subscription, subscription.offer, 20)

    run_due(at("2026-03-10"))

    plan = fresh(plan)
    assert (plan.applied_at, plan.withdrawn_at is None) == (None, False)
    assert not RenewalPlan.objects.open().exists()


def test_what_was_due_in_a_month_that_is_closed_is_charged_in_the_open_one(relationship, time_machine):
    subscription = bought(relationship, "2026-03-02 12:00", auto_renew=False)
    Statement.objects.create(
        provider=relationship.provider, month=date(2026, 4, 1), currency="JPY", closed_at=at("2026-05-01 02:00")
    )
    time_machine.move_to(at("2026-05-02"), tick=False)

    run_due(at("2026-05-02"))

    late = Charge.objects.get(kind="cycle")
    assert (late.period_start, late.posted_at) == (at("2026-04-02 12:00"), at("2026-05-02"))
    assert fresh(subscription).due_at == at("2026-05-02 12:00")


def test_month_that_is_closed_too_early_is_waited_for(relationship, time_machine):
    subscription = bought(relationship, "2026-03-02")
    Statement.objects.create(
        provider=relationship.provider, month=date(2026, 4, 1), currency="JPY", closed_at=at("2026-04-01")
    )
    time_machine.move_to(at("2026-04-30 23:30"), tick=False)
    run_due(at("2026-04-30 23:30"))
    assert len(charges(subscription)) == 1

    time_machine.move_to(at("2026-05-01 00:30"), tick=False)
    run_due(at("2026-05-01 00:30"))

    assert [kind for kind, *_rest in charges(subscription)] == ["purchase", "cycle"]


def test_licences_stay_assigned_to_what_has_ended(relationship):
    subscription = bought(relationship, "2025-03-10", auto_renew=False)
    assignment = LicenceAssignmentFactory(subscription=subscription)

    run_due(at("2026-03-10"))

    assert fresh(assignment).withdrawn_at is None


class TestAddOns:
    @pytest.fixture
    def base(self, relationship):
        return bought(relationship, "2025-03-31")

    def test_renews_with_its_base_and_is_charged_in_step(self, relationship, base):
        add_on = bought(relationship, "2026-01-15", base=base, licences=5)

        run_due(at("2026-03-31"))

        assert charges(add_on) == [
            ("purchase", "2026-01-15", "2026-01-31", 5, 2581),  # 16 of 31 days
            ("cycle", "2026-01-31", "2026-02-28", 5, 5000),
            ("cycle", "2026-02-28", "2026-03-31", 5, 5000),
            ("renewal", "2026-03-31", "2026-04-30", 5, 5000),
        ]
        add_on = fresh(add_on)
        assert (add_on.starts_at, add_on.ends_at, add_on.due_at) == (at("2026-03-31"), at("2027-03-31"), None)
        assert fresh(base).ends_at == add_on.ends_at

    def test_charged_by_the_month_makes_a_yearly_base_due(self, relationship):
        base = bought(relationship, "2025-03-31", sold(billing="annual"))
        add_on = bought(relationship, "2025-03-31", base=base)
        Subscription.objects.filter(pk=base.pk).update(due_at=add_on.charged_until)

        run_due(at("2025-05-30"))

        assert [len(charges(each)) for each in (base, add_on)] == [1, 2]
        assert fresh(base).due_at == at("2025-05-31")

    def test_that_is_not_due_is_left_as_it_was(self, relationship, base):
        add_on = bought(relationship, "2025-03-31", sold(billing="annual"), base=base)

        run_due(at("2025-04-30"))

        assert [len(charges(each)) for each in (base, add_on)] == [2, 1]
        assert fresh(add_on).charged_until == at("2026-03-31")

    @pytest.mark.parametrize(
        ("status", "auto_renew", "goal"), [("active", False, "expired"), ("suspended", True, "cancelled")]
    )
    def test_ends_with_its_base(self, relationship, status, auto_renew, goal):
        base = bought(relationship, "2025-03-31", status=status, auto_renew=auto_renew)
        add_on = bought(relationship, "2025-03-31", sold(billing="annual"), base=base, status=status)

        run_due(at("2026-03-31"))

        assert [outcome(each) for each in (base, add_on)] == [(goal, at("2026-03-31"), None)] * 2
        assert verbs()[1] == (f"subscription_{goal}", "ended_with_base")

    def test_suspended_alone_is_cancelled_when_its_base_expires(self, relationship):
        base = bought(relationship, "2025-03-31", auto_renew=False)
        add_on = bought(relationship, "2025-03-31", base=base, status="suspended")

        run_due(at("2026-03-31"))

        assert [outcome(each)[0] for each in (base, add_on)] == ["expired", "cancelled"]

    def test_not_offered_any_more_ends_alone(self, relationship, base):
        add_on = bought(relationship, "2025-03-31", sold(effective_to=at("2026-01-01")), base=base)
        other = bought(relationship, "2025-03-31", base=base)

        run_due(at("2026-04-30"))

        assert [outcome(each)[0] for each in (base, add_on, other)] == ["active", "expired", "active"]
        assert verbs()[1] == ("subscription_expired", "ended_not_offered")
        assert [len(charges(each)) for each in (base, add_on, other)] == [14, 12, 14]

    def test_that_ended_before_is_left_alone(self, relationship, base):
        add_on = bought(relationship, "2025-03-31", base=base, status="cancelled", ended_at=at("2025-06-01"))

        run_due(at("2026-03-31"))

        assert outcome(add_on) == ("cancelled", at("2025-06-01"), None)
        assert len(charges(add_on)) == 1

    def test_follows_its_base_into_another_term(self, relationship, base):
        add_on = bought(relationship, "2025-03-31", sold(billing="annual", unit_price=1200), base=base)
        planned(base, sold(product_id=base.offer.product_id, term="P1M"), 10)

        run_due(at("2026-04-29"))

        assert fresh(add_on).ends_at == fresh(base).ends_at == at("2026-04-30")
        # 30 of the 365 days that its price is for.
        assert charges(add_on)[-1] == ("renewal", "2026-03-31", "2026-04-30", 10, 986)

    def test_ends_when_its_base_becomes_what_it_does_not_go_with(self, relationship, base):
        premium = sold(sku_title="Premium")
        kinds = {
            "goes with both": {"tags": [f"Requires:{base.offer.sku}", f"Requires:{premium.sku}"]},
            "goes with one": {"tags": [f"Requires:{base.offer.sku}"]},
            "paid once": {"tags": [f"Requires:{base.offer.sku}"], "term": "", "billing": "one_time"},
        }
        add_ons = [
            bought(relationship, "2025-03-31", sold(category="add_on", **fields), base=base, nickname=name)
            for name, fields in kinds.items()
        ]
        suspended = bought(
            relationship, "2025-03-31", sold(category="add_on", **kinds["goes with one"]), base=base, status="suspended"
        )
        planned(base, premium, 10)

        run_due(at("2026-03-31"))

        ended = at("2026-03-31")
        assert fresh(base).offer == premium
        assert [outcome(each)[:2] for each in (*add_ons, suspended)] == [
            ("active", None),
            ("expired", ended),
            ("expired", ended),
            ("cancelled", ended),
        ]
        assert verbs() == [
            ("subscription_renewed", None),
            ("subscription_expired", "ended_not_supported"),
            ("subscription_expired", "ended_not_supported"),
            ("subscription_cancelled", "ended_not_supported"),
            ("subscription_renewed", None),
        ]
        assert [charges(each)[-1][1] for each in add_ons] == ["2026-03-31", "2026-02-28", "2025-03-31"]

    def test_of_a_trial_ends_when_that_becomes_paid_and_its_rules_say_no_more(self, relationship):
        paid, other = sold(), sold()
        tags = [f"ConvertsTo:{paid.sku}"]
        trial = bought(relationship, "2026-03-01", sold(category="trial", term="P1M", unit_price=0, tags=tags))
        storage = {"product_id": "STORAGE", "category": "add_on", "term": "P1M"}
        old = sold(tags=[f"Requires:{trial.offer.sku}"], effective_to=at("2026-03-15"), **storage)
        add_on = bought(relationship, "2026-03-01", old, base=trial)
        single = sold(category="add_on", term="P1M", tags=[f"Requires:{trial.offer.sku}", f"Requires:{other.sku}"])
        ending = bought(relationship, "2026-03-01", single, base=trial)
        sold(tags=[f"Requires:{paid.sku}"], effective_from=at("2026-03-15"), **storage)

        run_due(at("2026-04-01"))

        assert [outcome(each)[0] for each in (trial, add_on, ending)] == ["active", "active", "expired"]
        assert (fresh(trial).offer, verbs()[1]) == (paid, ("subscription_expired", "ended_not_supported"))

    def test_charged_once_ends_when_its_base_does_however_often_that_renews(self, relationship, base):
        tool = bought(relationship, "2025-03-31", sold(category="add_on", term="", billing="one_time"), base=base)

        run_due(at("2026-03-31"))
        first = fresh(tool).ends_at
        run_due(at("2027-03-31"))

        assert (first, fresh(tool).ends_at, fresh(tool).status) == (at("2027-03-31"), at("2028-03-31"), "active")
        assert (fresh(tool).starts_at, len(charges(tool))) == (at("2025-03-31"), 1)

    def test_left_behind_keeps_its_end_though_the_base_renews_again_in_the_same_run(self, relationship, base):
        offer = sold(category="add_on", term="", billing="one_time", tags=[f"Requires:{base.offer.sku}"])
        tool = bought(relationship, "2025-03-31", offer, base=base)
        planned(base, sold(), 10)

        run_due(at("2027-03-31"))

        assert (outcome(tool), fresh(tool).ends_at) == (("expired", at("2026-03-31"), None), at("2026-03-31"))
        assert fresh(base).ends_at == at("2028-03-31")

    def test_of_what_has_no_term_renews_on_its_own(self, relationship):
        base = bought(relationship, "2025-03-31", sold(term="", billing="one_time"))
        add_on = bought(relationship, "2025-03-31", base=base)
        add_on.ends_at = at("2026-03-31")
        add_on.charged_until = add_on.ends_at
        add_on.save()
        Subscription.objects.filter(pk=base.pk).update(due_at=add_on.ends_at)

        run_due(at("2026-03-31"))

        assert (fresh(add_on).ends_at, fresh(base).due_at) == (at("2027-03-31"), at("2026-04-30"))

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from subscriptions.families import Family, lock_families, lock_family
from subscriptions.models import Subscription
from tests.factories import OfferFactory, SubscriptionFactory
from tests.subscriptions.lives import at
from tests.threads import held_up, hold


@pytest.fixture
def base(relationship):
    return SubscriptionFactory(relationship=relationship)


@pytest.fixture
def add_on(base, relationship):
    return SubscriptionFactory(relationship=relationship, base=base)


@pytest.fixture
def ended(base, relationship):
    return SubscriptionFactory(relationship=relationship, base=base, status="expired")


@pytest.mark.parametrize("asked", ["base", "add_on"])
def test_family_is_the_base_and_what_has_not_ended_of_its_add_ons(base, add_on, ended, asked):
    SubscriptionFactory(relationship=base.relationship)  # of another family

    family = lock_family({"base": base, "add_on": add_on}[asked])

    assert (family.base, family.add_ons, list(family)) == (base, [add_on], [base, add_on])
    assert family.member(add_on.pk) is family.add_ons[0]
    assert family.member(base.pk) is family.base


def test_ended_add_on_comes_along_when_it_is_asked_for(base, add_on, ended):
    assert lock_family(ended).add_ons == [add_on, ended]


def test_families_are_as_they_are_now_in_the_order_of_their_keys(base, add_on, relationship, django_assert_num_queries):
    other = SubscriptionFactory(relationship=relationship)
    Subscription.objects.filter(pk=base.pk).update(nickname="Now")

    with transaction.atomic(), django_assert_num_queries(3):
        families = lock_families([other.pk, base.pk])
        assert [str(family.base.provider.organisation) for family in families] == ["Kita"] * 2

    assert families == [Family(base, [add_on]), Family(other, [])]
    assert families[0].base.nickname == "Now"


@pytest.mark.parametrize(
    ("charged", "due"),
    [
        ((at("2026-03-01"), at("2026-02-01")), at("2026-02-01")),
        ((at("2026-01-01"), at("2026-02-01")), at("2026-01-01")),
        ((at("2026-03-01"), None), at("2026-03-01")),
        ((None, None), None),
    ],
)
def test_next_visit_is_when_the_first_of_them_is_due(base, add_on, charged, due):
    base.charged_until, add_on.charged_until = charged

    Family(base, [add_on]).plan_next_visit()

    assert (base.due_at, add_on.due_at) == (due, None)


def test_what_has_ended_is_not_visited_any_more(base, add_on, ended):
    base.charged_until, ended.charged_until = at("2026-03-01"), at("2026-02-01")
    Family(base, [ended]).plan_next_visit()
    assert base.due_at == at("2026-03-01")

    base.ended_at = at("2026-01-15")
    Family(base, [add_on]).plan_next_visit()
    assert base.due_at is None


@pytest.mark.django_db(transaction=True)
def test_what_was_waited_for_comes_with_the_offer_and_the_partner_that_it_has_now(base, reseller):
    offer = OfferFactory()

    def lock():
        with transaction.atomic():
            held = lock_family(base).base
            return held.offer, held.support_contact

    def move():
        Subscription.objects.filter(pk=base.pk).update(offer=offer, support_contact=reseller)

    assert held_up(lock, by=lambda: hold(base), meanwhile=move) == (offer, reseller)


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_for_an_add_on_waits_for_its_base(base, add_on):
    def lock():
        with transaction.atomic():
            return lock_family(add_on).base.nickname

    def rename():
        Subscription.objects.filter(pk=base.pk).update(nickname="Renamed")

    assert held_up(lock, by=lambda: hold(base), meanwhile=rename) == "Renamed"


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_can_be_passed_over(base, relationship):
    other = SubscriptionFactory(relationship=relationship)

    def visit():
        with transaction.atomic():
            found = lock_families([base.pk, other.pk], skip_locked=True)
        connection.close()
        return found

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        hold(base)
        assert thread.submit(visit).result() == [Family(other, [])]

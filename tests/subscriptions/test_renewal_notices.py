"""What is told of renewals ahead, once a day, and of what has ended: to whom, and what."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.models import Activity
from outbox.models import Notice, OutgoingEmail
from subscriptions.renewals import run_due
from subscriptions.renewals.notices import tell_of_renewals_ahead
from subscriptions.tasks import remind_of_renewals, renew_due
from tests.factories import CustomerFactory, PartnershipFactory, RelationshipFactory, SubscriptionFactory, member
from tests.subscriptions.lives import at, bought, fresh, planned, sold

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(time_machine):
    """1 June 2026; in 30 days it is 1 July, and from 24 June on nobody was told before."""
    time_machine.move_to(at("2026-06-01 09:30"), tick=False)


def told():
    """Who was told, and of how many."""
    return list(Notice.objects.order_by("membership", "pk").values_list("membership", "names__count"))


def ending(relationship, moment, **fields):
    return SubscriptionFactory(relationship=relationship, ends_at=at(moment), **fields)


@pytest.fixture
def people(provider_admin, billing_admin, reseller_admin):
    return [provider_admin, reseller_admin]


def test_both_sides_are_told_how_many_end_on_the_day_in_sight(relationship, people):
    for moment in ("2026-06-23 23:59", "2026-07-01", "2026-07-01 23:59", "2026-07-02", "2026-06-15"):
        ending(relationship, moment)

    assert tell_of_renewals_ahead() == 2

    assert told() == [(each.pk, "2") for each in people]
    notice = Notice.objects.order_by("membership")[0]
    assert notice.title == "Subscriptions renew or end within 30 days: 2"
    assert notice.path == reverse("subscriptions:renewals")
    assert notice.email.to == people[0].user.email


def test_each_day_is_told_once(relationship, people, time_machine):
    for moment in ("2026-07-01", "2026-07-02"):
        ending(relationship, moment)

    counts = [tell_of_renewals_ahead(), tell_of_renewals_ahead()]
    time_machine.move_to(at("2026-06-02"), tick=False)
    counts.append(remind_of_renewals())

    assert counts == [2, 0, 2]
    assert [count for _person, count in told()] == ["1"] * 4


def test_days_on_which_nobody_was_told_are_made_up_for(relationship, people, time_machine):
    for moment in ("2026-07-01", "2026-07-02", "2026-07-03", "2026-07-03", "2026-07-05"):
        ending(relationship, moment)
    tell_of_renewals_ahead()

    counts = []
    for day in ("2026-06-04", "2026-06-04", "2026-06-05", "2026-06-05", "2026-06-06"):
        time_machine.move_to(at(f"{day} 00:30"), tick=False)
        counts.append(tell_of_renewals_ahead())

    assert counts == [2, 0, 2, 0, 0]
    assert told() == [(each.pk, count) for each in people for count in ("1", "3", "1")]


def test_a_week_is_made_up_for(relationship, people):
    for moment in ("2026-06-23 23:59", "2026-06-24", "2026-06-30"):
        ending(relationship, moment)

    tell_of_renewals_ahead()

    assert told() == [(each.pk, "2") for each in people]


def test_each_company_is_told_since_it_was_told_last(relationship, people, provider, time_machine):
    """The reseller heard nothing on the first day, when only the provider's own subscription came into sight."""
    ending(RelationshipFactory(provider=provider), "2026-07-01")
    tell_of_renewals_ahead()
    for moment in ("2026-07-01", "2026-07-02"):
        ending(relationship, moment)

    time_machine.move_to(at("2026-06-02"), tick=False)
    tell_of_renewals_ahead()

    assert told() == [(people[0].pk, "1"), (people[0].pk, "1"), (people[1].pk, "2")]


def test_what_has_ended_is_not_ahead(relationship, people):
    ending(relationship, "2026-07-01", status="expired")
    ending(relationship, "2026-07-01", status="cancelled")
    SubscriptionFactory(relationship=relationship, ends_at=None)

    assert tell_of_renewals_ahead() == 0

    assert told() == []


def test_suspended_ends_and_is_told(relationship, people):
    ending(relationship, "2026-07-01", status="suspended")

    tell_of_renewals_ahead()

    assert told() == [(each.pk, "1") for each in people]


def test_reseller_is_told_of_those_entrusted_to_it_only(relationship, people, provider):
    ending(relationship, "2026-07-01")
    ending(RelationshipFactory(provider=provider), "2026-07-01")
    ended = RelationshipFactory(provider=provider, reseller=relationship.reseller, ended_at=at("2026-05-01"))
    ending(ended, "2026-07-01")

    tell_of_renewals_ahead()

    assert told() == [(people[0].pk, "3"), (people[1].pk, "1")]


def test_reseller_of_two_providers_is_told_the_sum(relationship, people, stranger):
    other = PartnershipFactory(provider=stranger.organisation.provider, reseller=relationship.reseller)
    elsewhere = RelationshipFactory(provider=other.provider, reseller=other.reseller, customer=CustomerFactory())
    for each in (relationship, elsewhere):
        ending(each, "2026-07-01")

    assert tell_of_renewals_ahead() == 3

    assert dict(told()) == {people[0].pk: "1", people[1].pk: "2", stranger.pk: "1"}


def test_company_without_anybody_to_tell_is_not_counted(relationship):
    ending(relationship, "2026-07-01")

    assert tell_of_renewals_ahead() == 0


def test_takes_a_query_for_each_provider_however_many_subscriptions(relationship, people, time_machine):
    for day, count in (("2026-07-01", 1), ("2026-07-02", 20)):
        for _turn in range(count):
            ending(relationship, day)

    with CaptureQueriesContext(connection) as few:
        tell_of_renewals_ahead()
    time_machine.move_to(at("2026-06-02"), tick=False)
    with CaptureQueriesContext(connection) as many:
        tell_of_renewals_ahead()

    assert len(many) == len(few)
    assert {count for _person, count in told()} == {"1", "20"}


def test_schedule_renews_what_is_due_now(relationship):
    subscription = bought(relationship, "2025-06-01")
    later = bought(relationship, "2025-06-01 09:31")

    assert renew_due() == 2  # that of the last months, too
    assert renew_due() == 0

    assert fresh(subscription).starts_at == at("2026-06-01")
    assert fresh(later).starts_at == at("2025-06-01 09:31")
    assert fresh(later).due_at == at("2026-06-01") + timedelta(hours=9, minutes=31)


def test_provider_and_reseller_are_told_why_it_ended(relationship, people):
    subscription = bought(relationship, "2025-03-10", auto_renew=False, nickname="Office")

    run_due(at("2026-03-10"))

    notices = list(Notice.objects.order_by("membership"))
    assert [each.membership for each in notices] == people
    assert {each.title for each in notices} == {"Office of Aoba has ended"}
    assert {each.text for each in notices} == {"Auto-renew was off."}
    assert {each.path for each in notices} == {subscription.get_absolute_url()}
    assert [each.email.to for each in notices] == [each.user.email for each in people]


def test_reseller_that_lost_the_customer_is_not_told(relationship, people):
    bought(relationship, "2025-03-10", auto_renew=False)
    relationship.ended_at = at("2026-01-01")
    relationship.save()

    run_due(at("2026-03-10"))

    assert [each.membership for each in Notice.objects.all()] == people[:1]


def test_end_of_an_add_on_that_its_base_leaves_behind_is_told_as_that(relationship, people):
    base = bought(relationship, "2025-03-10")
    bought(relationship, "2025-03-10", base=base, nickname="Storage")
    planned(base, sold(), 10)

    run_due(at("2026-03-10"))

    notices = Notice.objects.order_by("membership")
    assert {(each.title, each.text) for each in notices} == {
        ("Storage of Aoba has ended", "It was an add-on that does not go with what its base has become.")
    }
    assert [each.membership for each in notices] == people
    line = Activity.objects.get(verb="subscription_expired")
    assert line.details["reason"] == "ended_not_supported"


def test_provider_without_reseller_is_told_alone(relationship, people):
    bought(relationship, "2025-03-10", auto_renew=False)
    relationship.reseller = None
    relationship.save()

    run_due(at("2026-03-10"))

    assert [each.membership for each in Notice.objects.all()] == people[:1]
    assert Activity.objects.get().sightings.count() == 2


def test_who_wants_no_mail_gets_none(relationship, people):
    people[0].user.notice_choices.create(subject="subscription_ended")
    bought(relationship, "2025-03-10", auto_renew=False)

    run_due(at("2026-03-10"))

    assert [each.to for each in OutgoingEmail.objects.all()] == [people[1].user.email]
    assert Notice.objects.count() == 2


def test_strangers_hear_nothing(relationship, people, stranger):
    bought(relationship, "2025-03-10", auto_renew=False)

    run_due(at("2026-03-10"))

    assert not Notice.objects.filter(membership=stranger).exists()


def test_line_breaks_do_not_reach_the_subject_of_the_mail(relationship, provider_admin):
    bought(relationship, "2025-03-10", auto_renew=False, nickname="Office\nBcc: all")

    run_due(at("2026-03-10"))

    assert OutgoingEmail.objects.get().subject == "Office Bcc: all of Aoba has ended"


def test_renewal_is_told_to_nobody(relationship, people):
    bought(relationship, "2025-03-10")
    member(relationship.customer.organisation)

    run_due(at("2026-03-10"))

    assert not Notice.objects.exists()

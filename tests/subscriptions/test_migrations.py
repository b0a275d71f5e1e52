"""What rows of before the ledger become."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from subscriptions.models import Offer, Subscription
from subscriptions.terms import months_later
from tests.factories import OfferFactory, RelationshipFactory, ResellerOfRecordFactory, SubscriptionFactory

BEFORE = [("subscriptions", "0003_pages_of_resellers")]
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def back_and_forth(transactional_db):
    """Take the room back to before the ledger, do something, and come forward again, whatever happens."""

    def travel(then):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        try:
            then(executor.loader.project_state(BEFORE).apps.get_model)
        finally:
            MigrationExecutor(connection).migrate(
                [key for key in MigrationExecutor(connection).loader.graph.leaf_nodes() if key[0] == "subscriptions"]
            )

    return travel


def test_subscriptions_take_their_place_on_the_schedule(back_and_forth):
    relationship = RelationshipFactory()
    start = timezone.now() - timedelta(days=100)
    end, over = months_later(start, 12), timezone.now() - timedelta(days=3)
    monthly, annual, overdue, ended, endless = (
        SubscriptionFactory(relationship=relationship, starts_at=start, ends_at=end, billing=billing, status=status)
        for end, billing, status in (
            *((end, "monthly", "active"), (end, "annual", "suspended"), (over, "monthly", "active")),
            *((end, "monthly", "expired"), (None, "none", "active")),
        )
    )

    back_and_forth(lambda _model: None)

    found = {each.pk: each for each in Subscription.objects.all()}
    due = [found[each.pk].due_at for each in (monthly, annual, overdue, ended, endless)]
    assert due == [months_later(start, 4), end, over, None, None]
    assert [found[each.pk].charged_until for each in (monthly, endless)] == [months_later(start, 4), None]
    assert {each.anchor for each in found.values()} == {start}
    assert found[ended.pk].ended_at <= timezone.now()


def test_who_is_credited_is_marked(back_and_forth):
    credited, no_more, never = SubscriptionFactory.create_batch(3)
    ResellerOfRecordFactory(subscription=credited, starts_at=START)
    ResellerOfRecordFactory(subscription=no_more, starts_at=START, ends_at=END)

    back_and_forth(lambda _model: None)

    found = dict(Subscription.objects.values_list("pk", "is_credited"))
    assert found == {credited.pk: True, no_more.pk: False, never.pk: False}


def test_the_first_trial_of_a_product_counts(back_and_forth):
    relationship, trial = RelationshipFactory(), OfferFactory(category="trial", product_id="CFQ7TTC0TRIA")
    for _number in range(2):
        SubscriptionFactory(relationship=relationship, offer=trial)

    back_and_forth(lambda _model: None)

    assert list(Subscription.objects.order_by("pk").values_list("trial_of", flat=True)) == ["CFQ7TTC0TRIA:0001", ""]


def test_lines_of_the_price_list_stop_where_the_next_begins(back_and_forth):
    later = START + timedelta(days=30)

    def overlap(model):
        fields = {each.attname for each in model("subscriptions", "Offer")._meta.concrete_fields} - {"id", "code"}
        made = OfferFactory.build(product_id="CFQ7TTC0TWIC", effective_from=START, effective_to=END)
        for begin in (START, later):
            made.effective_from = begin
            model("subscriptions", "Offer").objects.create(**{name: getattr(made, name) for name in fields})

    back_and_forth(overlap)

    periods = Offer.objects.order_by("effective_from").values_list("effective_from", "effective_to")
    assert list(periods) == [(START, later), (later, END)]

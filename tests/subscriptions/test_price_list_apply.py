"""The way of a price list into the portal: asked for twice, killed, late, two at once, and with many lines."""

import resource
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from celery import current_app
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activity.log import codes_of
from activity.models import Activity
from subscriptions import tasks
from subscriptions.models import Offer, PriceListImport, PriceListLine, PriceListProblem
from subscriptions.price_list import apply as price_list_apply
from subscriptions.price_list import check as price_list_check
from subscriptions.price_list.check import STUCK
from tests.factories import OfferFactory, UserFactory
from tests.subscriptions.price_lists import applied, checked, counts, line, periods, problems, uploaded
from tests.threads import at_once, held_up

State = PriceListImport.State


@pytest.fixture
def sent(monkeypatch):
    """The tasks that are handed to a broker that loses them."""
    found = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: found.append((name, *args)))
    return found


def state_of(price_list):
    return PriceListImport.objects.get(pk=price_list.pk).state


def to_be_applied(*lines):
    price_list = checked(*lines)
    price_list_apply.request_apply(price_list, actor=price_list.uploaded_by)
    return price_list


@pytest.mark.django_db
def test_an_upload_is_checked_and_applied_by_tasks(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        price_list = uploaded(line())
    assert state_of(price_list) == "uploaded"
    tasks.check_price_list(price_list.pk)
    assert (state_of(price_list), Offer.objects.count()) == ("checked", 0)
    with django_capture_on_commit_callbacks(execute=True):
        price_list_apply.request_apply(price_list, actor=price_list.uploaded_by)
    assert (state_of(price_list), Offer.objects.count()) == ("applying", 0)
    tasks.apply_price_list(price_list.pk)

    price_list = PriceListImport.objects.get(pk=price_list.pk)
    assert sent == [
        ("subscriptions.tasks.check_price_list", price_list.pk),
        ("subscriptions.tasks.apply_price_list", price_list.pk),
    ]
    assert (price_list.state, counts(price_list), Offer.objects.count()) == ("applied", (1, 0, 0, 0), 1)
    assert (bytes(price_list.content), PriceListLine.objects.count()) == (b"", 0)
    assert (price_list.file_name, price_list.applied_by) == ("prices.csv", price_list.uploaded_by)
    entry = Activity.objects.get()
    assert (entry.verb, entry.actor, entry.target) == ("operator_changed", price_list.uploaded_by, "prices.csv")
    assert entry.details == {
        "list": "price list import",
        "counts": {"new": 1, "changed": 0, "same": 0, "withdrawn": 0},
    }
    assert entry.sightings.count() == 0


@pytest.mark.django_db
def test_each_step_may_be_asked_for_twice():
    price_list = to_be_applied(line())
    price_list_apply.check(price_list.pk)
    price_list_apply.apply(price_list.pk)
    price_list_apply.apply(price_list.pk)
    price_list_apply.check(price_list.pk)
    price_list_apply.apply(0)
    price_list_apply.check(0)

    assert (state_of(price_list), Offer.objects.count(), Activity.objects.count()) == ("applied", 1, 1)


@pytest.mark.django_db
def test_nothing_is_applied_while_a_line_is_wrong():
    price_list = checked(line(), line(sku="0002", price="cheap"))

    with pytest.raises(ValidationError) as refusal:
        price_list_apply.request_apply(price_list, actor=UserFactory())

    assert codes_of(refusal.value) == "price_list_wrong"
    assert (state_of(price_list), Offer.objects.count()) == ("checked", 0)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["uploaded", "checking", "applying", "applied", "failed"])
def test_only_a_checked_list_is_applied(state):
    price_list = checked(line())
    PriceListImport.objects.update(state=state)

    with pytest.raises(ValidationError) as refusal:
        price_list_apply.request_apply(price_list, actor=UserFactory())

    assert codes_of(refusal.value) == "price_list_state"
    if state != "applying":
        price_list_apply.apply(price_list.pk)
    assert (state_of(price_list), Offer.objects.count()) == (state, 0)


@pytest.mark.django_db
def test_a_list_is_not_applied_after_one_that_was_uploaded_later():
    """What was looked at weeks ago would put back what has changed since."""
    applied(line())
    old = checked(line(price="4"))
    newer = checked(line(price="5"))
    assert price_list_apply.too_old(old) is None

    price_list_apply.request_apply(newer, actor=newer.uploaded_by)
    price_list_apply.apply(newer.pk)
    with pytest.raises(ValidationError) as refusal:
        price_list_apply.request_apply(old, actor=old.uploaded_by)

    assert codes_of(refusal.value) == "price_list_older"
    assert refusal.value.messages == [
        "“prices.csv”, which was uploaded later, has been applied. This one would put back what it has changed; "
        "upload it again if that is wanted."
    ]
    assert (state_of(old), [price for price, *_period in periods()]) == ("checked", ["5.00"])
    assert applied(line(price="4")).state == "applied"


@pytest.mark.django_db
def test_a_list_that_was_asked_for_and_overtaken_waits_again():
    old, newer = to_be_applied(line(price="4")), to_be_applied(line(price="5"))

    price_list_apply.apply(newer.pk)
    price_list_apply.apply(old.pk)

    old.refresh_from_db()
    assert (old.state, old.applied_by, old.applied_at, counts(old)) == ("checked", None, None, (1, 0, 0, 0))
    assert (PriceListLine.objects.count(), bytes(old.content) != b"") == (1, True)
    assert [price for price, *_period in periods()] == ["5.00"]


@pytest.mark.django_db
def test_all_problems_are_counted_and_the_first_of_them_kept(monkeypatch):
    monkeypatch.setattr(price_list_check, "PIECE", 2)
    monkeypatch.setattr(price_list_check, "MOST_PROBLEMS", 3)
    wrong = [line(sku=f"000{number}", price="", Market="XX") for number in range(3)]

    price_list = checked(*wrong, line(), line(sku="0009"), line())

    assert [number for number, *_rest in problems(price_list)] == [2, 2, 3]
    assert (price_list.progress, price_list.lines, price_list.wrong) == (6, 3, 4)


# Workers that are killed, late, or two


@pytest.mark.django_db
def test_a_check_that_was_killed_begins_again(monkeypatch):
    monkeypatch.setattr(price_list_check, "PIECE", 1)
    price_list = uploaded(line(price=""), line(sku="0002"), line(sku="0003"))
    conclude = price_list_check._conclude
    monkeypatch.setattr(price_list_check, "_conclude", lambda _list: exec("raise SystemExit"))
    with pytest.raises(SystemExit):
        tasks.check_price_list(price_list.pk)
    monkeypatch.setattr(price_list_check, "_conclude", conclude)
    assert (PriceListLine.objects.count(), PriceListProblem.objects.count()) == (2, 1)

    tasks.check_price_list(price_list.pk)  # the broker hands it out again, but somebody may still be at it
    tasks.take_up_price_lists()
    assert state_of(price_list) == "checking"
    with time_machine.travel(timezone.now() + STUCK + timedelta(seconds=1), tick=False):
        tasks.take_up_price_lists()

    found = PriceListImport.objects.get()
    assert (found.state, found.progress, found.lines, found.wrong) == ("checked", 3, 2, 1)
    assert (PriceListLine.objects.count(), PriceListProblem.objects.count()) == (2, 1)


@pytest.mark.django_db
def test_who_was_overtaken_stops_and_adds_nothing(monkeypatch):
    monkeypatch.setattr(price_list_check, "PIECE", 1)
    price_list = uploaded(line(), line(sku="0002"))
    read = price_list_check._pieces

    def overtaken(header, rows):
        monkeypatch.setattr(price_list_check, "_pieces", read)
        pieces = read(header, rows)
        yield next(pieces)
        with time_machine.travel(timezone.now() + STUCK * 2, tick=False):
            price_list_apply.check(price_list.pk)
        yield from pieces

    monkeypatch.setattr(price_list_check, "_pieces", overtaken)
    price_list_apply.check(price_list.pk)

    found = PriceListImport.objects.get()
    assert (found.state, found.lines, PriceListLine.objects.count()) == ("checked", 2, 2)


@pytest.mark.django_db
def test_an_upload_that_no_task_reached_is_checked_after_a_minute():
    price_list = uploaded(line())

    price_list_apply.take_up()
    assert state_of(price_list) == "uploaded"
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        price_list_apply.take_up()

    assert state_of(price_list) == "checked"


@pytest.mark.django_db
def test_applying_is_taken_up_when_its_task_was_lost():
    price_list = to_be_applied(line())

    price_list_apply.take_up()
    assert state_of(price_list) == "applying"
    with time_machine.travel(timezone.now() + STUCK + timedelta(seconds=1), tick=False):
        price_list_apply.take_up()

    assert (state_of(price_list), Offer.objects.count()) == ("applied", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["difference", "make_it_so", "record"])
def test_applying_that_is_killed_leaves_nothing_and_is_done_later(monkeypatch, step):
    applied(line(), line(sku="0002"))
    before = periods()
    price_list = to_be_applied(line(price="5"), line(sku="0003"))

    def kill(*_args, **_kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(price_list_apply, step, kill)
        with pytest.raises(SystemExit):
            tasks.apply_price_list(price_list.pk)

    assert (periods(), state_of(price_list), PriceListLine.objects.count()) == (before, "applying", 2)
    with time_machine.travel(timezone.now() + STUCK * 2, tick=False):
        price_list_apply.take_up()
    assert (state_of(price_list), Offer.objects.count()) == ("applied", 3)


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "module"), [("check", "price_list_check"), ("apply", "difference")])
def test_a_fault_ends_it_and_a_database_that_is_away_does_not(monkeypatch, step, module):
    price_list = to_be_applied(line()) if step == "apply" else uploaded(line())
    state = state_of(price_list)
    run = getattr(price_list_apply, step)

    def broken(fault, *_args):
        raise fault

    target = (price_list_check, "check") if step == "check" else (price_list_apply, module)
    monkeypatch.setattr(*target, partial(broken, OperationalError("gone")))
    with pytest.raises(OperationalError):
        run(price_list.pk)
    assert state_of(price_list) == state
    monkeypatch.setattr(*target, partial(broken, ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run(price_list.pk)

    found = PriceListImport.objects.get()
    assert (found.state, found.failure, bytes(found.content)) == ("failed", "fault", b"")
    assert (PriceListLine.objects.count(), Offer.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_what_nobody_applies_is_forgotten_after_a_month():
    price_list, other = checked(line()), applied(line())

    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        price_list_apply.take_up()
    price_list_apply._fail(other.pk, "fault")
    price_list_apply._fail(0, "fault")

    price_list.refresh_from_db()
    assert (price_list.state, price_list.failure, PriceListLine.objects.count()) == ("failed", "left", 0)
    assert state_of(other) == "applied"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_wait_for_each_other():
    lists = [to_be_applied(line(price="1")), to_be_applied(line(price="2")), to_be_applied(line(price="2"))]

    assert at_once(*[partial(price_list_apply.apply, each.pk) for each in lists]) == ["done"] * 3

    done = PriceListImport.objects.filter(state="applied")
    assert state_of(lists[2]) == "applied"  # the others unless it was quicker
    assert set(PriceListImport.objects.values_list("state", flat=True)) <= {"applied", "checked"}
    assert ([price for price, *_period in periods()], sum(each.new for each in done)) == (["2.00"], 1)


@pytest.mark.django_db(transaction=True)
def test_one_list_asked_for_at_once_is_applied_once():
    price_list = to_be_applied(line())

    assert at_once(*[partial(price_list_apply.apply, price_list.pk)] * 3) == ["done"] * 3

    assert (state_of(price_list), Offer.objects.count(), Activity.objects.count()) == ("applied", 1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_ask_once():
    price_list = checked(line())
    ask = partial(price_list_apply.request_apply, price_list, actor=price_list.uploaded_by)

    assert sorted(at_once(ask, ask)) == ["done", "price_list_state"]


@pytest.mark.django_db(transaction=True)
def test_an_offer_that_the_operator_writes_meanwhile_is_waited_for():
    price_list = to_be_applied(line())
    known = {"product_id": "CFQ7TTC0X001", "market": "DE", "currency": "EUR", "unit_price": 9}

    held_up(partial(price_list_apply.apply, price_list.pk), by=lambda: OfferFactory(**known))

    assert counts(PriceListImport.objects.get()) == (0, 1, 0, 0)
    assert [price for price, *_period in periods()] == ["4.20"]


# Many lines


@pytest.mark.django_db
def test_many_lines_need_few_queries_and_little_memory():
    lines = [line(sku=f"{number:05d}") for number in range(20_000)]
    price_list = uploaded(*lines)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with CaptureQueriesContext(
        connection,
    ) as queries:
        price_list_apply.check(price_list.pk)
        price_list_apply.request_apply(price_list, actor=price_list.uploaded_by)
        price_list_apply.apply(price_list.pk)

    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert counts(PriceListImport.objects.get()) == (20_000, 0, 0, 0)
    assert len(queries) < 70
    assert more < 100

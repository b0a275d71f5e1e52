"""What Review shows is what Submit charges: for a quarter of an hour, within the month, and never something else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from activity.log import codes_of
from customers.models import Customer
from subscriptions.models import Charge, Order, Subscription
from subscriptions.money import Money
from subscriptions.ordering.drafts import quoted_at
from subscriptions.ordering.steps import Answers, submit_draft
from tests.factories import OfferFactory, SubscriptionFactory
from tests.subscriptions.order_answers import draft_for, draft_of, line, url

NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)
START, END = datetime(2025, 9, 11, tzinfo=UTC), datetime(2026, 9, 11, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def base(relationship):
    suite = OfferFactory(product_id="CFQ7SUITE", sku_title="Suite")
    return SubscriptionFactory(relationship=relationship, offer=suite, starts_at=START, ends_at=END)


@pytest.fixture
def phone(db):
    return OfferFactory(
        sku_title="Phone", category="add_on", tags=["Requires:CFQ7SUITE:0001"], unit_price=Decimal("44640")
    )  # a yen a minute in a month of 31 days


@pytest.fixture
def client(sign_in, sales_agent):
    return sign_in(sales_agent)


def refused(draft, membership, reviewed):
    with pytest.raises(ValidationError) as refusal:
        submit_draft(draft, membership=membership, reviewed=reviewed)
    return codes_of(refusal.value)


def test_submit_charges_what_was_shown_a_while_ago(clock, sales_agent, relationship, base, phone):
    draft = draft_for(sales_agent, relationship.customer, line(phone, 1))
    answers = Answers(draft, membership=sales_agent)
    shown = answers.basket.lines[0].due
    clock.shift(timedelta(minutes=15))

    order = submit_draft(draft, membership=sales_agent, reviewed=answers.version).order

    assert shown == Money(Decimal(20 * 1440 + 720), "JPY")
    assert [charge.amount for charge in Charge.objects.filter(order=order)] == [shown.amount]
    assert order.lines.get().due == shown
    assert Answers(draft, membership=sales_agent).basket.lines[0].due != shown


def test_submit_asks_again_after_a_quarter_of_an_hour(clock, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    version = Answers(draft, membership=sales_agent).version
    clock.shift(timedelta(minutes=15, seconds=1))

    assert (refused(draft, sales_agent, version), Customer.objects.count()) == ("quote_expired", 0)


def test_submit_asks_again_in_another_month(clock, sales_agent, offer):
    clock.move_to(datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    draft = draft_of(sales_agent, line(offer))
    version = Answers(draft, membership=sales_agent).version
    clock.shift(timedelta(minutes=2))

    assert refused(draft, sales_agent, version) == "quote_expired"


@pytest.fixture
def offer(db):
    return OfferFactory(unit_price=Decimal(2000))


def test_review_shows_everything_again_when_it_is_too_old(clock, client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    reviewed = client.get(url("review", draft)).context["answers"].version
    clock.shift(timedelta(minutes=16))

    again = client.post(url("submit", draft), {"reviewed": reviewed})
    done = client.post(url("submit", draft), {"reviewed": again.context["answers"].version})

    assert (again.context["refusal"].code, "¥20,000" in again.content.decode()) == ("quote_expired", True)
    assert (done.status_code, Order.objects.count()) == (200, 1)


def test_new_subscription_shows_everything_again_when_it_is_too_old(clock, client, sales_agent, relationship, offer):
    draft = draft_for(sales_agent, relationship.customer, line(offer))
    reviewed = client.get(url("subscriptions", draft)).context["answers"].version
    typed = {"offer": str(offer.code), f"{offer.code}-licences": "10", "action": "next"}
    clock.shift(timedelta(minutes=16))

    again = client.post(url("subscriptions", draft), typed | {"reviewed": reviewed})
    version = again.context["answers"].version
    done = client.post(url("subscriptions", draft), typed | {"reviewed": version})

    assert again.context["problems"] == [
        "What this costs has changed since it was shown. Nothing was charged: look at it again, then submit."
    ]
    assert (done.status_code, Subscription.objects.get().licences) == (302, 10)


@pytest.mark.parametrize(
    "version", ["", "x", "2026-03-21", "9999-12-31T23:59:59-23:59 x", "0001-01-01T00:00:00+23:59 x"]
)
def test_a_version_that_nobody_was_shown_is_refused(clock, sales_agent, offer, version):
    draft = draft_of(sales_agent, line(offer))

    assert refused(draft, sales_agent, version) in ("draft_changed", "quote_expired")
    assert Customer.objects.count() == 0


def test_another_moment_is_not_accepted_under_the_same_seal(clock, sales_agent, relationship, base, phone):
    draft = draft_for(sales_agent, relationship.customer, line(phone, 1))
    moment, seal = Answers(draft, membership=sales_agent).version.split(" ")
    clock.shift(timedelta(minutes=5))
    later = (datetime.fromisoformat(moment) + timedelta(minutes=4)).isoformat()

    assert refused(draft, sales_agent, f"{later} {seal}") == "not_shown"
    assert refused(draft, sales_agent, f"2026-03-31T00:00:00+00:00 {seal}") == "not_shown"
    assert quoted_at(f"{moment} {seal}") == NOON


def test_a_base_that_changed_since_is_shown_again(clock, sales_agent, relationship, base, phone):
    draft = draft_for(sales_agent, relationship.customer, line(phone, 1))
    version = Answers(draft, membership=sales_agent).version
    Subscription.objects.filter(pk=base.pk).update(anchor=datetime(2025, 9, 12, tzinfo=UTC))

    assert refused(draft, sales_agent, version) == "not_shown"


# What the pages say


def test_pages_say_what_is_charged_at_submit_and_then(clock, client, sales_agent, relationship, base, phone):
    draft = draft_for(sales_agent, relationship.customer, line(phone, 10))

    text = client.get(url("subscriptions", draft)).content.decode()

    shown = ["Adds to", "Phone", "¥295,200", "Charged at Submit", "Then each month", "¥446,400"]
    shown += ["Credits nobody, as what it adds to.", "Suite, until Sep 11, 2026"]
    assert [words for words in shown if words not in text] == []


def test_order_page_says_what_was_charged(clock, client, sales_agent, relationship, base, phone):
    draft = draft_for(sales_agent, relationship.customer, line(phone, 10))
    order = submit_draft(draft, membership=sales_agent).order

    text = client.get(order.get_absolute_url()).content.decode()

    shown = ["¥295,200", "Charged at Submit", "Then each month", "¥446,400", "Ends on "]
    assert [words for words in shown if words not in text] == []


def test_review_and_confirmation_say_what_a_new_customer_is_charged(clock, client, sales_agent, partnership, phone):
    suite = OfferFactory(product_id="CFQ7SUITE", sku_title="Suite", unit_price=Decimal(2000))
    once = OfferFactory(sku_title="Server", unit_price=Decimal(70_000), term="", billing="one_time")
    draft = draft_of(sales_agent, line(suite, reseller="0012345"), line(phone), line(once, 1))

    review = client.get(url("review", draft))
    done = client.post(url("submit", draft), {"reviewed": review.context["answers"].version})

    common = ["¥536,400", "Charged at Submit", "Then each month", "¥466,400", "¥70,000", "One-time"]
    text = review.content.decode()
    assert [words for words in [*common, "Adds to Suite"] if words not in text] == []
    assert text.count("Sakura (ID: 0012345)") == 2
    assert [words for words in common if words not in done.content.decode()] == []
    assert sum(charge.amount for charge in Charge.objects.all()) == 536_400


def test_nothing_that_was_typed_is_lost(client, sales_agent, relationship, base, phone):
    draft, offer = draft_for(sales_agent, relationship.customer), OfferFactory()
    typed = {
        "offer": [str(phone.code), str(offer.code)],
        f"{phone.code}-licences": "x",
        f"{phone.code}-base": str(base.code),
        f"{offer.code}-licences": "3",
        f"{offer.code}-align": str(base.code),
        "action": "next",
    }

    answer = client.post(url("subscriptions", draft), typed)

    draft.refresh_from_db()
    assert draft.lines == [line(phone, "x", base=base), line(offer, 3, align=base)]
    text = answer.content.decode()
    assert text.count(f'<option value="{base.code}" selected>') == 2


def test_a_draft_of_the_day_before_still_opens(client, sales_agent, offer):
    """Drafts that were kept before there were add-ons and end dates have no answers for them."""
    kept = {"offer": str(offer.code), "licences": "3", "reseller": "", "mpn_id": ""}

    page = client.get(url("review", draft_of(sales_agent, kept)))

    assert page.context["answers"].basket.lines[0].line.licences == 3


@pytest.mark.parametrize("count", [1, 3])
def test_new_subscription_of_a_customer_takes_as_many_queries_for_one_line_as_for_three(
    client, sales_agent, relationship, base, django_assert_num_queries, count
):
    """Also where every line is refused: the base has ended."""
    phones = [OfferFactory(category="add_on", tags=["Requires:CFQ7SUITE:0001"]) for _each in range(count)]
    trials = [OfferFactory(category="trial", term="P1M", unit_price=0) for _each in range(count)]
    draft = draft_for(sales_agent, relationship.customer, *[line(each) for each in (*phones, *trials)])

    with django_assert_num_queries(12):
        assert client.get(url("subscriptions", draft)).status_code == 200

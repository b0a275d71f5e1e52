"""Add-ons, and lines that end with something else: what they cost at Submit, and what comes of them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Sum

from activity.log import codes_of
from customers.registration import CustomerDetails
from resellers.models import PartnerAccount
from resellers.partnerships import end_partnership
from subscriptions.models import Charge, LicenceChange, Order, OrderLine, ResellerOfRecord, Subscription
from subscriptions.models.catalogue import Billing
from subscriptions.money import Money
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line, PeriodTotal, charged_at_submit, order_totals
from subscriptions.ordering.rows import Writer
from tests.customers.answers import JAPAN, form_for
from tests.factories import MarkupFactory, OfferFactory, ResellerOfRecordFactory, SubscriptionFactory
from tests.subscriptions.order_answers import draft_for, draft_of

NOW = datetime(2026, 3, 21, tzinfo=UTC)
# Its billing months begin on the 11th: 21 of the 31 days from 11 March to 11 April are left.
START, END = datetime(2025, 9, 11, tzinfo=UTC), datetime(2026, 9, 11, tzinfo=UTC)
MONTH_END = datetime(2026, 4, 11, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account(partnership):
    return PartnerAccount.objects.get(number="0012345")


@pytest.fixture
def suite(db):
    return OfferFactory(sku_title="Suite", product_id="CFQ7SUITE")


@pytest.fixture
def phone(db):
    return OfferFactory(sku_title="Phone", category="add_on", tags=["Requires:CFQ7SUITE:0001"], unit_price=Decimal(310))


@pytest.fixture
def base(relationship, suite):
    return SubscriptionFactory(
        relationship=relationship,
        offer=suite,
        nickname="Tokyo",
        starts_at=START,
        ends_at=END,
        charged_until=MONTH_END,
        due_at=MONTH_END,
    )


@pytest.fixture
def order(sales_agent, relationship):
    def order(*lines, **kwargs):
        draft = draft_for(sales_agent, relationship.customer)
        return place_order(draft, lines=list(lines), relationship=relationship, actor=sales_agent.user, **kwargs).order

    return order


def assert_charged_as_said(order):
    charged = Charge.objects.filter(order=order).aggregate(sum=Sum("amount"))["sum"]
    assert charged == sum(each.due.amount for each in order.lines.all())
    assert set(Charge.objects.filter(order=order).values_list("kind", flat=True)) == {"purchase"}


def test_an_add_on_ends_with_its_base_and_costs_what_is_left(order, base, phone, account):
    ResellerOfRecordFactory(subscription=base, partner_account=account)

    placed = order(Line(phone, 10, base=base))

    add_on = Subscription.objects.get(base=base)
    assert (add_on.starts_at, add_on.anchor, add_on.ends_at) == (NOW, START, END)
    assert (add_on.charged_until, add_on.due_at, add_on.auto_renew) == (MONTH_END, None, True)
    line = OrderLine.objects.get(order=placed)
    assert (line.total, line.due) == (Money(Decimal(3100), "JPY"), Money(Decimal(2100), "JPY"))
    assert (line.ends_at, line.partner_account) == (END, account)
    credit = ResellerOfRecord.objects.get(subscription=add_on)
    assert (credit.partner_account, credit.starts_at, credit.ends_at) == (account, NOW, None)
    assert LicenceChange.objects.get(subscription=add_on).changed_at == NOW
    charge = Charge.objects.get(subscription=add_on)
    assert (charge.period_start, charge.period_end, charge.amount) == (NOW, MONTH_END, Decimal(2100))
    assert (charge.partner_account, charge.posted_at) == (account, NOW)
    assert_charged_as_said(placed)


@pytest.mark.parametrize("is_on", [True, False])
def test_an_add_on_renews_as_its_base_does(order, base, phone, is_on):
    Subscription.objects.filter(pk=base.pk).update(auto_renew=is_on)

    order(Line(phone, 10, base=base))

    assert Subscription.objects.get(base=base).auto_renew is is_on


def test_what_has_no_term_does_not_renew_whatever_it_adds_to(order, base, suite):
    tool = OfferFactory(category="add_on", term="", billing="one_time", tags=["Requires:CFQ7SUITE:0001"])

    order(Line(tool, 10, base=base))

    assert Subscription.objects.get(base=base).auto_renew is False


def test_an_add_on_brings_the_next_visit_of_its_base_forward(order, base, phone):
    Subscription.objects.filter(pk=base.pk).update(charged_until=END, due_at=END)

    order(Line(phone, 10, base=base))

    assert Subscription.objects.get(pk=base.pk).due_at == MONTH_END


def test_an_add_on_credits_its_base_even_when_the_partnership_has_ended(
    order, base, phone, account, partnership, provider_admin
):
    ResellerOfRecordFactory(subscription=base, partner_account=account)
    end_partnership(partnership, actor=provider_admin.user)

    order(Line(phone, 10, base=base))

    assert Charge.objects.get().partner_account == account


def test_an_add_on_of_another_line_goes_with_that_line(order, suite, phone, account, relationship):
    MarkupFactory(provider=relationship.provider, percent=Decimal(10))
    lines = [Line(phone, 5, account, base=Line(suite, 10, account)), Line(suite, 10, account)]

    placed = order(*lines)

    add_on, base = (Subscription.objects.get(offer=each) for each in (phone, suite))
    assert (add_on.base, add_on.anchor, add_on.ends_at) == (base, NOW, datetime(2027, 3, 21, tzinfo=UTC))
    assert (base.base, base.ends_at, base.due_at) == (None, add_on.ends_at, datetime(2026, 4, 21, tzinfo=UTC))
    assert (add_on.due_at, add_on.charged_until, add_on.markup) == (None, base.due_at, Decimal(10))
    assert (add_on.auto_renew, base.auto_renew) == (True, True)
    titles = placed.lines.order_by("pk").values_list("title", "partner_account", "first_amount", "ends_at")
    assert list(titles) == [("Phone", account.pk, None, base.ends_at), ("Suite", account.pk, None, None)]
    assert_charged_as_said(placed)


def test_an_add_on_of_a_line_has_the_credit_of_that_line_and_no_other(order, suite, phone, account):
    base = Line(suite, 10, account)

    order(base, Line(phone, 5, None, base=base))

    assert set(ResellerOfRecord.objects.values_list("partner_account", flat=True)) == {account.pk}
    assert ResellerOfRecord.objects.count() == 2


def test_a_line_ends_with_another_subscription(order, base, account):
    offer = OfferFactory(unit_price=Decimal(310))

    placed = order(Line(offer, 10, account, ends_with=base))

    other = Subscription.objects.get(offer=offer)
    assert (other.base, other.starts_at, other.anchor, other.ends_at) == (None, NOW, START, END)
    assert (other.charged_until, other.due_at) == (MONTH_END, MONTH_END)
    assert OrderLine.objects.get(order=placed).due == Money(Decimal(2100), "JPY")
    assert Subscription.objects.get(pk=base.pk).due_at == MONTH_END
    assert_charged_as_said(placed)


def test_a_year_that_ends_with_another_is_charged_until_then(order, relationship):
    annual = OfferFactory(billing="annual", unit_price=Decimal(3650))
    base = SubscriptionFactory(relationship=relationship, offer=annual, starts_at=START, ends_at=END)

    order(Line(OfferFactory(billing="annual", unit_price=Decimal(3650)), 1, ends_with=base))

    charge = Charge.objects.get()
    assert (charge.period_start, charge.period_end, charge.amount) == (NOW, END, Decimal(1740))


def test_an_add_on_of_a_line_that_ends_with_another_ends_there_too(order, base, suite, phone):
    line = Line(suite, 10, ends_with=base)

    placed = order(line, Line(phone, 10, base=line))

    add_on = Subscription.objects.get(offer=phone)
    assert (add_on.base.nickname, add_on.anchor, add_on.ends_at) == ("Suite", START, END)
    assert placed.lines.get(offer=phone).due == Money(Decimal(2100), "JPY")
    assert_charged_as_said(placed)


def test_a_trial_says_what_it_is_of(order):
    trial = OfferFactory(product_id="CFQ7SUITE", sku_id="0T01", category="trial", term="P1M", unit_price=0)

    order(Line(trial, 25))

    assert Subscription.objects.get().trial_of == "CFQ7SUITE:0T01"
    assert Charge.objects.get().amount == 0


def test_what_costs_something_else_than_was_read_is_shown_again(order, base, phone):
    Subscription.objects.filter(pk=base.pk).update(anchor=datetime(2025, 9, 1, tzinfo=UTC))

    with pytest.raises(ValidationError) as refusal:
        order(Line(phone, 10, base=base))

    assert (codes_of(refusal.value), Order.objects.exclude(pk=base.order_line.order_id).count()) == ("draft_changed", 0)


def test_everything_begins_at_the_moment_that_was_read(order, base, phone):
    read = datetime(2026, 3, 20, 23, 50, tzinfo=UTC)

    placed = order(Line(OfferFactory(), 1), Line(phone, 10, base=base), moment=read)

    assert set(Subscription.objects.filter(order_line__order=placed).values_list("starts_at", flat=True)) == {read}
    assert set(Charge.objects.values_list("posted_at", flat=True)) == {read}
    assert placed.placed_at == NOW
    assert_charged_as_said(placed)


def test_submit_for_a_new_customer_can_have_an_add_on(sales_agent, suite, phone):
    form = form_for(sales_agent, JAPAN)
    assert form.is_valid()
    base = Line(suite, 10)

    place_order(
        draft_of(sales_agent),
        lines=[base, Line(phone, 10, base=base)],
        details=CustomerDetails.from_form(form.cleaned_data),
        actor=sales_agent.user,
    )

    assert Subscription.objects.get(offer=phone).base.offer == suite


def test_what_the_database_refuses_for_another_reason_is_not_called_a_trial(relationship, sales_agent):
    writer, nobodys = Writer(relationship, sales_agent.user, NOW, {}), Line(OfferFactory(), 1).subscription(NOW)

    with pytest.raises(IntegrityError, match="null value"):
        writer._save([nobodys], [])


def test_order_takes_as_many_queries_for_one_add_on_as_for_three(
    sales_agent, relationship, suite, django_assert_num_queries
):
    for count in (1, 3):
        draft = draft_for(sales_agent, relationship.customer)
        lines = []
        for _each in range(count):
            base = SubscriptionFactory(relationship=relationship, offer=suite, starts_at=START, ends_at=END)
            phone = OfferFactory(category="add_on", tags=["Requires:CFQ7SUITE:0001"])
            lines.append(Line(phone, 1, base=base))
        with django_assert_num_queries(23):
            place_order(draft, lines=lines, relationship=relationship, actor=sales_agent.user)


# The sums


def test_sums_say_what_is_charged_at_submit_where_it_is_something_else(base, phone):
    whole, part = Line(OfferFactory(unit_price=Decimal(1000)), 1), Line(phone, 10, base=base)
    once = Line(OfferFactory(unit_price=Decimal(500), term="", billing="one_time"), 1)
    monthly = PeriodTotal(Billing.MONTHLY, Money(Decimal(1000), "JPY"))

    def charged(*lines):
        return charged_at_submit([each.due(NOW) for each in lines], order_totals(lines))

    assert (order_totals([whole]), charged(whole)) == ([monthly], [])
    assert charged(whole, part) == [Money(Decimal(3100), "JPY")]
    assert charged(whole, once) == [Money(Decimal(1500), "JPY")]
    assert charged() == []

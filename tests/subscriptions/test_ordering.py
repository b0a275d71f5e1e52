import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DataError

from activity.log import codes_of
from activity.models import Activity, Sighting
from customers.models import Customer, Relationship
from customers.registration import CustomerDetails
from resellers.models import PartnerAccount
from subscriptions.models import (
    Charge,
    LicenceChange,
    Offer,
    Order,
    OrderDraft,
    OrderLine,
    ResellerOfRecord,
    Subscription,
)
from subscriptions.models.catalogue import Billing
from subscriptions.money import Money
from subscriptions.ordering import place_order
from subscriptions.ordering.drafts import cancel_draft
from subscriptions.ordering.lines import Line, PeriodTotal, order_totals
from subscriptions.ordering.rules import check_licences
from tests.customers.answers import JAPAN, form_for
from tests.factories import MarkupFactory, OfferFactory, OrderLineFactory, UserFactory
from tests.subscriptions.order_answers import draft_for, draft_of, log, rows


@pytest.fixture
def offer(db):
    return OfferFactory(sku_title="Office E3", unit_price=2000)


@pytest.fixture
def draft(sales_agent):
    return draft_of(sales_agent)


@pytest.fixture
def details(sales_agent):
    form = form_for(sales_agent, JAPAN)
    assert form.is_valid()
    return CustomerDetails.from_form(form.cleaned_data)


@pytest.fixture
def account(partnership):
    return PartnerAccount.objects.get(number="0012345")


def refused(draft, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        place_order(draft, actor=draft.created_by, **kwargs)
    return codes_of(refusal.value)


@time_machine.travel(datetime(2026, 1, 31, 9, tzinfo=UTC), tick=False)
def test_place_order_for_a_new_customer_makes_everything(draft, details, offer, account):
    azure = OfferFactory(sku_title="Azure plan", category="usage", term="", billing="none", unit_price=0)

    receipt = place_order(
        draft, lines=[Line(offer, 25, account), Line(azure, 1)], details=details, actor=draft.created_by
    )

    now, customer = datetime(2026, 1, 31, 9, tzinfo=UTC), Customer.objects.get()
    order = Order.objects.get()
    assert (receipt.order, order.customer, order.placed_by, order.placed_at) == (order, customer, draft.created_by, now)
    assert order.relationship == Relationship.objects.get(customer=customer)
    fields = ("offer", "title", "term", "billing", "licences", "unit_price", "currency", "partner_account")
    assert list(OrderLine.objects.order_by("pk").values_list(*fields)) == [
        (offer.pk, "Office E3", "P1Y", "monthly", 25, Decimal(2000), "JPY", account.pk),
        (azure.pk, "Azure plan", "", "none", 1, Decimal(0), "JPY", None),
    ]
    seats, usage = Subscription.objects.order_by("pk")
    assert (seats.nickname, seats.licences, seats.status, seats.auto_renew) == ("Office E3", 25, "active", True)
    assert (seats.starts_at, seats.ends_at) == (now, datetime(2027, 1, 31, 9, tzinfo=UTC))
    assert (usage.ends_at, usage.auto_renew, usage.support_contact) == (None, False, None)
    assert [each.relationship for each in (seats, usage)] == [order.relationship] * 2
    changes = LicenceChange.objects.order_by("pk").values_list("subscription", "difference", "changed_at")
    assert list(changes) == [(seats.pk, 25, now), (usage.pk, 1, now)]
    credits_ = ResellerOfRecord.objects.values_list("subscription", "partner_account", "starts_at", "ends_at")
    assert list(credits_) == [(seats.pk, account.pk, now, None)]


def test_place_order_gives_a_number_that_can_be_read_aloud(draft, details, offer):
    receipt = place_order(draft, lines=[Line(offer, 1)], details=details, actor=draft.created_by)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", receipt.order.number)


def test_place_order_leaves_no_second_copy_of_the_answers(draft, details, offer):
    place_order(draft, lines=[Line(offer, 1)], details=details, actor=draft.created_by)

    draft = OrderDraft.objects.get()
    assert (draft.account, draft.order) == ({}, Order.objects.get())


def test_place_order_for_an_existing_customer_needs_no_details(sales_agent, relationship, offer, account):
    draft = draft_for(sales_agent, relationship.customer)

    receipt = place_order(draft, lines=[Line(offer, 3, account)], relationship=relationship, actor=sales_agent.user)

    assert (receipt.credentials, receipt.order.customer) == (None, relationship.customer)
    assert Subscription.objects.get().customer == relationship.customer
    assert Customer.objects.count() == 1


def test_place_order_writes_who_ordered_what(sales_agent, relationship, reseller, offer, account):
    draft = draft_for(sales_agent, relationship.customer)

    receipt = place_order(draft, lines=[Line(offer, 3, account)], relationship=relationship, actor=sales_agent.user)

    activity = Activity.objects.get()
    assert (activity.verb, activity.result, activity.target) == ("order_placed", "done", receipt.order.number)
    assert activity.details == {
        "order": receipt.order.number,
        "lines": [{"offer": "Office E3", "licences": 3, "mpn_id": "0012345"}],
    }
    assert set(Sighting.objects.values_list("organisation", flat=True)) == {
        sales_agent.organisation_id,
        relationship.customer_id,
        reseller.pk,
    }


def test_place_order_happens_once(draft, details, offer):
    place_order(draft, lines=[Line(offer, 1)], details=details, actor=draft.created_by)
    before = rows()

    again = refused(OrderDraft.objects.get(), lines=[Line(offer, 1)], details=details)

    assert (again, rows()) == ("already_submitted", before)
    assert log() == [("customer_added", ""), ("order_placed", ""), ("order_placed", "already_submitted")]


def test_place_order_refuses_what_was_changed_meanwhile(draft, details, offer):
    seen = OrderDraft.objects.get()
    draft.save()

    assert refused(seen, lines=[Line(offer, 1)], details=details) == "draft_changed"
    assert Customer.objects.count() == 0


def test_place_order_refuses_what_was_cancelled(draft, details, offer):
    seen = OrderDraft.objects.get()
    cancel_draft(draft, actor=draft.created_by)

    assert refused(seen, lines=[Line(offer, 1)], details=details) == "draft_cancelled"


def test_place_order_refuses_an_empty_order(draft, details):
    assert refused(draft, lines=[], details=details) == "no_lines"
    assert Customer.objects.count() == 0


def test_place_order_says_everything_that_is_wrong(draft, details):
    few, many = OfferFactory(min_licences=5), OfferFactory(max_licences=3)
    gone = OfferFactory(effective_to=datetime(2025, 2, 1, tzinfo=UTC))

    problems = refused(draft, lines=[Line(few, 4), Line(many, 4), Line(gone, 1)], details=details)

    assert problems == "too_few,too_many,not_on_sale"


@pytest.mark.parametrize(
    "wrong",
    [
        {"market": "DE"},
        {"segment": "education"},
        {"segment": "government"},
        {"effective_from": datetime(2200, 1, 1, tzinfo=UTC)},
    ],
)
def test_place_order_refuses_an_offer_that_is_not_for_this_customer(draft, details, wrong):
    offer = OfferFactory(**wrong)

    assert refused(draft, lines=[Line(offer, 1)], details=details) == "not_on_sale"


def test_place_order_sells_education_to_education(sales_agent, offer):
    form = form_for(sales_agent, JAPAN, {"qualification": "education"})
    assert form.is_valid()
    school, draft = CustomerDetails.from_form(form.cleaned_data), draft_of(sales_agent)
    lines = [Line(OfferFactory(segment="education"), 1), Line(offer, 1)]

    place_order(draft, lines=lines, details=school, actor=sales_agent.user)

    assert Subscription.objects.count() == 2


def test_place_order_refuses_a_domain_that_somebody_took_meanwhile(sales_agent, draft, details, offer):
    place_order(draft_of(sales_agent), lines=[Line(offer, 1)], details=details, actor=sales_agent.user)
    before = rows()

    assert refused(draft, lines=[Line(offer, 1)], details=details) == "domain_taken"
    assert rows() == before
    assert log()[-1] == ("order_placed", "domain_taken")


def test_place_order_undoes_everything_when_something_breaks_in_the_middle(draft, details, offer):
    """The customer and its account have been made when the second line turns out to be broken."""
    broken = Line(offer, 1, PartnerAccount(number="1"))
    before = rows()

    with pytest.raises(ValueError, match="unsaved related object"):
        place_order(draft, lines=[Line(offer, 1), broken], details=details, actor=draft.created_by)

    assert (rows(), OrderDraft.objects.get().order, log()) == (before, None, [])


def test_place_order_undoes_everything_when_the_database_breaks(draft, details, offer):
    offer.sku_title = "E" * 201  # more than a column holds, as if the price list had not been there to stop it
    before = rows()

    with pytest.raises(DataError):
        place_order(draft, lines=[Line(offer, 1)], details=details, actor=draft.created_by)

    assert (rows(), log()) == (before, [])


@pytest.mark.parametrize(
    ("fewest", "most", "licences", "code"),
    [
        (1, 300, 0, "too_few"),
        (1, 300, -5, "too_few"),
        (1, 300, 301, "too_many"),
        (5, None, 4, "too_few"),
        (1, None, 2**31, "too_many"),
    ],
)
def test_check_licences_names_the_limit(fewest, most, licences, code):
    with pytest.raises(ValidationError) as refusal:
        check_licences(Offer(sku_title="Office", min_licences=fewest, max_licences=most, unit_price=0), licences)

    assert codes_of(refusal.value) == code


def test_check_licences_counts_as_people_do():
    with pytest.raises(ValidationError) as refusal:
        check_licences(Offer(sku_title="Office", min_licences=1, unit_price=0), 0)

    assert refusal.value.messages == ["Office needs at least 1 license."]


@pytest.mark.parametrize(("most", "licences"), [(300, 1), (300, 300), (None, 2**31 - 1)])
def test_check_licences_accepts_what_is_within_the_limits(most, licences):
    check_licences(Offer(min_licences=1, max_licences=most, unit_price=0), licences)


@pytest.mark.parametrize("price", ["0.0001", "2000", "1000000", "333.3333", "900000000.9999"])
def test_licences_never_cost_more_than_an_amount_holds(price, sales_agent, relationship, account):
    """Whatever is added for the reseller: the database has fourteen digits before the point."""
    MarkupFactory(provider=relationship.provider, percent=Decimal(1000))
    offer = OfferFactory(unit_price=Decimal(price), max_licences=None)
    most = min(2**31 - 1, int((10**14 - 1) / (Decimal(price) * 11)))
    kwargs = {"relationship": relationship, "actor": sales_agent.user}

    codes = []
    for licences in (most + 1, most):
        try:
            place_order(draft_for(sales_agent, relationship.customer), lines=[Line(offer, licences, account)], **kwargs)
        except ValidationError as refusal:
            codes.append(codes_of(refusal))

    charge = Charge.objects.get()
    assert (codes, charge.licences) == (["too_many"], most)
    assert charge.resale_amount == Money(Decimal(price) * 11, "JPY").times(most).amount


def test_order_totals_are_one_sum_for_each_period_and_currency(db):
    monthly, annual = (
        OfferFactory.build(unit_price=Decimal(10)),
        OfferFactory.build(unit_price=Decimal(500), billing="annual"),
    )
    euro = OfferFactory.build(unit_price=Decimal("0.335"), currency="EUR")
    usage = OfferFactory.build(unit_price=Decimal(0), billing="none", category="usage")

    sums = order_totals([Line(annual, 1), Line(monthly, 2), Line(euro, 1), Line(usage, 1), Line(monthly, 3)])

    assert sums == [
        PeriodTotal(Billing.MONTHLY, Money(Decimal("0.34"), "EUR")),
        PeriodTotal(Billing.MONTHLY, Money(Decimal(50), "JPY")),
        PeriodTotal(Billing.ANNUAL, Money(Decimal(500), "JPY")),
    ]


def test_order_totals_of_a_submitted_order_are_those_of_its_day(db):
    line = OrderLineFactory(unit_price=Decimal(900), licences=2)

    assert order_totals([line]) == [PeriodTotal(Billing.MONTHLY, Money(Decimal(1800), "JPY"))]


def test_cancel_draft_leaves_nothing_but_a_line_in_the_log(draft):
    before = rows()

    cancel_draft(draft, actor=draft.created_by)

    assert (rows(), OrderDraft.objects.count()) == (before, 0)
    assert log() == [("draft_cancelled", "")]


def test_cancel_draft_is_refused_after_submit(draft, details, offer):
    place_order(draft, lines=[Line(offer, 1)], details=details, actor=draft.created_by)

    with pytest.raises(ValidationError) as refusal:
        cancel_draft(OrderDraft.objects.get(), actor=UserFactory())

    assert codes_of(refusal.value) == "already_submitted"
    assert Order.objects.count() == 1

"""What a price list changes, on the 15th of June 2026: each rule by an example, and what it leaves alone."""

from decimal import Decimal

import pytest
import time_machine

from subscriptions.models import Offer
from subscriptions.price_list.apply import apply, request_apply
from subscriptions.price_list.difference import first_lines, first_withdrawn
from subscriptions.renewals import run_due
from tests.factories import OfferFactory
from tests.subscriptions.lives import bought, fresh
from tests.subscriptions.price_lists import NO_END, applied, checked, counts, line, periods, problems, utc

NOW = utc(2026, 6, 15, 9, 30)
JANUARY, JULY, AUGUST = utc(2025, 1, 1), utc(2026, 7, 1), utc(2026, 8, 1)


@pytest.fixture(autouse=True)
def _june(db):
    with time_machine.travel(NOW, tick=False):
        yield


def test_new_lines_come_in():
    price_list = applied(line(), line(sku="0002", ends="2026-12-31"))

    assert (price_list.state, price_list.applied_at, counts(price_list)) == ("applied", NOW, (2, 0, 0, 0))
    assert periods() == [("4.20", JANUARY, NO_END), ("4.20", JANUARY, utc(2027, 1, 1))]


def test_the_same_file_again_changes_nothing():
    lines = line(), line(sku="0002", starts="2026-07-01"), line(sku="0002", ends="2026-06-30")
    applied(*lines)
    before = list(Offer.objects.order_by("pk").values())

    price_list = applied(*lines)

    assert counts(price_list) == (0, 0, 3, 0)
    assert list(Offer.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("column", "value", "field", "expected"),
    [
        ("UnitPrice", "5", "unit_price", 5),
        ("ERP Price", "6", "erp_price", 6),
        ("SkuTitle", "Mail 2", "sku_title", "Mail 2"),
        ("SkuDescription", "", "description", ""),
        ("PricingTierRangeMax", "", "max_licences", None),
        ("Tags", "Trial;Limit:25", "tags", ["Trial", "Limit:25"]),
        ("Tags", "", "tags", []),
        ("EffectiveEndDate", "2026-12-31", "effective_to", utc(2027, 1, 1)),
    ],
)
def test_what_differs_is_changed_in_place(column, value, field, expected):
    applied(line(price="0"))
    before = Offer.objects.get()

    price_list = applied(line(price="0") | {column: value})

    after = Offer.objects.get()
    assert (counts(price_list), after.pk, after.code) == ((0, 1, 0, 0), before.pk, before.code)
    assert getattr(after, field) == expected


def test_the_category_follows_the_tags():
    applied(line())

    applied(line(Tags="SmallBusiness"))

    assert Offer.objects.get().category == "small_business"


def test_a_later_price_ends_the_one_before():
    applied(line())

    price_list = applied(line(starts="2026-07-01", price="4.50"))

    assert counts(price_list) == (0, 1, 0, 0)
    assert periods() == [("4.20", JANUARY, JULY), ("4.50", JULY, NO_END)]
    assert [f"{offer.unit_price:.2f}" for offer in Offer.objects.on_sale(JULY)] == ["4.50"]


def test_the_list_of_an_earlier_month_takes_the_later_price_back():
    applied(line())
    applied(line(starts="2026-07-01", price="4.50"))

    price_list = applied(line())

    assert counts(price_list) == (0, 1, 0, 0)
    assert periods() == [("4.20", JANUARY, NO_END), ("4.50", JULY, JULY)]
    applied(line(starts="2026-07-01", price="4.50"))
    assert periods() == [("4.20", JANUARY, JULY), ("4.50", JULY, NO_END)]


def test_a_line_within_the_period_of_another_takes_its_place_from_there():
    applied(line(), line(sku="0002"))

    applied(
        line(ends="2026-06-30"),
        line(starts="2026-07-01", ends="2026-07-31", price="1"),
        line(starts="2026-08-01", price="2"),
        line(sku="0002"),
    )

    assert periods(sku_id="0001") == [
        ("4.20", JANUARY, JULY),
        ("1.00", JULY, utc(2026, 8, 1)),
        ("2.00", utc(2026, 8, 1), NO_END),
    ]


def test_what_the_file_no_longer_has_is_withdrawn_now():
    applied(line(), line(sku="0002"), line(sku="0003", ends="2026-03-31"), line(sku="0004", starts="2026-07-01"))

    price_list = applied(line())

    assert counts(price_list) == (0, 0, 1, 2)
    assert [(offer.sku_id, offer.effective_to) for offer in Offer.objects.order_by("sku_id")] == [
        ("0001", NO_END),
        ("0002", NOW),
        ("0003", utc(2026, 4, 1)),  # ended already
        ("0004", JULY),  # never begins
    ]
    assert [offer.sku_id for offer in Offer.objects.on_sale()] == ["0001"]


def test_the_list_of_a_later_month_withdraws_what_it_lacks_as_of_its_first_day():
    applied(
        line(),
        line(sku="0002"),
        line(sku="0003", ends="2026-06-20"),
        line(sku="0004", starts="2026-08-01"),
        line(sku="0005", Segment="Education"),
        line(sku="0006", Segment="Education"),
    )
    later = line(starts="2026-08-01", price="4.60"), line(starts="2026-07-01", ends="2026-07-31", price="4.50")
    today = line(sku="0005", Segment="Education")

    price_list = checked(*later, today)
    withdrawn = first_withdrawn(price_list.pk, NOW, 10)
    for each in (price_list, checked(*later, today)):
        request_apply(each, actor=each.uploaded_by)
        apply(each.pk)

    assert [row.item.split(":")[1] for row in withdrawn] == ["0002", "0004", "0006"]
    assert counts(price_list) == (0, 2, 1, 3)
    assert periods(sku_id="0001") == [("4.20", JANUARY, JULY), ("4.50", JULY, AUGUST), ("4.60", AUGUST, NO_END)]
    assert [(offer.sku_id, offer.effective_to) for offer in Offer.objects.order_by("sku_id")[3:]] == [
        ("0002", JULY),
        ("0003", utc(2026, 6, 21)),  # ends before that by itself
        ("0004", AUGUST),  # never begins
        ("0005", NO_END),
        ("0006", NOW),  # of this segment the file is for today
    ]


def test_what_renews_before_the_first_day_of_the_next_list_renews(relationship):
    yen = {"Market": "JP", "Currency": "JPY", "price": "1000"}
    applied(line(**yen), line(sku="0002", **yen))
    offer = Offer.objects.get(sku_id="0002")
    before, after = (bought(relationship, moment, offer) for moment in ("2025-06-28", "2025-07-02"))

    applied(line(starts="2026-07-01", **yen))
    run_due(utc(2026, 7, 3))

    assert [fresh(each).status for each in (before, after)] == ["active", "expired"]


def test_what_was_withdrawn_comes_back_with_the_next_list():
    applied(line(), line(sku="0002"))
    applied(line())

    price_list = applied(line(), line(sku="0002"), line(sku="0003"))

    assert counts(price_list) == (1, 1, 1, 0)
    assert periods(sku_id="0002") == [("4.20", JANUARY, NO_END)]


@pytest.mark.parametrize("elsewhere", [{"market": "FR"}, {"currency": "CHF"}, {"segment": "education"}])
def test_other_markets_currencies_and_segments_are_left_alone(elsewhere):
    OfferFactory(**{"market": "DE", "currency": "EUR"} | elsewhere)

    price_list = applied(line())

    assert counts(price_list) == (1, 0, 0, 0)
    assert Offer.objects.filter(effective_to=NO_END).count() == 2


def test_lines_may_not_stand_twice_nor_overlap():
    price_list = checked(
        line(ends="2026-06-30"),
        line(starts="2026-06-30"),  # a day on which both would be on sale
        line(starts="2026-07-01", price="1"),
        line(sku="0002"),
        line(sku="0002", price="2"),
        line(sku="0002", price="3"),
        line(sku="0003", ends="2026-06-30"),
        line(sku="0003", starts="2026-07-01"),
        line(sku="0002", BillingPlan="Annual"),
    )

    assert problems(price_list) == [
        (3, "EffectiveStartDate", "overlap", "2"),
        (4, "EffectiveStartDate", "overlap", "3"),
        (6, "ProductId", "repeated", "5"),
        (7, "ProductId", "repeated", "6"),
    ]
    assert (price_list.lines, price_list.wrong) == (9, 4)


def test_the_preview_says_the_old_and_the_new_price():
    applied(line(), line(sku="0002"), line(sku="0003"), line(sku="0004"))
    price_list = checked(
        line(sku="0005"),
        line(price="4.50"),
        line(sku="0002", starts="2026-07-01", price="5"),
        line(sku="0004"),
    )

    new, changed = (first_lines(price_list.pk, name, 10) for name in ("new", "changed"))
    withdrawn = first_withdrawn(price_list.pk, NOW, 10)

    assert counts(price_list) == (1, 2, 1, 1)
    assert [(row.item.split(":")[1], row.old_price, row.price) for row in [*new, *changed, *withdrawn]] == [
        ("0005", None, Decimal("4.2")),
        ("0001", Decimal("4.2"), Decimal("4.5")),
        ("0002", Decimal("4.2"), 5),
        ("0003", Decimal("4.2"), None),
    ]
    assert len(first_lines(price_list.pk, "changed", 1)) == 1


def test_the_difference_is_counted_anew_when_it_is_applied():
    first, second = checked(line()), checked(line())
    assert counts(second) == (1, 0, 0, 0)

    for price_list in (first, second):
        request_apply(price_list, actor=price_list.uploaded_by)
        apply(price_list.pk)

    second.refresh_from_db()
    assert counts(second) == (0, 0, 1, 0)
    assert Offer.objects.count() == 1

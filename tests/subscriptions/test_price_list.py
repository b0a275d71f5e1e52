import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

import partnercenter
from subscriptions.models import Offer, PriceListImport
from subscriptions.price_list import COLUMNS, load_price_list, price_list_line
from tests.subscriptions import price_lists
from tests.subscriptions.price_lists import checked, line, problems, text_of

DEMO = Path(partnercenter.__file__).parent / "demo" / "price_list.csv"
LINE = price_lists.LINE | {"EffectiveEndDate": "2026-12-31"}


def refused(*lines):
    with pytest.raises(ValidationError) as refusal:
        load_price_list(lines)
    return [(error.code, error.params["line"], error.params["column"]) for error in refusal.value.error_list]


def demo_lines():
    return list(csv.DictReader(DEMO.read_text(encoding="utf-8").splitlines()))


def test_columns_are_the_eighteen_public_ones():
    assert list(COLUMNS) == list(LINE)


@pytest.mark.django_db
def test_load_makes_an_offer_of_a_line():
    count = load_price_list([LINE])

    assert count == 1
    values = Offer.objects.values().get()
    del values["id"], values["code"]
    assert values == {
        "product_title": "Mail",
        "product_id": "CFQ7TTC0X001",
        "sku_id": "0001",
        "sku_title": "Mail for everybody",
        "publisher": "Microsoft Corporation",
        "description": "Mail and calendar.",
        "term": "P1Y",
        "billing": "monthly",
        "market": "DE",
        "currency": "EUR",
        "unit_price": Decimal("4.2000"),
        "erp_price": Decimal("5.0400"),
        "min_licences": 1,
        "max_licences": 300,
        "effective_from": datetime(2025, 1, 1, tzinfo=UTC),
        "effective_to": datetime(2027, 1, 1, tzinfo=UTC),
        "tags": ["Enterprise"],
        "segment": "commercial",
        "category": "enterprise",
        "item": "CFQ7TTC0X001:0001:P1Y:monthly:DE:EUR:commercial",
    }


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ("Trial;SmallBusiness", "trial"),
        ("Add-on;Enterprise;Requires:CFQ7TTC0X005:0001", "add_on"),
        ("Usage;Enterprise", "usage"),
        ("Enterprise;Software", "software"),
        ("SmallBusiness; UpgradesTo:CFQ7TTC0X002:0001;", "small_business"),
        ("", "enterprise"),
    ],
)
@pytest.mark.django_db
def test_category_follows_the_tags(tags, category):
    load_price_list([LINE | {"Tags": tags, "UnitPrice": "0"}])

    assert Offer.objects.get().category == category


@pytest.mark.parametrize(
    ("plan", "billing"),
    [
        ("Monthly", "monthly"),
        ("Annual", "annual"),
        ("Triennial", "triennial"),
        ("OneTime", "one_time"),
        ("None", "none"),
    ],
)
@pytest.mark.django_db
def test_billing_plan_becomes_the_billing_frequency(plan, billing):
    load_price_list([LINE | {"BillingPlan": plan, "TermDuration": "P3Y"}])

    assert Offer.objects.get().billing == billing


@pytest.mark.django_db
def test_no_upper_limit_and_no_end_are_kept():
    load_price_list([LINE | {"PricingTierRangeMax": "", "EffectiveEndDate": "9999-12-31"}])

    offer = Offer.objects.get()
    assert offer.max_licences is None
    assert offer.effective_to == datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.django_db
def test_loading_again_brings_lines_up_to_date_and_keeps_the_rows():
    load_price_list([LINE])
    before = Offer.objects.get()

    load_price_list([LINE | {"UnitPrice": "4.50", "EffectiveEndDate": "2027-12-31", "Tags": "SmallBusiness"}])

    after = Offer.objects.get()
    assert (after.pk, after.code) == (before.pk, before.code)
    assert (after.unit_price, after.category) == (Decimal("4.50"), "small_business")
    assert after.effective_to == datetime(2028, 1, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_demo_file_makes_the_round_trip():
    lines = demo_lines()

    count = load_price_list(lines)

    offers = Offer.objects.order_by("pk")
    assert count == len(lines) == offers.count()
    assert [dict(zip(COLUMNS, price_list_line(offer), strict=True)) for offer in offers] == lines


@pytest.mark.django_db
def test_price_text_has_more_places_only_when_needed():
    load_price_list([LINE | {"UnitPrice": "0.1250", "ERP Price": "100"}])

    line = dict(zip(COLUMNS, price_list_line(Offer.objects.get()), strict=True))
    assert (line["UnitPrice"], line["ERP Price"]) == ("0.125", "100.00")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("ProductTitle", "", "required"),
        ("ProductId", "X" * 41, "too_long"),
        ("Tags", "T" * 81, "too_long"),
        ("TermDuration", "P2Y", "unknown"),
        ("BillingPlan", "monthly", "unknown"),
        ("Segment", "Everybody", "unknown"),
        ("Market", "XX", "unknown"),
        ("Currency", "ABC", "unknown"),
        ("UnitPrice", "", "price"),
        ("UnitPrice", "free", "price"),
        ("UnitPrice", "NaN", "price"),
        ("UnitPrice", "-1", "price"),
        ("UnitPrice", "1.00001", "price"),
        ("ERP Price", "10000000000", "price"),
        ("PricingTierRangeMin", "0", "licences"),
        ("PricingTierRangeMin", "", "licences"),
        ("PricingTierRangeMax", "2147483648", "licences"),
        ("PricingTierRangeMax", "many", "licences"),
        ("EffectiveStartDate", "31.01.2026", "date"),
        ("EffectiveEndDate", "", "date"),
        ("EffectiveEndDate", "2024-12-31", "period"),
        ("EffectiveStartDate", "2026-02-30", "date"),
        ("EffectiveStartDate", "20260101", "date"),
        ("EffectiveStartDate", "1969-12-31", "date"),
        ("EffectiveEndDate", "2026-12-31 or so", "date"),
        ("ProductTitle", "T" * 201, "too_long"),
        ("SkuDescription", "D" * 4001, "too_long"),
        ("SkuTitle", "Mail\x00", "characters"),
        ("Publisher", "Microsoft\ufffd", "characters"),
        ("ProductId", "CFQ7:0001", "identifier"),
        ("SkuId", "０００１", "identifier"),
        ("Market", "de", "unknown"),
        ("Market", "", "unknown"),
        ("Currency", "eur", "unknown"),
        ("Currency", "", "unknown"),
        ("UnitPrice", "1e3", "price"),
        ("UnitPrice", "１２", "price"),
        ("UnitPrice", "1_0", "price"),
        ("PricingTierRangeMin", "1.5", "licences"),
        ("PricingTierRangeMax", "9" * 30, "licences"),
        ("Tags", "Requires:CFQ7TTC0X005", "tag"),
        ("Tags", "UpgradeTo:CFQ7TTC0X005:0001", "tag"),
        ("Tags", "ConvertsTo:", "tag"),
        ("Tags", "Limit:0", "tag"),
        ("Tags", "Limit:many", "tag"),
        ("BillingPlan", "Triennial", "billing"),
    ],
)
@pytest.mark.django_db
def test_wrong_value_is_refused_with_line_and_column(column, value, code):
    assert refused(LINE, LINE | {"SkuId": "0002", column: value}) == [(code, 3, column)]
    assert Offer.objects.count() == 0


@pytest.mark.parametrize(
    ("term", "plans"),
    [
        ("", ["OneTime", "None"]),
        ("P1M", ["Monthly", "OneTime", "None"]),
        ("P1Y", ["Monthly", "Annual", "OneTime", "None"]),
        ("P3Y", ["Monthly", "Annual", "Triennial", "OneTime", "None"]),
    ],
)
@pytest.mark.django_db
def test_a_billing_plan_is_never_longer_than_the_term(term, plans):
    lines = [
        LINE | {"TermDuration": term, "BillingPlan": plan}
        for plan in ("Monthly", "Annual", "Triennial", "OneTime", "None")
    ]
    wrong = [
        ("billing", number, "BillingPlan") for number, line in enumerate(lines, 2) if line["BillingPlan"] not in plans
    ]

    assert (refused(*lines) if wrong else load_price_list(lines)) == (wrong or 5)


@pytest.mark.django_db
def test_a_trial_costs_nothing():
    trial = LINE | {"Tags": "Trial;ConvertsTo:CFQ7TTC0X001:0001;Limit:25"}

    assert refused(trial) == [("trial_price", 2, "UnitPrice")]
    load_price_list([trial | {"UnitPrice": "0.00"}])
    offer = Offer.objects.get()
    assert (offer.is_trial, offer.converts_to, offer.most_per_customer) == (True, ["CFQ7TTC0X001:0001"], 25)


@pytest.mark.django_db
def test_several_contradictions_are_told_at_once():
    line = LINE | {
        "PricingTierRangeMin": "301",
        "EffectiveEndDate": "2024-12-31",
        "BillingPlan": "Triennial",
        "Tags": "Trial",
    }

    assert [code for code, _line, _column in refused(line)] == ["limits", "period", "billing", "trial_price"]


@pytest.mark.django_db
def test_a_contradiction_names_the_value_of_its_own_column_whatever_stands_in_the_first_one():
    """A column that nobody knows is not read: what is in it may be no text, and goes nowhere."""
    wrong = line(PricingTierRangeMin="10", PricingTierRangeMax="9", ends="2024-12-31", Tags="Trial")
    head, *rows = text_of(wrong, line(sku="0002", BillingPlan="Triennial")).splitlines()
    text = "\n".join([f"Remark,{head}", *(f"ab\0c,{row}" for row in rows)])

    price_list = checked(file=io.BytesIO(text.encode()))

    assert (price_list.state, price_list.wrong) == ("checked", 2)
    assert problems(price_list) == [
        (2, "PricingTierRangeMax", "limits", "9"),
        (2, "EffectiveEndDate", "period", "2024-12-31"),
        (2, "UnitPrice", "trial_price", "4.20"),
        (3, "BillingPlan", "billing", "Triennial"),
    ]


@pytest.mark.django_db
def test_no_problem_is_kept_with_what_is_no_text():
    price_list = checked(line(SkuTitle="Mail\0", Tags="Limit:\0"))

    assert problems(price_list) == [(2, "SkuTitle", "characters", "Mail·"), (2, "Tags", "characters", "Limit:·")]


@pytest.mark.parametrize("day", ["2026-12-31", "2026-12-31T23:59:59.0000000Z"])
@pytest.mark.django_db
def test_the_last_day_is_on_sale_to_its_end_and_is_written_again(day):
    load_price_list([LINE | {"EffectiveEndDate": day}])

    offer = Offer.objects.get()
    last = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert (Offer.objects.on_sale(last).count(), Offer.objects.on_sale(datetime(2027, 1, 1, tzinfo=UTC)).count()) == (
        1,
        0,
    )
    assert dict(zip(COLUMNS, price_list_line(offer), strict=True))["EffectiveEndDate"] == "2026-12-31"


@pytest.mark.django_db
def test_nothing_is_no_price_list():
    assert refused() == [("column_missing", 1, column) for column in COLUMNS]


@pytest.mark.django_db
def test_what_is_refused_leaves_nothing():
    refused(LINE, LINE | {"SkuId": ""})

    assert PriceListImport.objects.count() == 0


@pytest.mark.django_db
def test_limits_that_contradict_each_other_are_refused():
    line = LINE | {"PricingTierRangeMin": "10", "PricingTierRangeMax": "9"}

    assert refused(line) == [("limits", 2, "PricingTierRangeMax")]


@pytest.mark.django_db
def test_same_offer_twice_is_refused():
    assert refused(LINE, LINE | {"UnitPrice": "5"}) == [("repeated", 3, "ProductId")]


@pytest.mark.django_db
def test_missing_column_is_refused():
    line = {name: value for name, value in LINE.items() if name != "Market"}

    assert refused(line) == [("column_missing", 1, "Market")]


@pytest.mark.django_db
def test_refusal_names_line_column_and_reason():
    with pytest.raises(ValidationError) as refusal:
        load_price_list([LINE | {"UnitPrice": "free"}])

    assert refusal.value.messages == [
        "Line 2, column UnitPrice: “free” is not a price. Use digits and a decimal point, such as 1234.50."
    ]


@pytest.mark.django_db
def test_all_problems_are_told_at_once_up_to_twenty():
    lines = [LINE | {"SkuId": f"000{number}", "UnitPrice": "", "ERP Price": ""} for number in range(15)]

    found = refused(*lines)

    assert found[:3] == [("price", 2, "UnitPrice"), ("price", 2, "ERP Price"), ("price", 3, "UnitPrice")]
    assert len(found) == 20

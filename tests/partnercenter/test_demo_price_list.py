import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import partnercenter
from subscriptions.models import Offer
from subscriptions.price_list import load_price_list, price_list_line

PATH = Path(partnercenter.__file__).parent / "demo" / "price_list.csv"
COLUMNS = [
    *("ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher", "SkuDescription", "TermDuration", "BillingPlan"),
    *("Market", "Currency", "UnitPrice", "PricingTierRangeMin", "PricingTierRangeMax", "EffectiveStartDate"),
    *("EffectiveEndDate", "Tags", "ERP Price", "Segment"),
]
LINES = list(csv.DictReader(PATH.read_text(encoding="utf-8").splitlines()))


def tagged(tag):
    return [line for line in LINES if tag in line["Tags"].split(";")]


def in_market(market, lines=LINES):
    return [line for line in lines if line["Market"] == market]


def test_columns_are_those_of_the_price_list_format():
    with PATH.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS


def test_every_line_is_there_once():
    key = ("ProductId", "SkuId", "TermDuration", "BillingPlan", "Market", "Currency", "Segment", "EffectiveStartDate")
    repeated = [
        line for line, count in Counter(tuple(line[part] for part in key) for line in LINES).items() if count > 1
    ]

    assert repeated == []


def test_the_two_demo_markets_offer_the_same():
    japan, germany = (
        [(line["ProductId"], line["SkuId"], line["TermDuration"]) for line in in_market(m)] for m in ("JP", "DE")
    )

    assert japan == germany
    assert len(japan) == 43


@pytest.mark.parametrize(
    ("market", "currency", "places"), [("JP", "JPY", 0), ("DE", "EUR", 2), ("AT", "EUR", 2), ("FR", "EUR", 2)]
)
def test_prices_have_the_digits_of_their_currency(market, currency, places):
    lines = in_market(market)

    assert lines
    assert {line["Currency"] for line in lines} == {currency}
    assert {-Decimal(line[price]).as_tuple().exponent for line in lines for price in ("UnitPrice", "ERP Price")} == {
        places
    }


def test_codes_are_those_of_the_format():
    assert {line["TermDuration"] for line in LINES} == {"P1M", "P1Y", "P3Y", ""}
    assert {line["BillingPlan"] for line in LINES} == {"Monthly", "Annual", "Triennial", "OneTime", "None"}
    assert {line["Segment"] for line in LINES} == {"Commercial", "Education", "Charity"}


def test_trials_are_free_for_a_month_and_25_licences():
    trials = in_market("JP", tagged("Trial"))

    assert [(t["TermDuration"], t["UnitPrice"], t["PricingTierRangeMax"]) for t in trials] == [("P1M", "0", "25")] * 2


def test_small_business_offers_end_at_300_licences():
    offers = [line for line in tagged("SmallBusiness") if line not in tagged("Trial")]

    assert {line["PricingTierRangeMax"] for line in offers} == {"300"}


def test_what_a_line_requires_or_upgrades_to_is_in_the_list():
    skus = {f"{line['ProductId']}:{line['SkuId']}" for line in LINES}
    rules = [tag.partition(":") for line in LINES for tag in line["Tags"].split(";") if ":" in tag]

    assert {name for name, _colon, _value in rules} == {"Requires", "UpgradesTo", "ConvertsTo", "Limit"}
    assert {value for name, _colon, value in rules if name != "Limit"} <= skus
    assert [line["SkuTitle"] for line in tagged("Add-on") if "Requires:" not in line["Tags"]] == []
    assert len(in_market("JP", tagged("Add-on"))) == 3


def test_one_offer_has_ended():
    ended = [line for line in in_market("JP") if date.fromisoformat(line["EffectiveEndDate"]) < date(2026, 1, 1)]

    assert [line["SkuTitle"] for line in ended] == ["Exchange Online Kiosk"]


def test_two_prices_follow_each_other():
    periods = {}
    for line in in_market("JP"):
        item = tuple(line[part] for part in ("SkuTitle", "TermDuration", "BillingPlan"))
        periods.setdefault(item, []).append((line["EffectiveStartDate"], line["EffectiveEndDate"], line["UnitPrice"]))

    assert {item[0]: found for item, found in periods.items() if len(found) > 1} == {
        "Office 365 E3": [("2025-01-01", "2026-03-31", "2480"), ("2026-04-01", "9999-12-31", "2730")],
        "Power BI Pro": [("2025-01-01", "2026-12-31", "1200"), ("2027-01-01", "9999-12-31", "1680")],
    }


def test_every_description_says_that_the_price_is_invented():
    assert [line for line in LINES if not line["SkuDescription"].endswith("Demo price.")] == []


def test_list_is_taken_whole_and_comes_out_as_it_went_in(db):
    taken = load_price_list(LINES)
    written = sorted(price_list_line(offer) for offer in Offer.objects.all())

    assert taken == len(LINES)
    assert written == sorted([*line.values()] for line in LINES)


def test_offers_of_japan_fill_every_category(db):
    load_price_list(LINES)

    counts = Counter(Offer.objects.filter(market="JP").values_list("category", flat=True))

    assert counts == {"enterprise": 26, "small_business": 10, "add_on": 3, "trial": 2, "usage": 1, "software": 1}

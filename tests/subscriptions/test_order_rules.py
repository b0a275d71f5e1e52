"""The price list's rules, each by its code: on the page before Submit, and once more at Submit."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from activity.log import codes_of
from subscriptions.models import Order, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.basket import Basket
from subscriptions.ordering.holdings import MOST_ENDS
from subscriptions.ordering.lines import Line
from tests.factories import OfferFactory, RelationshipFactory, ResellerOfRecordFactory, SubscriptionFactory
from tests.refusals import codes
from tests.subscriptions.order_answers import draft_for, line

SUITE = "CFQ7SUITE:0001"


@pytest.fixture
def basket(sales_agent, relationship):
    def basket(*lines):
        return Basket(
            list(lines),
            membership=sales_agent,
            country="JP",
            qualification="none",
            customer=relationship.customer_id,
        )

    return basket


@pytest.fixture
def refusals(sales_agent, relationship):
    """The codes with which Submit refuses these lines."""

    def refusals(*lines):
        draft = draft_for(sales_agent, relationship.customer)
        with pytest.raises(ValidationError) as refusal:
            place_order(draft, lines=list(lines), relationship=relationship, actor=sales_agent.user)
        assert Order.objects.filter(draft=draft).count() == 0
        return codes_of(refusal.value)

    return refusals


@pytest.fixture
def suite(db):
    return OfferFactory(sku_title="Suite", product_id="CFQ7SUITE")


@pytest.fixture
def phone(db):
    return OfferFactory(sku_title="Phone", category="add_on", tags=["Add-on", f"Requires:{SUITE}"])


@pytest.fixture
def owned(relationship):
    """A subscription of the customer, in the middle of its term."""

    def owned(offer, **fields):
        now = timezone.now()
        given = {"relationship": relationship, "starts_at": now - timedelta(days=100)}
        return SubscriptionFactory(offer=offer, **given | {"ends_at": now + timedelta(days=265)} | fields)

    return owned


def codes_of_lines(found):
    return [codes(each) for each in found.lines]


def said(found):
    return [message for each in found.lines for messages in each.errors.values() for message in messages]


# How many altogether


def test_licences_altogether_count_those_that_the_customer_has(basket, refusals, suite, owned):
    limited = OfferFactory(sku_title="Suite", product_id="CFQ7SUITE", billing="annual", tags=["Limit:25"])
    owned(suite, licences=10)
    owned(suite, licences=5, status="suspended")
    owned(suite, licences=100, status="expired")

    assert codes_of_lines(basket(line(limited, 11))) == [{"licences": ["too_many_altogether"]}]
    assert said(basket(line(limited, 11))) == [
        "A customer may have at most 25 licenses of Suite altogether. With this order it would have 26 from you."
    ]
    assert refusals(Line(limited, 11)) == "too_many_altogether"
    assert basket(line(limited, 10)).is_valid()


def test_licences_altogether_count_the_other_lines_of_the_order(basket, refusals):
    limited = OfferFactory(product_id="CFQ7SUITE", tags=["Limit:25"])
    other_term = OfferFactory(product_id="CFQ7SUITE", term="P1M", tags=["Limit:25"])

    assert codes_of_lines(basket(line(limited, 13), line(other_term, 13))) == [
        {"licences": ["too_many_altogether"]},
        {"licences": ["too_many_altogether"]},
    ]
    assert refusals(Line(limited, 13), Line(other_term, 13)) == "too_many_altogether"
    assert basket(line(limited, 13), line(other_term, 12)).is_valid()


def test_licences_altogether_do_not_tell_what_another_provider_sold(basket, relationship, suite):
    elsewhere = RelationshipFactory(customer=relationship.customer)
    SubscriptionFactory(relationship=elsewhere, offer=suite, licences=25)

    assert basket(line(OfferFactory(product_id="CFQ7SUITE", billing="annual", tags=["Limit:25"]), 25)).is_valid()


# One trial of a product


@pytest.mark.parametrize("status", ["active", "expired"])
def test_a_product_is_tried_once_whoever_sold_it(basket, refusals, relationship, status):
    trial = OfferFactory(sku_title="Suite trial", category="trial", term="P1M", unit_price=0)
    elsewhere = RelationshipFactory(customer=relationship.customer)
    SubscriptionFactory(relationship=elsewhere, offer=trial, trial_of=trial.sku, status=status)

    assert codes_of_lines(basket(line(trial))) == [{"__all__": ["one_trial"]}]
    assert refusals(Line(trial, 10)) == "one_trial"
    assert said(basket(line(trial))) == [
        "A customer can try Suite trial only once. Order what it is a trial of, or remove it."
    ]


def test_a_product_is_tried_once_in_one_order(basket, refusals):
    trial = {"product_id": "CFQ7TRIAL", "category": "trial", "unit_price": 0}
    first, second = OfferFactory(**trial, term="P1M"), OfferFactory(**trial, term="P1Y")

    assert codes_of_lines(basket(line(first), line(second))) == [{"__all__": ["one_trial"]}] * 2
    assert refusals(Line(first, 1), Line(second, 1)) == "one_trial"


def test_another_customer_may_try_the_same(basket):
    trial = OfferFactory(category="trial", term="P1M", unit_price=0)
    SubscriptionFactory(offer=trial, trial_of=trial.sku)

    assert basket(line(trial)).is_valid()


# Prerequisites


def test_a_prerequisite_is_active_or_in_the_same_order(basket, refusals, suite, owned):
    security = OfferFactory(sku_title="Security", tags=[f"Requires:{SUITE}"])

    assert codes_of_lines(basket(line(security))) == [{"__all__": ["prerequisite_missing"]}]
    assert said(basket(line(security))) == ["Security needs one of these, active already or in the same order: Suite."]
    assert refusals(Line(security, 10)) == "prerequisite_missing"
    assert basket(line(security), line(suite)).is_valid()
    owned(suite)
    assert basket(line(security)).is_valid()


@pytest.mark.parametrize("status", ["suspended", "cancelled"])
def test_a_prerequisite_that_is_not_active_does_not_count(basket, suite, owned, status):
    owned(suite, status=status)
    security = OfferFactory(tags=[f"Requires:{SUITE}", "Requires:CFQ7NOWHERE:0009"])

    assert codes_of_lines(basket(line(security))) == [{"__all__": ["prerequisite_missing"]}]
    assert "Suite, CFQ7NOWHERE:0009." in said(basket(line(security)))[0]


def test_a_product_alone_names_all_of_its_skus_but_no_trial(basket, owned):
    trial = OfferFactory(product_id="CFQ7SUITE", sku_id="0T01", category="trial", term="P1M", unit_price=0)
    security = OfferFactory(tags=["Requires:CFQ7SUITE"])
    owned(trial)

    assert codes_of_lines(basket(line(security))) == [{"__all__": ["prerequisite_missing"]}]
    owned(OfferFactory(product_id="CFQ7SUITE", sku_id="0002"))
    assert basket(line(security)).is_valid()


# Add-ons


def test_an_add_on_needs_a_base(basket, refusals, phone, suite):
    assert codes_of_lines(basket(line(phone))) == [{"__all__": ["base_missing"]}]
    assert said(basket(line(phone))) == [
        "Phone is an add-on. It needs one of these, active already or in the same order: Suite."
    ]
    assert refusals(Line(phone, 10)) == "base_missing"


def test_an_add_on_finds_the_only_base(basket, phone, suite, owned):
    base = owned(suite)

    found = basket(line(phone))

    assert (found.is_valid(), found.lines[0].line.base) == (True, base)
    assert [*found.lines[0].fields] == ["licences", "base"]


def test_an_add_on_asks_to_which_of_several_it_adds(basket, refusals, phone, suite, owned):
    first, second = owned(suite, nickname="Tokyo"), owned(suite, nickname="Osaka")

    asked = basket(line(phone))
    chosen = basket(line(phone, base=second))

    assert codes_of_lines(asked) == [{"base": ["base_unclear"]}]
    labels = [str(label) for _value, label in asked.lines[0].fields["base"].widget.choices]
    assert [label.partition(",")[0] for label in labels] == ["Select what it adds to", "Tokyo", "Osaka"]
    assert refusals(Line(phone, 10)) == "base_unclear"
    assert (chosen.is_valid(), chosen.lines[0].line.base) == (True, second)
    assert first in chosen.lines[0].choices.bases


def test_an_add_on_adds_to_another_line(basket, phone, suite):
    found = basket(line(phone), line(suite, 7))

    assert found.is_valid()
    assert found.lines[0].line.base == found.lines[1].line
    assert "Suite, in this order" in str(found.lines[0]["base"])


@pytest.mark.parametrize("choice", ["line", "subscription"])
def test_an_add_on_may_choose_between_a_line_and_what_there_is(basket, phone, suite, owned, choice):
    base = owned(suite)
    other = OfferFactory(product_id="CFQ7SUITE", term="P1M")

    found = basket(line(other), line(phone, base=other if choice == "line" else base))

    assert found.is_valid()
    assert found.lines[1].line.base == (found.lines[0].line if choice == "line" else base)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "suspended"}, "base_not_active"),
        ({"status": "pending"}, "base_not_active"),
        ({"ends_at": datetime(2026, 1, 1, tzinfo=UTC)}, "base_due"),
    ],
)
def test_an_add_on_is_refused_while_its_base_is_not_running(basket, refusals, phone, suite, owned, fields, code):
    base = owned(suite, nickname="Tokyo", **fields)

    found = basket(line(phone, base=base))

    assert codes_of_lines(found) == [{"base": [code]}]
    assert "Tokyo" in said(found)[0]
    assert f'<option value="{base.code}" selected>' in str(found.lines[0]["base"])
    assert refusals(Line(phone, 10, base=base)) == code


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_an_add_on_is_refused_once_its_base_has_ended(basket, refusals, phone, suite, owned, status):
    base = owned(suite, status=status)

    assert codes_of_lines(basket(line(phone, base=base))) == [{"__all__": ["base_missing"]}]
    assert refusals(Line(phone, 10, base=base)) == "base_wrong"


def test_an_add_on_is_refused_for_what_it_does_not_add_to(basket, refusals, phone, suite, owned):
    other, lonely = owned(OfferFactory()), OfferFactory()

    assert codes_of_lines(basket(line(phone, base=other))) == [{"base": ["base_wrong"]}]
    assert refusals(Line(phone, 10, base=other)) == "base_wrong"
    assert refusals(Line(lonely, 10), Line(phone, 10, base=Line(lonely, 10))) == "base_wrong"


@pytest.mark.parametrize("fields", [{}, {"status": "cancelled"}])
def test_an_add_on_is_refused_for_another_add_on(refusals, phone, suite, owned, fields):
    other = owned(OfferFactory(category="add_on"), base=owned(suite), **fields)

    assert refusals(Line(phone, 10, base=other)) == "base_wrong"
    assert refusals(Line(OfferFactory(), 10, ends_with=other)) == "end_not_offered"


def test_an_add_on_without_a_term_may_add_to_what_never_ends(basket, owned):
    extra = OfferFactory(category="add_on", term="", billing="one_time", tags=["Requires:CFQ7AZURE"])
    azure = OfferFactory(product_id="CFQ7AZURE", term="", billing="none", category="usage")
    bases = [owned(azure, nickname=name, ends_at=None) for name in ("Plan", "Other plan")]

    found = basket(line(extra, base=bases[1]))
    found.place(page_url="/", touched=f"offer-{extra.code}")

    assert (found.is_valid(), found.lines[0].line.base) == (True, bases[1])
    labels = [label for _value, label in found.lines[0].fields["base"].widget.choices]
    assert sorted(labels) == ["Other plan", "Plan"]


def test_what_is_billed_by_use_has_only_its_reseller_to_change(basket):
    azure = OfferFactory(term="", billing="none", category="usage", unit_price=0)

    found = basket(line(azure, ""))
    found.place(page_url="/here/", touched="")

    assert found.lines[0].fields["reseller"].widget.attrs["data-hx-post"] == "/here/"


def test_licences_that_are_no_number_are_refused_as_that_alone(basket, suite, owned):
    limited = OfferFactory(product_id="CFQ7SUITE", billing="annual", tags=["Limit:5"])
    owned(suite, licences=5)

    assert codes_of_lines(basket(line(limited, "x"))) == [{"licences": ["invalid"]}]


def test_an_add_on_is_refused_for_a_strangers_subscription(basket, refusals, phone, suite, relationship):
    elsewhere = SubscriptionFactory(
        relationship=RelationshipFactory(customer=relationship.customer), offer=suite, nickname="Geheim"
    )

    found = basket(line(phone, base=elsewhere))

    assert codes_of_lines(found) == [{"__all__": ["base_missing"]}]
    assert "Geheim" not in str(found.lines[0].as_p())
    assert refusals(Line(phone, 10, base=elsewhere)) == "base_wrong"


def test_an_add_on_with_a_term_has_no_base_without_one(basket, phone, owned):
    owned(OfferFactory(product_id="CFQ7SUITE", term="", billing="none", category="usage"))

    assert codes_of_lines(basket(line(phone))) == [{"__all__": ["base_missing"]}]


def test_an_add_on_credits_whom_its_base_credits(basket, partnership, reseller, phone, suite, owned):
    account = reseller.organisation.partner_accounts.get()
    base = owned(suite)
    ResellerOfRecordFactory(subscription=base, partner_account=account)

    existing = basket(line(phone, reseller="999", mpn_id="x"))
    ordered = basket(line(suite, reseller="0012345"), line(phone, base=suite))

    assert (existing.is_valid(), existing.lines[0].line.account) == (True, account)
    assert (ordered.is_valid(), ordered.lines[1].credited_label) == (True, "Sakura (ID: 0012345)")


# One billing frequency


def test_an_order_has_one_billing_frequency(basket, refusals):
    monthly, annual = OfferFactory(sku_title="A"), OfferFactory(sku_title="B", billing="annual")
    triennial = OfferFactory(sku_title="C", billing="triennial", term="P3Y")

    found = basket(line(monthly), line(annual), line(triennial))

    assert codes_of_lines(found) == [{}, {"__all__": ["one_billing"]}, {"__all__": ["one_billing"]}]
    assert said(found)[0] == (
        "Billing frequency of B: Annual; of A: Monthly. One order has only one: order one of them separately."
    )
    assert refusals(Line(monthly, 1), Line(annual, 1)) == "one_billing"


def test_what_is_billed_once_or_by_use_or_costs_nothing_may_join_any_order(basket):
    annual = OfferFactory(billing="annual")
    once = OfferFactory(billing="one_time", term="", category="software")
    usage = OfferFactory(billing="none", term="", category="usage", unit_price=0)
    trial = OfferFactory(category="trial", term="P1M", unit_price=0)

    assert basket(line(trial), line(annual), line(once), line(usage, "")).is_valid()


# End dates


def test_a_line_may_end_with_what_ends_sooner_and_has_its_term_and_billing(basket, suite, owned):
    soon = owned(suite, nickname="Soon")
    same_end = owned(suite, ends_at=soon.ends_at)
    now = timezone.now()
    owned(suite, ends_at=now + timedelta(days=400))  # later than a year
    owned(OfferFactory(billing="annual"))
    for term in ("P1M", "P3Y"):
        owned(OfferFactory(term=term))
    owned(suite, status="suspended")
    owned(suite, ends_at=now - timedelta(days=1))
    owned(OfferFactory(category="trial", term="P1M"), trial_of="CFQ7X:0T01")
    owned(OfferFactory(category="add_on"), base=soon, ends_at=now + timedelta(days=3))

    found = basket(line(OfferFactory()))

    assert found.lines[0].choices.ends == [soon]
    assert [value for value, _label in found.lines[0].fields["align"].widget.choices] == ["", str(soon.code)]
    assert basket(line(OfferFactory(), align=same_end)).is_valid()


@pytest.mark.parametrize("fields", [{"term": "", "billing": "one_time"}, {"category": "trial", "term": "P1M"}])
def test_what_has_no_term_and_what_is_tried_has_no_end_to_choose(basket, suite, owned, fields):
    owned(suite, ends_at=timezone.now() + timedelta(days=3))

    assert "align" not in basket(line(OfferFactory(**fields))).lines[0].fields


def test_at_most_so_many_ends_are_offered(basket, suite, owned):
    for days in range(MOST_ENDS + 2):
        owned(suite, ends_at=timezone.now() + timedelta(days=days + 1))

    assert len(basket(line(OfferFactory())).lines[0].choices.ends) == MOST_ENDS


def test_an_end_that_is_not_offered_any_more_is_refused(basket, refusals, suite, owned):
    other = owned(suite, nickname="Tokyo", status="suspended")
    ended = owned(suite, status="expired")
    offer = OfferFactory(sku_title="Office")

    found = basket(line(offer, align=other))

    assert codes_of_lines(found) == [{"align": ["end_not_offered"]}]
    assert said(found) == ["Office cannot end with Tokyo."]
    assert f'<option value="{other.code}" selected>' in str(found.lines[0]["align"])
    assert refusals(Line(offer, 10, ends_with=other)) == "end_not_offered"
    assert codes_of_lines(basket(line(offer, align=ended))) == [{"__all__": ["end_not_offered"]}]


@pytest.mark.parametrize(("term", "other_term"), [("P1Y", "P1M"), ("P3Y", "P1Y")])
def test_the_end_of_another_term_is_refused(basket, refusals, owned, term, other_term):
    """A year cannot end with a month (domain.md §7.3), billed as often or not."""
    other = owned(OfferFactory(term=other_term), ends_at=timezone.now() + timedelta(days=20))
    offer = OfferFactory(term=term)

    assert codes_of_lines(basket(line(offer, align=other))) == [{"align": ["end_not_offered"]}]
    assert refusals(Line(offer, 10, ends_with=other)) == "end_not_offered"


def test_the_end_of_a_strangers_subscription_is_refused(basket, refusals, suite, relationship):
    elsewhere = SubscriptionFactory(
        relationship=RelationshipFactory(customer=relationship.customer),
        offer=suite,
        ends_at=timezone.now() + timedelta(days=30),
    )

    assert codes_of_lines(basket(line(OfferFactory(), align=elsewhere))) == [{"__all__": ["end_not_offered"]}]
    assert refusals(Line(OfferFactory(), 10, ends_with=elsewhere)) == "end_not_offered"


# Everything at once


def test_all_refusals_are_said_at_once(basket, refusals, phone):
    many = OfferFactory(max_licences=5, tags=["Requires:CFQ7OTHER:0001"])
    annual = OfferFactory(billing="annual", min_licences=20)

    found = basket(line(phone), line(many, 6), line(annual, 10), line(OfferFactory(), "x"))

    assert codes_of_lines(found) == [
        {"__all__": ["base_missing"]},
        {"licences": ["too_many"], "__all__": ["prerequisite_missing"]},
        {"licences": ["too_few"], "__all__": ["one_billing"]},
        {"licences": ["invalid"]},
    ]
    assert refusals(Line(phone, 1), Line(many, 6)) == "base_missing,too_many,prerequisite_missing"


def test_rules_take_as_many_queries_for_one_line_as_for_three(basket, phone, suite, owned, django_assert_num_queries):
    owned(suite)
    trials = [OfferFactory(category="trial", term="P1M") for _each in range(3)]
    phones = [OfferFactory(category="add_on", tags=phone.tags) for _each in range(3)]

    for count in (1, 3):
        lines = [line(each) for each in (*trials[:count], *phones[:count])]
        with django_assert_num_queries(4):
            assert basket(*lines).is_valid()


@time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False)
def test_an_offer_is_on_sale_at_the_moment_of_the_page(sales_agent, relationship):
    gone = OfferFactory(effective_to=datetime(2026, 5, 1, tzinfo=UTC))
    asked = {"membership": sales_agent, "country": "JP", "qualification": "none"}

    before = Basket([line(gone)], **asked, moment=datetime(2026, 4, 30, 23, 59, tzinfo=UTC))

    assert (before.is_valid(), Basket([line(gone)], **asked).is_valid()) == (True, False)
    assert Subscription.objects.count() == 0

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from subscriptions.models.catalogue import Billing
from subscriptions.money import Money
from subscriptions.ordering.basket import Basket
from subscriptions.ordering.lines import Line, PeriodTotal
from tests.factories import (
    OfferFactory,
    OrganisationFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    ready_reseller,
)
from tests.refusals import codes
from tests.subscriptions.order_answers import line


@pytest.fixture
def offer(db):
    return OfferFactory(sku_title="Office E3", unit_price=2000, max_licences=300)


@pytest.fixture
def basket(sales_agent):
    def basket(*lines, country="JP", qualification="none"):
        return Basket(list(lines), membership=sales_agent, country=country, qualification=qualification)

    return basket


def test_a_good_line_is_what_submit_needs(basket, partnership, reseller, offer):
    found = basket(line(offer, 25, "0012345"))

    assert found.is_valid()
    account = reseller.organisation.partner_accounts.get()
    assert [each.line for each in found.lines] == [Line(offer, 25, account)]
    assert found.lines[0].credited_label == "Sakura (ID: 0012345)"
    assert found.totals == [PeriodTotal(Billing.MONTHLY, Money(Decimal(50_000), "JPY"))]


def test_a_line_without_a_reseller_credits_nobody(basket, offer):
    found = basket(line(offer))

    assert (found.is_valid(), found.lines[0].line.account, found.lines[0].credited_label) == (True, None, "")


def test_the_usual_number_is_that_of_a_partner_or_none(basket, partnership, reseller):
    assert [basket().number_of(each) for each in (str(reseller.pk), "Nobody", "")] == ["0012345", "", ""]


def test_a_typed_mpn_id_goes_before_the_one_from_the_list(basket, partnership, provider, offer):
    other = ready_reseller("Momiji", number="55501")
    PartnershipFactory(provider=provider, reseller=other)

    found = basket(line(offer, reseller="0012345", mpn_id=" ０５５５０１ "))

    assert found.is_valid()
    assert found.lines[0].line.account.organisation == other.organisation


def test_what_is_charged_by_use_has_no_licences_to_enter(basket):
    azure = OfferFactory(category="usage", billing="none", term="", unit_price=0)

    found = basket(line(azure, ""))

    assert (found.is_valid(), found.lines[0].line.licences, found.totals) == (True, 1, [])
    assert list(found.lines[0].fields) == ["reseller", "mpn_id"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("many", "invalid"),
        ("2.5", "invalid"),
        ("0", "too_few"),
        ("-1", "too_few"),
        ("301", "too_many"),
    ],
)
def test_licences_are_refused_beside_their_field(basket, offer, typed, code):
    found = basket(line(offer, typed))

    assert (found.is_valid(), codes(found.lines[0])) == (False, {"licences": [code]})
    assert found.totals == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("999", "mpn_unknown"),
        ("9" * 5000, "mpn_unknown"),
        ("700", "mpn_own"),
        ("701", "mpn_not_reseller"),
        ("702", "mpn_global"),
        ("703", "mpn_not_associated"),
        ("704", "mpn_not_partnered"),
        ("705", "enrolment_suspended"),
        ("706", "agreement_missing"),
    ],
)
def test_an_mpn_id_is_refused_beside_its_field(basket, provider, partnership, reseller, offer, number, code):
    PartnerAccountFactory(organisation=provider.organisation, number="700")
    PartnerAccountFactory(organisation=OrganisationFactory(), number="701")
    PartnerAccountFactory(organisation=reseller.organisation, number="702", kind="global", is_associated=False)
    PartnerAccountFactory(organisation=reseller.organisation, number="703", is_associated=False)
    ready_reseller("Nobody", number="704")
    suspended, unsigned = ready_reseller("Suspended", number="705"), ready_reseller("Unsigned", number="706")
    suspended.enrolment = "suspended"
    suspended.save()
    unsigned.organisation.partner_agreements.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))
    for each in (suspended, unsigned):
        PartnershipFactory(provider=provider, reseller=each)

    typed, listed = basket(line(offer, mpn_id=number)), basket(line(offer, reseller=number))

    assert (typed.is_valid(), codes(typed.lines[0])) == (False, {"mpn_id": [code]})
    assert (listed.is_valid(), codes(listed.lines[0])) == (False, {"reseller": [code]})


def test_what_is_no_mpn_id_is_refused_beside_its_field(basket, partnership, offer):
    typed, listed = basket(line(offer, mpn_id="12x")), basket(line(offer, reseller="12x"))

    assert (typed.is_valid(), codes(typed.lines[0])) == (False, {"mpn_id": ["mpn_digits"]})
    assert (listed.is_valid(), codes(listed.lines[0])) == (False, {"reseller": ["partner_unknown"]})


@pytest.mark.parametrize("wrong", [{"segment": "education"}, {"effective_to": datetime(2025, 2, 1, tzinfo=UTC)}])
def test_an_offer_that_is_not_for_this_customer_is_refused_by_name(basket, wrong):
    found = basket(line(OfferFactory(sku_title="Office E3", **wrong)))

    assert (found.is_valid(), codes(found.lines[0])) == (False, {"__all__": ["not_on_sale"]})
    assert "Office E3" in found.lines[0].non_field_errors()[0]


def test_an_offer_of_another_country_in_the_region_is_refused_by_name(stranger):
    offer = OfferFactory(market="FR", currency="EUR")

    found = Basket([line(offer)], membership=stranger, country="DE", qualification="none")

    assert (found.is_valid(), codes(found.lines[0])) == (False, {"__all__": ["not_on_sale"]})


def test_an_education_offer_is_for_education(basket):
    offer = OfferFactory(segment="education")

    assert basket(line(offer), qualification="education").is_valid()


@pytest.mark.parametrize("code", ["", "x", "6f0c2a1e-8d1b-4c55-9a37-0e6d52f6b7a1"])
def test_an_unknown_offer_is_refused(basket, offer, code):
    found = basket(line(offer), line(offer) | {"offer": code})

    assert [error.code for error in found.problems] == ["offer_unknown"]
    assert [each.offer for each in found.lines] == [offer]


def test_an_offer_of_a_strangers_market_is_unknown(basket, stranger):
    found = basket(line(OfferFactory(market="DE", currency="EUR")))

    assert ([error.code for error in found.problems], found.lines) == (["offer_unknown"], [])


def test_nothing_chosen_is_refused(basket):
    found = basket()

    assert (found.is_valid(), [error.code for error in found.problems]) == (False, ["no_lines"])


def test_choices_are_the_partnered_resellers_by_name(basket, partnership, provider, strange_relationship):
    PartnerAccountFactory(organisation=provider.organisation, number="700")
    PartnershipFactory(provider=provider, reseller=ready_reseller("Akebono", number="00077"))
    ready_reseller("Nobody", number="704")

    assert list(basket().partners) == [
        ("", "No indirect reseller"),
        ("00077", "Akebono (ID: 00077)"),
        ("0012345", "Sakura (ID: 0012345)"),
    ]


def test_number_of_a_partnered_reseller(basket, partnership, reseller):
    assert (basket().number_of(str(reseller.pk)), basket().number_of("")) == ("0012345", "")


def test_a_number_that_is_no_longer_in_the_list_stays_chosen(basket, offer):
    found = basket(line(offer, reseller="0012345"))

    found.place(page_url="/here/", touched="")

    options = '<option value="">No indirect reseller</option><option value="0012345" selected>0012345</option>'
    assert options in str(found.lines[0]["reseller"])


def test_catalogue_has_what_this_customer_may_buy_by_category(basket, offer):
    trial = OfferFactory(sku_title="Office trial", category="trial")
    OfferFactory(segment="education")
    OfferFactory(market="DE")
    OfferFactory(effective_to=datetime(2025, 2, 1, tzinfo=UTC))
    chosen = OfferFactory()

    catalogue = basket(line(chosen)).catalogue()

    assert (catalogue.groups, catalogue.is_cut) == ([("Enterprise", [offer]), ("Trial", [trial])], False)


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ({"q": "e3 OFFICE"}, ["Office E3"]),
        ({"q": "CFQ9"}, ["Teams"]),
        ({"q": "suite"}, ["Teams"]),
        ({"category": "trial"}, ["Office trial"]),
        ({"q": "office", "category": "trial"}, ["Office trial"]),
        ({"q": "nothing"}, []),
        ({"q": "%"}, []),
    ],
)
def test_catalogue_can_be_searched(basket, offer, search, titles):
    OfferFactory(sku_title="Office trial", category="trial")
    OfferFactory(sku_title="Teams", product_title="Suite", product_id="CFQ9")

    groups = basket().catalogue(**search).groups

    assert [offer.sku_title for _category, offers in groups for offer in offers] == titles


def test_catalogue_shows_fifty_offers_and_says_that_there_are_more(basket):
    OfferFactory.create_batch(51)

    catalogue = basket().catalogue()

    assert (sum(len(offers) for _category, offers in catalogue.groups), catalogue.is_cut) == (50, True)


def test_the_number_of_queries_does_not_depend_on_the_lines(basket, provider, django_assert_num_queries, offer):
    lines = []
    for number in ("801", "802", "803"):
        PartnershipFactory(provider=provider, reseller=ready_reseller(number=number))
        lines.append(line(OfferFactory(), reseller=number))

    for some in (lines[:1], lines):
        with django_assert_num_queries(5):
            assert basket(*some).is_valid()


@pytest.mark.parametrize(
    ("most", "text", "attrs"),
    [(300, "From 5 to 300.", {"min": 5, "max": 300}), (None, "At least 5.", {"min": 5})],
)
def test_the_limits_stand_beside_the_field(basket, most, text, attrs):
    field = basket(line(OfferFactory(min_licences=5, max_licences=most))).lines[0].fields["licences"]

    assert (field.help_text, field.widget.attrs) == (text, attrs)

"""Incentives by month and partner: what counts, what does not and why, and who may know what of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from subscriptions.incentives import licences_by_month, months_to_choose, partners_to_read
from subscriptions.statements import draw_month
from tests.attack_tools import text_of
from tests.factories import (
    ChargeFactory,
    PartnershipFactory,
    RelationshipFactory,
    StatementFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.pages import rows_of, shown_text

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
LIST, EXPORT = reverse("incentives:list"), reverse("incentives:export")
UNCREDITED, UNCREDITED_EXPORT = reverse("incentives:uncredited"), reverse("incentives:uncredited_export")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def detail(company, name="detail"):
    return reverse(f"incentives:{name}", args=[company.pk])


@pytest.fixture
def location(reseller):
    return reseller.organisation.partner_accounts.get()


@pytest.fixture
def charge(subscription, location):
    """In November: 10 licences that cost Kita ¥98,765 and Sakura ¥123,456; eligible."""
    return ChargeFactory(
        subscription=subscription, partner_account=location, licences=10, amount=98765, resale_amount=Decimal(123456)
    )


@pytest.fixture
def drawn(charge):
    """November as it is drawn every hour."""
    draw_month(charge.provider, NOVEMBER)
    return charge


def shown(response):
    return [
        (
            str(row.partner),
            row.statement.eligible_subscriptions,
            row.statement.eligible_licences,
            str(row.amount.amount),
            row.statement.ineligible_subscriptions,
        )
        for row in response.context["rows"]
    ]


# The list


def test_provider_reads_the_month_by_reseller(sign_in, provider_admin, drawn, location):
    trial = SubscriptionFactory(relationship=drawn.subscription.relationship)
    ChargeFactory(subscription=trial, partner_account=location, amount=0, ineligible="trial")
    ChargeFactory(subscription=trial, amount=500, ineligible="no_reseller")
    draw_month(drawn.provider, NOVEMBER)

    page = sign_in(provider_admin).get(LIST)

    assert shown(page) == [("Sakura", 1, 10, "123456", 1)]
    whole = page.context["whole"][0]
    assert (whole.statement.eligible_licences, whole.amount.amount) == (10, 98765)
    assert whole.statement.ineligible_subscriptions == 1
    for text in ("What you owe for it ¥98,765", "No indirect reseller", "View charges", "As of Nov 23, 2026"):
        assert text in shown_text(page)


def test_reseller_reads_the_month_by_provider_without_its_cost(sign_in, reseller_admin, drawn):
    page = sign_in(reseller_admin).get(LIST)

    assert shown(page) == [("Kita", 1, 10, "123456", 0)]
    assert page.context["whole"] == []
    assert "No indirect reseller" not in page.text


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin"])
def test_numbers_of_strangers_are_not_in_it(sign_in, request, visitor, drawn, strange_subscription, stranger):
    other = strange_subscription.relationship.reseller
    ChargeFactory(subscription=strange_subscription, partner_account=other.organisation.partner_accounts.get())
    draw_month(stranger.organisation.provider, NOVEMBER)

    page = sign_in(request.getfixturevalue(visitor)).get(LIST)

    assert len(shown(page)) == 1
    assert "Mosel" not in page.text
    assert "Rhein" not in page.text


def test_another_month_is_chosen(sign_in, provider_admin, partnership):
    sums = {"provider": partnership.provider, "eligible_licences": 3}
    StatementFactory(month=OCTOBER, **sums)
    StatementFactory(month=OCTOBER, reseller=partnership.reseller, **sums)
    client = sign_in(provider_admin)

    pages = [client.get(LIST, query) for query in ({}, {"month": "2026-10"}, {"month": "1999-01"}, {"month": "x"})]

    assert [shown(page) for page in pages] == [[], [("Sakura", 0, 3, "0", 0)], [], []]
    assert pages[0].context["filters"].fields["month"].choices == [
        ("2026-11", "November 2026"),
        ("2026-10", "October 2026"),
    ]
    assert "Nothing was charged in this month" in pages[0].text


def test_reseller_without_charges_is_shown_what_it_is_credited_for(sign_in, reseller_admin):
    page = sign_in(reseller_admin).get(LIST)

    assert "Nothing was charged in this month" in page.text
    assert f'href="{reverse("subscriptions:credited")}"' in page.text


@pytest.fixture
def three(partnership):
    """Statements with Sakura, Momiji and Ajisai, of 3, 1 and 2 eligible licences."""
    provider = partnership.provider
    for name, count in (("Sakura", 3), ("Momiji", 1), ("Ajisai", 2)):
        reseller = partnership.reseller if name == "Sakura" else ready_reseller(name)
        numbers = {"eligible_subscriptions": count, "eligible_licences": count, "ineligible_subscriptions": count}
        StatementFactory(provider=provider, reseller=reseller, month=NOVEMBER, **numbers)
    StatementFactory(provider=provider, month=NOVEMBER, eligible_licences=6)
    return provider


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Ajisai", "Momiji", "Sakura"]),
        ({"sort": "-name"}, ["Sakura", "Momiji", "Ajisai"]),
        ({"sort": "licences"}, ["Sakura", "Ajisai", "Momiji"]),
        ({"sort": "subscriptions"}, ["Sakura", "Ajisai", "Momiji"]),
        ({"sort": "-not_eligible"}, ["Momiji", "Ajisai", "Sakura"]),
        ({"q": "MOMI"}, ["Momiji"]),
        ({"q": "momi ji"}, ["Momiji"]),
        ({"q": "nobody"}, []),
    ],
)
def test_list_is_sorted_and_searched(sign_in, provider_admin, three, query, expected):
    page = sign_in(provider_admin).get(LIST, query)

    assert [row[0] for row in shown(page)] == expected
    assert ("No indirect reseller" in page.text) is ("q" not in query)


def test_who_is_not_found_leads_back(sign_in, provider_admin, three):
    page = sign_in(provider_admin).get(LIST, {"q": "x"}, headers={"HX-Request": "true"})

    assert page.templates[0].name == "subscriptions/incentives/_table.html"
    assert "No company of this name has charges in this month." in page.text
    assert f'href="{EXPORT}?q=x" data-hx-swap-oob="true"' in page.text


def test_pages_of_the_list_follow_each_other(sign_in, provider_admin, provider):
    for number in range(PAGE_SIZE + 1):
        StatementFactory(provider=provider, reseller=ready_reseller(f"R{number:02}"), month=NOVEMBER)
    StatementFactory(provider=provider, month=NOVEMBER)
    client = sign_in(provider_admin)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)

    assert [row[0] for row in shown(first) + shown(second)] == [f"R{number:02}" for number in range(PAGE_SIZE + 1)]
    assert ["No indirect reseller" in page.text for page in (first, second)] == [False, True]


def test_list_costs_the_same_for_one_row_and_three(sign_in, provider_admin, drawn, django_assert_num_queries):
    client = sign_in(provider_admin)

    with django_assert_num_queries(6):
        client.get(LIST)
    for name in ("Momiji", "Ajisai"):
        StatementFactory(provider=drawn.provider, reseller=ready_reseller(name), month=NOVEMBER)
    with django_assert_num_queries(6):
        assert len(shown(client.get(LIST))) == 3


def test_currencies_are_rows_of_their_own(sign_in, provider_admin, drawn):
    own = {"provider": drawn.provider, "month": NOVEMBER, "currency": "USD", "eligible_amount": Decimal("12.5000")}
    StatementFactory(**own)
    StatementFactory(reseller=drawn.reseller, **own)

    page = sign_in(provider_admin).get(LIST)

    assert sorted(row[3] for row in shown(page)) == ["12.50", "123456"]
    assert [each.statement.currency for each in page.context["whole"]] == ["JPY", "USD"]


def test_export_has_what_the_list_has(sign_in, provider_admin, reseller_admin, drawn):
    files = [rows_of(sign_in(each).get(EXPORT)) for each in (provider_admin, reseller_admin)]

    numbers = ["1", "10", "123456", "JPY", "0", "2026-11-23T12:00:00Z"]
    assert [file[0][1] for file in files] == ["Indirect reseller", "Indirect provider"]
    assert [file[1:] for file in files] == [
        [["2026-11", "Sakura", str(drawn.reseller_id), *numbers]],
        [["2026-11", "Kita", str(drawn.provider_id), *numbers]],
    ]
    assert Activity.objects.filter(verb="exported").values_list("target", flat=True).distinct().get() == "Incentives"


# The plot, and the months


def test_plot_has_the_eligible_licences_by_month_and_the_same_table(sign_in, provider_admin, provider):
    for month, count in ((date(2026, 8, 1), 2), (date(2026, 10, 1), 5), (date(2024, 1, 1), 9)):
        StatementFactory(provider=provider, month=month, eligible_licences=count)
    StatementFactory(provider=provider, month=OCTOBER, currency="USD", eligible_licences=1)

    page = sign_in(provider_admin).get(LIST)

    bars = page.context["plot"].bars
    assert [(bar.title, bar.label, bar.value) for bar in bars] == [
        ("August 2026", "Aug", 2),
        ("September 2026", "Sep", 0),
        ("October 2026", "Oct", 6),
        ("November 2026", "Nov", 0),
    ]
    assert '<th scope="row">October 2026</th><td class="number">6</td>' in page.text


def test_without_a_licence_there_is_no_plot(sign_in, provider_admin, reseller_admin, partnership):
    StatementFactory(provider=partnership.provider, month=OCTOBER)

    assert sign_in(provider_admin).get(LIST).context["plot"] is None
    assert licences_by_month(provider_admin) == []
    assert licences_by_month(reseller_admin) == []


def test_a_month_of_returns_is_below_zero_and_has_no_bar(sign_in, provider_admin, provider):
    StatementFactory(provider=provider, month=date(2026, 9, 1), eligible_licences=4)
    StatementFactory(provider=provider, month=OCTOBER, eligible_licences=-3)

    bars = sign_in(provider_admin).get(LIST).context["plot"].bars

    assert [(bar.value, bar.height > 0) for bar in bars] == [(4, True), (-3, False), (0, False)]


def test_months_are_those_with_statements_and_the_running_one(provider_admin, reseller_admin, partnership):
    StatementFactory(provider=partnership.provider, month=OCTOBER, currency="JPY")
    StatementFactory(provider=partnership.provider, month=OCTOBER, currency="USD")
    StatementFactory(provider=partnership.provider, reseller=partnership.reseller, month=date(2026, 9, 1))

    assert months_to_choose(provider_admin) == [NOVEMBER, OCTOBER]
    assert months_to_choose(reseller_admin) == [NOVEMBER, date(2026, 9, 1)]


# The charges


def charges(response):
    return [
        (row.charge.kind, row.line.quantity, row.line.amount.amount, row.billed and row.billed.amount, row.reason)
        for row in response.context["rows"]
    ]


def test_provider_reads_both_sides_of_each_charge_and_why_it_does_not_count(
    sign_in, provider_admin, drawn, location, reseller
):
    for number, reason in enumerate(("trial", "no_account", "no_agreement"), start=1):
        ChargeFactory(
            subscription=drawn.subscription,
            partner_account=location,
            posted_at=NOW - timedelta(hours=number),
            ineligible=reason,
            amount=-number,
            kind="refund",
        )

    page = sign_in(provider_admin).get(detail(reseller))

    assert charges(page) == [
        ("purchase", 10, 98765, 123456, ""),
        ("refund", -1, -1, -1, "Trial"),
        ("refund", -1, -2, -2, "No associated location account"),
        ("refund", -1, -3, -3, "Agreement missing"),
    ]
    for text in ("¥98,765", "¥123,456", "Aoba", "Agreement missing", "What you owe", "What you bill"):
        assert text in page.text
    assert [each.amount.amount for each in page.context["sums"]] == [123456]


def test_reseller_reads_what_it_is_billed_and_never_the_cost(sign_in, reseller_admin, drawn, provider):
    client = sign_in(reseller_admin)

    page, file = client.get(detail(provider)), client.get(detail(provider, "detail_export"))
    read = text_of(page) + text_of(file) + text_of(client.get(LIST)) + text_of(client.get(EXPORT))

    assert charges(page) == [("purchase", 10, 123456, None, "")]
    assert "¥123,456" in page.text
    assert [cost for cost in ("98,765", "98765", "What you owe") if cost in read] == []


def test_reseller_reads_the_customer_only_where_it_is_entrusted(sign_in, reseller_admin, drawn, provider, location):
    foreign = SubscriptionFactory(
        relationship=RelationshipFactory(provider=provider, customer__organisation__name="Hoka")
    )
    ChargeFactory(subscription=foreign, partner_account=location, posted_at=NOW - timedelta(hours=1))
    client = sign_in(reseller_admin)

    page = client.get(detail(provider))
    file = rows_of(client.get(detail(provider, "detail_export")))

    assert [row.line.customer for row in page.context["rows"]] == ["Aoba", ""]
    assert str(foreign.code) in page.text
    assert reverse("subscriptions:detail", args=[foreign.code]) not in page.text
    assert [row[5] for row in file[1:]] == ["Aoba", ""]
    assert "Hoka" not in page.text


@pytest.mark.parametrize(("state", "expected"), [("", 2), ("yes", 1), ("no", 1), ("x", 2)])
def test_charges_are_narrowed_to_what_counts_or_not(
    sign_in, provider_admin, drawn, location, reseller, state, expected
):
    ChargeFactory(subscription=drawn.subscription, partner_account=location, ineligible="no_account")

    page = sign_in(provider_admin).get(detail(reseller), {"state": state})

    assert len(charges(page)) == expected
    assert {bool(row.reason) for row in page.context["rows"]} == {"yes": {False}, "no": {True}}.get(
        state, {True, False}
    )


def test_charges_are_those_of_the_month_in_utc(sign_in, provider_admin, subscription, location, reseller):
    edges = [
        *(datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        *(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
    ]
    for number, moment in enumerate(edges, start=1):
        ChargeFactory(subscription=subscription, partner_account=location, posted_at=moment, licences=number)

    page = sign_in(provider_admin).get(detail(reseller), {"month": "2026-11"})

    assert [row[1] for row in charges(page)] == [3, 2]


def test_pages_of_charges_follow_each_other(sign_in, provider_admin, subscription, location, reseller):
    for number in range(PAGE_SIZE + 1):
        ChargeFactory(subscription=subscription, partner_account=location, licences=number + 1)
    client = sign_in(provider_admin)

    first = client.get(detail(reseller))
    second = client.get(first.context["page"].next_url, headers={"HX-Request": "true"})

    assert [row[1] for row in charges(first) + charges(second)] == list(range(PAGE_SIZE + 1, 0, -1))
    assert second.templates[0].name == "subscriptions/incentives/_charges.html"


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin"])
def test_charges_cost_the_same_for_one_row_and_three(
    sign_in, request, visitor, drawn, location, partnership, django_assert_num_queries
):
    reader = request.getfixturevalue(visitor)
    address = detail(partnership.reseller if visitor == "provider_admin" else partnership.provider)
    client = sign_in(reader)

    with django_assert_num_queries(9):
        client.get(address)
    for _number in range(2):
        other = SubscriptionFactory(relationship=RelationshipFactory(provider=partnership.provider))
        ChargeFactory(subscription=other, partner_account=location)
    with django_assert_num_queries(9):
        assert len(charges(client.get(address))) == 3


def test_no_charges_and_none_like_that(sign_in, provider_admin, partnership):
    client = sign_in(provider_admin)

    empty, none = client.get(detail(partnership.reseller)), client.get(detail(partnership.reseller), {"state": "no"})

    assert "Nothing was charged in this month." in empty.text
    assert "No charge of this month matches." in none.text


def test_export_of_charges(sign_in, provider_admin, drawn, reseller, location):
    ChargeFactory(
        subscription=drawn.subscription,
        partner_account=location,
        posted_at=NOW - timedelta(hours=1),
        ineligible="no_agreement",
    )
    rows = rows_of(sign_in(provider_admin).get(detail(reseller, "detail_export")))

    facts = ["Purchase", drawn.offer.sku_title, str(drawn.subscription.code), "Aoba", "0012345"]
    assert rows[0] == [
        *("Charge ID", "Charged", "Charge type", "Subscription", "Subscription ID", "Customer", "MPN ID", "Licenses"),
        *("What you owe", "What you bill", "Currency", "Eligible", "Not eligible because"),
    ]
    assert [row[1:] for row in rows[1:]] == [
        ["2026-11-23T12:00:00Z", *facts, "10", "98765", "123456", "JPY", "Yes", ""],
        ["2026-11-23T11:00:00Z", *facts, "1", "1000", "1000", "JPY", "No", "Agreement missing"],
    ]
    assert rows[1][0] == str(drawn.code)


def test_charges_without_a_reseller_are_the_providers_alone(sign_in, provider_admin, reseller_admin, drawn):
    ChargeFactory(subscription=drawn.subscription, amount=700, ineligible="no_reseller")
    client = sign_in(provider_admin)

    page, file = client.get(UNCREDITED), rows_of(client.get(UNCREDITED_EXPORT))

    assert charges(page) == [("purchase", 1, 700, None, "No indirect reseller")]
    assert page.context["sums"] == []
    assert "What you bill" not in page.text
    assert [row[6:] for row in file[1:]] == [["", "1", "700", "", "JPY", "No", "No indirect reseller"]]
    assert [sign_in(reseller_admin).get(url).status_code for url in (UNCREDITED, UNCREDITED_EXPORT)] == [404, 404]


# Who may


def test_past_partners_stay_readable_and_strangers_never_are(
    sign_in, provider_admin, reseller_admin, drawn, partnership, stranger, strange_relationship
):
    partnership.ended_at = timezone.now()
    partnership.save()
    PartnershipFactory(provider=partnership.provider, reseller=partnership.reseller)  # and again: still one company

    answers = {
        who: [
            sign_in(who).get(address).status_code
            for company in (
                partnership.reseller,
                partnership.provider,
                strange_relationship.reseller,
                stranger.organisation,
            )
            for address in (detail(company), detail(company, "detail_export"))
        ]
        for who in (provider_admin, reseller_admin)
    }

    assert answers == {provider_admin: [200, 200, *[404] * 6], reseller_admin: [404, 404, 200, 200, *[404] * 4]}
    assert [each.name for each in partners_to_read(provider_admin)] == ["Sakura"]


@pytest.mark.parametrize("side", ["provider", "reseller"])
def test_incentives_are_for_who_sees_bills(sign_in, partnership, customer_admin, side):
    organisation = getattr(partnership, side).organisation
    other = partnership.reseller if side == "provider" else partnership.provider
    people = [member(organisation, role) for role in Role]

    answers = {
        url: [sign_in(each).get(url).status_code for each in (*people, customer_admin)]
        for url in (LIST, EXPORT, detail(other), detail(other, "detail_export"))
    }

    assert list(answers.values()) == [[200, 403, 200, 200, 403, 200, 404]] * 4


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin"])
def test_menu_has_incentives(sign_in, request, visitor):
    client = sign_in(request.getfixturevalue(visitor))

    assert LIST in [item.url for item in client.get("/").context["menu"]]

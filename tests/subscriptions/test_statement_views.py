"""Statements on their pages: who sees which side of them, and what is in the files."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from subscriptions.models import Charge, Statement
from subscriptions.statements import close_month, draw_month
from tests.factories import ChargeFactory, StatementFactory, SubscriptionFactory, member, ready_reseller
from tests.pages import rows_of, shown_text

LIST, EXPORT = reverse("statements:list"), reverse("statements:export")
OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
HTMX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture(autouse=True)
def _in_october(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


@pytest.fixture
def charges(subscription, account):
    """Bought for Sakura, partly given back, and a license for nobody: cost and bill are different numbers."""
    shared = {"subscription": subscription, "partner_account": account}
    period = {"period_start": NOW, "period_end": NOW + timedelta(days=31)}
    bought = ChargeFactory(
        **shared, **period, licences=10, amount=Decimal(70_000), resale_amount=Decimal(77_700), posted_at=NOW
    )
    refund = ChargeFactory(
        **{**shared, **period, "kind": Charge.Kind.REFUND, "undoes": bought, "posted_at": NOW + timedelta(minutes=1)},
        licences=2,
        amount=Decimal(-14_000),
        resale_amount=Decimal(-15_540),
    )
    own = ChargeFactory(subscription=subscription, amount=Decimal(9_100), posted_at=NOW + timedelta(minutes=2))
    draw_month(subscription.provider, OCTOBER)
    return [bought, refund, own]


@pytest.fixture
def owed(charges):
    return Statement.objects.get(reseller=None)


@pytest.fixture
def billed(charges):
    return Statement.objects.exclude(reseller=None).get()


def reconciliation(statement):
    return reverse("statements:reconciliation", args=[statement.code])


# The list


def test_provider_reads_what_it_owes_and_then_what_it_bills(owed, billed, provider_admin, sign_in):
    response = sign_in(provider_admin).get(LIST)

    text = shown_text(response)
    assert list(response.context["page"]) == [owed, billed]
    assert "October 2026 JPY What you owe 3 ¥65,100 Open As of Oct 20, 2026, 9:00 AM UTC" in text
    assert "October 2026 JPY Sakura 2 ¥62,160 Open As of" in text


def test_reseller_reads_what_it_is_billed_and_no_cost(owed, billed, reseller_admin, sign_in):
    response = sign_in(reseller_admin).get(LIST)

    text = shown_text(response)
    assert list(response.context["page"]) == [billed]
    assert "October 2026 JPY Kita 2 ¥62,160" in text
    assert "¥65,100" not in text


def test_stranger_reads_neither(billed, strange_subscription, stranger, sign_in):
    ChargeFactory(subscription=strange_subscription)
    draw_month(strange_subscription.provider, OCTOBER)

    assert list(sign_in(stranger).get(LIST).context["page"]) == list(
        Statement.objects.filter(provider=stranger.organisation_id)
    )


def test_closed_statements_say_so(owed, provider_admin, sign_in, time_machine):
    time_machine.move_to(datetime(2026, 11, 1, 2, tzinfo=UTC), tick=False)
    close_month(owed.provider, OCTOBER)

    assert "Sakura 2 ¥62,160 Closed" in shown_text(sign_in(provider_admin).get(LIST))


def test_list_can_be_narrowed(owed, billed, provider_admin, sign_in):
    other = ready_reseller("Wave")
    september = StatementFactory(provider=owed.provider, reseller=other, month=date(2026, 9, 1))
    client = sign_in(provider_admin)

    def found(**query):
        return list(client.get(LIST, query).context["page"])

    assert found() == [owed, billed, september]
    assert found(month="2026-09") == [september]
    assert found(month="2026-10", side="owed") == [owed]
    assert found(side="billed") == [billed, september]
    assert found(reseller=str(billed.reseller_id)) == [billed]
    assert found(reseller=str(other.pk)) == [september]
    assert found(month="nonsense") == [owed, billed, september]
    assert found(sort="-month") == [september, billed, owed]


def test_reseller_can_narrow_its_list_to_a_provider(billed, stranger, reseller_admin, sign_in):
    foreign = StatementFactory(provider=stranger.organisation.provider, reseller=billed.reseller)
    client = sign_in(reseller_admin)

    def found(**query):
        return {each.pk for each in client.get(LIST, query).context["page"]}

    assert found() == {billed.pk, foreign.pk}
    assert found(provider=str(stranger.organisation_id)) == {foreign.pk}
    assert found(provider=str(billed.provider_id), month="2026-10") == {billed.pk}


def test_months_are_offered_back_for_three_years(provider_admin, sign_in):
    StatementFactory(provider=provider_admin.organisation.provider)

    choices = sign_in(provider_admin).get(LIST).context["filters"]["month"].field.choices

    assert choices[:3] == [("", "All"), ("2026-10", "October 2026"), ("2026-09", "September 2026")]
    assert (len(choices), choices[-1]) == (37, ("2023-11", "November 2023"))


def test_list_is_paged(provider, provider_admin, sign_in):
    for number in range(PAGE_SIZE + 1):
        StatementFactory(provider=provider, currency=f"X{number:02d}")
    client = sign_in(provider_admin)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url, headers=HTMX)

    assert (len(first.context["page"]), len(second.context["page"])) == (PAGE_SIZE, 1)
    assert second.templates[0].name == "subscriptions/statements/_table.html"


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin"])
def test_an_empty_list_says_what_to_do(visitor, partnership, request, sign_in):
    client = sign_in(request.getfixturevalue(visitor))

    empty, narrowed = shown_text(client.get(LIST)), shown_text(client.get(LIST, {"month": "2026-09"}))

    assert "No statements yet" in empty
    assert "Show all statements" in narrowed


def test_list_costs_the_same_for_one_row_and_three(provider_admin, partnership, sign_in, django_assert_max_num_queries):
    client = sign_in(provider_admin)
    StatementFactory(provider=partnership.provider, reseller=partnership.reseller)
    with django_assert_max_num_queries(12) as one:
        client.get(LIST)
    for name in ("Wave", "Tide"):
        StatementFactory(provider=partnership.provider, reseller=ready_reseller(name))

    with django_assert_max_num_queries(12) as three:
        client.get(LIST)

    assert len(three) == len(one)


def test_export_has_what_is_on_screen(owed, billed, provider_admin, sign_in):
    StatementFactory(provider=owed.provider, month=date(2026, 9, 1), closed_at=NOW)

    rows = rows_of(sign_in(provider_admin).get(EXPORT, {"month": "2026-10"}))

    assert rows == [
        [
            "Statement ID",
            "Month",
            "Indirect provider",
            "Indirect reseller",
            "Charges",
            "Total",
            "Currency",
            "State",
            "As of",
        ],
        [str(owed.code), *["2026-10", "Kita", "What you owe", "3", "65100", "JPY", "Open", "2026-10-20T09:00:00Z"]],
        [str(billed.code), *["2026-10", "Kita", "Sakura", "2", "62160", "JPY", "Open", "2026-10-20T09:00:00Z"]],
    ]
    assert Activity.objects.get(verb="exported").target == "Statements"


def test_export_of_a_reseller_has_its_side_only(owed, billed, reseller_admin, sign_in):
    rows = rows_of(sign_in(reseller_admin).get(EXPORT))

    assert [row[0] for row in rows[1:]] == [str(billed.code)]


# One statement


def test_what_the_provider_owes_is_shown_at_cost(owed, charges, provider_admin, sign_in):
    response = sign_in(provider_admin).get(owed.get_absolute_url())

    text = shown_text(response)
    subtotals = [(each.kind, each.charges, each.money.amount) for each in response.context["subtotals"]]
    assert subtotals == [("purchase", 2, 79_100), ("refund", 1, -14_000)]
    assert response.context["total"].amount == 65_100
    assert [line.charge for line in response.context["lines"]] == charges[::-1]
    assert "Refund Oct 20, 2026 Oct 20, 2026 – Nov 20, 2026 -2 ¥14,000 -¥14,000" in text
    assert "¥77,700" not in text


def test_what_a_reseller_is_billed_is_the_same_for_both(billed, charges, provider_admin, reseller_admin, sign_in):
    for visitor in (provider_admin, reseller_admin):
        response = sign_in(visitor).get(billed.get_absolute_url())

        text = shown_text(response)
        assert [line.charge for line in response.context["lines"]] == [charges[1], charges[0]]
        assert response.context["total"].amount == 62_160
        assert "10 ¥77,700 ¥77,700" in text
        assert "Aoba" in text
        for cost in ("70,000", "14,000", "9,100", "65,100"):
            assert cost not in text


def test_an_open_statement_is_shown_as_the_ledger_is_now(owed, subscription, provider_admin, sign_in):
    ChargeFactory(subscription=subscription, amount=Decimal(900), posted_at=NOW)

    response = sign_in(provider_admin).get(owed.get_absolute_url())

    owed.refresh_from_db()
    assert (owed.total, response.context["total"].amount, response.context["as_of"]) == (65_100, 66_000, NOW)


def test_a_closed_statement_is_shown_as_it_was_closed(owed, provider_admin, sign_in, time_machine):
    closed_at = datetime(2026, 11, 1, 2, tzinfo=UTC)
    close_month(owed.provider, OCTOBER, moment=closed_at)
    time_machine.move_to(datetime(2026, 12, 24, tzinfo=UTC))

    response = sign_in(provider_admin).get(owed.get_absolute_url())

    assert (response.context["as_of"], response.context["total"].amount) == (closed_at, 65_100)
    assert "Closed Nov 1, 2026, 2:00 AM UTC" in shown_text(response)


def test_a_statement_of_nothing_says_so(provider, provider_admin, sign_in):
    statement = StatementFactory(provider=provider)

    text = shown_text(sign_in(provider_admin).get(statement.get_absolute_url()))

    assert "Nothing was charged in this month. Total ¥0" in text


def test_whose_subscription_it_is_a_reseller_reads_where_it_is_entrusted(billed, subscription, reseller_admin, sign_in):
    relationship = subscription.relationship
    relationship.ended_at = timezone.now()
    relationship.save()

    page = sign_in(reseller_admin).get(billed.get_absolute_url())
    rows = rows_of(sign_in(reseller_admin).get(reconciliation(billed)))

    text = page.text
    assert (subscription.get_absolute_url() in text, "Aoba" in text) == (False, False)
    assert (str(subscription.code) in text, "Not entrusted to you" in text) == (True, True)
    assert not {"Aoba", "aoba.onmicrosoft.com", str(subscription.customer_id), subscription.order_line.order.number} & {
        cell for row in rows for cell in row
    }


def test_the_same_month_in_another_currency_is_one_link_away(owed, billed, subscription, provider_admin, sign_in):
    ChargeFactory(subscription=subscription, currency="EUR", posted_at=NOW)
    draw_month(owed.provider, OCTOBER)
    euros = Statement.objects.get(currency="EUR")

    response = sign_in(provider_admin).get(owed.get_absolute_url())

    assert list(response.context["siblings"]) == [euros]
    assert "The same month in EUR" in shown_text(response)


def test_lines_are_paged(owed, subscription, provider_admin, sign_in):
    for number in range(PAGE_SIZE):
        ChargeFactory(subscription=subscription, posted_at=NOW - timedelta(minutes=number))
    client = sign_in(provider_admin)

    first = client.get(owed.get_absolute_url())
    second = client.get(first.context["page"].next_url, headers=HTMX)

    assert (len(first.context["lines"]), len(second.context["lines"])) == (PAGE_SIZE, 3)
    assert second.templates[0].name == "subscriptions/statements/_lines.html"
    assert "All of them are in the reconciliation file" in shown_text(first)


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin"])
def test_a_statement_costs_the_same_for_two_lines_and_for_six(
    visitor, billed, relationship, account, request, sign_in, django_assert_max_num_queries
):
    client = sign_in(request.getfixturevalue(visitor))
    with django_assert_max_num_queries(12) as two:
        client.get(billed.get_absolute_url())
    for _number in range(4):
        ChargeFactory(
            subscription=SubscriptionFactory(relationship=relationship), partner_account=account, posted_at=NOW
        )

    with django_assert_max_num_queries(12) as six:
        client.get(billed.get_absolute_url())

    assert len(six) == len(two)


# Who may


def addresses(statement):
    return [LIST, EXPORT, statement.get_absolute_url(), reconciliation(statement)]


@pytest.mark.parametrize("role", [Role.USER_ADMIN, Role.HELPDESK_AGENT])
def test_who_does_not_see_bills_is_told_who_does(role, provider, reseller, sign_in):
    statement = StatementFactory(provider=provider, reseller=reseller)
    for organisation in (provider.organisation, reseller.organisation):
        client = sign_in(member(organisation, role))

        assert [client.get(url).status_code for url in addresses(statement)] == [403] * 4


def test_what_a_provider_owes_does_not_exist_for_its_reseller(owed, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    assert [client.get(url).status_code for url in addresses(owed)[2:]] == [404, 404]


def test_what_one_reseller_is_billed_does_not_exist_for_another(billed, sign_in):
    other = member(ready_reseller("Wave").organisation, Role.GLOBAL_ADMIN)
    client = sign_in(other)

    assert [client.get(url).status_code for url in addresses(billed)[2:]] == [404, 404]


def test_a_statement_does_not_exist_for_strangers_and_customers(billed, stranger, customer_admin, sign_in):
    stranger, customer = sign_in(stranger), sign_in(customer_admin)

    assert [stranger.get(url).status_code for url in addresses(billed)] == [200, 200, 404, 404]
    assert [customer.get(url).status_code for url in addresses(billed)] == [404] * 4


@pytest.mark.parametrize(("visitor", "shown"), [("billing_admin", True), ("helpdesk", False), ("reseller_admin", True)])
def test_the_menu_leads_to_statements_for_who_sees_bills(visitor, shown, partnership, request, sign_in):
    page = sign_in(request.getfixturevalue(visitor)).get(reverse("overview"))

    assert (f'href="{LIST}"' in page.text) == shown

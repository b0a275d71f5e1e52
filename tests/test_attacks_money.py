"""Whose money is whose: every page, file and mail of a world with two resellers, read by those whom it is not for.

Kita sells to two resellers at different markups, of customers that are entrusted to the one, the other and nobody
(design.md §3, §5, §7; issue 4 points 3, 9 and 10). Each number is one side's, and stands where that side looks.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from outbox.models import OutgoingEmail
from resellers.partnerships import end_partnership
from subscriptions.bulk import What, Wish
from subscriptions.models import BulkRow, Charge, Markup, Order, Statement, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from subscriptions.quotes import Quote
from subscriptions.renewals import run_due
from subscriptions.statements import close_month, draw_month
from tests.addresses import PLAIN
from tests.attack_tools import said, stored, text_of
from tests.factories import (
    CustomerFactory,
    MarkupFactory,
    OfferFactory,
    PartnershipFactory,
    RelationshipFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.bulk_changes import checked
from tests.subscriptions.order_answers import draft_for

BOUGHT, NOW = datetime(2026, 10, 5, 9, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
OF_A_SUBSCRIPTION = (
    *("detail", "suspend", "reactivate", "cancel", "plan", "upgrade", "convert", "history", "history_export"),
    *("licences", "licences_export"),
)
CHAPTERS = ("licenses", "changes", "charges", "credit", "support")
MONTHLY = ("statements:list", "statements:export", "incentives:list", "incentives:export")
MONTHLY += ("incentives:uncredited", "incentives:uncredited_export")
CUSTOMERS_OF_OTHERS = {"Kaede", "Kaedeplan", "Tsubaki", "Tsubakiplan", "kaede.onmicrosoft.com"}
PERCENTS = {"13.37", "29.41"}
OWN_PRICES = ("own_prices", "own_prices_export")


@pytest.fixture
def momiji(partnership):
    return PartnershipFactory(provider=partnership.provider, reseller=ready_reseller("Momiji", number="0099")).reseller


@pytest.fixture
def bought(relationship, provider_admin, reseller_admin, momiji, time_machine):
    """By whom, who is credited, at what: bought in October, billed again in November; October is closed.

    Aoba, entrusted to Sakura, buys once through Momiji; Kaede, entrusted to Momiji, once through Sakura.
    """
    time_machine.move_to(BOUGHT, tick=False)
    provider, sakura = relationship.provider, relationship.reseller
    for reseller, percent in ((sakura, "13.37"), (momiji, "29.41")):
        MarkupFactory(provider=provider, reseller=reseller, percent=Decimal(percent))
    kaede = RelationshipFactory(
        provider=provider,
        reseller=momiji,
        customer=CustomerFactory(organisation__name="Kaede", primary_domain="kaede.onmicrosoft.com"),
    )
    tsubaki = RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name="Tsubaki"))
    made = {
        "own": _buy(provider_admin, relationship, sakura, 7919),
        "shared": _buy(provider_admin, relationship, momiji, 6173),
        "remote": _buy(provider_admin, kaede, sakura, 5417, "Kaedeplan"),
        "theirs": _buy(provider_admin, kaede, momiji, 4813, "Kaedeplan"),
        "nobodys": _buy(provider_admin, tsubaki, None, 3571, "Tsubakiplan"),
    }
    time_machine.move_to(NOW, tick=False)
    run_due(NOW)
    close_month(provider, OCTOBER)
    draw_month(provider, NOVEMBER)
    return made


def _buy(membership, relationship, reseller, price, nickname=""):
    offer = OfferFactory(unit_price=Decimal(price), erp_price=Decimal(99))
    account = reseller and reseller.organisation.partner_accounts.get()
    draft = draft_for(membership, relationship.customer)
    order = place_order(draft, lines=[Line(offer, 3, account)], relationship=relationship, actor=membership.user).order
    made = Subscription.objects.get(order_line__order=order)
    made.nickname = nickname or made.nickname
    made.take_names()
    made.save()
    return made


def everything_read(client) -> str:
    """Each list, file and page that there is about money, and about whatever is bought."""
    urls = [reverse(name) for name in PLAIN if not name.startswith("account_")]
    urls += [f"{reverse(name)}?month=2026-10" for name in MONTHLY]
    urls.append(f"{reverse('subscriptions:own_prices')}?sort=price")
    for each in Subscription.objects.all():
        urls += [reverse(f"subscriptions:{name}", args=[each.code]) for name in OF_A_SUBSCRIPTION]
        for name in ("history", "history_export"):
            urls += [f"{reverse(f'subscriptions:{name}', args=[each.code])}?show={show}" for show in CHAPTERS]
        urls += [reverse(name, args=[each.customer_id]) for name in ("subscriptions:customer", "customers:account")]
    urls += [reverse("orders:detail", args=[each.code]) for each in Order.objects.all()]
    for each in Statement.objects.all():
        urls += [reverse(f"statements:{name}", args=[each.code]) for name in ("detail", "reconciliation")]
    companies = set(Statement.objects.values_list("provider", "reseller"))
    for name in ("incentives:detail", "incentives:detail_export"):
        for company in {each for pair in companies for each in pair if each}:
            urls += [f"{reverse(name, args=[company])}?month={month}" for month in ("2026-10", "2026-11")]
    answers = {url: client.get(url) for url in urls}
    assert [url for url, answer in answers.items() if answer.status_code >= 500] == []
    return "\n".join(map(text_of, answers.values()))


def numbers(amounts) -> set[str]:
    """As pages and as files write them."""
    whole = {abs(int(amount)) for amount in amounts if amount}
    return {f"{amount:,}" for amount in whole} | {str(amount) for amount in whole}


def costs() -> set[str]:
    amounts = [amount for pair in Charge.objects.values_list("unit_price", "amount") for amount in pair]
    return numbers([*amounts, *Statement.objects.filter(reseller=None).values_list("total", flat=True)])


def bills(reseller) -> set[str]:
    charged = Charge.objects.filter(reseller=reseller).values_list("resale_unit_price", "resale_amount")
    totals = Statement.objects.filter(reseller=reseller).values_list("total", flat=True)
    return numbers([*(amount for pair in charged for amount in pair), *totals])


def test_the_numbers_are_told_apart_and_stand_where_they_belong(bought, provider_admin, reseller, momiji, sign_in):
    """The words are good: five purchases, each billed twice, on two sides; the provider reads every one of them."""
    sides = [costs(), bills(reseller), bills(momiji)]

    read = everything_read(sign_in(provider_admin))

    assert Charge.objects.count() == 10
    assert [len(side & other) for side, other in zip(sides, sides[1:] + sides[:1], strict=True)] == [0, 0, 0]
    assert set.union(*sides) | PERCENTS | CUSTOMERS_OF_OTHERS <= said(
        set.union(*sides) | PERCENTS | CUSTOMERS_OF_OTHERS, read
    )


@pytest.mark.parametrize("administers", [True, False])
def test_a_reseller_reads_what_it_is_billed_and_nothing_of_the_others(
    administers, bought, relationship, reseller, reseller_admin, momiji, sign_in
):
    if not administers:
        relationship.customer.delegations.all().update(withdrawn_at=NOW)

    read = everything_read(sign_in(reseller_admin))

    assert bills(reseller) - said(bills(reseller), read) == set()
    assert said(costs() | bills(momiji) | PERCENTS | CUSTOMERS_OF_OTHERS, read) == set()


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.USER_ADMIN])
def test_a_role_without_bills_reads_no_amount_at_the_reseller(role, bought, reseller, momiji, sign_in):
    read = everything_read(sign_in(member(reseller.organisation, role)))

    assert said({"Aoba"}, read) == {"Aoba"}
    assert said(costs() | bills(reseller) | bills(momiji) | PERCENTS | CUSTOMERS_OF_OTHERS, read) == set()


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.USER_ADMIN])
def test_a_role_without_prices_reads_no_amount_at_the_provider(role, bought, provider, reseller, momiji, sign_in):
    person = member(provider.organisation, role)
    checked(What.LICENCES, [Wish(1, str(bought["own"].code), "23")], person)
    client = sign_in(person)

    read = everything_read(client) + "".join(
        text_of(client.get(reverse(f"subscriptions:bulk_{name}", args=[BulkRow.objects.get().change.code])))
        for name in ("detail", "export")
    )

    assert BulkRow.objects.get().cost > 0
    assert said({"Aoba", *CUSTOMERS_OF_OTHERS}, read) == {"Aoba", *CUSTOMERS_OF_OTHERS}
    cost = numbers([BulkRow.objects.get().cost])
    assert said(costs() | cost | bills(reseller) | bills(momiji) | PERCENTS, read) == set()


def test_a_customer_reads_no_amount_of_anybody(bought, customer_admin, reseller, momiji, sign_in):
    read = everything_read(sign_in(customer_admin))

    assert said({"Aoba"}, read) == {"Aoba"}
    assert said(costs() | bills(reseller) | bills(momiji) | PERCENTS | CUSTOMERS_OF_OTHERS, read) == set()


def test_mail_to_a_reseller_says_no_amount_of_the_others(bought, reseller_admin, provider, momiji):
    """Everything that was written to it while things were bought, renewed and closed, and once more in a month."""
    run_due(datetime(2026, 12, 23, 12, tzinfo=UTC))

    mail = OutgoingEmail.objects.filter(to=reseller_admin.user.email)
    read = "\n".join(f"{each.subject}\n{each.text}" for each in mail)

    assert mail.exists()
    assert said(costs() | bills(momiji) | PERCENTS | CUSTOMERS_OF_OTHERS, read) == set()


def test_statements_of_others_do_not_exist_for_a_reseller(bought, reseller, reseller_admin, momiji, sign_in):
    client = sign_in(reseller_admin)
    others = Statement.objects.exclude(reseller=reseller)

    urls = [reverse(f"statements:{name}", args=[each.code]) for each in others for name in ("detail", "reconciliation")]
    urls += [reverse(f"incentives:{name}", args=[momiji.pk]) for name in ("detail", "detail_export")]
    urls += [reverse(f"incentives:{name}") for name in ("uncredited", "uncredited_export")]

    assert {each.reseller for each in others} == {None, momiji}
    assert {client.get(url).status_code for url in urls} == {404}
    listed = client.get(reverse("statements:list"), {"reseller": str(momiji.pk), "side": "owed"}).context["page"]
    assert {each.reseller for each in listed} == {reseller}


# Prices through a provider that is not, or no longer, one's own


def test_a_reseller_reads_no_prices_through_anothers_provider(
    partnership, stranger, strange_relationship, reseller_admin, sign_in
):
    client, theirs = sign_in(reseller_admin), strange_relationship.provider
    offer = OfferFactory(sku_title="Burgplan", market="DE", currency="EUR", unit_price=Decimal("77.77"))
    Markup.objects.create(provider=theirs, percent=Decimal("66.60"), set_by=stranger.user)
    typed = {"provider": str(theirs.pk), "market": "all", "sale": "all", "q": offer.sku_title}

    read = "".join(text_of(client.get(reverse(f"subscriptions:{name}"), typed)) for name in OWN_PRICES)

    assert said({"77.77", "129.56", "Rhein"}, read) == set()
    assert offer.product_id not in read


def test_prices_end_with_the_partnership(partnership, provider_admin, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    offer = OfferFactory()
    before = text_of(client.get(reverse("subscriptions:own_prices")))
    end_partnership(partnership, actor=provider_admin.user)

    typed = [{}, {"provider": str(partnership.provider_id)}]
    read = "".join(text_of(client.get(reverse(f"subscriptions:{name}"), each)) for name in OWN_PRICES for each in typed)

    assert offer.product_id in before
    assert offer.product_id not in read


# What is the provider's to do, tried by a reseller that administers the account; strangers' IDs in a bulk change


def test_a_reseller_moves_nothing_that_costs_its_provider(bought, reseller_admin, sign_in):
    client, code = sign_in(reseller_admin), bought["own"].code
    offer = OfferFactory(product_id=bought["own"].offer.product_id, sku_id="0002")
    typed = {"offer": str(offer.code), "licences": "300", "quote": Quote(NOW, []).agreement.token}
    before = stored()

    answers = [
        client.post(reverse(f"subscriptions:{name}", args=[code]), typed) for name in ("cancel", "upgrade", "convert")
    ]
    plan = client.post(reverse("subscriptions:plan", args=[code]), typed)

    assert [answer.status_code for answer in answers] == [404] * 3
    assert plan.context["form"].errors.as_data()["offer"][0].code == "invalid_choice"
    assert stored() == before


@pytest.mark.parametrize("what", [What.LICENCES, What.AUTO_RENEW])
def test_a_strangers_subscription_in_a_file_is_one_that_does_not_exist(
    what, subscription, strange_subscription, provider_admin, sign_in
):
    client = sign_in(provider_admin)
    column, value = {What.LICENCES: ("Licenses", "12"), What.AUTO_RENEW: ("Auto-renew", "off")}[what]
    unknown = "11111111-2222-4333-8444-555555555555"
    codes = [str(strange_subscription.code), unknown, str(subscription.code)]
    text = f"Subscription ID,{column}\n" + "".join(f"{code},{value}\n" for code in codes)
    url = f"{reverse('subscriptions:bulk_upload')}?what={what}"

    page = client.post(url, {"file": SimpleUploadedFile("changes.csv", text.encode())}, follow=True)

    change = page.context["change"]
    wishes = [Wish(number, code, value) for number, code in enumerate(codes, 1)]
    again = checked(what, wishes, provider_admin)
    rows = list(again.all_rows.order_by("number").values_list("subscription", "result", "refusal", "details"))
    assert [row.subscription_id for row in change.all_rows.order_by("number")] == [None, None, subscription.pk]
    assert str(rows[0]).replace(codes[0], unknown) == str(rows[1])
    assert [row[1:3] for row in rows] == [("refused", "not_found")] * 2 + [("done", "")]
    shown = text_of(client.get(reverse("subscriptions:bulk_detail", args=[again.code])))
    assert said({"Fluss", strange_subscription.nickname, "Rhein"}, shown) == set()


def test_a_ticked_strangers_subscription_is_left_out(subscription, strange_subscription, provider_admin, sign_in):
    codes = "".join(f"&subscription={each.code}" for each in (strange_subscription, subscription))
    for chosen in (codes, "&all=", f"&all=&q={strange_subscription.code}"):
        page = sign_in(provider_admin).get(f"{reverse('subscriptions:bulk_new')}?what=licences{chosen}")
        assert str(strange_subscription.code) not in page.context["selection"].ids
        assert said({"Fluss"}, text_of(page)) == set()

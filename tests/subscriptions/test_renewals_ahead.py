"""Renewals ahead, and the filters of subscriptions that look the same way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Kind, Role
from subscriptions.lists.renewals import (
    ENDS_SUSPENDED,
    EXPIRES,
    LEFT_BEHIND,
    NOT_OFFERED,
    RENEWS,
    STAYS,
    WITH_BASE,
    outcomes,
    renewals_within,
    with_names,
)
from subscriptions.models import RenewalPlan
from subscriptions.money import Money
from tests.factories import MarkupFactory, OfferFactory, ResellerOfRecordFactory, SubscriptionFactory, member
from tests.pages import rows_of

LIST, EXPORT = reverse("subscriptions:renewals"), reverse("subscriptions:renewals_export")
SUBSCRIPTIONS = reverse("subscriptions:list")


def ending(relationship, days, **fields):
    fields.setdefault("nickname", f"In {days} days")
    return SubscriptionFactory(relationship=relationship, ends_at=timezone.now() + timedelta(days=days), **fields)


def shown(response):
    return [each.subscription.nickname for each in response.context["renewals"]]


def outcome_of(subscription, membership):
    rows = with_names(renewals_within(90, membership)).filter(pk=subscription.pk)
    return outcomes(rows, membership)[0]


# The list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["In 5 days", "In 29 days"]),
        ("?renews=30", ["In 5 days", "In 29 days"]),
        ("?renews=60", ["In 5 days", "In 29 days", "In 31 days"]),
        ("?renews=90", ["In 5 days", "In 29 days", "In 31 days", "In 89 days"]),
        ("?renews=9999", ["In 5 days", "In 29 days"]),
        ("?renews=x", ["In 5 days", "In 29 days"]),
    ],
)
def test_list_looks_as_far_ahead_as_one_wants(
    sign_in, provider_admin, relationship, strange_subscription, query, expected
):
    for days in (89, -1, 5, 31, 29, 91):
        ending(relationship, days)
    strange_subscription.ends_at = timezone.now() + timedelta(days=5)
    strange_subscription.save()

    assert shown(sign_in(provider_admin).get(LIST + query)) == expected


def test_list_leaves_out_what_has_ended(sign_in, provider_admin, relationship):
    ending(relationship, 3, status="cancelled")
    ending(relationship, 4, status="suspended", nickname="Suspended")

    assert shown(sign_in(provider_admin).get(LIST)) == ["Suspended"]


def test_reseller_sees_what_is_entrusted_to_it_without_prices(
    sign_in, reseller_admin, relationship, strange_subscription
):
    ending(relationship, 3, unit_price=Decimal(123454))

    response = sign_in(reseller_admin).get(LIST)

    assert shown(response) == ["In 3 days"]
    assert "123,454" not in response.content.decode()
    assert [each.price for each in response.context["renewals"]] == [None]


def test_empty_list_says_what_to_do(sign_in, provider_admin):
    assert SUBSCRIPTIONS in sign_in(provider_admin).get(LIST).content.decode()


def test_search_without_a_hit_leads_back_to_all(sign_in, provider_admin, relationship):
    ending(relationship, 3)

    response = sign_in(provider_admin).get(LIST, {"q": "nothing like it"})

    assert f'href="{LIST}"' in response.content.decode()


def test_list_is_paged(sign_in, provider_admin, relationship):
    for _number in range(PAGE_SIZE + 1):
        ending(relationship, 3)

    response = sign_in(provider_admin).get(LIST)

    assert len(response.context["page"]) == PAGE_SIZE
    assert response.context["page"].next_url


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries(sign_in, provider_admin, relationship, django_assert_num_queries, count):
    for days in range(1, count + 1):
        subscription = ending(relationship, days)
        offer = OfferFactory()
        RenewalPlan.objects.create(subscription=subscription, offer=offer, licences=3, made_by=provider_admin.user)
    client = sign_in(provider_admin)
    client.get(LIST)

    with django_assert_num_queries(10):
        client.get(LIST)


def test_fragment_has_rows_and_the_export_link(sign_in, provider_admin, relationship):
    ending(relationship, 3)

    page = sign_in(provider_admin).get(LIST, {"renews": "60"}, HTTP_HX_REQUEST="true").content.decode()

    assert "<html" not in page
    assert "In 3 days" in page
    assert f"{EXPORT}?renews=60" in page


# What becomes of it


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, RENEWS),
        ({"auto_renew": False}, EXPIRES),
        ({"status": "suspended"}, ENDS_SUSPENDED),
        ({"status": "suspended", "auto_renew": False}, ENDS_SUSPENDED),
    ],
)
def test_outcome_follows_the_subscription(provider_admin, relationship, fields, expected):
    assert outcome_of(ending(relationship, 3, **fields), provider_admin).outcome == expected


@pytest.mark.parametrize(
    ("base_days", "base", "own", "expected"),
    [
        (3, {}, {}, RENEWS),
        (3, {"auto_renew": False}, {}, WITH_BASE),
        (3, {"status": "suspended"}, {}, WITH_BASE),
        (30, {"auto_renew": False}, {}, RENEWS),
        (3, {"auto_renew": False}, {"auto_renew": False}, EXPIRES),
    ],
)
def test_outcome_of_an_add_on_is_that_of_its_base(provider_admin, relationship, base_days, base, own, expected):
    base = ending(relationship, base_days, **base)

    found = outcome_of(ending(relationship, 3, base=base, **own), provider_admin)

    assert (found.outcome, found.goes_on) == (expected, expected == RENEWS)


def test_what_the_price_list_does_not_offer_then_expires(provider_admin, relationship):
    offer = OfferFactory(effective_to=timezone.now() + timedelta(days=2))

    renewal = outcome_of(ending(relationship, 3, offer=offer), provider_admin)

    assert (renewal.outcome, renewal.renews, renewal.price) == (NOT_OFFERED, False, None)


def test_price_is_that_of_the_day_of_the_renewal(provider_admin, relationship):
    change = timezone.now() + timedelta(days=2)
    old = OfferFactory(effective_to=change, unit_price=Decimal(1000))
    new = OfferFactory(product_id=old.product_id, effective_from=change, unit_price=Decimal(1100))

    renewal = outcome_of(ending(relationship, 3, offer=old), provider_admin)

    assert (renewal.offer, renewal.price.amount, renewal.old_price.amount) == (new, Decimal(1100), Decimal(1000))


def test_price_that_stays_is_said_once(provider_admin, relationship):
    assert outcome_of(ending(relationship, 3), provider_admin).old_price is None


def test_plan_decides_what_it_renews_with(provider_admin, relationship):
    subscription, offer = ending(relationship, 3), OfferFactory()
    done = {"subscription": subscription, "made_by": provider_admin.user}
    RenewalPlan.objects.create(offer=OfferFactory(), licences=99, withdrawn_at=timezone.now(), **done)
    RenewalPlan.objects.create(offer=offer, licences=4, **done)

    renewal = outcome_of(subscription, provider_admin)

    assert (renewal.offer, renewal.licences, renewal.plan.offer) == (offer, 4, offer)


def test_plan_for_what_is_not_on_sale_then_decides_nothing(sign_in, provider_admin, relationship):
    subscription = ending(relationship, 3)
    gone = OfferFactory(effective_to=timezone.now() + timedelta(days=2))
    RenewalPlan.objects.create(subscription=subscription, offer=gone, licences=4, made_by=provider_admin.user)

    renewal = outcome_of(subscription, provider_admin)

    assert (renewal.offer, renewal.licences, renewal.plan) == (subscription.offer, 10, None)
    assert "(scheduled)" not in sign_in(provider_admin).get(LIST).text


@pytest.mark.parametrize(("fits", "expected"), [(True, RENEWS), (False, LEFT_BEHIND)])
def test_add_on_renews_when_it_goes_with_what_its_base_becomes(provider_admin, relationship, fits, expected):
    base, premium = ending(relationship, 3), OfferFactory()
    tags = [f"Requires:{premium.sku if fits else base.offer.sku}"]
    add_on = ending(relationship, 3, base=base, offer=OfferFactory(category="add_on", tags=tags))
    RenewalPlan.objects.create(subscription=base, offer=premium, licences=4, made_by=provider_admin.user)

    renewal = outcome_of(add_on, provider_admin)

    assert (renewal.outcome, renewal.renews) == (expected, fits)


@pytest.mark.parametrize(
    ("base", "expected"), [({}, STAYS), ({"auto_renew": False}, WITH_BASE), ({"status": "suspended"}, WITH_BASE)]
)
def test_add_on_that_was_charged_once_stays_with_its_base(provider_admin, relationship, base, expected):
    base = ending(relationship, 3, **base)
    offer = OfferFactory(category="add_on", term="", billing="one_time", tags=[f"Requires:{base.offer.sku}"])
    add_on = ending(relationship, 3, base=base, offer=offer, term="", auto_renew=False)

    renewal = outcome_of(add_on, provider_admin)

    assert (renewal.outcome, renewal.renews) == (expected, False)


def test_whoever_may_not_see_prices_sees_none(provider, relationship):
    helpdesk = member(provider.organisation, Role.HELPDESK_AGENT)

    assert outcome_of(ending(relationship, 3), helpdesk).price is None


@pytest.fixture
def own(relationship, reseller):
    """In three days the price rises from ¥1,000 to ¥1,100; Sakura pays 25 % more, and 10 % in the running term."""
    change = timezone.now() + timedelta(days=2)
    old = OfferFactory(effective_to=change)
    OfferFactory(product_id=old.product_id, effective_from=change, unit_price=Decimal(1100))
    MarkupFactory(provider=relationship.provider, reseller=reseller, percent=Decimal(25))
    made = ending(relationship, 3, offer=old, markup=Decimal(10))
    account = reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=made, partner_account=account)
    return made


def test_reseller_of_record_sees_its_own_price(sign_in, reseller_admin, relationship, own):
    ending(relationship, 5, nickname="Credits nobody")
    client = sign_in(reseller_admin)

    page = client.get(LIST)

    assert [(each.price, each.old_price) for each in page.context["renewals"]] == [
        (Money(Decimal(1375), "JPY"), Money(Decimal(1100), "JPY")),
        (None, None),
    ]
    assert "¥1,375" in page.text
    assert "1,000" not in page.text
    assert [row[-2:] for row in rows_of(client.get(EXPORT))[1:]] == [["1375", "JPY"], ["", ""]]


def test_provider_sees_what_it_pays_itself(provider_admin, own):
    renewal = outcome_of(own, provider_admin)

    assert (renewal.price.amount, renewal.old_price.amount) == (Decimal(1100), Decimal(1000))


def test_reseller_whose_role_sees_no_bills_sees_no_price(sign_in, reseller, own):
    page = sign_in(member(reseller.organisation, Role.HELPDESK_AGENT)).get(LIST)

    assert [(each.price, each.old_price) for each in page.context["renewals"]] == [(None, None)]
    assert "Unit price then" not in page.text
    assert "¥" not in page.text


def test_reseller_that_is_not_credited_any_more_sees_no_price(reseller_admin, own):
    own.resellers_of_record.update(ends_at=timezone.now())

    assert outcome_of(own, reseller_admin).price is None


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_a_reseller_takes_the_same_queries(
    sign_in, reseller_admin, reseller, relationship, django_assert_num_queries, count
):
    for days in range(1, count + 1):
        trial = OfferFactory(category="trial", tags=[f"ConvertsTo:{OfferFactory().sku}"])
        account = reseller.organisation.partner_accounts.get()
        ResellerOfRecordFactory(subscription=ending(relationship, days, offer=trial), partner_account=account)
    client = sign_in(reseller_admin)
    client.get(LIST)

    with django_assert_num_queries(9):
        client.get(LIST)


# As a file


def test_export_has_what_the_list_has(sign_in, provider_admin, relationship, strange_subscription):
    subscription = ending(relationship, 3, unit_price=Decimal(1000))
    other = ending(relationship, 5, auto_renew=False)
    ending(relationship, 50)

    rows = rows_of(sign_in(provider_admin).get(EXPORT))

    assert rows[1:] == [
        [
            *(f"{subscription.ends_at:%Y-%m-%d}", "In 3 days", str(subscription.code), "Aoba", "10", "Renews"),
            *(subscription.offer.sku_title, "10", "1000", "JPY"),
        ],
        [
            *(f"{other.ends_at:%Y-%m-%d}", "In 5 days", str(other.code), "Aoba", "10", "Expires: auto-renew is off"),
            *("", "", "", ""),
        ],
    ]


def test_export_of_a_reseller_has_no_prices(sign_in, reseller_admin, relationship):
    ending(relationship, 3)

    [_header, row] = rows_of(sign_in(reseller_admin).get(EXPORT))

    assert row[-2:] == ["", ""]


def test_export_goes_on_after_five_hundred_rows(provider_admin, relationship, monkeypatch):
    from subscriptions.lists import renewals

    monkeypatch.setattr(renewals, "_CHUNK", 2)
    for days in (1, 2, 3):
        ending(relationship, days)

    lines = list(renewals.export_lines(renewals_within(30, provider_admin).order_by("ends_at"), provider_admin))

    assert [line[1] for line in lines] == ["In 1 days", "In 2 days", "In 3 days"]


# The same questions to the list of subscriptions


def test_subscriptions_are_narrowed_to_what_ends_soon(sign_in, provider_admin, relationship):
    for days in (5, 45):
        ending(relationship, days)

    response = sign_in(provider_admin).get(SUBSCRIPTIONS, {"renews": "30"})

    assert [each.nickname for each in response.context["page"]] == ["In 5 days"]


@pytest.mark.parametrize(("wanted", "expected"), [("on", ["On"]), ("off", ["Off"]), ("", ["On", "Off", "No term"])])
def test_subscriptions_are_narrowed_by_auto_renew(sign_in, provider_admin, relationship, wanted, expected):
    for day, (name, fields) in enumerate(
        [("No term", {"term": "", "auto_renew": False}), ("Off", {"auto_renew": False}), ("On", {})], start=1
    ):
        made = datetime(2026, 1, day, tzinfo=UTC)
        SubscriptionFactory(relationship=relationship, nickname=name, created_at=made, **fields)

    response = sign_in(provider_admin).get(SUBSCRIPTIONS, {"auto_renew": wanted})

    assert [each.nickname for each in response.context["page"]] == expected


@pytest.mark.parametrize("wanted", ["mail plan", "CFQ7TTC0MAIL", "cfq7ttc0mail"])
def test_subscriptions_are_narrowed_to_a_product(sign_in, provider_admin, relationship, wanted):
    mail = OfferFactory(sku_title="Mail plan 2", product_id="CFQ7TTC0MAIL")
    SubscriptionFactory(relationship=relationship, offer=mail, nickname="Wanted")
    SubscriptionFactory(relationship=relationship)

    response = sign_in(provider_admin).get(SUBSCRIPTIONS, {"product": wanted})

    assert [each.nickname for each in response.context["page"]] == ["Wanted"]


def test_what_credits_nobody_is_found(sign_in, provider_admin, relationship):
    credited = SubscriptionFactory(relationship=relationship)
    ResellerOfRecordFactory(subscription=credited)
    SubscriptionFactory(relationship=relationship, nickname="Nobody")

    response = sign_in(provider_admin).get(SUBSCRIPTIONS, {"reseller": "none"})

    assert [each.nickname for each in response.context["page"]] == ["Nobody"]


def test_customer_has_no_renewals_page(sign_in, relationship):
    admin = member(relationship.customer.organisation, Role.GLOBAL_ADMIN)
    assert admin.kind == Kind.CUSTOMER

    assert sign_in(admin).get(LIST).status_code == 404

"""Review, cancel, upgrade, convert, schedule: the pages say what it costs, then charge exactly that."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.roles import Role
from activity.models import Activity
from subscriptions.credit import credit
from subscriptions.models import Charge, RenewalPlan, Subscription
from subscriptions.money import Money
from tests.factories import MarkupFactory, PartnershipFactory, SubscriptionFactory, member, ready_reseller
from tests.refusals import codes_on
from tests.subscriptions.lives import at, bought, fresh, planned, sold

NOW = at("2026-03-11 12:00")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def clock(_now):
    return _now


@pytest.fixture
def yearly(relationship, provider, provider_admin, reseller):
    """Ten licences for a year, bought ten days ago; Sakura is credited and pays a fifth more than Kita."""
    MarkupFactory(provider=provider, percent=Decimal(20))
    offer = sold(sku_title="Office plan", product_id="OFFICE", unit_price=Decimal(3100), tags=["UpgradesTo:BIG:0001"])
    made = bought(relationship, "2026-03-01 12:00", offer, markup=Decimal(20), nickname="本社")
    credit(made, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
    return made


@pytest.fixture
def fresh_one(relationship, reseller, provider_admin):
    """Bought yesterday: it may still be canceled."""
    made = bought(relationship, "2026-03-10 12:00", sold(sku_title="Fresh plan", unit_price=Decimal(3100)))
    credit(made, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
    return made


@pytest.fixture
def bigger():
    return sold(sku_title="Big plan", product_id="BIG", unit_price=Decimal(6200))


def url(name, subscription):
    return reverse(f"subscriptions:{name}", args=[subscription.code])


def typed(client, subscription, **changes):
    """What a browser would send from the subscription's page, with these changes."""
    form = client.get(url("detail", subscription)).context["form"]
    names = [name for name, field in form.fields.items() if not field.disabled]
    sent = {name: form[name].value() for name in names}
    sent |= {f"initial-{name}": form[name].value() for name in names if form.fields[name].show_hidden_initial}
    return {name: value for name, value in (sent | changes).items() if value not in (None, False)}


def agreed(response):
    """What the page of a price sends when Submit is pressed there."""
    return dict(response.context["sent"]) | {"quote": response.context["quote"].agreement.token}


def amounts(bill):
    return [(line.kind, line.licences, line.price, line.amount, line.bill_price, line.bill) for line in bill.lines]


def yen(amount):
    return Money(Decimal(amount), "JPY")


# Submit of a change


def test_change_that_costs_is_shown_first_and_charged_as_shown(sign_in, provider_admin, yearly, clock):
    client = sign_in(provider_admin)
    before = Charge.objects.count()

    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12", nickname="工場"))
    unchanged = fresh(yearly)
    clock.shift(timedelta(minutes=14))
    done = client.post(url("detail", yearly), agreed(shown))

    assert (unchanged.licences, unchanged.nickname, before) == (10, "本社", 1)
    assert [(each.label, each.now, each.entered) for each in shown.context["changes"]] == [
        ("Subscription nickname", "本社", "工場"),
        ("Licenses", "10", "12"),
    ]
    assert amounts(shown.context["bill"]) == [("Licenses added", 2, yen(3100), yen(4200), yen(3720), yen(5040))]
    assert (shown.context["bill"].totals, shown.context["bill"].billed) == ([yen(4200)], [yen(5040)])
    assert (done.status_code, done["Location"]) == (302, url("detail", yearly))
    assert (fresh(yearly).licences, fresh(yearly).nickname) == (12, "工場")
    charge = Charge.objects.latest("pk")
    assert (charge.kind, charge.amount, charge.resale_amount) == ("licences_added", 4200, 5040)


def test_change_says_before_submit_that_it_withdraws_what_is_scheduled(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)
    withdrawn = "What is scheduled for the renewal is withdrawn."
    warning = "Changing the licenses before then withdraws what is scheduled."

    without = client.post(url("detail", yearly), typed(client, yearly, licences="12"))
    nothing = client.get(url("detail", yearly))
    plan = planned(yearly, yearly.offer, 5)
    detail = client.get(url("detail", yearly))
    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12"))
    client.post(url("detail", yearly), agreed(shown))

    assert (withdrawn in without.text, warning in nothing.text) == (False, False)
    assert (withdrawn in shown.text, warning in detail.text) == (True, True)
    assert fresh(plan).withdrawn_at == NOW


def test_change_without_a_cost_is_made_at_once(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)

    response = client.post(url("detail", yearly), typed(client, yearly, nickname="工場", auto_renew=None))

    assert response.status_code == 302
    assert (fresh(yearly).nickname, fresh(yearly).auto_renew) == ("工場", False)


def test_what_is_given_back_is_shown_as_that(sign_in, provider_admin, fresh_one):
    client = sign_in(provider_admin)

    shown = client.post(url("detail", fresh_one), typed(client, fresh_one, licences="9"))
    client.post(url("detail", fresh_one), agreed(shown))

    assert "What is given back" in shown.text
    assert shown.context["bill"].totals == [yen(-3000)]
    assert Charge.objects.latest("pk").amount == -3000


def test_price_that_was_shown_too_long_ago_is_shown_again(sign_in, provider_admin, yearly, clock):
    client = sign_in(provider_admin)
    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12", nickname="工場"))
    clock.shift(timedelta(minutes=16))

    again = client.post(url("detail", yearly), agreed(shown))

    assert "has changed since it was shown" in again.text
    assert again.context["quote"].moment == NOW + timedelta(minutes=16)
    assert dict(again.context["sent"]) == dict(shown.context["sent"])
    assert (fresh(yearly).licences, Charge.objects.count()) == (10, 1)


def test_token_of_nobody_charges_nothing(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)

    response = client.post(url("detail", yearly), typed(client, yearly, licences="12", quote="forged"))

    assert (response.status_code, response.context["quote"].moment) == (200, NOW)
    assert fresh(yearly).licences == 10


def test_something_charged_meanwhile_shows_the_price_again(sign_in, provider_admin, yearly, clock):
    """The revision is the same, so it is the quote that notices: a charge since means another price."""
    client = sign_in(provider_admin)
    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12"))
    clock.shift(timedelta(minutes=5))
    other = client.post(url("detail", yearly), typed(client, yearly, licences="11"))
    client.post(url("detail", yearly), agreed(other))
    sent = agreed(shown) | {"revision": fresh(yearly).revision}

    response = client.post(url("detail", yearly), sent)

    assert "has changed since it was shown" in response.text
    assert fresh(yearly).licences == 11


def test_update_leads_back_with_everything_typed(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)
    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12", nickname="工場", auto_renew=None))

    back = client.post(url("detail", yearly), agreed(shown) | {"edit": "1"})

    form = back.context["form"]
    assert (form["licences"].value(), form["nickname"].value(), form["auto_renew"].value()) == ("12", "工場", False)
    assert fresh(yearly).licences == 10


def test_what_is_refused_anyway_is_said_before_any_price(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)
    ready_reseller("Mosel", number="0099")

    refused = [
        client.post(url("detail", yearly), typed(client, yearly, licences="12", mpn_id="0099")),
        client.post(url("detail", yearly), typed(client, yearly, licences="301")),
        client.post(url("detail", yearly), typed(client, yearly, licences="9")),
        client.post(url("detail", yearly), typed(client, yearly, licences="12", revision="77")),
    ]

    assert [codes_on(response) for response in refused] == [
        {"mpn_id": ["mpn_not_partnered"]},
        {"licences": ["too_many"]},
        {"licences": ["return_window"]},
        {"__all__": ["changed_meanwhile"]},
    ]


def test_credit_that_changes_too_is_shown_with_the_price(sign_in, provider, provider_admin, yearly):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji", number="0077"))
    client = sign_in(provider_admin)

    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12", mpn_id="0077"))
    client.post(url("detail", yearly), agreed(shown))

    assert [(each.label, each.entered) for each in shown.context["changes"]] == [
        ("Licenses", "12"),
        ("Reseller (MPN ID)", "Momiji (ID: 0077)"),
    ]
    assert fresh(yearly).licences == 12


# Who sees which side


def seen(sign_in, membership, subscription):
    client = sign_in(membership)
    return client.post(url("detail", subscription), typed(client, subscription, licences="12"))


def test_reseller_of_record_sees_its_own_side_only(sign_in, reseller_admin, yearly):
    response = seen(sign_in, reseller_admin, yearly)

    assert amounts(response.context["bill"]) == [("Licenses added", 2, yen(3720), yen(5040), None, None)]
    assert "¥3,720" in response.text
    assert [
        each for each in ("3,100", "4,200", "20%", "Markup", "Price for the reseller") if each in response.text
    ] == []


def test_another_reseller_sees_no_amounts(sign_in, provider, provider_admin, reseller_admin, yearly):
    other = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=provider, reseller=other)
    credit(yearly, other.organisation.partner_accounts.get(), actor=provider_admin.user)

    response = seen(sign_in, reseller_admin, yearly)

    assert amounts(response.context["bill"]) == [("Licenses added", 2, None, None, None, None)]
    assert "¥" not in response.text
    assert "The amounts are between the indirect provider and whom it bills." in response.text


@pytest.mark.parametrize(
    ("side", "roles"),
    [
        ("provider", "Global admin, Admin agent, Sales agent, Billing admin"),
        ("reseller", "Global admin, Admin agent, Sales agent, Billing admin"),
    ],
)
def test_role_that_sees_no_prices_reads_that_it_is_charged(sign_in, yearly, side, roles):
    organisation = yearly.provider.organisation if side == "provider" else yearly.relationship.reseller.organisation
    helpdesk = member(organisation, Role.HELPDESK_AGENT)

    response = seen(sign_in, helpdesk, yearly)

    assert "¥" not in response.text
    assert "This is charged. Your role does not see amounts." in response.text
    assert f"Roles that see them: {roles}." in response.text


def test_role_without_prices_may_submit_what_it_was_shown(sign_in, helpdesk, yearly):
    client = sign_in(helpdesk)
    shown = client.post(url("detail", yearly), typed(client, yearly, licences="12"))

    response = client.post(url("detail", yearly), agreed(shown))

    assert (response.status_code, fresh(yearly).licences) == (302, 12)


def test_page_shows_the_price_of_its_reader(sign_in, provider_admin, reseller_admin, helpdesk, customer_admin, yearly):
    pages = [
        sign_in(each).get(url("detail", yearly)) for each in (provider_admin, reseller_admin, helpdesk, customer_admin)
    ]

    assert [page.context["price"] for page in pages] == [yen(3100), yen(3720), None, None]
    assert ["¥" in page.text for page in pages] == [True, True, False, False]


# Cancel subscription


def test_cancel_says_what_it_means_then_does_it(sign_in, provider_admin, relationship, fresh_one):
    add_on = bought(
        relationship, "2026-03-10 12:00", sold(category="add_on", unit_price=Decimal(310)), base=fresh_one, licences=3
    )
    client = sign_in(provider_admin)

    asked = client.get(url("cancel", fresh_one))
    response = client.post(url("cancel", fresh_one), {"quote": asked.context["cancellation"].quote.agreement.token})

    assert "(2026-03-17 12:00 UTC)" in asked.text
    assert "6\xa0days left" in asked.text
    assert [(line.name, line.licences, line.amount) for line in asked.context["bill"].lines] == [
        ("Fresh plan", 10, yen(-30000)),
        (add_on.nickname, 3, yen(-900)),
    ]
    assert asked.context["bill"].is_of_several
    assert (response.status_code, response["Location"]) == (302, url("detail", fresh_one))
    assert [fresh(each).status for each in (fresh_one, add_on)] == ["cancelled", "cancelled"]
    assert sum(Charge.objects.filter(kind="refund").values_list("amount", flat=True)) == -30900


def test_cancel_without_having_seen_the_price_shows_it(sign_in, provider_admin, fresh_one):
    response = sign_in(provider_admin).post(url("cancel", fresh_one))

    assert (response.status_code, fresh(fresh_one).status) == (200, "active")


def test_cancel_with_an_old_price_shows_it_again(sign_in, provider_admin, fresh_one, clock):
    client = sign_in(provider_admin)
    token = client.get(url("cancel", fresh_one)).context["cancellation"].quote.agreement.token
    clock.shift(timedelta(minutes=16))

    response = client.post(url("cancel", fresh_one), {"quote": token})

    assert "has changed since it was shown" in response.text
    assert fresh(fresh_one).status == "active"


def test_after_the_window_the_page_says_until_when_and_what_instead(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)

    page = client.get(url("cancel", yearly))
    response = client.post(url("cancel", yearly), {"quote": page.context["cancellation"].quote.agreement.token})

    assert url("cancel", yearly) in client.get(url("detail", yearly)).text
    assert "could be canceled until" in page.text
    assert "(2026-03-08 12:00 UTC)" in page.text
    assert "turn Auto-renew off" in page.text
    assert '<button type="submit" class="button danger">' not in page.text
    assert (response.status_code, fresh(yearly).status) == (200, "active")
    assert Activity.objects.latest("pk").refusal == "cancel_window"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"auto_renew": False}, "Expires on"), ({"status": "suspended"}, "Will be canceled on")],
)
def test_after_the_window_nothing_is_advised_that_is_done(sign_in, provider_admin, relationship, fields, expected):
    subscription = bought(relationship, "2026-03-01 12:00", **fields)

    text = sign_in(provider_admin).get(url("cancel", subscription)).text

    assert "turn Auto-renew off" not in text
    assert expected in text


def test_what_has_ended_is_not_canceled_again(sign_in, provider_admin, fresh_one):
    client = sign_in(provider_admin)
    token = client.get(url("cancel", fresh_one)).context["cancellation"].quote.agreement.token
    client.post(url("cancel", fresh_one), {"quote": token})

    page = client.post(url("cancel", fresh_one), {"quote": token})

    assert (page.status_code, Charge.objects.filter(kind="refund").count()) == (200, 1)
    assert '<button type="submit" class="button danger">' not in page.text
    assert url("cancel", fresh_one) not in client.get(url("detail", fresh_one)).text


# Upgrade now


def test_upgrade_is_chosen_shown_and_done(sign_in, provider_admin, yearly, bigger):
    client = sign_in(provider_admin)

    page = client.get(url("upgrade", yearly))
    shown = client.post(url("upgrade", yearly), {"offer": bigger.code})
    response = client.post(url("upgrade", yearly), agreed(shown))

    assert [(each.offer, each.price, each.is_chosen) for each in page.context["form"].choices] == [
        (bigger, yen(6200), True)
    ]
    assert [(line.kind, line.amount) for line in shown.context["bill"].lines] == [
        ("Refund", yen(-21000)),
        ("Purchase", yen(42000)),
    ]
    assert shown.context["bill"].totals == [yen(21000)]
    assert response.status_code == 302
    assert fresh(yearly).offer == bigger
    assert sum(Charge.objects.values_list("amount", flat=True)) == 31000 + 21000


def test_upgrade_link_is_there_where_there_is_something(sign_in, provider_admin, helpdesk, yearly, fresh_one, bigger):
    client = sign_in(provider_admin)

    assert url("upgrade", yearly) in client.get(url("detail", yearly)).text
    assert url("upgrade", fresh_one) not in client.get(url("detail", fresh_one)).text
    assert url("upgrade", yearly) not in sign_in(helpdesk).get(url("detail", yearly)).text
    assert "There is nothing to upgrade to" in client.get(url("upgrade", fresh_one)).text


def test_upgrade_refuses_what_is_not_offered(sign_in, provider_admin, yearly, bigger):
    other = sold()
    client = sign_in(provider_admin)

    answers = [client.post(url("upgrade", yearly), sent) for sent in ({}, {"offer": other.code}, {"offer": "x"})]

    assert [codes_on(answer) for answer in answers] == [
        {"offer": ["required"]},
        {"offer": ["invalid_choice"]},
        {"offer": ["invalid_choice"]},
    ]
    assert fresh(yearly).offer == yearly.offer


def test_upgrade_says_what_the_domain_refuses_and_keeps_the_choice(sign_in, provider_admin, yearly, bigger):
    type(bigger).objects.filter(pk=bigger.pk).update(max_licences=5)

    response = sign_in(provider_admin).post(url("upgrade", yearly), {"offer": bigger.code})

    assert codes_on(response) == {"__all__": ["too_many"]}
    assert [each.is_chosen for each in response.context["form"].choices] == [True]


def test_upgrade_with_an_old_price_shows_it_again(sign_in, provider_admin, yearly, bigger, clock):
    client = sign_in(provider_admin)
    shown = client.post(url("upgrade", yearly), {"offer": bigger.code})
    clock.shift(timedelta(minutes=16))

    again = client.post(url("upgrade", yearly), agreed(shown))
    back = client.post(url("upgrade", yearly), agreed(shown) | {"edit": "1"})

    assert "has changed since it was shown" in again.text
    assert [each.is_chosen for each in back.context["form"].choices] == [True]
    assert fresh(yearly).offer == yearly.offer


def test_upgrade_at_a_price_that_was_corrected_meanwhile_shows_it_again(sign_in, provider_admin, yearly, bigger):
    client = sign_in(provider_admin)
    shown = client.post(url("upgrade", yearly), {"offer": bigger.code})
    type(bigger).objects.filter(pk=bigger.pk).update(unit_price=bigger.unit_price + 100)

    again = client.post(url("upgrade", yearly), agreed(shown))
    done = client.post(url("upgrade", yearly), agreed(again))

    assert "has changed since it was shown" in again.text
    assert amounts(again.context["bill"]) != amounts(shown.context["bill"])
    assert (done.status_code, fresh(yearly).offer) == (302, bigger)


def test_upgrade_that_was_done_meanwhile_is_not_done_twice(sign_in, provider_admin, yearly, bigger):
    client = sign_in(provider_admin)
    shown = client.post(url("upgrade", yearly), {"offer": bigger.code})
    client.post(url("upgrade", yearly), agreed(shown))
    count = Charge.objects.count()

    response = client.post(url("upgrade", yearly), agreed(shown))

    assert (response.status_code, codes_on(response)) == (200, {"offer": ["invalid_choice"]})
    assert Charge.objects.count() == count


# Convert trial to paid subscription


@pytest.fixture
def trial(relationship):
    offer = sold(
        sku_title="Trial",
        category="trial",
        term="P1M",
        unit_price=Decimal(0),
        tags=["ConvertsTo:BIG:0001"],
        product_id="T",
    )
    return bought(relationship, "2026-03-10 12:00", offer, trial_of="T:0001", licences=25)


def test_trial_becomes_paid_with_as_many_licences_as_wanted(sign_in, provider_admin, trial, bigger):
    client = sign_in(provider_admin)

    page = client.get(url("convert", trial))
    shown = client.post(url("convert", trial), {"offer": bigger.code, "licences": "20"})
    response = client.post(url("convert", trial), agreed(shown))

    assert response.status_code == 302
    assert page.context["form"]["licences"].value() == 25
    assert shown.context["bill"].totals == [yen(124000)]
    assert (fresh(trial).offer, fresh(trial).licences) == (bigger, 20)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Trial converted to a paid subscription."
    ]


def test_trial_offers_its_conversion(sign_in, provider_admin, trial, yearly):
    client = sign_in(provider_admin)

    assert url("convert", trial) in client.get(url("detail", trial)).text
    assert url("convert", yearly) not in client.get(url("detail", yearly)).text
    assert "There is nothing that this can become" in client.get(url("convert", yearly)).text


@pytest.mark.parametrize(
    ("licences", "expected"),
    [("", ["required"]), ("0", ["min_value"]), ("many", ["invalid"]), ("99999999999", ["max_value"])],
)
def test_conversion_needs_licences_that_make_sense(sign_in, provider_admin, trial, bigger, licences, expected):
    response = sign_in(provider_admin).post(url("convert", trial), {"offer": bigger.code, "licences": licences})

    assert codes_on(response) == {"licences": expected}
    assert response.context["form"]["licences"].value() == licences


# Schedule changes for the renewal


def test_renewal_is_scheduled_shown_and_withdrawn(sign_in, provider_admin, yearly, bigger):
    client = sign_in(provider_admin)

    page = client.get(url("plan", yearly))
    response = client.post(url("plan", yearly), {"offer": bigger.code, "licences": "7"})
    detail = client.get(url("detail", yearly))
    again = client.get(url("plan", yearly))
    client.post(url("plan_withdraw", yearly))

    assert [(each.offer, each.price, each.is_chosen) for each in page.context["form"].choices] == [
        (yearly.offer, yen(3100), True),
        (bigger, yen(6200), False),
    ]
    assert response.status_code == 302
    assert "with 7 licenses as Big plan" in detail.text
    assert [each.is_chosen for each in again.context["form"].choices] == [False, True]
    assert again.context["form"]["licences"].value() == 7
    assert "with 7 licenses" not in client.get(url("detail", yearly)).text
    assert RenewalPlan.objects.get().withdrawn_at == NOW


def test_plan_page_says_what_the_licences_come_to_before_submit(sign_in, provider_admin, yearly, bigger):
    client = sign_in(provider_admin)
    typed_in = {"offer": bigger.code, "licences": "7", "action": "update"}

    first = client.get(url("plan", yearly))
    updated = client.post(url("plan", yearly), typed_in)
    fragment = client.post(url("plan", yearly), typed_in, headers={"HX-Request": "true"})
    unknown = client.post(url("plan", yearly), typed_in | {"licences": "x"})

    assert [[each.total for each in page.context["form"].choices] for page in (first, updated, fragment, unknown)] == [
        [yen(31000), yen(62000)],
        [yen(21700), yen(43400)],
        [yen(21700), yen(43400)],
        [None, None],
    ]
    assert "¥43,400" in updated.text
    assert "¥43,400" in fragment.text
    assert "<html" not in fragment.text
    assert [each.is_chosen for each in updated.context["form"].choices] == [False, True]
    assert codes_on(unknown) == {"licences": ["invalid"]}
    assert RenewalPlan.objects.count() == 0


def test_reseller_schedules_licences_at_its_own_price(sign_in, reseller_admin, yearly, bigger):
    client = sign_in(reseller_admin)

    page = client.get(url("plan", yearly))
    refused = client.post(url("plan", yearly), {"offer": bigger.code, "licences": "7"})
    client.post(url("plan", yearly), {"offer": yearly.offer.code, "licences": "7"})

    choices = [(each.offer, each.price, each.total) for each in page.context["form"].choices]
    assert choices == [(yearly.offer, yen(3720), yen(37200))]
    assert "3,100" not in page.text
    assert "31,000" not in page.text
    assert codes_on(refused) == {"offer": ["invalid_choice"]}
    assert [(plan.offer, plan.licences) for plan in RenewalPlan.objects.open()] == [(yearly.offer, 7)]


def test_helpdesk_schedules_licences_without_seeing_prices(sign_in, helpdesk, yearly, bigger):
    client = sign_in(helpdesk)

    page = client.get(url("plan", yearly))
    client.post(url("plan", yearly), {"offer": yearly.offer.code, "licences": "7"})

    assert "¥" not in page.text
    assert "Update total" not in page.text
    assert [(each.offer, each.total) for each in page.context["form"].choices] == [(yearly.offer, None)]
    assert RenewalPlan.objects.open().count() == 1


def test_plan_says_what_the_domain_refuses(sign_in, provider_admin, yearly):
    client = sign_in(provider_admin)

    same = client.post(url("plan", yearly), {"offer": yearly.offer.code, "licences": "10"})
    many = client.post(url("plan", yearly), {"offer": yearly.offer.code, "licences": "301"})
    nothing = client.post(url("plan_withdraw", yearly), follow=True)

    assert (codes_on(same), codes_on(many)) == ({"__all__": ["plan_same"]}, {"__all__": ["too_many"]})
    assert many.context["form"]["licences"].value() == "301"
    assert "Nothing is scheduled for the renewal." in nothing.text


def test_page_without_anything_to_renew_as_says_so(sign_in, provider_admin, relationship):
    azure = SubscriptionFactory(relationship=relationship, offer__category="usage", offer__term="")

    assert "There is nothing that this can renew as" in sign_in(provider_admin).get(url("plan", azure)).text


def test_plan_page_warns_while_auto_renew_is_off(sign_in, provider_admin, relationship):
    subscription = bought(relationship, "2026-03-01 12:00", auto_renew=False)
    client = sign_in(provider_admin)

    page = client.get(url("plan", subscription))
    refused = client.post(url("plan", subscription), {"offer": subscription.offer.code, "licences": "7"})

    assert "Auto-renew is off: the subscription ends with its term." in page.text
    assert codes_on(refused) == {"__all__": ["plan_auto_renew_off"]}
    assert url("plan", subscription) not in client.get(url("detail", subscription)).text


# Add-ons and the words of a status


def test_base_lists_its_add_ons_and_they_lead_back(sign_in, provider_admin, relationship, yearly):
    add_on = bought(
        relationship, "2026-03-01 12:00", sold(category="add_on"), base=yearly, nickname="保管庫", licences=4
    )
    client = sign_in(provider_admin)

    base, own = client.get(url("detail", yearly)), client.get(url("detail", add_on))

    assert base.context["add_ons"] == [add_on]
    assert add_on.get_absolute_url() in base.text
    assert reverse("orders:add", args=[relationship.customer_id]) in base.text
    assert f'Adds to <a href="{url("detail", yearly)}">本社</a>' in own.text
    assert "Renews with its base on <time" in own.text
    assert (own.context["add_ons"], url("suspend", add_on) in own.text) == ([], False)
    fixed = own.context["form"].fixed
    assert (fixed["auto_renew"], fixed["reseller"], fixed["licences"]) == (
        "An add-on renews with its base.",
        "An add-on credits the same reseller as its base.",
        None,
    )


def test_add_on_renews_with_other_licences_or_ends_with_its_base(sign_in, provider_admin, relationship, yearly):
    add_on, ending = (
        bought(relationship, "2026-03-01 12:00", sold(category="add_on"), base=yearly, auto_renew=renews)
        for renews in (True, False)
    )
    planned(add_on, add_on.offer, 4)
    client = sign_in(provider_admin)

    assert "</time> with 4 licenses" in client.get(url("detail", add_on)).text
    assert "Ends with its base on <time" in client.get(url("detail", ending)).text


def test_suspending_names_the_add_ons_that_go_along(sign_in, provider_admin, relationship, yearly):
    bought(relationship, "2026-03-01 12:00", sold(category="add_on"), base=yearly, nickname="保管庫")

    assert "保管庫" in sign_in(provider_admin).get(url("suspend", yearly)).text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "Auto-renews on"),
        ({"auto_renew": False}, "Expires on"),
        ({"status": "suspended"}, "Will be canceled on"),
        ({"status": "cancelled"}, "Ended on"),
    ],
)
def test_status_says_what_becomes_of_it(sign_in, provider_admin, relationship, fields, expected):
    subscription = SubscriptionFactory(relationship=relationship, ends_at=at("2027-03-01 12:00"), **fields)
    client = sign_in(provider_admin)

    assert f"{expected} <time" in client.get(url("detail", subscription)).text
    assert f"{expected} <time" in client.get(reverse("subscriptions:list")).text


# Who may


@pytest.mark.parametrize("name", ["cancel", "upgrade", "convert"])
def test_moves_of_the_provider_are_not_the_resellers(sign_in, reseller_admin, customer_admin, helpdesk, yearly, name):
    statuses = [
        sign_in(each).post(url(name, yearly)).status_code for each in (reseller_admin, customer_admin, helpdesk)
    ]

    assert statuses == [404, 404, 403]


def test_user_admin_may_order_but_not_cancel(sign_in, provider, yearly):
    client = sign_in(member(provider.organisation, Role.USER_ADMIN))

    assert [client.get(url(name, yearly)).status_code for name in ("cancel", "upgrade", "plan")] == [403, 200, 200]


@pytest.mark.parametrize("name", ["cancel", "upgrade", "convert", "plan", "plan_withdraw", "history", "history_export"])
def test_stranger_finds_none_of_it(sign_in, stranger, yearly, name):
    client = sign_in(stranger)

    assert [client.post(url(name, yearly)).status_code, fresh(yearly).revision] == [404, yearly.revision]


def test_reseller_without_administration_schedules_nothing(sign_in, reseller_admin, yearly, relationship):
    relationship.customer.delegations.update(withdrawn_at=NOW)
    client = sign_in(reseller_admin)

    response = client.post(url("plan", yearly), {"offer": yearly.offer.code, "licences": "7"})

    assert codes_on(response) == {"__all__": ["no_delegation"]}
    assert url("plan", yearly) not in client.get(url("detail", yearly)).text
    assert Subscription.objects.get(pk=yearly.pk).revision == yearly.revision


def test_offer_of_another_market_is_no_choice(sign_in, provider_admin, yearly):
    """A stranger's price list: the same product, sold elsewhere."""
    other = sold(product_id="BIG", market="DE", currency="EUR")

    response = sign_in(provider_admin).post(url("upgrade", yearly), {"offer": other.code})

    assert codes_on(response) == {"offer": ["invalid_choice"]}

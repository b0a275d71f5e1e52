"""What has become of a subscription: the latest of each kind on its page, all of it on pages of their own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.log import record
from activity.models import Activity
from activity.verbs import Verb
from customers.registration import parties
from subscriptions.credit import credit
from subscriptions.history import LATEST, History
from subscriptions.models import LicenceChange
from tests.factories import ChargeFactory, SubscriptionFactory, member, ready_reseller
from tests.pages import rows_of

CHAPTERS = ["licenses", "changes", "charges", "credit", "support"]


def url(subscription, name="history"):
    return reverse(f"subscriptions:{name}", args=[subscription.code])


def happen(subscription, verb, count=1, **details):
    """So many lines in the log, a minute apart."""
    for number in range(count):
        record(
            verb,
            subscription,
            actor=None,
            seen_by=parties(subscription.relationship),
            affected=subscription.customer.organisation,
            subscription=subscription.code,
            **({"old": f"Old {number}", "new": f"New {number}"} | details),
        )


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


@pytest.fixture
def eventful(subscription, provider_admin, account):
    """Seven of each: more than the page shows."""
    now = timezone.now()
    for number in range(1, 7):
        LicenceChange.objects.create(
            subscription=subscription, difference=number, changed_at=now + timedelta(minutes=number)
        )
    happen(subscription, Verb.NICKNAME_CHANGED, 7)
    happen(subscription, Verb.SUPPORT_CONTACT_CHANGED, 7)
    for number in range(7):
        ChargeFactory(
            subscription=subscription,
            amount=Decimal(1000 + number),
            resale_amount=Decimal(2000 + number),
            partner_account=account,
            posted_at=now + timedelta(minutes=number),
        )
        credit(subscription, account, actor=provider_admin.user)
    return subscription


# On the subscription's page


def test_history_has_the_latest_of_each_and_says_that_there_is_more(eventful, provider_admin):
    history = History(eventful, provider_admin)

    assert [event.what for event in history.licences] == [f"{number} licenses added" for number in (6, 5, 4, 3, 2)]
    assert [event.after for event in history.changes] == ["New 6", "New 5", "New 4", "New 3", "New 2"]
    assert [event.after for event in history.support] == ["New 6", "New 5", "New 4", "New 3", "New 2"]
    assert [line.amount.amount for line in history.bill.lines] == [1006, 1005, 1004, 1003, 1002]
    assert (len(history.periods), history.current_credit.ends_at) == (LATEST, None)
    assert history.more == dict.fromkeys(["licenses", "changes", "charges", "credit", "support"], True)


def test_history_of_a_young_subscription_has_no_more(subscription, provider_admin):
    history = History(subscription, provider_admin)

    assert [event.what for event in history.licences] == ["10 licenses added"]
    assert (history.changes, history.support, history.bill.lines, history.periods) == ([], [], [], [])
    assert (history.current_credit, set(history.more.values())) == (None, {False})


def test_history_that_was_not_read_to_its_end_offers_all_of_it(subscription, provider_admin):
    happen(subscription, Verb.SUPPORT_CONTACT_CHANGED)
    happen(subscription, Verb.AUTO_RENEW_CHANGED, 50, old=True, new=False)

    history = History(subscription, provider_admin)

    assert history.support == []
    assert (history.more["support"], history.more["changes"]) == (True, True)
    assert (history.changes[0].before, history.changes[0].after) == ("On", "Off")


def test_page_links_to_the_chapters_of_which_there_is_more(sign_in, provider_admin, eventful):
    text = sign_in(provider_admin).get(eventful.get_absolute_url()).text

    assert [name for name in CHAPTERS if f'{url(eventful)}?show={name}"' in text] == CHAPTERS
    assert eventful.order_line.order.get_absolute_url() in text


# Who reads what


def test_reseller_reads_only_what_it_was_billed(sign_in, reseller_admin, eventful):
    other = ready_reseller("Momiji", number="0077")
    ChargeFactory(
        subscription=eventful, amount=Decimal(77777), partner_account=other.organisation.partner_accounts.get()
    )
    ChargeFactory(subscription=eventful, amount=Decimal(88888))
    client = sign_in(reseller_admin)

    detail, full = client.get(eventful.get_absolute_url()), client.get(url(eventful), {"show": "charges"})

    assert [line.amount.amount for line in detail.context["history"].bill.lines] == [2006, 2005, 2004, 2003, 2002]
    assert [line.amount.amount for line in full.context["shown"].lines] == [
        2000 + number for number in range(6, -1, -1)
    ]
    assert {line.bill for line in full.context["shown"].lines} == {None}
    for page in (detail, full):
        assert [each for each in ("1,006", "77,777", "88,888") if each in page.text] == []


def test_whose_role_sees_no_money_has_no_charges(sign_in, helpdesk, reseller, customer_admin, eventful):
    of_reseller = member(reseller.organisation, Role.HELPDESK_AGENT)

    for membership in (helpdesk, of_reseller, customer_admin):
        client = sign_in(membership)
        detail = client.get(eventful.get_absolute_url())
        asked = client.get(url(eventful), {"show": "charges"})

        assert (detail.context["history"].bill, asked.context["chapter"].name) == (None, "licenses")
        assert [tab.url.rpartition("=")[2] for tab in asked.context["tabs"]] == [
            name for name in CHAPTERS if name != "charges"
        ]
        assert "¥" not in detail.text + asked.text


def test_whoever_comes_later_reads_nothing_from_before(sign_in, relationship, eventful):
    newcomer = ready_reseller("Momiji")
    relationship.reseller = newcomer
    relationship.save()
    client = sign_in(member(newcomer.organisation, Role.GLOBAL_ADMIN))

    shown = {name: client.get(url(eventful), {"show": name}).context["page"].rows for name in CHAPTERS}

    assert {name: len(rows) for name, rows in shown.items()} == {
        "licenses": 7,
        "changes": 0,
        "charges": 0,
        "credit": 7,
        "support": 0,
    }


def test_history_has_nothing_of_another_subscription(sign_in, provider_admin, eventful, relationship):
    other = SubscriptionFactory(relationship=relationship)
    client = sign_in(provider_admin)

    shown = {name: len(client.get(url(other), {"show": name}).context["page"].rows) for name in CHAPTERS}

    assert shown == {"licenses": 1, "changes": 0, "charges": 0, "credit": 0, "support": 0}
    assert "Nothing has happened here yet" in client.get(url(other), {"show": "charges"}).text


def test_stranger_finds_no_history(sign_in, stranger, eventful):
    client = sign_in(stranger)

    assert [client.get(url(eventful, name)).status_code for name in ("history", "history_export")] == [404, 404]


# All of it


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_is_paged_from_the_latest_on(sign_in, provider_admin, eventful, monkeypatch, name):
    happen(eventful, Verb.NICKNAME_CHANGED, 20)
    happen(eventful, Verb.SUPPORT_CONTACT_CHANGED, 20)
    for number in range(20):
        later = timezone.now() + timedelta(hours=number)
        LicenceChange.objects.create(subscription=eventful, difference=1, changed_at=later)
        ChargeFactory(subscription=eventful, posted_at=later)
        credit(
            eventful,
            None if number % 2 else eventful.relationship.reseller.organisation.partner_accounts.get(),
            actor=provider_admin.user,
        )
    client = sign_in(provider_admin)

    first = client.get(url(eventful), {"show": name})
    second = client.get(first.context["page"].next_url) if first.context["page"].next_url else None
    fragment = client.get(url(eventful), {"show": name}, headers={"HX-Request": "true", "HX-Target": "results"})

    rows = [*first.context["page"].rows, *(second.context["page"].rows if second else [])]
    assert len(rows) == {"credit": 17}.get(name, 27)
    assert len({row.pk for row in rows}) == len(rows)
    moments = [getattr(row, first.context["chapter"].field) for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert fragment.templates[0].name == "subscriptions/_history_rows.html"


def test_unknown_chapter_is_the_first(sign_in, provider_admin, subscription):
    response = sign_in(provider_admin).get(url(subscription), {"show": "nonsense"})

    assert response.context["chapter"].name == "licenses"
    assert [tab.current for tab in response.context["tabs"]] == [True, False, False, False, False]


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_costs_the_same_however_long_it_is(
    sign_in, provider_admin, subscription, account, django_assert_max_num_queries, django_assert_num_queries, name
):
    client = sign_in(provider_admin)

    def add(count):
        for _number in range(count):
            happen(subscription, Verb.NICKNAME_CHANGED)
            happen(subscription, Verb.SUPPORT_CONTACT_CHANGED)
            LicenceChange.objects.create(subscription=subscription, difference=1, changed_by=provider_admin.user)
            ChargeFactory(subscription=subscription, partner_account=account)
            credit(subscription, account, actor=provider_admin.user)

    add(1)
    with django_assert_max_num_queries(12) as one:
        client.get(url(subscription), {"show": name})
    cost = len(one)
    add(3)
    with django_assert_num_queries(cost):
        client.get(url(subscription), {"show": name})


# As a file


def test_charges_are_exported_with_both_sides_for_the_provider(sign_in, provider_admin, subscription, account):
    charge = ChargeFactory(
        subscription=subscription,
        kind="refund",
        licences=3,
        amount=Decimal("-1000"),
        resale_amount=Decimal("-1200"),
        partner_account=account,
    )

    header, line = rows_of(sign_in(provider_admin).get(url(subscription, "history_export"), {"show": "charges"}))

    moment = f"{charge.posted_at:%Y-%m-%d %H:%M:%S} UTC"
    assert header[-5:] == [
        *("Unit price", "Amount", "Price for the reseller", "Billed to the reseller", "Indirect reseller")
    ]
    assert line == [
        *(str(charge.code), moment, "Refund", "3", moment, "", "JPY"),
        *("1000", "-1000", "1200", "-1200", "Sakura"),
    ]
    assert Activity.objects.latest("pk").verb == Verb.EXPORTED


def test_charges_are_exported_with_its_own_side_for_the_reseller(sign_in, reseller_admin, subscription, account):
    ChargeFactory(
        subscription=subscription, amount=Decimal(1000), resale_amount=Decimal("1234.5"), partner_account=account
    )
    ChargeFactory(subscription=subscription, amount=Decimal(7777))

    header, *lines = rows_of(sign_in(reseller_admin).get(url(subscription, "history_export"), {"show": "charges"}))

    assert header[-2:] == ["Unit price", "Amount"]
    assert [line[-2:] for line in lines] == [["1234.5", "1234.5"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("licenses", ["10 licenses added", "", "", ""]),
        ("changes", ["Changed a subscription's nickname", "Old 0", "New 0", ""]),
        ("support", ["Changed the designated support contact", "Old 0", "New 0", ""]),
    ],
)
def test_events_are_exported(sign_in, provider_admin, subscription, name, expected):
    happen(subscription, Verb.NICKNAME_CHANGED)
    happen(subscription, Verb.SUPPORT_CONTACT_CHANGED)

    header, line = rows_of(sign_in(provider_admin).get(url(subscription, "history_export"), {"show": name}))

    assert header == ["Date-time", "Change", "From", "To", "By"]
    assert line[1:] == expected


def test_credit_periods_are_exported(sign_in, provider_admin, subscription, account):
    credit(subscription, account, actor=provider_admin.user)

    header, line = rows_of(sign_in(provider_admin).get(url(subscription, "history_export"), {"show": "credit"}))

    assert header == ["Indirect reseller", "MPN ID", "From", "Until", "By"]
    assert (line[:2], line[3:]) == (["Sakura", "0012345"], ["", provider_admin.user.name])

"""The page of a subscription: what it shows, what it lets whom change, and what happens when two do."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.models import Activity
from resellers.partnerships import end_partnership
from subscriptions.models import ResellerOfRecord, Subscription
from tests.factories import (
    PartnershipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.refusals import codes_on


def detail_url(subscription):
    return reverse("subscriptions:detail", args=[subscription.code])


def page(response):
    """The form as a browser would send it, without the buttons."""
    form = response.context["form"]
    fields = [name for name, field in form.fields.items() if not field.disabled]
    sent = {name: form[name].value() for name in fields}
    sent |= {f"initial-{name}": form[name].value() for name in fields if form.fields[name].show_hidden_initial}
    return {name: value for name, value in sent.items() if value not in (None, False)}


def submit(client, subscription, sent):
    """Submit the form and, when the page says first what that costs, submit that as well."""
    response = client.post(detail_url(subscription), sent)
    if response.status_code == 200 and "quote" in response.context:
        agreed = dict(response.context["sent"]) | {"quote": response.context["quote"].agreement.token}
        response = client.post(detail_url(subscription), agreed)
    return response


@pytest.fixture
def change(sign_in):
    """Open the page, change this, submit."""

    def change(membership, subscription, **changes):
        client = sign_in(membership)
        sent = page(client.get(detail_url(subscription))) | changes
        return submit(client, subscription, {name: value for name, value in sent.items() if value is not None})

    return change


def options(response, name):
    return [str(label) for _value, label in response.context["form"].fields[name].widget.choices]


@pytest.fixture
def credited(subscription, reseller):
    """The subscription, with Sakura credited and designated."""
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    subscription.support_contact = reseller
    subscription.save()
    return subscription


# Looking


def test_page_shows_what_the_subscription_is(sign_in, provider_admin, credited):
    response = sign_in(provider_admin).get(detail_url(credited))

    for shown in (
        str(credited.code),
        credited.offer.sku_title,
        "Monthly",
        "1 year",
        credited.order_line.order.number,
        "¥1,000",
        "Sakura (ID: 0012345)",
        "contact@reseller.example",
    ):
        assert shown in response.text
    assert response.context["form"]["reseller"].value() == "0012345"


def test_page_offers_partners_none_and_the_provider_itself(sign_in, provider, provider_admin, credited):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji", number="0077"))
    ready_reseller("Not a partner")

    response = sign_in(provider_admin).get(detail_url(credited))

    assert options(response, "reseller") == ["No indirect reseller", "Momiji (ID: 0077)", "Sakura (ID: 0012345)"]
    assert options(response, "support_contact") == ["Kita", "Momiji", "Sakura"]


def test_page_keeps_and_marks_who_is_no_partner_any_more(sign_in, provider_admin, partnership, credited):
    end_partnership(partnership, actor=provider_admin.user)

    response = sign_in(provider_admin).get(detail_url(credited))

    assert options(response, "reseller") == ["No indirect reseller", "Sakura (ID: 0012345) – partnership ended"]
    assert options(response, "support_contact") == ["Kita", "Sakura – partnership ended"]
    assert response.context["form"]["support_contact"].value() == credited.support_contact_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"auto_renew": True}, "Auto-renews on"),
        ({"auto_renew": False}, "Expires on"),
        ({"status": "expired"}, "Ended on"),
    ],
)
def test_page_tells_when_it_renews_or_ends(sign_in, provider_admin, relationship, fields, expected):
    subscription = SubscriptionFactory(relationship=relationship, ends_at=timezone.now(), **fields)

    text = sign_in(provider_admin).get(detail_url(subscription)).text

    assert re.findall(r"(Auto-renews on|Expires on|Ended on) <time", text) == [expected]


def test_provider_is_the_support_contact_unless_another_is(sign_in, provider, provider_admin, subscription):
    provider.phone, provider.email, provider.website = "+81312345678", "help@kita.example", "https://kita.example"
    provider.save()

    text = sign_in(provider_admin).get(detail_url(subscription)).text

    for shown in ("+81 3-1234-5678", "help@kita.example", "https://kita.example"):
        assert shown in text


@pytest.mark.parametrize(
    ("who", "sees_prices", "may_submit", "may_suspend"),
    [
        ("provider_admin", True, True, True),
        ("helpdesk", False, True, False),
        ("billing_admin", True, False, False),
        ("reseller_admin", True, True, True),  # what it pays itself
        ("customer_admin", False, False, False),
    ],
)
def test_page_has_what_the_role_allows(sign_in, request, credited, who, sees_prices, may_submit, may_suspend):
    text = sign_in(request.getfixturevalue(who)).get(detail_url(credited)).text

    assert {
        "prices": "Unit price" in text,
        "form": 'id="subscription"' in text,
        "suspend": reverse("subscriptions:suspend", args=[credited.code]) in text,
        "credit": "Sakura (ID: 0012345)" in text,
        "support": "contact@reseller.example" in text,
    } == {"prices": sees_prices, "form": may_submit, "suspend": may_suspend, "credit": True, "support": True}


def test_fixed_field_says_which_role_could(sign_in, helpdesk, reseller_admin, billing_admin, credited):
    by_helpdesk, by_reseller, by_billing = (
        sign_in(each).get(detail_url(credited)) for each in (helpdesk, reseller_admin, billing_admin)
    )

    agents = "Global admin, User management admin, Admin agent, Sales agent"
    assert by_helpdesk.context["form"].fixed["reseller"] == f"Roles that can change this: {agents}."
    assert by_reseller.context["form"].fixed["reseller"] == "Only the indirect provider can change this."
    assert by_billing.context["form"].fixed["nickname"] == f"Roles that can change this: {agents}, Helpdesk agent."
    assert '<select name="reseller"' not in by_helpdesk.text
    assert '<select name="support_contact"' in by_helpdesk.text


@pytest.mark.parametrize("status", ["pending", "cancelled", "expired"])
def test_what_is_not_running_is_only_shown(sign_in, provider_admin, relationship, status):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

    text = sign_in(provider_admin).get(detail_url(subscription)).text

    assert 'id="subscription"' not in text
    assert reverse("subscriptions:suspend", args=[subscription.code]) not in text


def test_suspended_one_offers_reactivate_and_keeps_its_licences(sign_in, provider_admin, subscription):
    subscription.status = "suspended"
    subscription.save()

    response = sign_in(provider_admin).get(detail_url(subscription))

    assert reverse("subscriptions:reactivate", args=[subscription.code]) in response.text
    assert response.context["form"].fields["licences"].disabled
    assert "Reactivate the subscription before you change its licenses." in response.text


def test_usage_based_one_has_neither_licences_nor_renewal(sign_in, provider_admin, relationship):
    subscription = SubscriptionFactory(relationship=relationship, offer__category="usage", offer__term="")

    text = sign_in(provider_admin).get(detail_url(subscription)).text

    assert 'name="licences"' not in text
    assert 'name="auto_renew"' not in text


def test_page_says_how_many_licences_can_be_given_back_until_when(sign_in, provider_admin, subscription):
    provider_admin.user.time_zone = "Asia/Tokyo"
    provider_admin.user.save()
    with time_machine.travel(subscription.created_at, tick=False):
        text = sign_in(provider_admin).get(detail_url(subscription)).text
        until = subscription.created_at + timedelta(hours=168)

    assert re.search(r"9 licenses until <time [^>]*>[^<]* JST</time>", text)
    assert f"({until:%Y-%m-%d %H:%M} UTC)" in text


def test_page_costs_the_same_however_much_history_there_is(
    sign_in, provider_admin, change, credited, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(provider_admin)

    with django_assert_max_num_queries(12) as one:
        client.get(detail_url(credited))
    cost = len(one)  # the requests that follow empty the log of queries
    for number in range(3):
        change(provider_admin, credited, nickname=f"Name {number}", licences=20 + number)
    with django_assert_num_queries(cost):
        client.get(detail_url(credited))


# Changing


def test_submit_changes_everything_and_leads_back(change, provider_admin, subscription, reseller):
    response = change(
        provider_admin,
        subscription,
        nickname="Head office",
        licences="12",
        auto_renew=None,
        reseller="0012345",
        support_contact=str(reseller.pk),
    )

    subscription.refresh_from_db()
    assert (response.status_code, response["Location"]) == (302, detail_url(subscription))
    assert (subscription.nickname, subscription.licences, subscription.auto_renew) == ("Head office", 12, False)
    assert subscription.support_contact == reseller
    assert ResellerOfRecord.objects.get().partner_account.number == "0012345"


def test_submit_without_a_change_says_so(change, provider_admin, credited):
    response = change(provider_admin, credited)

    assert [str(message) for message in get_messages(response.wsgi_request)] == ["Nothing was changed."]
    assert Activity.objects.count() == 0
    credited.refresh_from_db()
    assert credited.revision == 1


def test_typed_number_counts_more_than_the_list(change, provider, provider_admin, credited):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji", number="0077"))

    change(provider_admin, credited, mpn_id=" ００７７ ")

    assert ResellerOfRecord.objects.get(ends_at=None).partner_account.number == "0077"


def test_no_indirect_reseller_ends_the_credit(change, provider_admin, credited):
    change(provider_admin, credited, reseller="")

    assert ResellerOfRecord.objects.filter(ends_at=None).count() == 0


def test_refusals_stand_beside_their_fields_and_keep_what_was_typed(change, provider_admin, subscription):
    ready_reseller("Mosel", number="0099")

    response = change(provider_admin, subscription, nickname="Typed", licences="301", mpn_id="0099")

    assert codes_on(response) == {"licences": ["too_many"], "mpn_id": ["mpn_not_partnered"]}
    for kept in ('value="Typed"', 'value="301"', 'value="0099"'):
        assert kept in response.text
    assert "0099 belongs to Mosel, which is not your partner." in response.text
    assert response.context["subscription"].nickname == subscription.offer.sku_title


def test_refused_choice_of_the_list_stands_at_the_list_and_stays_chosen(change, provider_admin, subscription):
    ready_reseller("Mosel", number="0099")

    response = change(provider_admin, subscription, reseller="0099")

    assert codes_on(response) == {"reseller": ["mpn_not_partnered"]}
    assert '<option value="0099" selected>0099</option>' in response.text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nickname": " "}, {"nickname": ["required"]}),
        ({"nickname": "x" * 101}, {"nickname": ["max_length"]}),
        ({"licences": "0"}, {"licences": ["min_value"]}),
        ({"nickname": " ", "licences": "301"}, {"nickname": ["required"], "licences": ["too_many"]}),
        ({"licences": "many"}, {"licences": ["invalid"]}),
        ({"licences": "99999999999"}, {"licences": ["max_value"]}),
        ({"revision": ""}, {"revision": ["required"]}),
        ({"support_contact": "nobody"}, {"support_contact": ["partner_unknown"]}),
    ],
)
def test_what_makes_no_sense_is_refused(change, provider_admin, subscription, changes, expected):
    response = change(provider_admin, subscription, **changes)

    subscription.refresh_from_db()
    assert codes_on(response) == expected
    assert subscription.revision == 1


def test_strangers_reseller_cannot_be_designated(change, provider_admin, subscription, strange_relationship):
    response = change(provider_admin, subscription, support_contact=str(strange_relationship.reseller_id))

    subscription.refresh_from_db()
    assert codes_on(response) == {"support_contact": ["invalid_choice"]}
    assert subscription.support_contact is None


def test_saving_other_fields_works_after_the_partnership_ended(change, provider_admin, partnership, credited, reseller):
    end_partnership(partnership, actor=provider_admin.user)

    response = change(provider_admin, credited, nickname="Still here")

    credited.refresh_from_db()
    assert response.status_code == 302
    assert (credited.nickname, credited.support_contact) == ("Still here", reseller)
    assert [(each.partner_account.number, each.ends_at) for each in ResellerOfRecord.objects.all()] == [
        ("0012345", None)
    ]


# Roles


def test_reseller_changes_licences_nickname_and_auto_renew(change, reseller_admin, credited, reseller):
    response = change(reseller_admin, credited, nickname="Ours", licences="11", auto_renew=None)

    credited.refresh_from_db()
    assert response.status_code == 302
    assert (credited.nickname, credited.licences, credited.auto_renew) == ("Ours", 11, False)
    assert (credited.support_contact, ResellerOfRecord.objects.get().ends_at) == (reseller, None)


@pytest.mark.parametrize("field", ["reseller", "mpn_id", "support_contact"])
def test_reseller_may_change_neither_credit_nor_support(change, reseller_admin, subscription, reseller, field):
    value = str(reseller.pk) if field == "support_contact" else "0012345"

    if field == "support_contact":
        subscription.support_contact = reseller
        subscription.save()
        value = ""
    response = change(reseller_admin, subscription, **{field: value})

    subscription.refresh_from_db()
    assert response.status_code == 403
    assert subscription.revision == 1
    assert [(each.verb, each.refusal) for each in Activity.objects.all()] == [("access_refused", "role_missing")]


def test_helpdesk_may_not_change_credit(change, helpdesk, subscription):
    assert change(helpdesk, subscription, reseller="0012345").status_code == 403
    assert ResellerOfRecord.objects.count() == 0


@pytest.mark.parametrize("who", ["billing_admin", "customer_admin"])
def test_who_may_only_look_submits_nothing(change, request, subscription, who):
    response = change(request.getfixturevalue(who), subscription, nickname="Mine")

    subscription.refresh_from_db()
    assert response.status_code == 403
    assert subscription.nickname == subscription.offer.sku_title


@pytest.mark.parametrize("name", ["detail", "suspend", "reactivate"])
def test_stranger_finds_nothing(sign_in, stranger, subscription, name):
    url = reverse(f"subscriptions:{name}", args=[subscription.code])
    client = sign_in(stranger)

    assert [client.get(url).status_code, client.post(url).status_code] == [404, 404]


def test_credited_and_supporting_reseller_has_no_access(sign_in, provider, subscription):
    """Credit and support give no access (design.md §3)."""
    other = ready_reseller("Momiji")
    PartnershipFactory(provider=provider, reseller=other)
    ResellerOfRecordFactory(subscription=subscription, partner_account=other.organisation.partner_accounts.get())
    subscription.support_contact = other
    subscription.save()

    client = sign_in(member(other.organisation, Role.GLOBAL_ADMIN))

    assert client.get(detail_url(subscription)).status_code == 404
    assert client.get(reverse("subscriptions:list")).context["page"].rows == []


# Two people


def test_change_made_meanwhile_is_told_with_both_values(sign_in, change, provider_admin, sales_agent, subscription):
    client = sign_in(sales_agent)
    old_page = page(client.get(detail_url(subscription)))
    change(provider_admin, subscription, nickname="Theirs", licences="20")

    response = client.post(detail_url(subscription), old_page | {"licences": "30"})

    form = response.context["form"]
    subscription.refresh_from_db()
    assert codes_on(response) == {"__all__": ["changed_meanwhile"]}
    assert [(each.label, each.now, each.entered) for each in form.conflicts] == [
        ("Subscription nickname", "Theirs", ""),
        ("Licenses", "20", "30"),
    ]
    assert (form["nickname"].value(), form["licences"].value()) == ("Theirs", "30")
    assert (subscription.nickname, subscription.licences) == ("Theirs", 20)


def test_submitting_again_after_a_conflict_replaces_only_what_was_entered(
    sign_in, change, provider_admin, sales_agent, subscription, reseller
):
    client = sign_in(sales_agent)
    old_page = page(client.get(detail_url(subscription)))
    change(provider_admin, subscription, nickname="Theirs", auto_renew=None, reseller="0012345")
    conflict = client.post(detail_url(subscription), old_page | {"licences": "30", "support_contact": str(reseller.pk)})

    response = submit(client, subscription, page(conflict))

    subscription.refresh_from_db()
    assert [(each.label, each.now, each.entered) for each in conflict.context["form"].conflicts] == [
        ("Subscription nickname", "Theirs", ""),
        ("Auto-renew", "Off", ""),
        ("Reseller (MPN ID)", "Sakura (ID: 0012345)", ""),
    ]
    assert response.status_code == 302
    assert (subscription.nickname, subscription.licences, subscription.auto_renew) == ("Theirs", 30, False)
    assert subscription.support_contact == reseller
    assert ResellerOfRecord.objects.get().ends_at is None


def test_conflict_names_what_the_lists_and_ticks_say(sign_in, change, provider_admin, sales_agent, credited):
    PartnershipFactory(provider=credited.provider, reseller=ready_reseller("Momiji", number="0077"))
    client = sign_in(sales_agent)
    old_page = page(client.get(detail_url(credited)))
    change(provider_admin, credited, reseller="", auto_renew=None, support_contact="")

    response = client.post(detail_url(credited), old_page | {"reseller": "0077", "nickname": "Mine"})

    form = response.context["form"]
    assert [(each.label, each.now, each.entered) for each in form.conflicts] == [
        ("Auto-renew", "Off", ""),
        ("Reseller (MPN ID)", "No indirect reseller", "Momiji (ID: 0077)"),
        ("Designated support contact", "Kita", ""),
    ]
    assert (form["nickname"].value(), form["auto_renew"].value(), form["reseller"].value()) == ("Mine", False, "0077")


# Verify


def test_verify_tells_whose_number_it_is(sign_in, provider_admin, partnership):
    response = sign_in(provider_admin).get(reverse("subscriptions:verify"), {"mpn_id": " １２３４５ "})

    assert response.templates[0].name == "subscriptions/_verification.html"
    assert "0012345 is Sakura. It can be credited." in response.text


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "“” is not an MPN ID"),
        ("99999", "No company here has the MPN ID 99999."),
        ("0099", "0099 belongs to Mosel, which is not your partner."),
    ],
)
def test_verify_tells_why_not(sign_in, provider_admin, number, reason):
    ready_reseller("Mosel", number="0099")

    response = sign_in(provider_admin).get(reverse("subscriptions:verify"), {"mpn_id": number})

    assert reason in response.text
    assert "can be credited" not in response.text


def test_verify_is_for_those_who_may_credit(sign_in, helpdesk, reseller_admin, customer_admin):
    url = reverse("subscriptions:verify")

    assert [sign_in(each).get(url).status_code for each in (helpdesk, reseller_admin, customer_admin)] == [
        403,
        404,
        404,
    ]


def test_verify_works_without_javascript(sign_in, change, provider_admin, subscription):
    response = change(provider_admin, subscription, mpn_id="0012345", nickname="Typed", verify="1")

    subscription.refresh_from_db()
    assert "0012345 is Sakura. It can be credited." in response.text
    assert 'value="Typed"' in response.text
    assert (subscription.revision, ResellerOfRecord.objects.count()) == (1, 0)


def test_verify_button_is_refused_to_who_may_not_credit(change, helpdesk, reseller_admin, subscription):
    for membership in (helpdesk, reseller_admin):
        assert change(membership, subscription, mpn_id="0012345", verify="1").status_code == 403


# Suspend and reactivate


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "sales_agent"])
def test_suspend_and_reactivate_ask_first(sign_in, request, subscription, who):
    client = sign_in(request.getfixturevalue(who))
    for name, before, after in (("suspend", "active", "suspended"), ("reactivate", "suspended", "active")):
        url = reverse(f"subscriptions:{name}", args=[subscription.code])

        asked = client.get(url)
        assert (asked.status_code, Subscription.objects.get().status) == (200, before)
        response = client.post(url)

        assert (response.status_code, response["Location"]) == (302, detail_url(subscription))
        assert Subscription.objects.get().status == after


@pytest.mark.parametrize(("name", "status"), [("suspend", "suspended"), ("reactivate", "active")])
def test_move_that_is_not_possible_is_told(sign_in, provider_admin, subscription, name, status):
    subscription.status = status
    subscription.save()

    response = sign_in(provider_admin).post(reverse(f"subscriptions:{name}", args=[subscription.code]), follow=True)

    assert f"This subscription is {status.title()}." in response.text
    assert Activity.objects.get().refusal == "wrong_state"


@pytest.mark.parametrize("name", ["suspend", "reactivate"])
def test_suspending_needs_the_role(sign_in, provider, helpdesk, customer_admin, subscription, name):
    url = reverse(f"subscriptions:{name}", args=[subscription.code])
    user_admin = member(provider.organisation, Role.USER_ADMIN)

    statuses = [sign_in(each).post(url).status_code for each in (helpdesk, user_admin, customer_admin)]

    assert statuses == [403, 403, 404]
    assert Subscription.objects.get().status == "active"


# History


def test_history_tells_what_changed_latest_first(sign_in, change, provider_admin, subscription, reseller):
    change(provider_admin, subscription, licences="12", auto_renew=None)
    change(provider_admin, subscription, licences="11", support_contact=str(reseller.pk), nickname="New")
    client = sign_in(provider_admin)
    client.post(reverse("subscriptions:suspend", args=[subscription.code]))

    response = client.get(detail_url(subscription))

    person = provider_admin.user.name
    first = subscription.offer.sku_title
    history = response.context["history"]
    told = {
        kind: [(event.what, event.before, event.after, event.by) for event in getattr(history, kind)]
        for kind in ("licences", "changes", "support")
    }
    assert told == {
        "licences": [
            ("1 license given back", "", "", person),
            ("2 licenses added", "", "", person),
            ("10 licenses added", "", "", ""),
        ],
        "changes": [
            ("Suspended a subscription", "", "", person),
            ("Changed a subscription's nickname", first, "New", person),
            ("Changed auto-renew", "On", "Off", person),
        ],
        "support": [("Changed the designated support contact", "Kita", "Sakura", person)],
    }


def test_history_of_credit_has_every_period(sign_in, change, provider, provider_admin, subscription):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji", number="0077"))
    for number in ("0012345", "0077", ""):
        change(provider_admin, subscription, reseller=number)

    response = sign_in(provider_admin).get(detail_url(subscription))

    periods = response.context["history"].periods
    assert [(each.partner_account.number, each.set_by) for each in periods] == [
        ("0077", provider_admin.user),
        ("0012345", provider_admin.user),
    ]
    assert periods[1].ends_at == periods[0].starts_at
    assert "Momiji" in response.text


def test_history_has_nothing_of_other_subscriptions(sign_in, change, provider_admin, subscription, relationship):
    other = SubscriptionFactory(relationship=relationship)
    change(provider_admin, other, nickname="Other")
    change(provider_admin, subscription, licences="301")

    response = sign_in(provider_admin).get(detail_url(subscription))

    history = response.context["history"]
    assert [event.what for event in (*history.licences, *history.changes, *history.support)] == ["10 licenses added"]


def test_history_before_ones_time_is_not_told(sign_in, change, provider_admin, subscription, relationship):
    """Whoever comes later does not read what was said before (design.md §4.13)."""
    change(provider_admin, subscription, nickname="Before")
    newcomer = ready_reseller("Momiji")
    relationship.reseller = newcomer
    relationship.save()

    response = sign_in(member(newcomer.organisation, Role.GLOBAL_ADMIN)).get(detail_url(subscription))

    history = response.context["history"]
    assert [event.what for event in (*history.licences, *history.changes, *history.support)] == ["10 licenses added"]

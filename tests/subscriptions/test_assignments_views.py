"""The pages of licences: of a subscription, of a user, of a customer's users, and one's own."""

import re

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Role
from activity.models import Activity
from resellers.models import SupportProfile
from subscriptions.lists.assignments import Held
from subscriptions.models import LicenceAssignment, Subscription
from tests.factories import (
    PASSWORD,
    LicenceAssignmentFactory,
    RelationshipFactory,
    SubscriptionFactory,
    member,
)
from tests.refusals import codes_on

HTMX = {"HX-Request": "true", "HX-Target": "results"}


def url(name: str, *args) -> str:
    return reverse(f"subscriptions:{name}", args=args)


def names(response) -> list[str]:
    return [each.membership.user.name for each in response.context["page"]]


def users(response) -> list[str]:
    return [each.user.name for each in response.context["page"]]


def held() -> list[tuple]:
    return list(LicenceAssignment.objects.active().order_by("pk").values_list("subscription", "membership"))


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def lines(response) -> list[str]:
    return b"".join(response.streaming_content).decode("utf-8-sig").splitlines()


def withdraw_access(partner, customer) -> None:
    customer.delegations.filter(partner=partner).update(withdrawn_at=timezone.now())


def counted(client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        b"".join(response.streaming_content) if response.streaming else response.content
    return len(queries)


# A subscription's licences


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_subscription_says_how_many_are_assigned(who, subscription, assignment, sign_in, request):
    page = sign_in(request.getfixturevalue(who)).get(subscription.get_absolute_url())

    assert "Licenses: 1 of 10 assigned" in text(page)
    assert url("licences", subscription.code) in page.text
    assert url("licences_assign", subscription.code) in page.text


def test_usage_based_subscription_has_no_licences(relationship, customer_admin, person, sign_in):
    azure = SubscriptionFactory(relationship=relationship, offer__category="usage")
    client = sign_in(customer_admin)

    page, listed = client.get(azure.get_absolute_url()), client.get(url("licences", azure.code))
    answer = client.post(url("licences_assign", azure.code), {"users": [person.pk]})

    assert "Licenses of users" not in page.text
    assert "A usage-based subscription has no licenses to assign." in listed.text
    assert "A usage-based subscription has no licenses to assign." in answer.text
    assert url("licences_assign", azure.code) not in listed.text
    assert held() == []


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_list_names_who_has_a_licence(who, subscription, assignment, strange_subscription, sign_in, request):
    LicenceAssignmentFactory(subscription=strange_subscription)
    LicenceAssignmentFactory(subscription=SubscriptionFactory(relationship=subscription.relationship))
    LicenceAssignmentFactory(subscription=subscription, withdrawn_at=timezone.now())

    page = sign_in(request.getfixturevalue(who)).get(url("licences", subscription.code))

    assert names(page) == ["Hana"]
    assert "Licenses: 1 of 10 assigned" in text(page)
    assert url("licence_withdraw", subscription.code, assignment.pk) in page.text


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_partner_without_administration_reads_the_number_and_no_name(
    who, subscription, relationship, assignment, sign_in, request
):
    partner = request.getfixturevalue(who)
    withdraw_access(partner.organisation, relationship.customer)
    client = sign_in(partner)

    pages = [client.get(url("licences", subscription.code)), client.get(url("licences_assign", subscription.code))]
    file = lines(client.get(url("licences_export", subscription.code)))

    assert ["Licenses: 1 of 10 assigned" in text(page) for page in pages] == [True, True]
    assert ["delegated administration privileges" in page.text for page in pages] == [True, True]
    assert ["Hana" in page.text or "hana@" in page.text for page in pages] == [False, False]
    assert ['name="users"' in page.text for page in pages] == [False, False]
    assert len(file) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Aki", "Hana"]),
        ({"q": "hana@aoba"}, ["Hana"]),
        ({"q": "aki hana"}, []),
        ({"sort": "-name"}, ["Hana", "Aki"]),
        ({"sort": "since"}, ["Aki", "Hana"]),
        ({"sort": "-since"}, ["Hana", "Aki"]),
    ],
)
def test_list_is_searched_sorted_and_exported(query, found, subscription, assignment, customer_admin, sign_in):
    aki = member(subscription.customer.organisation, name="Aki")
    LicenceAssignmentFactory(subscription=subscription, membership=aki, assigned_by=customer_admin.user)
    client = sign_in(customer_admin)

    shown = names(client.get(url("licences", subscription.code), query))
    file = lines(client.get(url("licences_export", subscription.code), query))

    assert shown == found
    assert file[0] == "Name,Account,Assigned,Assigned by"
    assert [line.split(",")[0] for line in file[1:]] == found
    assert Activity.objects.get().verb == "exported"


def test_lists_are_fragments_for_htmx(subscription, person, assignment, customer_admin, provider_admin, sign_in):
    customer, partner = sign_in(customer_admin), sign_in(provider_admin)
    answers = [
        customer.get(url("licences", subscription.code), headers=HTMX),
        customer.get(url("licences_assign", subscription.code), headers=HTMX),
        customer.get(url("user_licences", person.pk), headers=HTMX),
        customer.get(url("user_assign", person.pk), headers=HTMX),
        partner.get(url("users", subscription.customer_id), headers=HTMX),
    ]

    used = [answer.templates[0].name.removeprefix("subscriptions/licences/") for answer in answers]
    assert used == ["_holders.html", "_users.html", "_held.html", "_offered.html", "_customer_users.html"]
    assert ["<h1" in answer.text for answer in answers] == [False] * 5


def test_lists_say_what_to_do_when_they_are_empty(subscription, customer_admin, person, provider_admin, sign_in):
    customer, partner = sign_in(customer_admin), sign_in(provider_admin)
    searched = {"q": "nobody at all"}

    said_by = [
        customer.get(url("licences", subscription.code)),
        customer.get(url("licences", subscription.code), searched),
        customer.get(url("licences_assign", subscription.code), searched),
        customer.get(url("user_licences", person.pk)),
        customer.get(url("user_assign", person.pk), searched),
        partner.get(url("users", subscription.customer_id), searched),
    ]
    LicenceAssignmentFactory(subscription=subscription, membership=person)
    LicenceAssignmentFactory(subscription=subscription, membership=customer_admin)
    said_by += [
        customer.get(url("licences_assign", subscription.code)),
        partner.get(url("licences_assign", subscription.code)),
        customer.get(url("user_assign", person.pk)),
    ]

    titles = [re.search(r'class="empty">.*?<h2>(.*?)</h2>', each.text, re.DOTALL)[1] for each in said_by]
    assert titles == [
        *("Nobody has a license yet", "No users found", "No users found", "No licenses yet"),
        *("No subscriptions found", "No users found", "Everybody has a license", "Everybody has a license"),
        "Nothing to assign",
    ]
    assert reverse("staff:add") in said_by[6].text
    assert url("user_add", subscription.customer_id) in said_by[7].text


def test_customer_without_users_is_offered_to_add_one(relationship, provider_admin, billing_admin, sign_in):
    address = url("users", relationship.customer_id)

    pages = [sign_in(each).get(address) for each in (provider_admin, billing_admin)]

    assert ["No users yet" in page.text for page in pages] == [True, True]
    assert [page.text.count(url("user_add", relationship.customer_id)) for page in pages] == [2, 0]


def test_pages_cost_the_same_for_one_and_three_rows(
    relationship, subscription, person, customer_admin, provider_admin, reseller_admin, sign_in
):
    clients = [sign_in(each) for each in (customer_admin, provider_admin, reseller_admin)]
    addresses = [
        *(url(name, subscription.code) for name in ("licences", "licences_assign", "licences_export")),
        *(url(name, person.pk) for name in ("user_licences", "user_assign")),
        *(url(name, relationship.customer_id) for name in ("users", "users_export")),
        reverse("overview"),
        subscription.get_absolute_url(),
    ]
    costs = []

    for round_ in range(3):
        # A row more on every page: somebody with a licence and somebody without, one that is held and one that is not.
        LicenceAssignmentFactory(subscription=subscription, assigned_by=customer_admin.user)
        member(relationship.customer.organisation)
        for holder in (person, customer_admin):
            given = SubscriptionFactory(relationship=relationship)
            LicenceAssignmentFactory(subscription=given, membership=holder, assigned_by=customer_admin.user)
        SubscriptionFactory(relationship=relationship)
        if round_ != 1:
            costs.append([counted(client, address) for client in clients for address in addresses])

    assert costs[0] == costs[1]
    assert max(costs[0]) <= 12


def test_list_is_paged_by_key(subscription, customer_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(licences=50)
    for number in range(30):
        person = member(subscription.customer.organisation, name=f"Person {number:02}")
        if number < 27:
            LicenceAssignmentFactory(subscription=subscription, membership=person)
    client = sign_in(customer_admin)

    first = client.get(url("licences", subscription.code))
    second = client.get(first.context["page"].next_url)

    assert names(first) + names(second) == [f"Person {number:02}" for number in range(27)]


# Assigning


@pytest.mark.parametrize("who", ["provider_admin", "helpdesk", "reseller_admin", "customer_admin"])
def test_ticked_users_get_a_licence(who, subscription, person, sign_in, request):
    other = member(subscription.customer.organisation, name="Aki")
    client = sign_in(request.getfixturevalue(who))

    page = client.get(url("licences_assign", subscription.code))
    answer = client.post(url("licences_assign", subscription.code), {"users": [other.pk, person.pk]})

    assert "Hana" in users(page)
    assert (answer.status_code, answer["Location"]) == (302, url("licences", subscription.code))
    assert said(answer) == ["2 licenses assigned."]
    assert held() == [(subscription.pk, other.pk), (subscription.pk, person.pk)]


def test_candidates_are_searched_and_sorted(subscription, person, assignment, customer_admin, sign_in):
    for name, account in (("Emi", "a@aoba.onmicrosoft.com"), ("Aki", "z@aoba.onmicrosoft.com")):
        member(subscription.customer.organisation, name=name, email=account)
    User.objects.filter(pk=customer_admin.user_id).update(name="Mio")
    client, address = sign_in(customer_admin), url("licences_assign", subscription.code)

    found = [users(client.get(address, query)) for query in ({}, {"q": "emi"}, {"sort": "-account"})]

    assert found == [["Aki", "Emi", "Mio"], ["Emi"], ["Aki", "Mio", "Emi"]]


def test_who_is_refused_is_named_and_stays_ticked(subscription, person, customer_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(licences=1)
    other = member(subscription.customer.organisation, name="Zoe")
    address = f"{url('licences_assign', subscription.code)}?sort=-name"

    answer = sign_in(customer_admin).post(address, {"users": [person.pk, other.pk]})

    assert answer.context["form"].errors == {
        "users": [
            "Zoe: The one license of this subscription is assigned. Take it back first, or ask Kita for more.",
        ]
    }
    assert codes_on(answer) == {"users": ["refused"]}
    assert next((each.row.user.name, each.is_ticked) for each in answer.context["choices"]) == ("Zoe", True)
    assert f'action="{address}"' in answer.text
    assert "1 license assigned." in answer.text
    assert "Licenses: 1 of 1 assigned" in text(answer)
    assert f"{reverse('support:new')}?subscription={subscription.code}" in answer.text
    assert held() == [(subscription.pk, person.pk)]


def test_nobody_ticked_is_said(subscription, person, customer_admin, sign_in):
    answer = sign_in(customer_admin).post(url("licences_assign", subscription.code))

    assert answer.context["form"].errors == {"users": ["Tick at least one user."]}


@pytest.mark.parametrize("who", ["provider_admin", "customer_admin"])
def test_strangers_user_in_post_is_refused(who, subscription, person, strange_relationship, sign_in, request):
    stranger = member(strange_relationship.customer.organisation, name="Fremd")
    client, address = sign_in(request.getfixturevalue(who)), url("licences_assign", subscription.code)

    answers = [client.post(address, {"users": [person.pk, each]}) for each in (stranger.pk, 10**9, "x")]

    assert [codes_on(answer) for answer in answers] == [
        {"users": [code]} for code in ["invalid_choice", "invalid_choice", "invalid_pk_value"]
    ]
    assert ["Fremd" in answer.text for answer in answers] == [False] * 3
    assert held() == []


def test_partner_without_administration_assigns_nothing(subscription, relationship, person, reseller_admin, sign_in):
    withdraw_access(reseller_admin.organisation, relationship.customer)

    answer = sign_in(reseller_admin).post(url("licences_assign", subscription.code), {"users": [person.pk]})

    assert "delegated administration privileges" in answer.text
    assert held() == []


def test_who_may_only_look_finds_no_button_and_is_forbidden(
    subscription, person, assignment, billing_admin, relationship, sign_in
):
    clerk = member(relationship.customer.organisation, Role.BILLING_ADMIN)
    for client in (sign_in(billing_admin), sign_in(clerk)):
        page = client.get(url("licences", subscription.code))
        answers = [
            client.post(url("licences_assign", subscription.code), {"users": [person.pk]}),
            client.post(url("user_assign", person.pk), {"subscriptions": [subscription.pk]}),
            client.post(url("licence_withdraw", subscription.code, assignment.pk)),
        ]

        assert "Take back" not in page.text
        assert "Roles that may do this:" in page.text
        assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert held() == [(subscription.pk, person.pk)]


def test_subscription_that_is_not_active_says_so(subscription, assignment, customer_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(status="suspended")
    client = sign_in(customer_admin)

    pages = [client.get(url(name, subscription.code)) for name in ("licences", "licences_assign")]

    assert ["Licenses are assigned while a subscription is active." in page.text for page in pages] == [True, True]
    assert ['name="users"' in page.text for page in pages] == [False, False]
    assert "Take back" in pages[0].text


def test_partner_is_told_to_add_licences_when_all_are_assigned(subscription, assignment, provider_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(licences=1)

    page = sign_in(provider_admin).get(url("licences_assign", subscription.code))

    assert "All licenses are assigned. Take one back, or add licenses to the subscription." in page.text


def test_reduction_below_what_is_assigned_is_refused_beside_the_field(subscription, provider_admin, sign_in):
    LicenceAssignmentFactory.create_batch(3, subscription=subscription)
    client = sign_in(provider_admin)
    form = client.get(subscription.get_absolute_url()).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"licences": "2", "auto_renew": "on"}

    answer = client.post(subscription.get_absolute_url(), data)

    errors = answer.context["form"].errors
    assert errors == {"licences": ["3 licenses are assigned to users. Take 1 back before you reduce to 2."]}
    assert answer.context["form"]["licences"].value() == "2"


# Taking back


@pytest.mark.parametrize("who", ["provider_admin", "helpdesk", "reseller_admin", "customer_admin"])
def test_licence_is_taken_back(who, subscription, assignment, person, sign_in, request):
    client = sign_in(request.getfixturevalue(who))

    first = client.post(url("licence_withdraw", subscription.code, assignment.pk))
    again = client.post(url("licence_withdraw", subscription.code, assignment.pk), {"back": "user"})

    assert [each["Location"] for each in (first, again)] == [
        url("licences", subscription.code),
        url("user_licences", person.pk),
    ]
    assert said(first) == ["License taken back from Hana."]
    assert said(again)[-1] == "Hana does not have this license any more."
    assert held() == []


def test_licence_is_taken_back_by_post_alone(subscription, assignment, customer_admin, sign_in):
    answer = sign_in(customer_admin).get(url("licence_withdraw", subscription.code, assignment.pk))

    assert answer.status_code == 405
    assert len(held()) == 1


def test_strangers_licence_is_not_found(subscription, strange_subscription, assignment, customer_admin, sign_in):
    theirs = LicenceAssignmentFactory(subscription=strange_subscription)
    client = sign_in(customer_admin)

    answers = [
        client.post(url("licence_withdraw", strange_subscription.code, theirs.pk)),
        client.post(url("licence_withdraw", subscription.code, theirs.pk)),
        client.post(url("licence_withdraw", strange_subscription.code, assignment.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len(held()) == 2


# A user's licences


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_user_has_a_page_of_licences(who, subscription, person, assignment, relationship, sign_in, request):
    other = SubscriptionFactory(relationship=relationship, nickname="Other plan")
    client = sign_in(request.getfixturevalue(who))

    page = client.get(url("user_licences", person.pk))
    offered = client.get(url("user_assign", person.pk))
    answer = client.post(url("user_assign", person.pk), {"subscriptions": [other.pk]})

    assert [each.subscription for each in page.context["page"]] == [subscription]
    assert [each.row for each in offered.context["choices"]] == [other]
    assert "0 of 10 assigned" in text(offered)
    assert answer["Location"] == url("user_licences", person.pk)
    assert said(answer) == ["1 license assigned."]
    assert held() == [(subscription.pk, person.pk), (other.pk, person.pk)]


def test_offered_is_what_is_active_licensed_and_the_companys(
    relationship, subscription, person, customer_admin, strange_subscription, sign_in
):
    SubscriptionFactory(relationship=relationship, offer__category="usage")
    SubscriptionFactory(relationship=relationship, status="suspended")
    found = SubscriptionFactory(relationship=relationship, nickname="Office")
    client, address = sign_in(customer_admin), url("user_assign", person.pk)

    pages = [client.get(address, query) for query in ({}, {"q": "office"})]

    assert [[each.row for each in page.context["choices"]] for page in pages] == [[found, subscription], [found]]


def test_what_is_refused_is_named_and_stays_ticked(relationship, subscription, person, customer_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(licences=1, nickname="Full plan")
    LicenceAssignmentFactory(subscription=subscription)
    free = SubscriptionFactory(relationship=relationship, nickname="Free plan")

    answer = sign_in(customer_admin).post(url("user_assign", person.pk), {"subscriptions": [subscription.pk, free.pk]})

    (words,) = answer.context["form"].errors["subscriptions"]
    assert words.startswith("Full plan: The one license of this subscription is assigned.")
    assert [(each.row.nickname, each.is_ticked) for each in answer.context["choices"]] == [("Full plan", True)]
    assert "1 license assigned." in answer.text


def test_nothing_is_said_to_be_assigned_when_nothing_was(subscription, person, customer_admin, sign_in):
    Subscription.objects.filter(pk=subscription.pk).update(licences=1)
    LicenceAssignmentFactory(subscription=subscription)

    answer = sign_in(customer_admin).post(url("user_assign", person.pk), {"subscriptions": [subscription.pk]})

    assert codes_on(answer) == {"subscriptions": ["refused"]}
    assert said(answer) == []


def test_licences_of_a_user_are_listed_by_name(relationship, person, provider_admin, sign_in):
    plans = [SubscriptionFactory(relationship=relationship, nickname=name) for name in ("Visio", "Exchange")]
    for plan in plans:
        LicenceAssignmentFactory(subscription=plan, membership=person)
    client = sign_in(provider_admin)

    page = client.get(url("users", relationship.customer_id), {"q": "hana"})
    file = lines(client.get(url("users_export", relationship.customer_id), {"q": "hana"}))

    visio, exchange = (Held(plan.nickname, plan.get_absolute_url()) for plan in plans)
    assert [row.held for row in page.context["rows"]] == [[exchange, visio]]
    assert file[1].startswith('Hana,hana@aoba.onmicrosoft.com,"Exchange, Visio",Active,')


def test_strangers_subscription_in_post_is_refused(subscription, person, strange_subscription, customer_admin, sign_in):
    client, address = sign_in(customer_admin), url("user_assign", person.pk)

    answers = [client.post(address, {"subscriptions": each}) for each in ([strange_subscription.pk], ["x"], [])]

    assert [codes_on(answer) for answer in answers] == [
        {"subscriptions": [code]} for code in ["invalid_choice", "invalid_pk_value", "required"]
    ]
    assert strange_subscription.nickname not in answers[0].text
    assert held() == []


def test_two_partners_of_a_customer_see_their_own_subscriptions_alone(
    relationship, subscription, person, assignment, stranger, sign_in
):
    theirs = SubscriptionFactory(
        relationship=RelationshipFactory(provider=stranger.organisation.provider, customer=relationship.customer)
    )
    LicenceAssignmentFactory(subscription=theirs, membership=person)
    client = sign_in(stranger)

    page, listed = client.get(url("user_licences", person.pk)), client.get(url("users", relationship.customer_id))
    answer = client.post(url("user_assign", person.pk), {"subscriptions": [subscription.pk]})
    file = lines(client.get(url("users_export", relationship.customer_id)))

    assert [each.subscription for each in page.context["page"]] == [theirs]
    assert [[held.url for held in row.held] for row in listed.context["rows"]] == [[theirs.get_absolute_url()]]
    assert codes_on(answer) == {"subscriptions": ["invalid_choice"]}
    assert file[1].startswith(f"Hana,hana@aoba.onmicrosoft.com,{theirs.nickname},Active,")
    assert subscription.nickname not in "".join([page.text, listed.text, *file])


@pytest.mark.parametrize("name", ["user_licences", "user_assign"])
def test_user_of_somebody_else_or_removed_is_not_found(
    name, relationship, person, stranger, strange_relationship, customer_admin, reseller_admin, provider_admin, sign_in
):
    theirs, gone = member(strange_relationship.customer.organisation), member(person.organisation)
    Membership.objects.filter(pk=gone.pk).update(ended_at=timezone.now())
    withdraw_access(reseller_admin.organisation, relationship.customer)

    answers = [
        sign_in(customer_admin).get(url(name, theirs.pk)),
        sign_in(provider_admin).get(url(name, theirs.pk)),
        sign_in(provider_admin).get(url(name, provider_admin.pk)),
        sign_in(customer_admin).get(url(name, gone.pk)),
        sign_in(reseller_admin).get(url(name, person.pk)),
        sign_in(stranger).get(url(name, person.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6


def test_staff_pages_of_a_customer_lead_to_licences(person, customer_admin, provider_admin, helpdesk, sign_in):
    client = sign_in(customer_admin)

    pages = [client.get(reverse("staff:list")), client.get(reverse("staff:person", args=[person.pk]))]
    partners = sign_in(provider_admin).get(reverse("staff:list"))

    assert [url("user_licences", person.pk) in page.text for page in pages] == [True, True]
    assert "/subscriptions/users/" not in partners.text


# A customer's users, for partners


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_partner_lists_the_users_of_a_customer(
    who, relationship, person, assignment, subscription, strange_relationship, sign_in, request
):
    member(strange_relationship.customer.organisation, name="Fremd")
    suspended = member(relationship.customer.organisation, name="Aki", email="aki@aoba.onmicrosoft.com")
    Membership.objects.filter(pk=suspended.pk).update(suspended_at=timezone.now())
    client, address = sign_in(request.getfixturevalue(who)), url("users", relationship.customer_id)
    asked = ({}, {"q": "hana@"}, {"state": "suspended"}, {"sort": "-account"}, {"state": "removed"})

    found = [users(client.get(address, query)) for query in asked]
    page = client.get(address)
    file = lines(client.get(url("users_export", relationship.customer_id)))

    assert found == [["Aki", "Hana"], ["Hana"], ["Aki"], ["Hana", "Aki"], ["Aki", "Hana"]]
    assert [(row.person.state, row.held) for row in page.context["rows"]] == [
        ("suspended", []),
        ("active", [Held(subscription.nickname, subscription.get_absolute_url())]),
    ]
    assert [step.label for step in page.context["steps"] if step.state == "current"] == ["Users and licenses"]
    assert file[0] == "Name,Account,Licenses,State,Since"
    assert [line.rsplit(",", 1)[0] for line in file[1:]] == [
        "Aki,aki@aoba.onmicrosoft.com,,Suspended",
        f"Hana,hana@aoba.onmicrosoft.com,{subscription.nickname},Active",
    ]


def test_partner_without_administration_lists_nobody(relationship, person, reseller_admin, sign_in):
    withdraw_access(reseller_admin.organisation, relationship.customer)
    client = sign_in(reseller_admin)

    page = client.get(url("users", relationship.customer_id))
    answer = client.post(url("user_add", relationship.customer_id), typed())

    assert "delegated administration privileges" in page.text
    assert ("Hana" in page.text, url("user_add", relationship.customer_id) in page.text) == (False, False)
    assert len(lines(client.get(url("users_export", relationship.customer_id)))) == 1
    assert codes_on(answer) == {"__all__": ["no_delegation"]}
    assert answer.context["form"]["name"].value() == "  Taro   Aoba "
    assert not User.objects.filter(email="taro@aoba.onmicrosoft.com").exists()


def typed(**changes) -> dict[str, str]:
    return {"name": "  Taro   Aoba ", "account_name": "Taro", "language": "ja", **changes}


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_partner_adds_a_user_and_reads_the_password_once(who, relationship, sign_in, request):
    partner = request.getfixturevalue(who)
    client, address = sign_in(partner), url("user_add", relationship.customer_id)

    page = client.get(address)
    answer = client.post(address, typed(roles=["global_admin"]))

    credentials = answer.context["credentials"]
    added = Membership.objects.get(organisation=relationship.customer_id)
    assert "@aoba.onmicrosoft.com" in page.text
    assert 'name="roles"' not in page.text
    assert page.context["form"]["language"].value() == relationship.customer.language
    assert (added.user.email, added.user.name, added.roles) == ("taro@aoba.onmicrosoft.com", "Taro Aoba", [])
    assert (credentials.account_name, added.user.check_password(credentials.password)) == (added.user.email, True)
    assert "no-store" in answer["Cache-Control"]
    assert answer.text.count(credentials.password) == 1
    assert credentials.password not in client.get(url("users", relationship.customer_id)).text
    assert url("user_assign", added.pk) in answer.text
    activity = Activity.objects.get()
    assert (activity.verb, activity.actor) == ("staff_added", partner.user)
    assert set(activity.sightings.values_list("organisation", flat=True)) == {
        relationship.customer_id,
        partner.organisation_id,
    }


def test_refused_user_is_told_beside_the_field(relationship, person, provider_admin, sign_in):
    client, address = sign_in(provider_admin), url("user_add", relationship.customer_id)

    answers = [client.post(address, typed(account_name=name)) for name in ("hana", "a@b")]

    assert [codes_on(answer) for answer in answers] == [
        {"account_name": [code]} for code in ["account_taken", "account_name"]
    ]
    assert [answer.context["form"]["account_name"].value() for answer in answers] == ["hana", "a@b"]


@pytest.mark.parametrize("name", ["users", "users_export", "user_add"])
def test_customers_of_others_are_not_found(
    name, relationship, strange_relationship, provider_admin, customer_admin, sign_in
):
    answers = [
        sign_in(provider_admin).get(url(name, strange_relationship.customer_id)),
        sign_in(customer_admin).get(url(name, relationship.customer_id)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_without_the_role_nobody_is_added(relationship, billing_admin, sign_in):
    answer = sign_in(billing_admin).post(url("user_add", relationship.customer_id), typed())

    assert answer.status_code == 403
    assert not User.objects.filter(email="taro@aoba.onmicrosoft.com").exists()


# One's own


def test_user_without_a_role_reads_the_own_licences_and_whom_to_call(
    relationship, subscription, person, assignment, reseller, strange_subscription, client
):
    colleague = LicenceAssignmentFactory(subscription=SubscriptionFactory(relationship=relationship, nickname="Secret"))
    SupportProfile.objects.create(organisation=reseller.organisation, email="help@sakura.example")
    supported = SubscriptionFactory(relationship=relationship, nickname="Phones", support_contact=reseller)
    ended = SubscriptionFactory(relationship=relationship, nickname="Gone", status="expired")
    for each in (supported, ended):
        LicenceAssignmentFactory(subscription=each, membership=person)
    LicenceAssignmentFactory(subscription=strange_subscription)
    client.login(email=person.user.email, password=PASSWORD)

    page = client.get(reverse("overview"))

    assert page.status_code == 200
    assert [(each.subscription, each.contact.company) for each in page.context["licences"]] == sorted(
        [(supported, "Sakura"), (subscription, "Kita")], key=lambda pair: pair[0].nickname
    )
    assert "help@sakura.example" in page.text
    assert subscription.get_absolute_url() not in page.text
    assert (colleague.subscription.nickname in page.text, "Gone" in page.text) == (False, False)


def test_user_without_a_licence_is_told_so(person, sign_in):
    assert "You have no license yet." in sign_in(person).get(reverse("overview")).text


def test_admin_of_the_customer_has_own_licences_too(subscription, customer_admin, sign_in):
    client: Client = sign_in(customer_admin)
    before = client.get(reverse("overview"))
    LicenceAssignmentFactory(subscription=subscription, membership=customer_admin)
    after = client.get(reverse("overview"))

    assert ["Your licenses" in page.text for page in (before, after)] == [False, True]
    assert after.text.count(subscription.get_absolute_url()) == 2

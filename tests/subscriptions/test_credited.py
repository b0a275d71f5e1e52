"""The lists Credited and Supported: what a reseller knows without access to it (design.md §3)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.models import Activity
from subscriptions.models import ResellerOfRecord, Subscription
from tests.factories import (
    CustomerFactory,
    OfferFactory,
    PartnershipFactory,
    RelationshipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.pages import body, rows_of

CREDITED = "/subscriptions/credited/"
SUPPORTED = "/subscriptions/supported/"


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


@pytest.fixture
def entrusted(subscription, account, reseller):
    """Aoba's, entrusted to Sakura; it credits and is supported by Sakura."""
    Subscription.objects.filter(pk=subscription.pk).update(support_contact=reseller)
    ResellerOfRecordFactory(
        subscription=subscription, partner_account=account, starts_at=timezone.now() - timedelta(days=9)
    )
    return subscription


@pytest.fixture
def foreign(stranger, strange_relationship, strange_subscription, account, reseller):
    """Fluss's, entrusted to Mosel by Rhein, a partner of Sakura's too: it credits and is supported by Sakura."""
    PartnershipFactory(provider=stranger.organisation.provider, reseller=reseller)
    Subscription.objects.filter(pk=strange_subscription.pk).update(
        support_contact=reseller, nickname="Loreley", licences=4321
    )
    ResellerOfRecordFactory(subscription=strange_subscription, partner_account=account)
    return Subscription.objects.get(pk=strange_subscription.pk)


@pytest.fixture
def unseen(strange_relationship):
    """Mosel's own credit and support, which Sakura has nothing to do with."""
    theirs = SubscriptionFactory(
        relationship=strange_relationship, support_contact=strange_relationship.reseller, nickname="Burgplan"
    )
    account = strange_relationship.reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=theirs, partner_account=account)
    return theirs


def test_credited_across_providers_names_a_customer_only_where_it_is_entrusted(
    entrusted, foreign, unseen, reseller_admin, sign_in
):
    response = sign_in(reseller_admin).get(CREDITED)

    assert [each.subscription for each in response.context["page"]] == [foreign, entrusted]
    html = body(response)
    assert entrusted.get_absolute_url() in html
    assert foreign.get_absolute_url() not in html
    assert html.count("Not entrusted to you") == 1
    assert [word for word in ("Kita", "Rhein", "Aoba", "0012345", str(foreign.code)) if word not in html] == []
    hidden = ("Fluss", "Loreley", "4321", "4,321", "Mosel", "Burgplan", "77001", "onmicrosoft")
    assert [word for word in hidden if word in html] == []


def test_supported_across_providers_names_who_will_call(entrusted, foreign, unseen, reseller_admin, sign_in):
    response = sign_in(reseller_admin).get(SUPPORTED)

    assert {each.pk for each in response.context["page"]} == {foreign.pk, entrusted.pk}
    html = body(response)
    assert entrusted.get_absolute_url() in html
    assert foreign.get_absolute_url() not in html
    assert [word for word in ("Kita", "Rhein", "Aoba", "Fluss") if word not in html] == []
    assert [word for word in ("Loreley", "4321", "4,321", "Mosel", "Burgplan", "77001") if word in html] == []


def test_a_name_under_which_a_provider_bills_is_the_providers_own(foreign, reseller_admin, sign_in):
    relationship = foreign.relationship
    relationship.company_name = "Fluss (bad payer)"
    relationship.take_names()
    relationship.save()

    html = body(sign_in(reseller_admin).get(SUPPORTED))

    assert ("Fluss" in html, "bad payer" in html) == (True, False)


def test_what_is_not_entrusted_any_more_is_not_linked_or_named(entrusted, reseller_admin, sign_in):
    relationship = entrusted.relationship
    relationship.ended_at = timezone.now()
    relationship.save()

    html = body(sign_in(reseller_admin).get(CREDITED))

    assert (entrusted.get_absolute_url() in html, "Aoba" in html) == (False, False)
    assert "Not entrusted to you" in html


def test_credit_is_a_history_that_can_be_narrowed(entrusted, foreign, reseller_admin, sign_in):
    ResellerOfRecord.objects.filter(subscription=foreign).update(ends_at=timezone.now())
    client = sign_in(reseller_admin)

    def found(**query) -> list[Subscription]:
        return [each.subscription for each in client.get(CREDITED, query).context["page"]]

    assert found() == [foreign, entrusted]
    assert found(state="current") == [entrusted]
    assert found(state="ended") == [foreign]
    assert found(provider=foreign.provider_id) == [foreign]
    assert found(sort="-since") == [entrusted, foreign]
    assert found(q=str(entrusted.code)) == [entrusted]
    assert found(q=entrusted.offer.sku_title) == [entrusted]
    assert found(q="12345") == [foreign, entrusted]
    assert found(q="Fluss") == found(q="Aoba") == []


def test_support_can_be_narrowed_by_who_calls(entrusted, foreign, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    def found(**query) -> set[Subscription]:
        return {each.pk for each in client.get(SUPPORTED, query).context["page"]}

    assert found(q="fluss") == {foreign.pk}
    assert found(q=str(entrusted.code)) == {entrusted.pk}
    assert found(q="Loreley") == set()
    assert found(provider=entrusted.provider_id) == {entrusted.pk}
    assert found(provider="nonsense") == {entrusted.pk, foreign.pk}


def test_support_for_what_has_ended_is_over(entrusted, foreign, reseller_admin, sign_in):
    Subscription.objects.filter(pk=entrusted.pk).update(status="cancelled", ended_at=timezone.now())
    Subscription.objects.filter(pk=foreign.pk).update(status="suspended")

    assert [each.pk for each in sign_in(reseller_admin).get(SUPPORTED).context["page"]] == [foreign.pk]


@pytest.mark.parametrize(
    ("page", "empty"),
    [
        (CREDITED, "You are not credited for any subscription yet"),
        (SUPPORTED, "You support no subscription yet"),
    ],
)
def test_empty_lists_say_what_to_do(page, empty, unseen, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    assert empty in body(client.get(page))
    narrowed = body(client.get(page, {"q": "something"}))
    assert "No subscriptions found" in narrowed
    assert empty not in narrowed


@pytest.mark.parametrize("page", [CREDITED, SUPPORTED])
def test_htmx_gets_the_table_with_its_export(page, entrusted, reseller_admin, sign_in):
    html = body(sign_in(reseller_admin).get(page, {"q": "x"}, headers={"HX-Request": "true"}))

    assert "<html" not in html
    assert f'href="{page}export/?q=x"' in html


def test_exports_say_what_the_lists_say(entrusted, foreign, unseen, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    period = ResellerOfRecord.objects.get(subscription=foreign)
    ResellerOfRecord.objects.filter(pk=period.pk).update(ends_at=timezone.now())
    today = f"{timezone.now():%Y-%m-%d}"

    credited = rows_of(client.get(f"{CREDITED}export/"))
    supported = rows_of(client.get(f"{SUPPORTED}export/", {"q": "fluss"}))

    own = entrusted.resellers_of_record.get()
    assert credited == [
        ["Subscription", "Subscription ID", "Indirect provider", "MPN ID", "From", "Until", "Company name"],
        [foreign.offer.sku_title, str(foreign.code), "Rhein", "0012345", f"{period.starts_at:%Y-%m-%d}", today, ""],
        [entrusted.offer.sku_title, str(entrusted.code), "Kita", "0012345", f"{own.starts_at:%Y-%m-%d}", "", "Aoba"],
    ]
    assert supported == [
        ["Company name", "Subscription", "Subscription ID", "Indirect provider"],
        ["Fluss", foreign.offer.sku_title, str(foreign.code), "Rhein"],
    ]
    assert list(Activity.objects.order_by("pk").values_list("verb", "target")) == [
        ("exported", "Credited"),
        ("exported", "Supported"),
    ]


@pytest.mark.parametrize("page", [CREDITED, SUPPORTED, f"{CREDITED}export/", f"{SUPPORTED}export/"])
def test_the_lists_are_for_resellers(page, entrusted, provider_admin, customer_admin, stranger, sign_in):
    assert [sign_in(each).get(page).status_code for each in (provider_admin, customer_admin, stranger)] == [404] * 3


@pytest.mark.parametrize("page", [CREDITED, SUPPORTED])
def test_another_reseller_finds_nothing_of_it(page, entrusted, foreign, provider, sign_in):
    other = ready_reseller("Ume")
    PartnershipFactory(provider=provider, reseller=other)

    assert sign_in(member(other.organisation, *Role)).get(page).context["page"].rows == []


@pytest.mark.parametrize("page", [CREDITED, SUPPORTED])
def test_as_many_queries_for_one_row_as_for_three(
    page, entrusted, account, reseller, reseller_admin, sign_in, django_assert_max_num_queries
):
    client = sign_in(reseller_admin)
    client.get(page)
    with django_assert_max_num_queries(12) as one:
        client.get(page)
    for _each in range(2):
        partnership = PartnershipFactory(reseller=reseller)
        relationship = RelationshipFactory(provider=partnership.provider, customer=CustomerFactory())
        more = SubscriptionFactory(relationship=relationship, offer=OfferFactory(), support_contact=reseller)
        ResellerOfRecordFactory(subscription=more, partner_account=account)
    with django_assert_max_num_queries(12) as three:
        assert len(client.get(page).context["page"].rows) == 3

    assert len(three) == len(one)


def test_the_querysets_end_closed(entrusted, foreign, reseller_admin, provider_admin, customer_admin, stranger):
    periods, subscriptions = ResellerOfRecord.objects, Subscription.objects

    assert [each.subscription for each in periods.visible_to(provider_admin)] == [entrusted]
    assert [each.subscription for each in periods.visible_to(stranger)] == [foreign]
    assert periods.visible_to(reseller_admin).count() == subscriptions.supported_by(reseller_admin).count() == 2
    for nobody in (None, customer_admin):
        assert list(periods.visible_to(nobody)) == list(subscriptions.supported_by(nobody)) == []
    assert list(subscriptions.supported_by(provider_admin)) == list(subscriptions.supported_by(stranger)) == []


def test_tabs_stand_on_the_list_of_a_reseller_and_of_nobody_else(entrusted, reseller_admin, provider_admin, sign_in):
    html = body(sign_in(reseller_admin).get(reverse("subscriptions:list")))

    assert [f'href="{page}"' in html for page in (CREDITED, SUPPORTED)] == [True, True]
    assert CREDITED not in body(sign_in(provider_admin).get(reverse("subscriptions:list")))


# What only the provider may do


def test_pages_of_a_customer_say_what_only_the_provider_can_do_and_whom_to_ask(
    entrusted, provider, reseller_admin, provider_admin, customer_admin, sign_in
):
    provider.email, provider.phone = "partners@kita.example", "+81312345678"
    provider.save()
    customer = [entrusted.customer_id]
    pages = [reverse("customers:account", args=customer), reverse("subscriptions:customer", args=customer)]
    pages.append(entrusted.get_absolute_url())

    theirs = [body(sign_in(reseller_admin).get(page)) for page in pages]
    others = [body(sign_in(each).get(page)) for page in pages for each in (provider_admin, customer_admin)]

    for html in theirs:
        assert "What only Kita can do" in html
        assert 'href="mailto:partners@kita.example"' in html
        assert "+81 3-1234-5678" in html
    assert [html for html in others if "What only Kita can do" in html] == []


def test_without_an_address_the_page_says_so(entrusted, reseller_admin, sign_in):
    html = body(sign_in(reseller_admin).get(entrusted.get_absolute_url()))

    assert "Ask whoever you work with at Kita" in html

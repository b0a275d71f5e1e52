"""The page Indirect resellers: its list, its export, Remove partnership. And Indirect providers, its other side."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.paging import paginate
from activity.models import Activity
from resellers.models import PartnerAgreement, Partnership, Reseller
from resellers.partnerships import end_partnership
from tests.factories import (
    PartnershipFactory,
    PartnershipRequestFactory,
    ProviderFactory,
    RelationshipFactory,
    ready_reseller,
)
from tests.pages import body, rows_of, shown_text
from tests.threads import held_up

SINCE = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def names(response) -> list[str]:
    return [str(partner.reseller) for partner in response.context["partners"]]


@pytest.fixture
def partners(provider, partnership, strange_relationship):
    """Sakura with a customer, 富士 without agreement and suspended; and what must not leak."""
    Partnership.objects.filter(pk=partnership.pk).update(started_at=SINCE)
    RelationshipFactory(provider=provider, reseller=partnership.reseller)
    RelationshipFactory(provider=strange_relationship.provider, reseller=partnership.reseller)
    fuji = ready_reseller("富士システム", number="4012345")
    PartnerAgreement.objects.filter(organisation=fuji.pk).delete()
    Reseller.objects.filter(pk=fuji.pk).update(enrolment="suspended")
    PartnershipFactory(provider=provider, reseller=fuji)
    PartnershipFactory(provider=provider, reseller=ready_reseller("Gone"), ended_at=datetime(2999, 1, 1, tzinfo=UTC))
    return partnership


def test_list_shows_the_partners_and_what_is_to_know_of_them(partners, provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:list"))

    assert [
        (str(each.reseller), each.reseller.mpn_id, each.has_agreement, each.is_enrolled, each.customers)
        for each in response.context["partners"]
    ] == [("Sakura", "0012345", True, True, 1), ("富士システム", "4012345", False, False, 0)]
    page = shown_text(response)
    for head in ("Indirect reseller", "Location", "MPN ID", "Agreement", "Customers", "Partner since", "Actions"):
        assert head in page
    assert "Sakura Japan 0012345 Signed 1 Jan 31, 2026" in page
    assert "Not signed Enrollment: Suspended" in page


def test_list_links_to_customers_orders_and_removal(partners, provider_admin, sign_in):
    html = body(sign_in(provider_admin).get(reverse("resellers:list")))

    reseller = partners.reseller.pk
    assert f'href="{reverse("customers:list")}?reseller={reseller}"' in html
    assert f'href="{reverse("orders:new")}?reseller={reseller}"' in html
    assert f'href="{reverse("resellers:end", args=[reseller])}"' in html
    assert f'name="partner" value="{reseller}"' in html
    assert "Invite new customers" in html


def test_list_offers_only_what_the_role_allows(partners, billing_admin, sign_in):
    html = body(sign_in(billing_admin).get(reverse("resellers:list")))

    assert "View customers" in html
    assert "Add new customer" not in html
    assert "Remove partnership" not in html
    assert reverse("resellers:request_create") not in html
    assert "disabled" in html
    assert "Roles that may do this: Global admin, User management admin, Admin agent, Sales agent" in html


def test_list_is_searched_and_sorted(partners, provider_admin, sign_in):
    client, url = sign_in(provider_admin), reverse("resellers:list")

    assert names(client.get(url, {"q": "saku"})) == ["Sakura"]
    assert names(client.get(url, {"q": "４０１２３４５"})) == ["富士システム"]
    assert names(client.get(url, {"q": "\x00"})) == ["Sakura", "富士システム"]
    assert names(client.get(url, {"sort": "-name"})) == ["富士システム", "Sakura"]
    assert names(client.get(url, {"sort": "since"})) == ["富士システム", "Sakura"]
    assert "No indirect reseller matches" in body(client.get(url, {"q": "nobody"}))


def test_list_is_paged(provider, provider_admin, sign_in, monkeypatch):
    monkeypatch.setitem(paginate.__kwdefaults__, "size", 2)
    for name in ("a", "B", "c"):
        PartnershipFactory(provider=provider, reseller=ready_reseller(name))
    client = sign_in(provider_admin)

    first = client.get(reverse("resellers:list"))
    second = client.get(first.context["page"].next_url)

    assert (names(first), names(second)) == (["a", "B"], ["c"])
    assert names(client.get(second.context["page"].previous_url)) == ["a", "B"]


def test_list_answers_htmx_with_the_table_alone(partners, provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:list"), headers={"HX-Request": "true"})

    assert response.templates[0].name == "resellers/_table.html"
    assert "<html" not in body(response)
    assert "HX-Request" in response["Vary"]


def test_empty_list_says_what_to_do(provider_admin, sign_in):
    html = body(sign_in(provider_admin).get(reverse("resellers:list")))

    assert "No indirect resellers yet" in html
    assert "Request a partnership" in html


def test_list_needs_as_many_queries_for_one_as_for_three(
    provider, partnership, provider_admin, sign_in, django_assert_max_num_queries
):
    client, url = sign_in(provider_admin), reverse("resellers:list")
    client.get(url)
    with django_assert_max_num_queries(12) as one:
        client.get(url)
    for name in ("Ume", "Tsubaki"):
        PartnershipFactory(provider=provider, reseller=ready_reseller(name))
    with django_assert_max_num_queries(12) as three:
        client.get(url)

    assert len(three) == len(one)


def test_list_is_for_providers_only(reseller_admin, customer_admin, sign_in):
    for membership in (reseller_admin, customer_admin):
        for name in ("resellers:list", "resellers:export", "resellers:requests"):
            assert sign_in(membership).get(reverse(name)).status_code == 404


# Export


def test_export_has_what_is_on_screen(partners, provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:export"), {"q": "saku"})

    reseller = str(partners.reseller.pk)
    assert rows_of(response) == [
        [
            *("Indirect reseller", "Microsoft ID", "Location", "MPN ID", "Enrollment", "Agreement"),
            *("Customers", "Partner since", "Asked to leave"),
        ],
        ["Sakura", reseller, "JP", "0012345", "Authorized", "Signed", "1", "2026-01-31T12:00:00Z", ""],
    ]
    [line] = Activity.objects.filter(verb="exported")
    assert (line.target, line.details) == ("Indirect resellers", {"path": "/resellers/export/?q=saku"})
    assert response["Content-Disposition"].startswith('attachment; filename="indirect-resellers-')


def test_export_has_all_pages_in_order(partners, provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:export"), {"sort": "-name"})

    assert [row[0] for row in rows_of(response)] == ["Indirect reseller", "富士システム", "Sakura"]


# Remove partnership


def test_removal_says_first_what_stays(relationship, provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:end", args=[relationship.reseller.pk]))

    page = shown_text(response)
    assert response.status_code == 200
    assert "1 customer added for this reseller stays yours" in page
    assert "0 subscriptions go on crediting an MPN ID" in page
    assert "good faith" in page
    assert "the portal only tells your colleagues and the reseller's own people" in page
    assert Partnership.objects.active().count() == 1


def test_removal_with_yes_ends_the_partnership(relationship, provider_admin, sign_in):
    client = sign_in(provider_admin)

    response = client.post(reverse("resellers:end", args=[relationship.reseller.pk]), follow=True)

    assert response.redirect_chain == [(reverse("resellers:list"), 302)]
    assert names(response) == []
    assert "The partnership with Sakura is removed." in body(response)
    assert client.get(reverse("resellers:end", args=[relationship.reseller.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_removal_of_what_a_colleague_removes_at_this_moment_says_so(partnership, provider_admin, sales_agent, sign_in):
    client = sign_in(sales_agent)
    address = reverse("resellers:end", args=[partnership.reseller.pk])

    response = held_up(
        lambda: client.post(address),
        by=lambda: end_partnership(partnership, actor=provider_admin.user),
    )

    assert (response.status_code, response["Location"]) == (302, reverse("resellers:list"))
    said = [str(each) for each in client.get(reverse("resellers:list")).context["messages"]]
    assert said == ["This partnership has been removed already."]


def test_removal_needs_the_role(partnership, billing_admin, helpdesk, sign_in):
    url = reverse("resellers:end", args=[partnership.reseller.pk])

    for membership in (billing_admin, helpdesk):
        assert sign_in(membership).get(url).status_code == 403
        assert sign_in(membership).post(url).status_code == 403
    assert Partnership.objects.active().count() == 1


def test_removal_may_be_left_to_fewer_roles(partnership, sales_agent, sign_in, settings):
    settings.ROLE_RESTRICTIONS = {"remove_partnership": ["admin_agent"]}

    answer = sign_in(sales_agent).post(reverse("resellers:end", args=[partnership.reseller.pk]))

    assert (answer.status_code, list(Partnership.objects.active())) == (403, [partnership])


def test_removal_is_not_for_strangers_nor_for_the_reseller(partnership, stranger, reseller_admin, sign_in):
    url = reverse("resellers:end", args=[partnership.reseller.pk])

    assert sign_in(stranger).post(url).status_code == 404
    assert sign_in(reseller_admin).post(url).status_code == 404
    assert Partnership.objects.active().count() == 1


# Indirect providers


def test_providers_are_listed_for_their_reseller(partnership, reseller_admin, strange_relationship, sign_in):
    response = sign_in(reseller_admin).get(reverse("resellers:providers"))

    assert list(response.context["page"]) == [partnership]
    html = body(response)
    assert f'href="{reverse("customers:list")}?provider={partnership.provider.pk}"' in html
    assert "Rhein" not in html


def test_providers_are_searched_and_sorted(partnership, reseller, reseller_admin, sign_in):
    other = PartnershipFactory(provider=ProviderFactory(organisation__name="Minami"), reseller=reseller)
    client, url = sign_in(reseller_admin), reverse("resellers:providers")

    assert list(client.get(url, {"q": "mina"}).context["page"]) == [other]
    assert list(client.get(url, {"sort": "-name"}).context["page"]) == [other, partnership]
    assert "No indirect provider matches" in body(client.get(url, {"q": "x"}, headers={"HX-Request": "true"}))


def test_providers_without_any_says_how_to_find_one(reseller_admin, sign_in):
    html = body(sign_in(reseller_admin).get(reverse("resellers:providers")))

    assert "No indirect providers yet" in html
    assert "Sakura, MPN ID 0012345" in html


def test_providers_need_as_many_queries_for_one_as_for_three(
    partnership, reseller, reseller_admin, sign_in, django_assert_max_num_queries
):
    client, url = sign_in(reseller_admin), reverse("resellers:providers")
    client.get(url)
    with django_assert_max_num_queries(12) as one:
        client.get(url)
    for _each in range(2):
        PartnershipFactory(reseller=reseller)
    with django_assert_max_num_queries(12) as three:
        client.get(url)

    assert len(three) == len(one)


def test_providers_are_for_resellers_only(provider_admin, customer_admin, sign_in):
    for membership in (provider_admin, customer_admin):
        assert sign_in(membership).get(reverse("resellers:providers")).status_code == 404


def test_requests_are_not_in_the_list(provider, provider_admin, sign_in):
    PartnershipRequestFactory(provider=provider, recipient="reseller@sakura.example")

    assert "reseller@sakura.example" not in body(sign_in(provider_admin).get(reverse("resellers:list")))

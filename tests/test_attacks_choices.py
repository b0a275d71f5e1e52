"""What the new forms, searches and fragments of the other sides offer (issue 3): one's own, and nothing of a stranger,
whoever the reader is and whatever is typed. Pages without an id are read in tests/test_isolation.py.
"""

import pytest
from django.urls import reverse

from accounts.roles import Role
from customers.models import Relationship
from subscriptions.models import Subscription
from tests.attack_tools import said, text_of
from tests.factories import (
    LicenceAssignmentFactory,
    PartnershipFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
    ready_reseller,
)

HTMX = {"HX-Request": "true", "HX-Target": "results"}
WORDS = {"Mosel", "Rhein", "Fluss", "Lotse", "Loreley", "77001", "lotse@fluss.example"}
SIDES = ("provider_admin", "reseller_admin", "customer_admin")


@pytest.fixture
def world(relationship, subscription, strange_relationship, strange_subscription, stranger):
    """Ours and the stranger's: a user with a licence, an Azure plan, a question."""
    found = {}
    for name, bought, nickname in (("ours", subscription, "Kantor"), ("theirs", strange_subscription, "Loreley")):
        bought.nickname = nickname
        bought.take_names()
        bought.save()
        tie = bought.relationship
        SubscriptionFactory(relationship=tie, offer__category="usage", nickname=f"{nickname} Azure")
        email = "aki@aoba.example" if name == "ours" else "lotse@fluss.example"
        user = member(tie.customer.organisation, name="Aki" if name == "ours" else "Lotse", email=email)
        LicenceAssignmentFactory(subscription=bought, membership=user)
        found[name] = {"subscription": bought, "user": user, "question": SupportRequestFactory(subscription=bought)}
    return found


def choices(field) -> set[str]:
    return {str(label) for value, label in field.choices if str(value)}


def test_who_asks_together_is_a_partner_of_ones_own(world, relationship, provider_admin, reseller_admin, sign_in):
    alone = RelationshipRequestFactory(provider=relationship.provider, created_by=provider_admin.user)
    by_reseller = RelationshipRequestFactory(
        provider=relationship.provider, reseller=relationship.reseller, by_reseller=True
    )

    drafted = sign_in(provider_admin).get(alone.get_absolute_url()).context["form"]
    of_reseller = sign_in(reseller_admin).get(by_reseller.get_absolute_url()).context["form"]

    assert choices(drafted.fields["reseller"]) == {"Sakura"}
    assert "reseller" not in of_reseller.fields


@pytest.mark.parametrize("who", ["provider_admin", "customer_admin"])
def test_tenant_owners_are_chosen_among_ones_own_resellers(who, world, relationship, request, sign_in):
    friend = ready_reseller("Momiji")
    PartnershipFactory(provider=relationship.provider, reseller=friend)

    page = sign_in(request.getfixturevalue(who)).get(
        reverse("customers:user_settings", args=[relationship.customer_id])
    )

    offered = {"provider_admin": {"Sakura", "Momiji"}, "customer_admin": {"Sakura"}}[who]
    assert choices(page.context["form"].fields["reseller"]) == offered


@pytest.mark.parametrize("who", SIDES)
def test_licences_are_offered_to_ones_own_users_of_ones_own_subscriptions(who, world, request, sign_in):
    newcomer = member(world["ours"]["subscription"].customer.organisation, name="Emi")
    client = sign_in(request.getfixturevalue(who))

    users = client.get(reverse("subscriptions:licences_assign", args=[world["ours"]["subscription"].code]))
    offered = client.get(reverse("subscriptions:user_assign", args=[newcomer.pk]))

    of_company = world["ours"]["subscription"].customer.organisation.memberships.all()
    assert set(users.context["form"].fields["users"].queryset) == set(of_company)
    assert [each.row.user.name for each in users.context["choices"] if each.row.user.name in ("Lotse", "Aki")] == []
    assert [str(each) for each in offered.context["form"].fields["subscriptions"].queryset] == ["Kantor"]
    assert [str(each.row) for each in offered.context["choices"]] == ["Kantor"]


def test_support_is_asked_for_ones_own_subscriptions(world, customer_admin, sign_in):
    page = sign_in(customer_admin).get(reverse("support:new"), {"subscription": world["theirs"]["subscription"].code})

    field = page.context["form"].fields["subscription"]
    assert choices(field) == {"Kantor (support by Kita)", "Kantor Azure (support by Kita)"}
    assert said(WORDS, page.text) == set()


def test_roles_that_are_offered_are_those_of_the_kind(world, customer_admin, provider_admin, sign_in):
    own = [sign_in(each).get(reverse("staff:add")).context["form"] for each in (customer_admin, provider_admin)]

    assert [len(form.fields["roles"].choices) for form in own] == [3, len(Role)]


@pytest.mark.parametrize("who", SIDES)
def test_no_page_of_ones_own_thing_finds_a_strangers(who, world, request, sign_in):
    """Each page that concerns one thing of ours, as a page and as a fragment, asked for the stranger's."""
    ours, theirs = world["ours"], world["theirs"]
    client = sign_in(request.getfixturevalue(who))
    customer, code, user = ours["subscription"].customer_id, ours["subscription"].code, ours["user"].pk
    pages = [
        reverse("subscriptions:licences", args=[code]),
        reverse("subscriptions:licences_export", args=[code]),
        reverse("subscriptions:licences_assign", args=[code]),
        reverse("subscriptions:user_licences", args=[user]),
        reverse("subscriptions:user_assign", args=[user]),
        reverse("subscriptions:customer", args=[customer]),
        reverse("subscriptions:detail", args=[code]),
        reverse("support:detail", args=[ours["question"].code]),
        reverse("support:list"),
        reverse("support:export"),
    ]
    if who != "customer_admin":
        pages += [reverse(f"subscriptions:{name}", args=[customer]) for name in ("users", "users_export", "user_add")]
    pages = [page for page in pages if who != "reseller_admin" or "support" not in page]
    asked = [{}, *({"q": word} for word in ("Lotse", "lotse@fluss.example", "Loreley", "Fluss", "%", "_"))]
    asked += [{"state": "active"}, {"sort": "account"}, {"subscription": str(theirs["subscription"].code)}]
    asked += [{"of": str(theirs["subscription"].provider_id)}, {"open": str(theirs["subscription"].customer_id)}]

    read = []
    for page in pages:
        for query in asked:
            for headers in ({}, HTMX):
                answer = client.get(page, query, headers=headers)
                text = text_of(answer)
                for value in query.values():
                    text = text.replace(value, "")
                read.append((page, query, answer.status_code, said(WORDS, text)))

    assert [each for each in read if each[2] >= 500 or each[3]] == []
    assert len([each for each in read if each[2] == 200]) > len(read) * 0.8


def test_the_reseller_of_one_provider_is_offered_nothing_of_the_other(world, relationship, reseller_admin, sign_in):
    """Sakura serves two customers for two providers: on the pages of one, nothing is of the other."""
    other = RelationshipFactory(reseller=relationship.reseller)
    PartnershipFactory(provider=other.provider, reseller=relationship.reseller)
    SubscriptionFactory(relationship=other, nickname="Other")
    user = member(other.customer.organisation, name="Emi")
    client = sign_in(reseller_admin)

    users = client.get(reverse("subscriptions:licences_assign", args=[world["ours"]["subscription"].code]))
    offered = client.get(reverse("subscriptions:user_assign", args=[user.pk]))
    refused = client.post(
        reverse("subscriptions:licences_assign", args=[world["ours"]["subscription"].code]), {"users": [user.pk]}
    )

    assert "Emi" not in users.text
    assert [str(each) for each in offered.context["form"].fields["subscriptions"].queryset] == ["Other"]
    assert refused.context["form"].errors.as_data()["users"][0].code == "invalid_choice"


def test_a_reseller_that_only_supports_reads_of_the_customer_what_it_needs(relationship, subscription, sign_in):
    """Momiji answers a request of Aoba's: the subscription's name and the words, and no page but these (§3)."""
    helper = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=relationship.provider, reseller=helper)
    Subscription.objects.update(support_contact=helper)
    Relationship.objects.update(company_name="Aoba")
    asked = SupportRequestFactory(subscription=Subscription.objects.get())
    client = sign_in(member(helper.organisation, *Role))
    customer, code = relationship.customer_id, subscription.code
    urls = [reverse(f"customers:{name}", args=[customer]) for name in ("account", "edit", "user_settings", "row")]
    urls += [reverse(f"subscriptions:{name}", args=[customer]) for name in ("customer", "users", "user_add")]
    urls += [reverse(f"subscriptions:{name}", args=[code]) for name in ("detail", "licences", "licences_assign")]

    page = client.get(reverse("support:detail", args=[asked.code]))

    assert (page.status_code, page.context["may_see_subscription"]) == (200, False)
    assert said({"hanako@customer.example", "aoba.onmicrosoft.com", "Sakura", "0012345"}, page.text) == set()
    assert [client.get(url).status_code for url in urls] == [404] * len(urls)

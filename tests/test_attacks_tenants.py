"""A stranger's ids, too many fields and other sites' addresses in every POST of the other sides (issue 3); what an
ex-partner keeps; and two providers of one customer, which know nothing of each other (design.md §4.1, §4.9).
"""

import re
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation
from accounts.roles import Kind, Role
from customers.delegations import TENANT_OWNER
from customers.models import Delegation, RelationshipRequest
from outbox.models import Notice
from providers.models import ProfileProposal
from resellers.models import PartnerAccount, SupportProfile
from resellers.partnerships import end_partnership
from staff.models import StaffInvitation
from subscriptions.models import LicenceAssignment, Subscription, SupportMessage, SupportRequest
from tests.attack_tools import said, stored, text_of
from tests.factories import (
    LicenceAssignmentFactory,
    RelationshipRequestFactory,
    ResellerOfRecordFactory,
    SupportRequestFactory,
    member,
)


@pytest.fixture
def user(relationship):
    return member(relationship.customer.organisation, name="Aki")


# A stranger's id where ours is expected


@pytest.fixture
def attempts(
    request, relationship, subscription, azure, user, strange_relationship, strange_subscription, stranger, sign_in
):
    """Who posts which of the stranger's ids where; the address is one's own."""
    theirs = member(strange_relationship.customer.organisation, name="Lotse")
    mosel, rhein = strange_relationship.reseller_id, strange_relationship.provider_id
    asking = RelationshipRequestFactory(provider=relationship.provider)
    message = {"message": asking.link.url(), "subject": "S", "language": "en", "lifetime": "90", "uses": "once"}
    customer = relationship.customer_id
    return {
        "owner": ("provider_admin", reverse("customers:owner_grant", args=[customer]), {"reseller": mosel}),
        "own owner": ("customer_admin", reverse("customers:owner_grant", args=[customer]), {"reseller": mosel}),
        "with a reseller": ("provider_admin", reverse("customers:request_create"), {"partner": mosel}),
        "with oneself": ("provider_admin", reverse("customers:request_create"), {"partner": relationship.provider_id}),
        "for a provider": ("reseller_admin", reverse("customers:request_create"), {"partner": rhein}),
        "draft": ("provider_admin", asking.get_absolute_url(), {**message, "reseller": mosel}),
        "licence": (
            "provider_admin",
            reverse("subscriptions:licences_assign", args=[subscription.code]),
            {"users": [theirs.pk]},
        ),
        "own licence": (
            "customer_admin",
            reverse("subscriptions:licences_assign", args=[subscription.code]),
            {"users": [theirs.pk, stranger.pk]},
        ),
        "subscription": (
            "customer_admin",
            reverse("subscriptions:user_assign", args=[user.pk]),
            {"subscriptions": [strange_subscription.pk]},
        ),
        "partner's": (
            "reseller_admin",
            reverse("subscriptions:user_assign", args=[user.pk]),
            {"subscriptions": [strange_subscription.pk]},
        ),
        "support": (
            "customer_admin",
            reverse("support:new"),
            {"subscription": strange_subscription.code, "title": "T", "severity": "minimal", "text": "X"},
        ),
        "hat": ("reseller_admin", reverse("accounts:switch"), {"membership": stranger.pk}),
    }


NAMES = ("owner", "own owner", "with a reseller", "with oneself", "for a provider", "draft", "licence", "own licence")


@pytest.mark.parametrize("name", [*NAMES, "subscription", "partner's", "support", "hat"])
def test_a_strangers_id_is_refused_and_nothing_is_said_of_it(name, attempts, request, sign_in):
    who, address, typed = attempts[name]
    client = sign_in(request.getfixturevalue(who))
    before = stored("activity_activity", "activity_sighting")

    response = client.post(address, typed)
    page = client.get(response["Location"]) if response.status_code == 302 else response

    assert stored("activity_activity", "activity_sighting") == before
    assert said({"Mosel", "Rhein", "Lotse", "Fluss", "global-admin@rhein.example"}, text_of(page)) == set()


def test_a_key_of_somebody_elses_request_opens_no_request_of_theirs(
    subscription, strange_subscription, customer_admin, sign_in
):
    """The hidden key makes twice the click one request: nobody gets at another's by sending its code."""
    theirs = SupportRequestFactory(subscription=strange_subscription, title="Secret")
    typed = {"subscription": subscription.code, "title": "T", "severity": "minimal", "text": "X", "key": theirs.code}

    sign_in(customer_admin).post(reverse("support:new"), typed)

    ours = SupportRequest.objects.get(customer=subscription.customer)
    assert (ours.title, ours.code == theirs.code) == ("T", False)


# Too many fields


def test_what_is_not_on_the_form_is_not_taken(
    relationship, subscription, azure, user, strange_relationship, stranger, sign_in, request, provider_admin
):
    """Everything that a row has, sent along with what may be typed: none of it is taken over."""
    rhein, past = stranger.organisation, "2001-01-01T00:00Z"
    people = {
        name: sign_in(request.getfixturevalue(name)) for name in ("provider_admin", "reseller_admin", "customer_admin")
    }
    too_much = {
        **dict.fromkeys(("organisation", "organisation_id", "sender", "provider_id", "assignee", "author"), rhein.pk),
        **dict.fromkeys(("customer", "customer_id", "kind", "created_by", "opened_by", "actor"), str(uuid4())),
        **dict.fromkeys(("is_staff", "is_superuser", "is_active", "by_reseller", "includes_admin"), "on"),
        **dict.fromkeys(("created_at", "accepted_at", "expires_at", "opened_at", "changed_at", "sent_at"), past),
        "state": "approved",
        "status": "closed",
        "uses": 0,
        "max_uses": 999,
        "nonce": "0" * 32,
        "membership": 1,
        "email_domain": "x.example",
        "enrolment": "authorized",
        "is_associated": "on",
        "privilege": "tenant_owner",
    }
    posts = [
        ("provider_admin", "staff:add", [], {"name": "N", "account_name": "n@kita.example", "language": "en"}),
        ("provider_admin", "staff:invite", [], {"recipient": "i@kita.example"}),
        ("reseller_admin", "subscriptions:user_add", [relationship.customer_id], {"name": "N", "account_name": "n"}),
        ("customer_admin", "support:new", [], {"subscription": subscription.code, "title": "T", "text": "X"}),
        ("provider_admin", "directory:propose", [], {"description": "New", "is_listed": "on"}),
        ("reseller_admin", "resellers:support_profile", [], {"hours": "Always"}),
        ("reseller_admin", "resellers:account_register", [], {"number": "0088001", "country": "JP"}),
        ("provider_admin", "customers:owner_grant", [relationship.customer_id], {"reseller": relationship.reseller_id}),
        ("provider_admin", "customers:request_create", [], {}),
    ]
    fixed = {"roles": [Role.SALES_AGENT], "language": "en", "severity": "minimal"}

    for who, name, arguments, typed in posts:
        kind = {"kind": "location"} if name.endswith("register") else {}
        people[who].post(reverse(name, args=arguments), {**too_much, **fixed, **typed, **kind})

    added = Membership.objects.get(user__email="n@kita.example")
    kita = provider_admin.organisation
    assert (added.organisation, added.roles, added.user.is_staff) == (kita, ["sales_agent"], False)
    invited = StaffInvitation.objects.get()
    assert (invited.organisation, invited.max_uses, invited.state) == (kita, 1, "not_sent")
    assert (invited.created_by, invited.nonce == "0" * 32) == (provider_admin.user, False)
    new = Membership.objects.get(user__email="n@aoba.onmicrosoft.com")
    assert (new.organisation, new.roles) == (relationship.customer.organisation, [])
    asked = SupportRequest.objects.get()
    assert (asked.status, asked.assignee, asked.customer) == (
        "open",
        provider_admin.organisation,
        relationship.customer,
    )
    proposal = ProfileProposal.objects.get()
    assert (proposal.state, proposal.provider) == ("open", relationship.provider)
    assert "email_domain" not in proposal.entry
    assert list(SupportProfile.objects.values_list("organisation", flat=True)) == [relationship.reseller_id]
    number = PartnerAccount.objects.get(number="0088001")
    assert (number.organisation_id, number.is_associated) == (relationship.reseller_id, False)
    owner = Delegation.objects.get(privilege=TENANT_OWNER)
    assert (owner.customer, owner.granted_by) == (relationship.customer, provider_admin.user)
    link = RelationshipRequest.objects.get()
    assert (link.provider, link.by_reseller, link.reseller) == (relationship.provider, False, None)
    assert Organisation.objects.get(pk=rhein.pk).kind == Kind.PROVIDER


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_new_form_leads_to_another_site(wanted, relationship, subscription, user, sign_in, request):
    customer_admin = request.getfixturevalue("customer_admin")
    client, notice = sign_in(customer_admin), Notice.objects.create(membership=customer_admin, subject="roles_changed")
    given = LicenceAssignmentFactory(subscription=subscription, membership=user)
    asked = SupportRequestFactory(subscription=subscription)
    withdraw = reverse("subscriptions:licence_withdraw", args=[subscription.code, given.pk])
    addresses = [
        reverse("notices:read", args=[notice.code]),
        reverse("notices:mail"),
        reverse("support:close", args=[asked.code]),
        reverse("staff:suspend", args=[user.pk]),
        reverse("customers:administration_withdraw", args=[relationship.reseller_id]),
        withdraw,
    ]

    typed = {"next": wanted, "back": wanted, "until": timezone.now().isoformat()}
    answers = [client.post(f"{each}?next={wanted}", typed) for each in addresses]

    assert [answer.status_code for answer in answers] == [302] * len(addresses)
    assert [each for each in (answer["Location"] for answer in answers) if not re.match(r"/(?![/\\])", each)] == []


# What an ex-partner keeps


def plain(response) -> str:
    """What is read, without its headers and what is random in every page."""
    return re.sub(
        r'name="csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken[^}]+', "", text_of(response).partition("\n")[2]
    )


def test_an_ex_partner_sees_exactly_what_it_saw_but_the_provider(
    relationship, subscription, partnership, provider_admin, reseller, user, sign_in
):
    """design.md §4.9, read by somebody whom nobody tells: customers, subscriptions, credit, support, users, orders."""
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    Subscription.objects.update(support_contact=reseller)
    LicenceAssignmentFactory(subscription=subscription, membership=user)
    asked = SupportRequestFactory(subscription=Subscription.objects.get())
    client = sign_in(member(reseller.organisation, Role.HELPDESK_AGENT))
    customer, code = [relationship.customer_id], [subscription.code]
    names = ["customers:list", "orders:list", "subscriptions:list", "subscriptions:credited", "subscriptions:supported"]
    names += ["subscriptions:credited_export", "subscriptions:supported_export", "support:list"]
    pages = [reverse(name) for name in names]
    pages += [
        reverse(name, args=customer) for name in ("customers:account", "customers:row", "customers:user_settings")
    ]
    pages += [reverse(f"subscriptions:{name}", args=customer) for name in ("customer", "users", "users_export")]
    pages += [reverse(f"subscriptions:{name}", args=code) for name in ("detail", "licences", "licences_export")]
    pages += [reverse("subscriptions:user_licences", args=[user.pk]), reverse("support:detail", args=[asked.code])]
    before = {page: plain(client.get(page)) for page in pages}

    end_partnership(partnership, actor=provider_admin.user)

    after = {page: plain(client.get(page)) for page in pages}
    assert [page for page in pages if before[page] != after[page]] == []
    assert "Aoba" in after[reverse("customers:list")]
    assert client.get(reverse("resellers:providers")).context["page"].rows == []


def test_an_ex_partner_acts_for_its_customers_and_no_longer_with_the_provider(
    relationship, subscription, partnership, provider_admin, reseller, reseller_admin, user, sign_in
):
    Subscription.objects.update(support_contact=reseller)
    asked = SupportRequestFactory(subscription=Subscription.objects.get())
    sent = RelationshipRequestFactory(
        provider=partnership.provider, reseller=reseller, by_reseller=True, recipient="a@b.example"
    )
    client, provider = sign_in(reseller_admin), [partnership.provider_id]
    end_partnership(partnership, actor=provider_admin.user)

    still = [
        client.post(reverse("subscriptions:suspend", args=[subscription.code])),
        client.post(reverse("subscriptions:reactivate", args=[subscription.code])),
        client.post(reverse("subscriptions:licences_assign", args=[subscription.code]), {"users": [user.pk]}),
        client.post(reverse("support:write", args=[asked.code]), {"text": "Here."}),
    ]
    gone = [client.post(reverse(f"resellers:{verb}", args=provider)) for verb in ("leave", "stay")]
    before = RelationshipRequest.objects.count()
    invited = client.post(reverse("customers:request_create"), {"partner": partnership.provider_id}, follow=True)
    resent = client.post(reverse("customers:request_send", args=[sent.code]), {"recipient": "c@d.example"})

    assert [each.status_code for each in still] == [302] * 4
    assert (LicenceAssignment.objects.count(), SupportMessage.objects.filter(text="Here.").count()) == (1, 1)
    assert [each.status_code for each in gone] == [404, 404]
    assert "Only active partners can ask a customer together." in invited.text
    assert RelationshipRequest.objects.count() == before
    assert (resent.status_code, RelationshipRequest.objects.get(pk=sent.pk).sent_at) == (200, None)
    of_provider = [
        sign_in(provider_admin).post(reverse(f"resellers:{verb}", args=[reseller.pk])) for verb in ("end", "keep")
    ]
    assert [each.status_code for each in of_provider] == [404, 404]

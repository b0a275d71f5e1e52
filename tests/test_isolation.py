"""Nobody reads or changes what is not theirs (design.md §4.1): ours, every page; the stranger's, every word."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from decimal import Decimal
from itertools import product
from json import dumps

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from activity.log import record
from activity.verbs import Verb
from customers.models import Customer, Relationship
from providers.models import Provider
from resellers.models import PartnerAccount
from resellers.partnerships import end_partnership
from subscriptions.models import Order, OrderDraft, ResellerOfRecord, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from tests.addresses import PATTERNS, PLAIN, arguments_of, behind_links
from tests.attack_tools import said, stored, text_of
from tests.factories import (
    BulkChangeFactory,
    ContactRequestFactory,
    CustomerFactory,
    LicenceAssignmentFactory,
    MarkupFactory,
    NoticeFactory,
    OfferFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    ProfileProposalFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    ResellerOfRecordFactory,
    StaffInvitationFactory,
    StatementFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.order_answers import account, chosen, draft_for, draft_of, line, submit

HTMX = {"HX-Request": "true", "HX-Target": "results"}
# Words of the stranger's world, each of which stands on some page of the stranger's.
WORDS = {
    *("Rhein", "Mosel", "Fluss", "Wupper", "77001", "fluss.onmicrosoft.com", "Loreley", "Burgplan", "EUR", "9,876.54"),
    *("66.6", "lotse@mosel.example", "lotse@wupper.example", "global-admin@rhein.example", "lehrling@rhein.example"),
    "Nahewein",
}


@pytest.fixture
def strange(stranger, strange_relationship):
    """All that a stranger can have: a customer, its order and subscription, a draft, a request, lines in the log."""
    relationship = strange_relationship
    Customer.objects.filter(pk=relationship.customer_id).update(primary_domain="fluss.onmicrosoft.com")
    relationship.customer.refresh_from_db()
    relationship.primary_domain = relationship.customer.primary_domain
    relationship.take_names()
    relationship.save()
    offer = OfferFactory(sku_title="Burgplan", market="DE", currency="EUR", unit_price=Decimal("9876.5400"))
    account_ = relationship.reseller.organisation.partner_accounts.get()
    draft = draft_for(stranger, relationship.customer)
    order = place_order(draft, lines=[Line(offer, 1, account_)], relationship=relationship, actor=stranger.user).order
    subscription = Subscription.objects.get(order_line__order=order)
    subscription.nickname, subscription.ends_at = "Loreley", timezone.now() + timedelta(days=9)
    subscription.support_contact = relationship.reseller
    subscription.take_names()
    subscription.save()
    request = PartnershipRequestFactory(
        provider=relationship.provider, created_by=stranger.user, recipient="lotse@mosel.example"
    )
    asking = RelationshipRequestFactory(
        provider=relationship.provider, created_by=stranger.user, recipient="lotse@wupper.example"
    )
    open_draft = draft_of(stranger, line(offer, reseller="77001"), company_name="Wupper", country="DE")
    question = SupportRequestFactory(
        subscription=subscription, title="Loreley", text="Wupper", opened_by__email="lotse@fluss.example"
    )
    # What is listed, everybody may read: tests/providers/test_public.py says what that is, and what is not.
    Provider.objects.filter(pk=relationship.provider_id).update(is_listed=False)
    contact = ContactRequestFactory(
        provider=relationship.provider, reseller=relationship.reseller, name="Wupper", message="Loreley"
    )
    invited = StaffInvitationFactory(
        organisation=stranger.organisation, created_by=stranger.user, recipient="lehrling@rhein.example"
    )
    given = LicenceAssignmentFactory(
        subscription=subscription,
        membership=member(relationship.customer.organisation, name="Fluss", email="lotse@wupper.example"),
    )
    return {
        "account": account_,
        "bulk": BulkChangeFactory(provider=relationship.provider, membership=stranger, subscription=subscription),
        "given": given,
        "notice": NoticeFactory(membership=stranger, names={"company": "Nahewein"}),
        "invited": invited,
        "markup": MarkupFactory(provider=relationship.provider, reseller=relationship.reseller, percent="66.60"),
        "contact": contact,
        "proposal": ProfileProposalFactory(provider=relationship.provider),
        "person": stranger,
        "relationship": relationship,
        "subscription": subscription,
        "question": question,
        "statement": StatementFactory(
            provider=relationship.provider, reseller=relationship.reseller, currency="EUR", total="9876.54"
        ),
        "order": order,
        "offer": offer,
        "request": request,
        "asking": asking,
        "draft": open_draft,
        "customer": relationship.customer_id,
        "reseller": relationship.reseller_id,
        "provider": relationship.provider_id,
    }


@pytest.fixture
def ours(provider_admin, relationship, subscription, reseller):
    """A little of everything of ours, so that our pages have rows, forms and pagers."""
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    ContactRequestFactory(provider=relationship.provider, reseller=reseller)
    ProfileProposalFactory(provider=relationship.provider)
    PartnershipRequestFactory(provider=relationship.provider, created_by=provider_admin.user)
    for by_reseller in (False, True):
        RelationshipRequestFactory(provider=relationship.provider, reseller=reseller, by_reseller=by_reseller)
    draft_of(provider_admin, line(subscription.offer))
    SupportRequestFactory(subscription=subscription, assignee=reseller.organisation)
    NoticeFactory(membership=provider_admin)
    StatementFactory(provider=relationship.provider, reseller=reseller)
    for role in (Role.USER_ADMIN, Role.HELPDESK_AGENT):
        member(relationship.provider.organisation, role, email=f"{role}@kita.example")
    return relationship


def cursor(*values) -> str:
    return urlsafe_b64encode(dumps(values, cls=DjangoJSONEncoder).encode()).decode().rstrip("=")


SEARCHED = ("q", "Fluss"), ("q", "77001"), ("q", "Loreley")
CHOSEN = {
    "activity:": (("q", "Rhein"), ("q", "global-admin@rhein.example"), ("q", "Loreley")),
    "resellers:": (("q", "Mosel"), ("q", "77001"), ("state", "sent"), ("sort", "provider__organisation__name")),
    "directory:": (("q", "Rhein"), ("country", "DE"), ("sort", "organisation__country")),
    "customers:": (
        *SEARCHED,
        ("q", "fluss.onmicrosoft.com"),
        ("reseller", "Mosel"),
        ("sort", "-domain"),
        ("state", "not_sent"),
    ),
    "incentives:": (("q", "Mosel"), ("month", "2026-11"), ("state", "no")),
    "notices:": (("q", "Nahewein"), ("state", "unread")),
    "statements:": (("reseller", "Mosel"), ("side", "owed"), ("month", "2026-10"), ("sort", "-month")),
    "orders:": (*SEARCHED, ("reseller", "77001")),
    "staff:": (("q", "rhein"), ("role", "global_admin"), ("state", "active"), ("state", "not_sent"), ("sort", "seen")),
    "support:": (*SEARCHED, ("status", "open"), ("severity", "moderate")),
    "subscriptions:": (*SEARCHED, ("q", "Burgplan"), ("reseller", "Mosel"), ("market", "DE"), ("market", "all")),
}


def questions(name: str, strange) -> list[dict[str, str]]:
    """What one may write behind ? to get at the stranger's rows, at this address."""
    row, order, subscription = strange["relationship"], strange["order"], strange["subscription"]
    customer, reseller = str(strange["customer"]), str(strange["reseller"])
    asked = [{}, *({key: value} for start, pairs in CHOSEN.items() if name.startswith(start) for key, value in pairs)]
    if name.startswith("customers:"):
        asked += [{"q": customer}, {"reseller": reseller}, {"provider": str(strange["provider"])}]
        asked += [{"open": customer, "of": str(strange["provider"])}]
    if name.startswith(("orders:", "subscriptions:")):
        asked += [{"customer": customer}, {"reseller": reseller}]
        asked += [{"q": order.number}, {"q": str(subscription.code)}]
    if name.startswith("statements:"):
        asked += [{"reseller": reseller}, {"provider": str(strange["provider"])}]
    if name.startswith("support:"):
        asked += [{"subscription": str(subscription.code)}]
    cursors = {
        "activity:list": cursor(10**9),
        "subscriptions:bulk_list": cursor(strange["bulk"].created_at, 0),
        "customers:requests": cursor(strange["asking"].created_at, strange["asking"].pk),
        "customers:list": cursor(row.sort_name, row.pk),
        "notices:list": cursor(strange["notice"].created_at, strange["notice"].pk + 1),
        "orders:list": cursor(order.placed_at, order.pk),
        "orders:drafts": cursor(strange["draft"].changed_at, 0),
        "directory:list": cursor("m", str(strange["provider"])),
        "resellers:contacts": cursor(strange["contact"].created_at, strange["contact"].pk),
        "resellers:list": cursor("m", 0),
        "resellers:requests": cursor(strange["request"].created_at, strange["request"].pk),
        "staff:list": cursor("", 0),
        "staff:invitations": cursor(strange["invited"].created_at, 0),
        "statements:list": cursor("2999-01-01", 1, 0),
        "support:list": cursor(strange["question"].changed_at, 0),
        "subscriptions:list": cursor(subscription.created_at, subscription.pk),
        "subscriptions:price_list": cursor("Burgplan", 0),
        "subscriptions:own_prices": cursor("Burgplan", 0),
        "subscriptions:markups": cursor("", "", "", 0),
        "incentives:list": cursor("m", 0),
        "incentives:uncredited": cursor("9999-12-31T00:00:00Z", 0),
    }
    return asked + [{way: cursors[name]} for way in ("after", "before") if name in cursors]


def everything_read(client, strange) -> str:
    """All that the addresses without a thing say, however they are asked, as pages and as fragments."""
    parts = []
    for name in PLAIN:
        is_ours = not name.startswith("account_") or name == "account_settings"
        for query in questions(name, strange) if is_ours else ():
            for headers in ({}, HTMX) if set(query) <= {"q"} else ({},):
                parts.append(read(client, name, query, headers))
    return "\n".join(parts)


def read(client, name: str, query: dict[str, str], headers: dict[str, str]) -> str:
    """What the address says, without what was asked: that stands in its own box again, and in the log of exports."""
    with transaction.atomic():
        response = client.get(reverse(name), query, headers=headers)
        text = text_of(response)
        transaction.set_rollback(True)
    assert response.status_code < 500, (name, query)
    for value in query.values():
        text = text.replace(value, "")
    return text


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin", "customer_admin"])
def test_no_list_export_fragment_or_search_tells_of_a_stranger(visitor, ours, strange, sign_in, request):
    client = sign_in(request.getfixturevalue(visitor))

    read = everything_read(client, strange)

    assert said(WORDS, read) == set()
    ids = [strange[name] for name in ("customer", "reseller", "provider")]
    codes = [
        strange[name].code
        for name in (
            "subscription",
            "bulk",
            "order",
            "offer",
            "draft",
            "request",
            "asking",
            "question",
            "invited",
            "contact",
            "notice",
            "statement",
        )
    ]
    assert [each for each in (*ids, *codes, strange["order"].number) if str(each) in read] == []


def test_the_stranger_does_find_all_of_it(strange, stranger, sign_in):
    """The words are good: each of them stands where a stranger looks, so that it could have stood on our pages."""
    client = sign_in(stranger)

    shown = "\n".join(text_of(client.get(reverse(name))) for name in PLAIN if not name.startswith("account_l"))

    assert WORDS - said(WORDS, shown) == set()


def addresses_of(strange) -> dict[str, str]:
    """Every address that concerns one thing, for the stranger's things."""
    return {name: reverse(name, args=each) for name, each in arguments_of(strange).items()}


@pytest.mark.parametrize("visitor", ["provider_admin", "reseller_admin", "customer_admin"])
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_a_strangers_things_are_not_found_by_any_verb(visitor, method, ours, strange, sign_in, request):
    client = sign_in(request.getfixturevalue(visitor))
    before = stored()

    answers = {name: getattr(client, method)(url) for name, url in addresses_of(strange).items()}

    found = {name: answer.status_code for name, answer in answers.items() if answer.status_code not in (404, 405)}
    assert found == {}
    if method == "post":
        assert [name for name, answer in answers.items() if answer.status_code == 405 and not _only_get(name)] == []
    assert said(WORDS, "".join(map(text_of, answers.values()))) == set()
    assert stored() == before


def _only_get(name: str) -> bool:
    return name in ("orders:detail",)


def test_every_address_of_a_thing_is_tried(strange):
    theirs = {name for name, entry in PATTERNS.items() if "<" in str(entry.pattern) and not name.startswith("account_")}
    assert theirs == arguments_of(strange).keys() | behind_links(strange).keys()


def test_acting_for_one_company_shows_nothing_of_the_other(provider_admin, stranger, ours, strange, sign_in):
    Membership.objects.create(user=provider_admin.user, organisation=stranger.organisation, roles=list(Role))
    client = sign_in(provider_admin)
    client.post(reverse("accounts:switch"), {"membership": provider_admin.pk})

    found = {name: client.get(url).status_code for name, url in addresses_of(strange).items()}

    assert [name for name, status in found.items() if status not in (404, 405)] == []
    assert client.get(reverse("customers:list")).context["page"].rows == [ours]


def test_get_on_what_changes_something_changes_nothing(
    addresses, subscription, reseller, provider_admin, reseller_admin, sign_in
):
    """Every address that there is, read by those who may do the most: nothing is different afterwards."""
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    RelationshipRequestFactory(provider=subscription.provider, reseller=reseller, by_reseller=True)
    # Far enough for every step.
    OrderDraft.objects.update(account=account(reseller), lines=[line(subscription.offer)])
    urls = [reverse(name, args=each) for name, each in addresses.items()]
    urls += [reverse(name) for name in PLAIN if name not in ("account_logout", "styleguide")]
    clients = [sign_in(provider_admin), sign_in(reseller_admin)]
    before = stored()

    for client, method, url in product(clients, ("get", "head", "options"), urls):
        response = getattr(client, method)(url)
        assert response.status_code in (200, 302, 404, 405), (method, url)

    assert stored() == before


# A customer with two providers


@pytest.fixture
def shared(ours, strange, stranger):
    """Aoba is Rhein's customer as well, there for Mosel; Sakura is Rhein's partner too, credited and supporting."""
    rhein = strange["relationship"].provider
    theirs = RelationshipFactory(
        provider=rhein, customer=ours.customer, reseller=strange["relationship"].reseller, company_name="Aobafluss"
    )
    PartnershipFactory(provider=rhein, reseller=ours.reseller)
    bought = SubscriptionFactory(relationship=theirs, nickname="Zollplan", support_contact=ours.reseller)
    sakura = ours.reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=bought, partner_account=sakura)
    record(
        Verb.NICKNAME_CHANGED,
        bought,
        actor=stranger.user,
        seen_by=[rhein.organisation, ours.customer.organisation],
        affected=ours.customer.organisation,
        subscription=bought.code,
        new="Zollplan",
    )
    return bought


THEIRS = {"Mosel", "Aobafluss", "Zollplan", "77001", "global-admin@rhein.example", "Loreley"}


def pages_about(customer, subscription) -> list[str]:
    return [
        *[reverse(f"customers:{name}", args=[customer]) for name in ("account", "row", "edit", "user_settings")],
        *[reverse(name) for name in ("customers:list", "customers:export", "orders:list", "orders:export")],
        *[reverse(f"{name}") + f"?customer={customer}" for name in ("orders:list", "subscriptions:list")],
        *[reverse(name) for name in ("subscriptions:list", "subscriptions:export", "overview", "activity:export")],
        reverse("subscriptions:customer", args=[customer]),
        reverse("subscriptions:detail", args=[subscription.code]),
        reverse("activity:list"),
    ]


def test_one_provider_does_not_see_what_its_customer_has_from_another(
    shared, ours, subscription, provider_admin, sign_in
):
    client = sign_in(provider_admin)

    read = "".join(text_of(client.get(url)) for url in pages_about(ours.customer_id, subscription))

    assert said(THEIRS | {"Rhein"}, read) == set()
    assert said({"Aoba", "Sakura"}, read) == {"Aoba", "Sakura"}
    facts = client.get(reverse("customers:account", args=[ours.customer_id])).context["facts"]
    assert [each.partner.name for each in facts.delegations] == ["Kita", "Sakura"]
    assert (len(facts.credit), sum(share.subscriptions for share in facts.support)) == (1, 1)
    with_their_provider = {"of": str(shared.provider_id)}
    assert client.get(reverse("customers:account", args=[ours.customer_id]), with_their_provider).status_code == 404


def test_a_reseller_sees_of_its_customer_only_what_came_through_its_own_provider(
    shared, ours, subscription, reseller_admin, sign_in
):
    """Credited for the other subscription, supporting it, partnered with its provider: none of it gives access (§3)."""
    client = sign_in(reseller_admin)

    read = "".join(text_of(client.get(url)) for url in pages_about(ours.customer_id, subscription))

    assert said(THEIRS, read) == set()
    assert [each.code for each in client.get(reverse("subscriptions:list")).context["page"]] == [subscription.code]
    their_order = shared.order_line.order.code
    urls = [reverse("subscriptions:detail", args=[shared.code]), reverse("orders:detail", args=[their_order])]
    urls.append(reverse("customers:account", args=[ours.customer_id]) + f"?of={shared.provider_id}")
    assert [client.get(url).status_code for url in urls] == [404] * 3
    assert client.post(urls[0], {"nickname": "Mine"}).status_code == 404


def test_a_customer_sees_all_of_its_own_and_no_price(shared, ours, subscription, customer_admin, sign_in):
    Subscription.objects.update(unit_price="54321", currency="JPY")
    Order.objects.get(pk=shared.order_line.order_id).lines.update(unit_price="54321")
    client = sign_in(customer_admin)

    listed = {each.code for each in client.get(reverse("subscriptions:list")).context["page"]}
    pages = [*pages_about(ours.customer_id, subscription), reverse("subscriptions:detail", args=[shared.code])]
    pages += [reverse("orders:detail", args=[each.order_line.order.code]) for each in (subscription, shared)]
    read = "".join(text_of(client.get(url)) for url in pages)

    assert listed == {subscription.code, shared.code}
    assert said({"Aoba", "Zollplan"}, read) == {"Aoba", "Zollplan"}
    assert said({"Fluss", "Loreley", "54,321", "54321", "543,210", "543210"}, read) == set()


def test_credit_and_support_alone_show_a_reseller_nothing(ours, subscription, provider, sign_in):
    other = ready_reseller("Momiji", number="0099")
    PartnershipFactory(provider=provider, reseller=other)
    ResellerOfRecord.objects.update(partner_account=other.organisation.partner_accounts.get())
    Subscription.objects.update(support_contact=other)
    client = sign_in(member(other.organisation, *Role))

    lists = ["customers:list", "orders:list", "subscriptions:list"]
    urls = [
        *[reverse(f"subscriptions:{name}", args=[subscription.code]) for name in ("detail", "suspend", "reactivate")],
        *[reverse(f"customers:{name}", args=[ours.customer_id]) for name in ("account", "edit", "reset_password")],
        reverse("orders:detail", args=[subscription.order_line.order.code]),
    ]

    assert [client.get(reverse(name)).context["page"].rows for name in lists] == [[], [], []]
    assert [client.get(url).status_code for url in urls] == [404] * 7
    assert "Aoba" not in "".join(text_of(client.get(reverse(name.replace("list", "export")))) for name in lists)


def test_a_reseller_does_not_see_another_resellers_customers(ours, provider, reseller_admin, sign_in):
    other = ready_reseller("Momiji", number="0099")
    PartnershipFactory(provider=provider, reseller=other)
    theirs = RelationshipFactory(
        provider=provider, reseller=other, customer=CustomerFactory(organisation__name="Kaede")
    )
    bought = SubscriptionFactory(relationship=theirs, nickname="Kaedeplan")
    nobodys = RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name="Tsubaki"))
    client = sign_in(reseller_admin)

    assert client.get(reverse("customers:list")).context["page"].rows == [ours]
    urls = [reverse("customers:account", args=[each.customer_id]) for each in (theirs, nobodys)]
    urls.append(reverse("subscriptions:detail", args=[bought.code]))
    assert [client.get(url).status_code for url in urls] == [404] * 3


def test_after_the_end_of_a_partnership_everything_but_the_partnership_stays(
    ours, subscription, partnership, provider_admin, reseller_admin, sign_in
):
    """design.md §4.9: the customers stay the reseller's, credit and support stay; it is offered to nobody any more."""
    Subscription.objects.update(support_contact=partnership.reseller)
    reseller, admin = sign_in(reseller_admin), sign_in(provider_admin)
    before = stored("resellers_partnership", "outbox_notice", "outbox_outgoingemail")
    end_partnership(partnership, actor=provider_admin.user)

    assert stored("resellers_partnership", "outbox_notice", "outbox_outgoingemail") == before
    assert reseller.get(reverse("customers:list")).context["page"].rows == [ours]
    assert [each.code for each in reseller.get(reverse("subscriptions:list")).context["page"]] == [subscription.code]
    credited = reseller.get(reverse("subscriptions:credited")).context["page"]
    assert [each.subscription.code for each in credited] == [subscription.code]
    supported = reseller.get(reverse("subscriptions:supported")).context["page"]
    assert [each.code for each in supported] == [subscription.code]
    assert reseller.get(reverse("resellers:providers")).context["page"].rows == []
    assert admin.get(reverse("resellers:list")).context["page"].rows == []
    new = admin.get(reverse("orders:new")).context["form"].fields["reseller"]
    assert [value for value, _label in new.widget.choices] == [""]
    page = admin.get(reverse("orders:add", args=[ours.customer_id]))
    assert list(page.context["basket"].partners) == [("", "No indirect reseller")]
    detail = admin.get(reverse("subscriptions:detail", args=[subscription.code])).context["form"]
    assert [str(label) for _value, label in detail.fields["reseller"].widget.choices] == [
        "No indirect reseller",
        "Sakura (ID: 0012345) – partnership ended",
    ]
    assert [label for _value, label in detail.fields["support_contact"].widget.choices] == [
        "Kita",
        "Sakura – partnership ended",
    ]


# Choices, and what may be asked while typing


def test_choices_are_partners_of_ones_own(ours, strange, subscription, provider_admin, sign_in):
    client = sign_in(provider_admin)
    sakura = str(ours.reseller_id)

    lists = [client.get(reverse(name)).context["filters"] for name in ("customers:list", "subscriptions:list")]
    new = client.get(reverse("orders:new")).context["form"]
    basket = client.get(reverse("orders:add", args=[ours.customer_id])).context["basket"]
    detail = client.get(reverse("subscriptions:detail", args=[subscription.code])).context["form"]
    prices = client.get(reverse("subscriptions:price_list")).context["filters"]

    assert [[str(value) for value, _label in each["reseller"].field.widget.choices] for each in lists] == [
        ["", "none", sakura]
    ] * 2
    assert [value for value, _label in new.fields["reseller"].widget.choices] == ["", sakura]
    assert [value for value, _label in new.fields["country"].choices] == ["JP"]
    assert list(basket.partners) == [("", "No indirect reseller"), ("0012345", "Sakura (ID: 0012345)")]
    assert [value for value, _label in detail.fields["reseller"].widget.choices] == ["", "0012345"]
    assert [value for value, _label in detail.fields["support_contact"].widget.choices] == ["", sakura]
    assert [value for value, _label in prices.fields["market"].choices] == ["JP", "all"]
    assert [
        each.market for each in client.get(reverse("subscriptions:price_list"), {"market": "all"}).context["page"]
    ] == ["JP"]


NOT_PARTNER = (
    "77001 belongs to Mosel, which is not your partner. "
    "Request a partnership first; once it is authorized you can credit it."
)


@pytest.mark.parametrize("address", ["orders:verify", "subscriptions:verify"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("77001", NOT_PARTNER),
        ("0077001", NOT_PARTNER),
        ("880011", "880011 is the global account (PGA) of Mosel, which cannot transact. "
         "Ask Mosel for the number of its location account (PLA)."),
        ("880012", "880012 is a location account of Mosel, but not the one associated with its Partner Center account. "
         "Ask Mosel for the associated MPN ID."),
        ("880013", "880013 belongs to Rhein, which is not an indirect reseller."),
        ("880099", "No company here has the MPN ID 880099. Check the number with the reseller."),
    ],
)  # fmt: skip
def test_verify_tells_of_a_stranger_the_name_and_nothing_else(address, number, words, strange, provider_admin, sign_in):
    mosel, rhein = strange["relationship"].reseller.organisation, strange["relationship"].provider.organisation
    PartnerAccountFactory(organisation=mosel, number="880011", kind="global", is_associated=False)
    PartnerAccountFactory(organisation=mosel, number="880012", is_associated=False)
    PartnerAccountFactory(organisation=rhein, number="880013")

    response = sign_in(provider_admin).get(reverse(address), {"mpn_id": number})

    plain = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    assert plain in (words, f"Error: {words}", f"Error {words}")
    assert PartnerAccount.objects.filter(number=number.lstrip("0")).exists() is (number != "880099")


def test_check_domain_tells_free_or_taken_and_not_by_whom(ours, strange, provider_admin, sign_in):
    client = sign_in(provider_admin)

    ask = {prefix: client.get(reverse("orders:check_domain"), {"domain_prefix": prefix}).content.decode()
           for prefix in ("aoba", "fluss", "free")}  # fmt: skip

    assert ask["fluss"] == ask["aoba"].replace("aoba", "fluss")
    assert said(WORDS - {"fluss.onmicrosoft.com"}, ask["fluss"]) == set()
    assert "free.onmicrosoft.com is free." in ask["free"]


# A stranger's id where ours is expected


def test_a_strangers_reseller_is_not_taken_for_a_new_customer(ours, strange, provider_admin, sign_in):
    client = sign_in(provider_admin)
    mosel = strange["relationship"].reseller
    offer = OfferFactory()

    response = client.post(reverse("orders:new"), account(mosel))
    draft = draft_of(provider_admin, line(offer), reseller=mosel)
    before = stored("resellers_partnership")
    review = client.get(reverse("orders:review", args=[draft.code]))
    client.post(reverse("orders:submit", args=[draft.code]), {"reviewed": "anything"})

    assert response.context["form"].errors.as_data()["reseller"][0].code == "invalid_choice"
    assert review.status_code == 302
    assert stored("resellers_partnership") == before
    assert "Mosel" not in response.content.decode()


@pytest.mark.parametrize("what", ["offer", "mpn_id"])
def test_a_strangers_offer_or_number_is_not_ordered(what, ours, strange, provider_admin, sign_in):
    client = sign_in(provider_admin)
    offer = strange["offer"] if what == "offer" else OfferFactory()
    number = "77001" if what == "mpn_id" else ""
    orders = Order.objects.count()

    response = client.post(
        reverse("orders:add", args=[ours.customer_id]), chosen(offer, number=number, action="next", licences=1)
    )

    assert response.status_code == 200
    assert Order.objects.count() == orders
    basket = response.context["basket"]
    codes = [each.code for each in basket.problems]
    codes += [error.code for each in basket.lines for errors in each.errors.as_data().values() for error in errors]
    assert codes == {"offer": ["offer_unknown"], "mpn_id": ["mpn_not_partnered"]}[what]
    assert said({"Burgplan", "9,876.54"}, response.content.decode()) == set()


@pytest.mark.parametrize("field", ["support_contact", "mpn_id", "reseller"])
def test_a_strangers_reseller_is_neither_credited_nor_designated(
    field, ours, strange, subscription, provider_admin, sign_in
):
    client = sign_in(provider_admin)
    url = reverse("subscriptions:detail", args=[subscription.code])
    form = client.get(url).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    before = stored()

    response = client.post(url, typed | {field: str(strange["reseller"]) if field == "support_contact" else "77001"})

    assert [list(response.context["form"].errors), stored() == before] == [[field], True]


@pytest.mark.parametrize("page", ["new", "add"])
def test_a_strangers_draft_is_no_key_of_ours(page, ours, strange, provider_admin, sign_in):
    """The hidden code makes twice the click one draft; another provider's code is not found, its draft untouched."""
    client, draft = sign_in(provider_admin), strange["draft"]
    before = stored()
    url = reverse("orders:new") if page == "new" else reverse("orders:add", args=[ours.customer_id])
    answers = account(ours.reseller) if page == "new" else chosen(OfferFactory(sku_title="Ours"))

    with transaction.atomic():
        response = client.post(url, answers | {"code": str(draft.code)})

    assert response.status_code == 404
    assert stored("subscriptions_offer") == {
        name: rows for name, rows in before.items() if name != "subscriptions_offer"
    }
    assert client.get(reverse("orders:draft", args=[draft.code])).status_code == 404


def test_a_strangers_customer_of_the_same_draft_code_is_another_page(ours, provider_admin, sign_in):
    """Our own draft's code on another customer's page is not that customer's draft either."""
    other = RelationshipFactory(provider=ours.provider)
    draft = draft_for(provider_admin, other.customer)

    response = sign_in(provider_admin).post(
        reverse("orders:add", args=[ours.customer_id]), chosen(OfferFactory()) | {"code": str(draft.code)}
    )

    draft.refresh_from_db()
    assert (response.status_code, draft.lines, draft.customer) == (404, [], other.customer)


def test_a_domain_of_a_strangers_customer_stays_its_own(ours, strange, provider_admin, sign_in):
    draft = draft_of(provider_admin, line(OfferFactory()), domain_prefix="FLUSS")
    client = sign_in(provider_admin)
    before = Relationship.objects.count()

    page = client.get(reverse("orders:account", args=[draft.code]))

    assert page.context["form"].errors.as_data()["domain_prefix"][0].code == "domain_taken"
    assert said(WORDS - {"fluss.onmicrosoft.com"}, page.content.decode()) == set()
    assert client.get(reverse("orders:review", args=[draft.code])).status_code == 302
    assert Relationship.objects.count() == before


def test_what_is_submitted_is_seen_by_those_who_were_there(ours, strange, stranger, provider_admin, sign_in):
    """The positive side of the log: the new customer's lines are ours, and the stranger's log is as it was."""
    client = sign_in(provider_admin)
    lines = [each.pk for each in sign_in(stranger).get(reverse("activity:list")).context["page"]]
    draft = draft_of(provider_admin, line(OfferFactory()), reseller=ours.reseller)

    assert submit(client, draft).status_code == 200

    assert [each.pk for each in sign_in(stranger).get(reverse("activity:list")).context["page"]] == lines
    assert "order_placed" in [each.verb for each in client.get(reverse("activity:list")).context["page"]]

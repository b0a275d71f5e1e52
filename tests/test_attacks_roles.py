"""Every button, pressed by every role (design.md §5): done, or 403 with the roles that could, and then nothing changed.

The table is design.md's, written down a second time on purpose: accounts/roles.py is what is tested.
"""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.access import RoleMissing
from accounts.roles import Permission, Role
from activity.models import Activity
from resellers.models import Partnership
from subscriptions.cancelling import cancellation
from subscriptions.changes import Changes, quote_changes, submit_changes
from subscriptions.conversions import quote_conversion
from subscriptions.models import OrderDraft
from subscriptions.quotes import Quote
from subscriptions.upgrades import quote_upgrade
from tests.addresses import OUR_VIEWS
from tests.attack_tools import stored, text_of
from tests.factories import (
    MarkupFactory,
    OfferFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.lives import planned
from tests.subscriptions.order_answers import account, chosen, draft_of, line, url
from tests.subscriptions.submitting import as_it_is
from tests.test_attacks_sides import TABLE as SIDES

ROLES = list(Role)
# Global admin, User management admin, Admin agent, Sales agent, Helpdesk agent, Billing admin
SEED, SELL, HELP, TENDER = "WWWW--", "W-WW--", "WWWWW-", "W-WWW-"
PRICES_TOO = "W-W--W"
NOBODY, SIGN = "------", "W-----"

# what is done                 a provider's people   a reseller's people (404: not theirs to do at all)
TABLE = {
    "resellers:request_create": (SEED, 404),
    "resellers:request": (SEED, 404),
    "resellers:request_language": (SEED, 404),
    "resellers:request_send": (SEED, 404),
    "resellers:request_send_again": (SEED, 404),
    "resellers:request_withdraw": (SEED, 404),
    "resellers:end": (SEED, 404),
    "orders:new": (SEED, 404),
    "orders:add": (SEED, 404),
    "orders:account": (SEED, 404),
    "orders:subscriptions": (SEED, 404),
    "orders:submit": (SEED, 404),
    "orders:cancel": (SEED, 404),
    "customers:edit": (TENDER, TENDER),
    "customers:reset_password": (TENDER, TENDER),
    "subscriptions:suspend": (SELL, SELL),
    "subscriptions:reactivate": (SELL, SELL),
    "subscriptions:cancel": (SELL, 404),
    "subscriptions:plan": (HELP, HELP),
    "subscriptions:plan_withdraw": (HELP, HELP),
    "subscriptions:upgrade": (SEED, 404),
    "subscriptions:convert": (SEED, 404),
    "detail nickname": (HELP, HELP),
    "detail licences": (HELP, HELP),
    "detail auto_renew": (HELP, HELP),
    "detail mpn_id": (SEED, NOBODY),
    "detail support_contact": (HELP, HELP),  # answered with an error: a reseller is offered nobody to choose
    "detail verify": (SEED, NOBODY),
    "subscriptions:verify": (SEED, 404),
    "subscriptions:markup_add": (PRICES_TOO, 404),
    "subscriptions:markup_edit": (PRICES_TOO, 404),
    "subscriptions:markup_remove": (PRICES_TOO, 404),
    "orders:verify": (SEED, 404),
    "resellers:sign_agreement": (404, SIGN),
}
# Buttons for everybody, and those behind a link, which tests/test_attacks_links.py and test_personal_links.py press.
OTHERS = {
    *("set_language", "accounts:switch", "accounts:new_password", "accounts:profile", "resellers:enrol"),
    "notices:read",  # one's own: tests/outbox/test_notice_views.py
    *(f"{room}:{verb}" for room in ("resellers", "customers") for verb in ("authorize", "decline")),
    *("staff:accept", "staff:decline"),
}
READING = {
    *("overview", "account_settings", "health", "styleguide", "activity:list", "activity:export", "notices:list"),
    *("robots", "sitemap", "directory:list", "directory:entry", "directory:own"),
    *(f"resellers:{name}" for name in ("list", "export", "requests", "providers", "contacts", "contact_export")),
    *(f"resellers:{name}" for name in ("enrolment_status", "accounts", "invitation", "invitation_return")),
    *(f"staff:{name}" for name in ("list", "export", "person", "invitations", "join", "join_return")),
    *(f"customers:{name}" for name in ("list", "export", "account", "row", "partners", "user_settings")),
    *(f"customers:{name}" for name in ("requests", "invitation", "invitation_return")),
    *(f"orders:{name}" for name in ("list", "export", "detail", "drafts", "partners", "check_domain")),
    *(f"orders:{name}" for name in ("address_fields", "draft", "review", "confirmation")),
    *(f"subscriptions:{name}" for name in ("list", "export", "price_list", "price_list_export", "customer")),
    *(
        f"subscriptions:{name}{end}"
        for name in ("credited", "supported", "users", "licences", "own_prices", "markups")
        for end in ("", "_export")
    ),
    *(f"subscriptions:bulk_{name}" for name in ("list", "detail", "export")),
    *(f"incentives:{name}{end}" for name in ("detail", "uncredited") for end in ("", "_export")),
    *(
        "incentives:list",
        "incentives:export",
        "subscriptions:user_licences",
        "subscriptions:history",
        "subscriptions:history_export",
        "subscriptions:renewals",
        "subscriptions:renewals_export",
        "support:list",
        "support:export",
        "support:detail",
    ),
    *(f"statements:{name}" for name in ("list", "export", "detail", "reconciliation")),
}


class Stage:
    """What there is to press buttons on: each button as its address and what is typed."""

    def __init__(self, relationship, admin):
        provider = relationship.provider
        self.provider, self.relationship = provider, relationship
        self.other = ready_reseller("Momiji", number="0077")
        PartnershipFactory(provider=provider, reseller=self.other)
        self.offer = OfferFactory(tags=["UpgradesTo:BIGGER:0001"])
        self.bigger = OfferFactory(product_id="BIGGER")
        self.subscription = SubscriptionFactory(relationship=relationship, offer=self.offer)
        planned(self.subscription, self.offer, 5)
        tried = OfferFactory(category="trial", term="P1M", tags=["ConvertsTo:BIGGER:0001"])
        self.trial = SubscriptionFactory(relationship=relationship, offer=tried, trial_of=tried.sku)
        self.request = PartnershipRequestFactory(provider=provider, created_by=admin.user, recipient="a@sakura.example")
        self.draft = draft_of(admin, line(self.offer))
        self.markup = MarkupFactory(provider=provider, set_by=admin.user)
        member(relationship.customer.organisation, Role.GLOBAL_ADMIN)

    def press(self, client, name):
        address, typed = getattr(self, name.replace(" ", "_").replace(":", "_"), None) or self.plain(name), {}
        if callable(address):
            address, typed = address(client)
        method = client.get if name.endswith(":verify") else client.post
        return method(address, typed)

    def plain(self, name):
        codes = {"orders": self.draft.code, "resellers": self.request.code, "subscriptions": self.subscription.code}
        takes_nothing = name in ("resellers:request_create", "subscriptions:verify", "orders:verify")
        return reverse(name, args=[] if takes_nothing else [codes[name.partition(":")[0]]])

    def form_of(self, client, address):
        response = client.get(address)
        if response.status_code != 200:
            return {}
        form = response.context["form"]
        return {name: form[name].value() or "" for name in form.fields}

    def resellers_request(self, client):
        address = reverse("resellers:request", args=[self.request.code])
        return address, self.form_of(client, address) | {"subject": "Changed"}

    def resellers_request_send(self, client):
        return reverse("resellers:request_send", args=[self.request.code]), self.resellers_request(client)[1]

    def resellers_request_language(self, client):
        return reverse("resellers:request_language", args=[self.request.code]), self.resellers_request(client)[1]

    def resellers_end(self, client):
        return reverse("resellers:end", args=[self.relationship.reseller_id]), {}

    def resellers_sign_agreement(self, client):
        return reverse("resellers:sign_agreement"), {"signer_name": "Somebody", "agreed": "on"}

    def orders_new(self, client):
        return reverse("orders:new"), account(domain_prefix="tsubaki")

    def orders_add(self, client):
        return reverse("orders:add", args=[self.relationship.customer_id]), chosen(self.offer, action="next")

    def orders_account(self, client):
        return url("account", self.draft), account(domain_prefix="tsubaki")

    def orders_subscriptions(self, client):
        return url("subscriptions", self.draft), chosen(self.offer, licences=7)

    def orders_submit(self, client):
        page = client.get(url("review", self.draft))
        reviewed = page.context["answers"].version if page.status_code == 200 else ""
        return url("submit", self.draft), {"reviewed": reviewed}

    def customers_edit(self, client):
        address = reverse("customers:edit", args=[self.relationship.customer_id])
        japanese = account(language="en", email="new@aoba.example")
        return address, self.form_of(client, address) | {
            name: japanese[name] for name in ("address_line1", "city", "state", "postal_code", "email")
        }

    def customers_reset_password(self, client):
        return reverse("customers:reset_password", args=[self.relationship.customer_id]), {}

    def subscriptions_markup_add(self, client):
        return reverse("subscriptions:markup_add"), {"percent": "5", "reseller": str(self.other.pk)}

    def subscriptions_markup_edit(self, client):
        return reverse("subscriptions:markup_edit", args=[self.markup.pk]), {"percent": "5"}

    def subscriptions_markup_remove(self, client):
        return reverse("subscriptions:markup_remove", args=[self.markup.pk]), {}

    def subscriptions_cancel(self, client):
        shown = cancellation(self.subscription, moment=timezone.now())
        return reverse("subscriptions:cancel", args=[self.subscription.code]), _agreed(shown.quote)

    def subscriptions_plan(self, client):
        same = {"offer": self.offer.code, "licences": 7}
        return reverse("subscriptions:plan", args=[self.subscription.code]), same

    def subscriptions_upgrade(self, client):
        quote = quote_upgrade(self.subscription, self.bigger, moment=timezone.now())
        chosen = {"offer": self.bigger.code, **_agreed(quote)}
        return reverse("subscriptions:upgrade", args=[self.subscription.code]), chosen

    def subscriptions_convert(self, client):
        quote = quote_conversion(self.trial, self.bigger, 3, moment=timezone.now())
        chosen = {"offer": self.bigger.code, "licences": 3, **_agreed(quote)}
        return reverse("subscriptions:convert", args=[self.trial.code]), chosen

    def subscriptions_reactivate(self, client):
        type(self.subscription).objects.update(status="suspended")
        return reverse("subscriptions:reactivate", args=[self.subscription.code]), {}

    def _detail(self, **changes):
        address = reverse("subscriptions:detail", args=[self.subscription.code])
        same = {"revision": 1, "nickname": self.offer.sku_title, "licences": 10, "auto_renew": "on"}
        return address, {key: value for key, value in (same | changes).items() if value is not None}

    def detail_nickname(self, client):
        return self._detail(nickname="Changed")

    def detail_licences(self, client):
        wanted = as_it_is(self.subscription, licences=11)
        quote = quote_changes(self.subscription, wanted, moment=timezone.now())
        return self._detail(licences=11, **_agreed(quote))

    def detail_auto_renew(self, client):
        return self._detail(auto_renew="False")

    def detail_mpn_id(self, client):
        return self._detail(mpn_id="0077")

    def detail_support_contact(self, client):
        return self._detail(support_contact=str(self.other.pk))

    def detail_verify(self, client):
        return self._detail(mpn_id="0077", verify="1")


def _agreed(quote: Quote) -> dict[str, str]:
    """The price was seen."""
    return {"quote": quote.agreement.token}


@pytest.fixture
def stage(relationship, provider_admin):
    return Stage(relationship, provider_admin)


def expected(answers: str | int) -> dict[str, str]:
    if isinstance(answers, int):
        return dict.fromkeys(ROLES, str(answers))
    return dict(zip(ROLES, ["done" if answer == "W" else "403" for answer in answers], strict=True))


def outcome(stage, client, name) -> str:
    """What pressing the button came to; afterwards it is undone for the next one."""
    with transaction.atomic():
        status = str(stage.press(client, name).status_code)  # what is looked at before pressing is undone as well
        transaction.set_rollback(True)
    return "done" if status in ("200", "302") else status


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("side", [0, 1], ids=["provider", "reseller"])
def test_each_role_may_press_what_the_table_says(name, side, stage, sign_in):
    organisation = stage.relationship.reseller.organisation if side else stage.provider.organisation
    people = {role: sign_in(member(organisation, role)) for role in ROLES}

    answers = {role: outcome(stage, people[role], name) for role in ROLES}

    assert answers == expected(TABLE[name][side])


@pytest.mark.parametrize("name", TABLE)
def test_a_customers_people_press_none_of_it(name, stage, sign_in):
    clients = [sign_in(member(stage.relationship.customer.organisation, role)) for role in ROLES]
    client = sign_in(member(stage.relationship.customer.organisation, *Role))
    before = stored()

    answers = {outcome(stage, each, name) for each in (client, *clients)}

    assert answers == ({"403"} if name.startswith("detail") else {"404"})
    assert stored() == before


@pytest.mark.parametrize(
    ("name", "role"),
    [(name, role) for name, (answers, _reseller) in TABLE.items() if isinstance(answers, str)
     for role, answer in zip(ROLES, answers, strict=True) if answer == "-"],
)  # fmt: skip
def test_what_is_refused_changes_nothing_and_is_remembered(name, role, stage, sign_in):
    who = member(stage.provider.organisation, role)
    client = sign_in(who)
    if name == "subscriptions:reactivate":
        type(stage.subscription).objects.update(status="suspended")
    before = stored()

    response = stage.press(client, name)

    assert response.status_code == 403
    assert stored() == before
    refused = [(each.verb, each.refusal, each.actor) for each in Activity.objects.visible_to(who)]
    assert refused == ([] if name.endswith(":verify") else [("access_refused", "role_missing", who.user)])


def test_allowed_buttons_do_what_they_say(stage, provider_admin, sign_in):
    """The table is worth something: for the Global admin every button of the provider changes something stored."""
    client, still = sign_in(provider_admin), []
    before = stored()

    for name, (answers, _reseller) in TABLE.items():
        if answers != 404 and "verify" not in name:
            with transaction.atomic():
                stage.press(client, name)
                still += [name] if stored() == before else []
                transaction.set_rollback(True)

    assert still == []


def test_every_button_there_is_is_in_the_table():
    pressed = {name for name in TABLE if " " not in name} | {"subscriptions:detail", *SIDES}

    assert OUR_VIEWS.keys() - READING - OTHERS == pressed


@pytest.mark.parametrize(
    ("permission", "name"),
    [
        (Permission.REMOVE_PARTNERSHIP, "resellers:end"),
        (Permission.PLACE_ORDERS, "orders:submit"),
        (Permission.CHANGE_CREDIT, "detail mpn_id"),
        (Permission.EDIT_CUSTOMERS, "customers:edit"),
    ],
)
def test_a_restriction_narrows_and_never_widens(permission, name, stage, sign_in, settings):
    settings.ROLE_RESTRICTIONS = {permission.value: ["global_admin", "admin_agent", "billing_admin"]}
    people = {role: sign_in(member(stage.provider.organisation, role)) for role in ROLES}

    answers = {role: outcome(stage, people[role], name) for role in ROLES}

    assert [role for role, answer in answers.items() if answer == "done"] == [Role.GLOBAL_ADMIN, Role.ADMIN_AGENT]
    assert {answers[role] for role in ROLES if role not in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)} == {"403"}


@pytest.mark.parametrize(
    ("change", "permission"),
    [
        ({"nickname": "Changed"}, Permission.EDIT_SUBSCRIPTIONS),
        ({"licences": 11}, Permission.EDIT_SUBSCRIPTIONS),
        ({"auto_renew": False}, Permission.EDIT_SUBSCRIPTIONS),
        ({"mpn_id": "0077"}, Permission.CHANGE_CREDIT),
        ({"mpn_id": "999"}, Permission.CHANGE_CREDIT),  # whether the number is right is not said to those who may not
        ({"support_contact": "other"}, Permission.DESIGNATE_SUPPORT),
    ],
)
def test_the_domain_asks_for_the_role_as_well(change, permission, stage, billing_admin):
    """Whoever calls submit_changes(), from whatever page: all or nothing, decided by the roles of the member."""
    same = {"nickname": stage.offer.sku_title, "licences": 10, "auto_renew": True, "mpn_id": ""}
    wanted = {"support_contact": None} | same | change
    if wanted["support_contact"] == "other":
        wanted["support_contact"] = stage.other
    before = stored()

    with pytest.raises(RoleMissing) as refused, transaction.atomic():
        submit_changes(stage.subscription, Changes(**wanted), revision=1, membership=billing_admin)

    assert refused.value.permission == permission
    assert stored() == before


def test_half_allowed_is_not_done_by_half(stage, helpdesk, sign_in):
    """A helpdesk agent may rename and may not change credit: together, neither happens."""
    client = sign_in(helpdesk)
    before = stored()

    response = client.post(*stage._detail(nickname="Changed", mpn_id="0077"))

    assert response.status_code == 403
    assert stored() == before


@pytest.mark.parametrize("whom", ["other", "itself", "another provider's"])
def test_a_reseller_designates_nobody(whom, stage, reseller_admin, strange_relationship, sign_in):
    chosen_one = {"other": stage.other, "itself": stage.relationship.reseller}.get(whom, strange_relationship.reseller)
    client = sign_in(reseller_admin)
    before = stored()

    response = client.post(*stage._detail(support_contact=str(chosen_one.pk)))

    assert list(response.context["form"].errors) == ["support_contact"]
    assert stored() == before


def test_roles_taken_away_meanwhile_count_at_once(stage, sales_agent, sign_in):
    client = sign_in(sales_agent)
    assert client.get(url("review", stage.draft)).status_code == 200
    sales_agent.roles = []
    sales_agent.save(update_fields=["roles"])

    assert client.post(url("submit", stage.draft)).status_code == 403
    assert client.get(reverse("customers:list")).status_code == 403
    assert [OrderDraft.objects.open().count(), Partnership.objects.active().count()] == [1, 2]


# Prices (design.md §5, the last row)

PRICE = {"54,321", "54321", "543,210", "543210"}


@pytest.fixture
def priced(stage, reseller):
    """A subscription and its order at 54,321 a licence, and an offer at the same price in a draft.

    Resellers pay a tenth more: their own price and the ERP price they may read, the provider's they may not.
    """
    offer = OfferFactory(unit_price=54321, erp_price=66666)
    bought = SubscriptionFactory(relationship=stage.relationship, offer=offer, markup=10)
    ResellerOfRecordFactory(subscription=bought, partner_account=reseller.organisation.partner_accounts.get())
    stage.draft.lines = [line(offer)]
    stage.draft.save()
    return bought


def read_with_prices(client, priced, stage) -> str:
    names = ["overview", "orders:list", "orders:export", "orders:drafts", "subscriptions:list", "subscriptions:export"]
    names += ["subscriptions:own_prices", "subscriptions:own_prices_export", "incentives:list", "incentives:export"]
    names += ["subscriptions:price_list", "subscriptions:price_list_export", "activity:list", "activity:export"]
    things = [("orders:detail", priced.order_line.order.code), ("subscriptions:detail", priced.code)]
    things += [(f"customers:{name}", stage.relationship.customer_id) for name in ("account", "row")]
    things += [(f"orders:{name}", stage.draft.code) for name in ("subscriptions", "review")]
    things += [(f"subscriptions:{name}", priced.code) for name in ("plan", "upgrade", "cancel", "history")]
    things += [("subscriptions:customer", priced.customer_id), ("orders:add", priced.customer_id)]
    answers = [client.get(reverse(name)) for name in names]
    answers += [client.get(reverse(name, args=[thing])) for name, thing in things]
    answers += [
        client.post(url("subscriptions", stage.draft), chosen(priced.offer), headers={"HX-Request": "true", **part})
        for part in ({"HX-Target": "total"}, {"HX-Target": "order"}, {"HX-Target": "catalogue"})
    ]
    search = {"q": priced.offer.sku_title}
    answers += [client.get(url("subscriptions", stage.draft), search)]
    answers += [client.post(url("submit", stage.draft), {"reviewed": "another price"})]
    return "".join(map(text_of, answers))


@pytest.mark.parametrize("role", ROLES)
def test_prices_are_for_those_who_may_see_them(role, priced, stage, sign_in):
    """Also for those who may order without seeing prices: not in a total, a fragment, a hidden field or the log."""
    read = read_with_prices(sign_in(member(stage.provider.organisation, role)), priced, stage)

    sees = role not in (Role.USER_ADMIN, Role.HELPDESK_AGENT)
    assert any(price in read for price in PRICE) is sees


@pytest.mark.parametrize("side", ["reseller", "customer"])
def test_prices_are_the_providers_own_business(side, priced, stage, sign_in):
    organisation = getattr(stage.relationship, side).organisation

    read = read_with_prices(sign_in(member(organisation, *Role)), priced, stage)

    assert [price for price in PRICE if price in read] == []
    assert priced.nickname in read

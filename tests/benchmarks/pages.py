"""What is measured: each main page, and Submit."""

from collections.abc import Iterator
from urllib.parse import quote

from django.db.models import Model
from django.urls import reverse

from accounts.roles import Kind
from customers.models import Relationship
from resellers.models import Partnership
from subscriptions.models import Order, Subscription
from tests.benchmarks import stage
from tests.benchmarks.stage import Actor

Visit = tuple[str, dict[str, str] | None]


def visits(actor: Actor, *, times: int) -> Iterator[tuple[str, list[Visit]]]:
    """Name and visits of everything that is measured: the same page so many times, and as many different Submits."""
    for name, path in ADDRESSES[actor.membership.kind](actor):
        yield name, [(path, None)] * times
    if actor.membership.kind != Kind.PROVIDER:
        return
    drafts = stage.drafts(actor, times)
    form = {"csrfmiddlewaretoken": stage.CSRF}
    yield (
        "Submit: a new customer, 3 subscriptions",
        [(reverse("orders:submit", args=[code]), {**form, "reviewed": reviewed}) for code, reviewed in drafts],
    )


def of_provider(actor: Actor) -> list[tuple[str, str]]:
    """Name and address of every page of a provider of this size."""
    customer = middle(Relationship, actor).customer_id
    customers, subscriptions = reverse("customers:list"), reverse("subscriptions:list")
    looked_after = actor.provider.relationships.order_by("pk").first().customer_id  # whose people sides.sql adds
    reseller = Partnership.objects.filter(provider=actor.provider).order_by("pk").first().reseller_id
    return [
        ("Overview", reverse("overview")),
        ("Indirect resellers", reverse("resellers:list")),
        ("Requests", reverse("resellers:requests")),
        ("Remove partnership (counts)", reverse("resellers:end", args=[reseller])),
        ("Customers", customers),
        ("Customers, far into the list", f"{customers}?sort=-domain"),
        ("Customers, filtered by reseller", f"{customers}?reseller={reseller}"),
        ("Customers, searched (3 letters)", f"{customers}?q=sak"),
        ("Customers, searched (2 kanji)", f"{customers}?q={quote('北斗')}"),
        ("Customers, searched (one hit)", f"{customers}?q={customer}"),
        ("Customers, searched (no hit)", f"{customers}?q=nobody-has-this"),
        ("A customer: Account", reverse("customers:account", args=[customer])),
        ("A customer: Subscriptions", reverse("subscriptions:customer", args=[customer])),
        ("Subscriptions", subscriptions),
        ("Subscriptions, searched (no hit)", f"{subscriptions}?q=nobody-has-this"),
        ("Subscriptions, of a product", f"{subscriptions}?product=plan"),
        ("Subscriptions, auto-renew off", f"{subscriptions}?auto_renew=off"),
        ("Subscriptions, ending in 30 days", f"{subscriptions}?renews=30"),
        ("Subscriptions, without reseller", f"{subscriptions}?reseller=none"),
        ("Renewals ahead", reverse("subscriptions:renewals")),
        ("Subscription detail", middle(Subscription, actor).get_absolute_url()),
        ("Orders", reverse("orders:list")),
        ("Order detail", middle(Order, actor).get_absolute_url()),
        ("New customer", reverse("orders:new")),
        ("New subscription", reverse("orders:add", args=[customer])),
        ("Price list", reverse("subscriptions:price_list")),
        ("Markups", reverse("subscriptions:markups")),
        ("Statements", reverse("statements:list")),
        ("Incentives", reverse("incentives:list")),
        ("Bulk changes", reverse("subscriptions:bulk_list")),
        ("Activity log", reverse("activity:list")),
        ("Account settings", reverse("account_settings")),
        ("Invitations", reverse("staff:invitations")),
        ("Relationship requests", reverse("customers:requests")),
        ("Contact requests", reverse("resellers:contacts")),
        ("A customer: Users and licenses", reverse("subscriptions:users", args=[looked_after])),
        *_of_everybody(),
        ("Indirect providers list", reverse("directory:list")),
    ]


def of_reseller(actor: Actor) -> list[tuple[str, str]]:
    """What a reseller of that provider sees: a share of its customers."""
    return [
        ("Overview", reverse("overview")),
        ("Indirect providers", reverse("resellers:providers")),
        ("Customers", reverse("customers:list")),
        ("Subscriptions: entrusted", reverse("subscriptions:list")),
        ("Renewals ahead", reverse("subscriptions:renewals")),
        ("Subscriptions: credited", reverse("subscriptions:credited")),
        ("Subscriptions: supported", reverse("subscriptions:supported")),
        ("Statements", reverse("statements:list")),
        ("Incentives", reverse("incentives:list")),
        ("Relationship requests", reverse("customers:requests")),
        *_of_everybody(),
    ]


def of_customer(actor: Actor) -> list[tuple[str, str]]:
    """What one customer of that provider sees."""
    subscription = actor.membership.organisation.customer.subscriptions.order_by("pk").first()
    return [
        ("Overview", reverse("overview")),
        ("Subscriptions", reverse("subscriptions:list")),
        ("Licenses of a subscription", reverse("subscriptions:licences", args=[subscription.code])),
        ("Partner relationships", reverse("customers:partners")),
        *_of_everybody(),
    ]


def _of_everybody() -> list[tuple[str, str]]:
    return [
        ("Users", reverse("staff:list")),
        ("Support requests", reverse("support:list")),
        ("Notices", reverse("notices:list")),
    ]


ADDRESSES = {Kind.PROVIDER: of_provider, Kind.RESELLER: of_reseller, Kind.CUSTOMER: of_customer}


def middle(model: type[Model], actor: Actor) -> Model:
    """A row from the middle of the table, so that no cache of the first page helps."""
    rows = model.objects.filter(provider=actor.provider).order_by("pk")
    return rows[actor.customers // 2]

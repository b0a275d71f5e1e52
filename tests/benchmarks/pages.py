"""The pages that are measured; the plain view comes first, because the others are compared with it."""

from django.db.models import Model
from django.urls import reverse

from customers.models import Relationship
from resellers.models import Partnership
from subscriptions.models import Order, Subscription
from tests.benchmarks.stage import Actor


def addresses(actor: Actor) -> list[tuple[str, str]]:
    """Name and address of every page, for a provider of this size."""
    customer = middle(Relationship, actor).customer_id
    customers, subscriptions = reverse("customers:list"), reverse("subscriptions:list")
    reseller = Partnership.objects.filter(provider=actor.provider).order_by("pk").first().reseller_id
    return [
        ("Plain view: 50 customers", "/plain/"),
        ("Overview", reverse("overview")),
        ("Indirect resellers", reverse("resellers:list")),
        ("Requests", reverse("resellers:requests")),
        ("Remove partnership (counts)", reverse("resellers:end", args=[reseller])),
        ("Customers", customers),
        ("Customers, far into the list", f"{customers}?sort=-domain"),
        ("Customers, filtered by reseller", f"{customers}?reseller={reseller}"),
        ("Customers, searched (3 letters)", f"{customers}?q=sak"),
        ("Customers, searched (2 kanji)", f"{customers}?q=北斗"),
        ("Customers, searched (one hit)", f"{customers}?q={customer}"),
        ("Customers, searched (no hit)", f"{customers}?q=nobody-has-this"),
        ("A customer: Account", reverse("customers:account", args=[customer])),
        ("A customer: Subscriptions", reverse("subscriptions:customer", args=[customer])),
        ("Subscriptions", subscriptions),
        ("Subscriptions, searched (no hit)", f"{subscriptions}?q=nobody-has-this"),
        ("Subscription detail", middle(Subscription, actor).get_absolute_url()),
        ("Orders", reverse("orders:list")),
        ("Order detail", middle(Order, actor).get_absolute_url()),
        ("New customer", reverse("orders:new")),
        ("New subscription", reverse("orders:add", args=[customer])),
        ("Price list", reverse("subscriptions:price_list")),
        ("Activity log", reverse("activity:list")),
        ("Account settings", reverse("account_settings")),
    ]


def middle(model: type[Model], actor: Actor) -> Model:
    """A row from the middle of the table, so that no cache of the first page helps."""
    rows = model.objects.filter(provider=actor.provider).order_by("pk")
    return rows[actor.customers // 2]

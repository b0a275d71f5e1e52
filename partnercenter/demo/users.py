"""The demo's users of a customer: added by itself and by its reseller, with licences."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from accounts.models import Membership
from accounts.passwords import new_password
from accounts.profile import choose_password
from accounts.roles import Role
from customers.models import DOMAIN_SUFFIX, Relationship
from partnercenter.demo.people import PASSWORD, colleague, person
from staff.people import add_person, suspend_person
from subscriptions.assignments import add_user, assign_all, assign_licence
from subscriptions.models import Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet

PREFIX = "aobashoji"
DOMAIN = f"{PREFIX}.{DOMAIN_SUFFIX}"


def events(members: Mapping[str, Membership]) -> Iterator[tuple[float, Callable[[], object]]]:
    """What happens, and how many days ago; the resellers' people appear in the mapping before it does."""
    yield 70, _employ
    yield 35, _send_on_leave
    yield 5, partial(_help, members)


def _employ() -> None:
    """The admin has chosen the demo's password; so has one without a role; and one has yet to sign in."""
    admin = _admin()
    choose_password(admin.user, PASSWORD)
    user = colleague(admin.organisation, person(f"user@{DOMAIN}", "青山 陽子", language="ja"))
    newcomer = add_person(
        admin.organisation,
        account_name=f"michael.brown@{DOMAIN}",
        name="Michael Brown",
        language="en",
        roles=[],
        password=new_password(),
        by=admin,
    )
    for each in (user, newcomer):
        assign_all(_subscriptions(), each, membership=admin)


def _send_on_leave() -> None:
    """A User management admin who keeps the licence meanwhile."""
    admin = _admin()
    away = colleague(admin.organisation, person(f"sato@{DOMAIN}", "佐藤 恵", language="ja"), Role.USER_ADMIN)
    assign_licence(_subscriptions()[0], away, membership=admin)
    suspend_person(away, by=admin)


def _help(members: Mapping[str, Membership]) -> None:
    """The reseller that administers the account adds somebody, with a licence."""
    sakura = members["sakura"]
    entrusted = Relationship.objects.visible_to(sakura).select_related("customer__organisation")
    added = add_user(
        entrusted.get(primary_domain=DOMAIN),
        account_name=f"tanaka@{DOMAIN}",
        name="田中 美咲",
        language="ja",
        password=new_password(),
        membership=sakura,
    )
    assign_licence(_subscriptions()[0], added, membership=sakura)


def _admin() -> Membership:
    people = Membership.objects.active().filter(organisation__customer__primary_domain=DOMAIN)
    return people.select_related("user", "organisation").earliest("created_at", "pk")


def _subscriptions() -> SubscriptionQuerySet:
    rows = Subscription.objects.filter(customer__primary_domain=DOMAIN, status=Subscription.Status.ACTIVE)
    return rows.with_parties().order_by("pk")

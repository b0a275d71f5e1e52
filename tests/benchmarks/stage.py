"""Two providers in one database, a small and a large one, and somebody signed in at each and on its other sides."""

import csv
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.test import Client

from accounts.models import Membership, Organisation
from accounts.profile import open_account
from accounts.roles import Kind, Role
from providers.models import Provider
from subscriptions.models import Offer, OrderDraft
from subscriptions.models.catalogue import Billing
from subscriptions.ordering.steps import Answers
from subscriptions.price_list import load_price_list

FILL, SIDES = ((Path(__file__).parent / name).read_text() for name in ("fill.sql", "sides.sql"))
PRICES = Path(__file__).parents[2] / "partnercenter/demo/price_list.csv"
CSRF = "b" * 32


@dataclass(frozen=True)
class Actor:
    """The Global admin of a provider of a given size, of its reseller or customer, and the cookies."""

    customers: int
    membership: Membership
    cookies: str

    provider: Provider


def set_up(sizes: list[int]) -> list[Actor]:
    """The stage for the sizes (customers of a provider); rows that an earlier run left are used again."""
    if not Offer.objects.exists():
        with PRICES.open(encoding="utf-8-sig") as lines:
            load_price_list(csv.DictReader(lines))
    actors = [actor for size in sizes for actor in _actors(size)]
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return actors


def _actors(size: int) -> list[Actor]:
    tag = f"bench{size}x"
    organisation = Organisation.objects.filter(name=tag).first() or _fill(tag, size)
    relationship = organisation.provider.relationships.order_by("pk").first()
    others = [relationship.reseller.organisation, relationship.customer.organisation]
    members = [_admin(each, f"{tag}-{each.kind}") for each in [organisation, *others]]
    if not organisation.provider.relationship_requests.exists():
        _fill_sides(tag, size, members)
    return [Actor(size, member, _cookies(member), organisation.provider) for member in members]


def _admin(organisation: Organisation, tag: str) -> Membership:
    admins = organisation.memberships.filter(roles__contains=[Role.GLOBAL_ADMIN])
    found = admins.select_related("user", "organisation").first()
    if found:
        return found
    user = open_account(f"{tag}@sides.example", uuid.uuid4().hex, name=tag, language="en")
    return Membership.objects.create(user=user, organisation=organisation, roles=[Role.GLOBAL_ADMIN])


def _cookies(member: Membership) -> str:
    client = Client()
    client.force_login(member.user)
    return f"sessionid={client.cookies['sessionid'].value}; csrftoken={CSRF}"


@transaction.atomic
def _fill(tag: str, size: int) -> Organisation:
    organisation = Organisation.objects.create(kind=Kind.PROVIDER, name=tag, country="JP")
    Provider.objects.create(organisation=organisation)
    user = open_account(f"{tag}@provider.example", uuid.uuid4().hex, name=tag, language="en")
    Membership.objects.create(user=user, organisation=organisation, roles=[Role.GLOBAL_ADMIN])
    resellers = max(20, size // 500)
    parameters = {
        "provider": organisation.pk,
        "customers": size,
        "resellers": resellers,
        "actor": user.pk,
        "tag": tag,
        "first_number": size * 10,
    }
    _run(FILL, parameters)
    return organisation


@transaction.atomic
def _fill_sides(tag: str, size: int, members: list[Membership]) -> None:
    provider, reseller, customer = (member.organisation_id for member in members)
    parameters = {
        "provider": provider,
        "reseller": reseller,
        "customer": customer,
        "customers": size,
        "actor": members[0].user_id,
        "members": [member.pk for member in members],
        "tag": tag,
    }
    _run(SIDES, parameters)


def _run(script: str, parameters: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        for statement in script.split(";\n"):
            if statement.strip():
                cursor.execute(statement, parameters)


def drafts(actor: Actor, count: int) -> list[tuple[str, str]]:
    """Drafts of new customers with three subscriptions each, ready for Submit: their codes, and what was reviewed."""
    offers = Offer.objects.visible_to(actor.membership).on_sale().filter(category=Offer.Category.ENTERPRISE)
    offers = offers.filter(billing=Billing.MONTHLY)  # an order has one billing frequency
    number = actor.provider.partnerships.order_by("pk").first().reseller.organisation.partner_accounts.get().number
    lines = [
        {"offer": str(offer.code), "licences": "5", "reseller": number, "mpn_id": ""}
        for offer in offers.filter(market="JP", segment=Offer.Segment.COMMERCIAL).order_by("pk")[:3]
    ]
    found = []
    for _turn in range(count):
        draft = OrderDraft.objects.create(
            provider=actor.provider, created_by=actor.membership.user, account=_account(), lines=lines
        )
        found.append((str(draft.code), Answers(draft, membership=actor.membership).version))
    return found


def _account() -> dict[str, str]:
    return {
        "country": "JP",
        "company_name": "青葉商事",
        "domain_prefix": f"b{uuid.uuid4().hex[:20]}",
        "address_line1": "千代田1-1",
        "city": "千代田区",
        "state": "東京都",
        "postal_code": "100-0001",
        "first_name": "花子",
        "last_name": "山田",
        "email": "hanako@aoba.example",
        "language": "ja",
        "agreement": "to_be_asked",
        "qualification": "none",
    }

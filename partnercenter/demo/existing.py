"""The demo's existing customers: one that was won by a reseller's link, one that is being asked, one that declined."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.utils import timezone

from accounts.models import Membership, Organisation
from accounts.roles import Kind, Role
from customers.drafts import draft_text
from customers.models import DOMAIN_SUFFIX, Customer, RelationshipRequest
from customers.relationships import accept_request, decline_request, request_relationship
from outbox import requests
from outbox.requests import Draft
from partnercenter.demo.people import colleague, person

_Event = tuple[float, Callable[[], object]]
_WON_AGO = 46
_COMPANIES = {
    "hoshizora": ("星空文具株式会社", "星野", "美空"),
    "umikaze": ("Umikaze Kitchen K.K.", "Umino", "Kaze"),
    "yamabiko": ("やまびこ運輸株式会社", "山彦", "太郎"),
}


def events(staff: Mapping[str, Membership], members: Mapping[str, Membership]) -> Iterator[_Event]:
    """What happens, and how many days ago; the partners appear in the mappings before it does."""
    admins: dict[str, Membership] = {}
    for key in _COMPANIES:
        yield 350, partial(_found, admins, key)
    yield _WON_AGO, partial(_win, admins, staff, members)
    yield 21, partial(_decline, admins, staff)
    yield 9, partial(_ask, staff, members, "umikaze")
    yield 3, partial(_expire, staff)


def _found(admins: dict[str, Membership], key: str) -> None:
    """A company that has its account from elsewhere, and no partner here yet."""
    name, last_name, first_name = _COMPANIES[key]
    organisation = Organisation.objects.create(kind=Kind.CUSTOMER, name=name, country="JP")
    language = "en" if name.isascii() else "ja"
    address = f"global-admin@{key}.example"
    Customer.objects.create(
        organisation=organisation,
        primary_domain=f"{key}.{DOMAIN_SUFFIX}",
        first_name=first_name,
        last_name=last_name,
        email=address,
        address_line1="1-2-3",
        city="鎌倉市",
        state="神奈川県",
        postal_code="248-0001",
        language=language,
    )
    full_name = f"{last_name} {first_name}" if language == "ja" else f"{first_name} {last_name}"
    admins[key] = colleague(organisation, person(address, full_name, language=language), Role.GLOBAL_ADMIN)


def _win(admins: Mapping[str, Membership], staff: Mapping[str, Membership], members: Mapping[str, Membership]) -> None:
    """The reseller asks, for its provider and itself; the customer gives both administration privileges."""
    sakura = members["sakura"]
    request = request_relationship(
        staff["kita"].organisation.provider,
        reseller=sakura.organisation.reseller,
        by_reseller=True,
        language="ja",
        actor=sakura.user,
    )
    request = _addressed(request, "hoshizora")
    accept_request(request, membership=admins["hoshizora"], with_privileges=True)


def _decline(admins: Mapping[str, Membership], staff: Mapping[str, Membership]) -> None:
    kita = staff["kita"]
    request = request_relationship(kita.organisation.provider, language="ja", actor=kita.user)
    request = _addressed(request, "yamabiko", includes_admin=False)
    decline_request(request, membership=admins["yamabiko"], reason="来期にあらためて検討します。")


def _ask(staff: Mapping[str, Membership], members: Mapping[str, Membership], key: str) -> None:
    """The link is there, and waits for an answer."""
    kita, fujimi = staff["kita"], members["fujimi"]
    reseller = fujimi.organisation.reseller
    request = request_relationship(kita.organisation.provider, reseller=reseller, language="en", actor=kita.user)
    _addressed(request, key)


def _expire(staff: Mapping[str, Membership]) -> None:
    kita = staff["kita"]
    request = request_relationship(kita.organisation.provider, language="en", actor=kita.user)
    _addressed(request, "nobody", expires_at=timezone.now() - timedelta(days=1))


def _addressed(request: RelationshipRequest, key: str, **options: object) -> RelationshipRequest:
    """To the company's Global admin; includes_admin is an option of the request, the others are of any."""
    own = {name: options.pop(name) for name in ("includes_admin",) if name in options}
    draft = Draft(
        request.subject,
        request.message,
        f"global-admin@{key}.example",
        request.expires_at,
        request.max_uses,
        options=own,
    )
    return requests.edit(request, replace(draft, **options), draft_text)  # type: ignore[arg-type]  # the options are Draft's own

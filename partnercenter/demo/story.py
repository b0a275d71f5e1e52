"""What happens in the demo's year, in the order of time. Everything goes through the functions that pages call."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.test.utils import override_settings
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Permission, Role
from outbox.requests import Draft
from partnercenter.demo import (
    access,
    billing,
    companies,
    customers,
    directory,
    existing,
    lives,
    markups,
    own_affairs,
    staff,
    support,
    users,
)
from partnercenter.demo.notices import read_what_is_old
from partnercenter.demo.past import days_ago
from partnercenter.demo.people import colleague, operator, person, quick_hashing
from providers.models import Provider
from resellers.enrolment import decide_enrolment
from resellers.models import PartnerAccount, PartnerAgreement, Partnership, PartnershipRequest, Reseller
from resellers.partnerships import (
    accept_request,
    decline_request,
    edit_request,
    end_partnership,
    request_partnership,
    send_request,
    withdraw_request,
)
from subscriptions.changes import Changes, submit_changes, suspend
from subscriptions.credit import current_credit
from subscriptions.models import Subscription

_Event = tuple[float, Callable[[], object]]
_STAFF = (
    ("global-admin", "Grace Kitamura", Role.GLOBAL_ADMIN, "en"),
    ("admin-agent", "北村 亜美", Role.ADMIN_AGENT, "ja"),
    ("sales-agent", "佐々木 翔", Role.SALES_AGENT, "ja"),
    ("helpdesk", "Henry Helm", Role.HELPDESK_AGENT, "en"),
)


@dataclass
class Cast:
    """Who has appeared so far."""

    operator: User
    staff: dict[str, Membership] = field(default_factory=dict)
    """Who acts for a provider, by its key."""
    sellers: dict[str, list[Membership]] = field(default_factory=dict)
    """Who adds a provider's customers, in turn."""
    members: dict[str, Membership] = field(default_factory=dict)
    """The resellers' Global admins, by the reseller's key."""
    subscriptions: dict[str, list[Subscription]] = field(default_factory=dict)
    """What customers have, by domain prefix."""

    def provider(self, key: str) -> Provider:
        return self.staff[key].organisation.provider

    def reseller(self, key: str) -> Reseller | None:
        return self.members[key].organisation.reseller if key else None


def tell() -> None:
    """Fill an empty portal with the demo."""
    with days_ago(365.5):
        customers.load_offers()
    cast = Cast(operator())
    with days_ago(365):
        _found_providers(cast)
    events = [*_partnerships(cast), *_customers(cast), *_changes(cast), *_recent_requests(cast), *support.events(cast)]
    events += [*own_affairs.events(cast), *staff.events(cast.staff)]
    events += [*directory.events(cast.staff, cast.members, cast.operator), *existing.events(cast.staff, cast.members)]
    events += [*access.events(cast.staff, cast.members), *users.events(cast.members)]
    events += [*markups.events(cast.staff, cast.members), *lives.events(cast.staff), *billing.events()]
    with quick_hashing():
        for days, happen in sorted(events, key=lambda event: -event[0]):
            with days_ago(days):
                billing.settle()
                happen()
    billing.settle()
    billing.draw_the_running_month()
    read_what_is_old()


def _found_providers(cast: Cast) -> None:
    kita = companies.add_provider(
        "kita",
        "北クラウド株式会社 (Kita Cloud Distribution)",
        "JP",
        description="日本全国の販売パートナー向けクラウド ディストリビューター。For resellers in Japan.",
        languages=["ja", "en"],
        number="4000001",
    )
    rhein = companies.add_provider(
        "rhein",
        "Rhein Cloud Distribution GmbH",
        "DE",
        description="Cloud distribution for system houses in Europe.",
        languages=["en"],
        number="77000",
    )
    for name, full_name, role, language in _STAFF:
        user = person(f"{name}@kita.example", full_name, language=language)
        membership = colleague(kita.organisation, user, role)
        cast.staff.setdefault("kita", membership)
        if membership.can(Permission.PLACE_ORDERS):
            cast.sellers.setdefault("kita", []).append(membership)
    user = person("global-admin@rhein.example", "Greta Rheinfelden", time_zone="Europe/Berlin")
    cast.staff["rhein"] = colleague(rhein.organisation, user, Role.GLOBAL_ADMIN, Role.SALES_AGENT)
    cast.sellers["rhein"] = [cast.staff["rhein"]]


def _partnerships(cast: Cast) -> Iterator[_Event]:
    for company in companies.RESELLERS:
        yield company.days_ago + 0.2, partial(_enrol, cast, company)
        yield company.days_ago, partial(_become_partners, cast, company)
    for company in companies.NO_PARTNER:
        yield company.days_ago, partial(_enrol, cast, company)
    yield 3.9, partial(_await_review, cast, companies.PENDING)
    for days, key, decision in (
        (58, "ume", Reseller.Enrolment.REJECTED),
        (50, "take", Reseller.Enrolment.SUSPENDED),
    ):
        yield days, partial(_review, cast, key, decision)
    yield 95, partial(companies.register_reseller, "matsu", "松島事務機株式会社", "4090001", companies.LOCATION)
    yield (
        94,
        partial(companies.register_reseller, "midori", "みどりホールディングス株式会社", "4090002", companies.GLOBAL),
    )
    yield 170, partial(_end_partnership, cast, "kawa")
    yield 33, partial(_end_agreement, cast, "natsu")


def _enrol(cast: Cast, company: companies.Company) -> None:
    cast.members[company.key] = companies.add_reseller(company)


def _await_review(cast: Cast, company: companies.Company) -> None:
    with override_settings(ENROLMENT_NEEDS_REVIEW=True):
        _enrol(cast, company)


def _review(cast: Cast, key: str, decision: Reseller.Enrolment) -> None:
    decide_enrolment(cast.members[key].organisation.reseller, decision, actor=cast.operator)


def _request(cast: Cast, provider: str, recipient: str = "", **options: object) -> PartnershipRequest:
    staff = cast.staff[provider]
    request = request_partnership(cast.provider(provider), language=staff.user.language, actor=staff.user)
    draft = Draft(request.subject, request.message, recipient, request.expires_at, request.max_uses)
    return edit_request(request, replace(draft, **options))  # type: ignore[arg-type]  # the options are Draft's own


def _become_partners(cast: Cast, company: companies.Company) -> None:
    request = _request(cast, company.provider, company.address)
    accept_request(request, membership=cast.members[company.key])


def _end_partnership(cast: Cast, key: str) -> None:
    partnership = Partnership.objects.active().get(reseller=cast.reseller(key))
    end_partnership(partnership, actor=cast.staff["kita"].user)


def _end_agreement(cast: Cast, key: str) -> None:
    """The agreement ran out: the reseller stays a partner, and cannot be credited before it signs again."""
    PartnerAgreement.objects.filter(organisation=cast.members[key].organisation).update(ended_at=timezone.now())


def _customers(cast: Cast) -> Iterator[_Event]:
    for row in customers.read_customers():
        yield float(row["days_ago"]), partial(_add_customer, cast, row)
    yield 0.3, partial(_leave_draft, cast)


def _add_customer(cast: Cast, row: dict[str, str]) -> None:
    sellers = cast.sellers[row["provider"]]
    cast.subscriptions[row["domain_prefix"]] = customers.add_customer(
        row, membership=sellers[len(cast.subscriptions) % len(sellers)], reseller=cast.reseller(row["reseller"])
    )


def _leave_draft(cast: Cast) -> None:
    """An order that somebody began and has not finished."""
    row = {**customers.read_customers()[0], "company_name": "株式会社りんご出版", "domain_prefix": "ringoshuppan"}
    customers.begin_order(row, membership=cast.sellers["kita"][-1], reseller=cast.reseller("sakura"))


def _changes(cast: Cast) -> Iterator[_Event]:
    """Credit that moved, support that somebody else gives, licences, suspensions."""
    for days, domain, reseller in (
        (200, "aobashoji", "fujimi"),
        (150, "saitoprinting", "hikari"),
        (60, "asahiseisaku", ""),
    ):
        yield days, partial(_credit, cast, domain, reseller)
    for days, domain, reseller in (
        (240, "aobashoji", "sakura"),
        (160, "inouekomuten", "hikari"),
        (90, "flussufer", "neckar"),
    ):
        yield days, partial(_support, cast, domain, reseller)
    for domain, licences in (("watanabebakery", 18), ("watariumbussan", 34), ("wakabaedu", 64)):
        yield 0.5, partial(_change, cast, domain, licences=licences)
    for days, domain in ((75, "nekocafe"), (42, "kawasakifoods"), (12, "praxisoeztuerk")):
        yield days, partial(_suspend, cast, domain)
    yield 25, partial(_change, cast, "aobashoji", auto_renew=False)
    yield 15, partial(_change, cast, "osakaseimitsu", nickname="本社・工場 全社員")


def _credit(cast: Cast, domain: str, reseller: str) -> None:
    account = (
        PartnerAccount.objects.filter(organisation=cast.members[reseller].organisation).first() if reseller else None
    )
    _change(cast, domain, mpn_id=account.number if account else "")


def _support(cast: Cast, domain: str, reseller: str) -> None:
    _change(cast, domain, support_contact=cast.reseller(reseller))


def _change(cast: Cast, domain: str, **change: object) -> None:
    subscription = cast.subscriptions[domain][0]
    subscription.refresh_from_db()
    period = current_credit(subscription)
    changes = Changes(
        nickname=subscription.nickname,
        licences=subscription.licences,
        auto_renew=subscription.auto_renew,
        mpn_id=period.partner_account.number if period else "",
        support_contact=subscription.support_contact,
    )
    submit_changes(
        subscription,
        replace(changes, **change),  # type: ignore[arg-type]  # the changes are Changes' own
        revision=subscription.revision,
        membership=_staff_of(cast, subscription),
    )


def _suspend(cast: Cast, domain: str) -> None:
    subscription = cast.subscriptions[domain][0]
    suspend(subscription, membership=_staff_of(cast, subscription))


def _staff_of(cast: Cast, subscription: Subscription) -> Membership:
    return next(staff for staff in cast.staff.values() if staff.organisation_id == subscription.provider_id)


def _recent_requests(cast: Cast) -> Iterator[_Event]:
    """Links in every state: sent, expired, withdrawn, declined, refused, for everybody at a fair."""
    yield (
        120,
        partial(_request, cast, "kita", "info@nagareyama.example", expires_at=timezone.now() - timedelta(days=90)),
    )
    yield 55, partial(_withdraw, cast)
    yield 28, partial(_decline, cast)
    yield 19, partial(_refuse, cast)
    yield 10, partial(_request, cast, "kita", max_uses=50, subject="パートナー募集: クラウド フェア 2026")
    yield 2, partial(_request, cast, "rhein", "vertrieb@isartal.example")
    yield 0.1, partial(_send, cast)


def _withdraw(cast: Cast) -> None:
    request = _request(cast, "kita", "eigyo@machigai.example")
    withdraw_request(request, actor=cast.staff["kita"].user)


def _decline(cast: Cast) -> None:
    request = _request(cast, "kita", "global-admin@kaede.example")
    decline_request(
        request, membership=cast.members["kaede"], reason="すでに別のディストリビューターと契約しています。"
    )


def _refuse(cast: Cast) -> None:
    """A reseller in another CSP region tries, and reads why it cannot."""
    request = _request(cast, "kita", "global-admin@hangang.example")
    with suppress(ValidationError):
        accept_request(request, membership=cast.members["hangang"])


def _send(cast: Cast) -> None:
    request = _request(cast, "kita", "global-admin@yuki.example")
    send_request(request, actor=cast.staff["kita"].user)

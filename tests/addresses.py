"""Every named address of the portal, and what stands in those that concern one thing.

An address that is new needs a row in `arguments_of` (or in `behind_links`): tests/test_access.py and
tests/test_isolation.py fail for one that has none.
"""

from collections.abc import Iterator

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from subscriptions.models import OrderDraft
from tests.factories import (
    BulkChangeFactory,
    ContactRequestFactory,
    LicenceAssignmentFactory,
    MarkupFactory,
    NoticeFactory,
    OrderFactory,
    PartnershipRequestFactory,
    ProfileProposalFactory,
    RelationshipRequestFactory,
    StaffInvitationFactory,
    StatementFactory,
    SupportRequestFactory,
)
from tests.links import token_of


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named address with its pattern, the operator's desk (admin:) included."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}", entry


def _takes_nothing(name: str) -> bool:
    """Whether the address is whole as it is; what it takes may stand in the part that includes it."""
    try:
        return bool(reverse(name))
    except NoReverseMatch:
        return False


# Without the operator's desk, which has tests of its own (tests/partnercenter/test_admin.py).
PATTERNS = {name: entry for name, entry in patterns() if not name.startswith("admin:")}
# Without django-allauth's pages around signing in.
OUR_VIEWS = {
    name: entry.callback
    for name, entry in PATTERNS.items()
    if not name.startswith("account_") or name == "account_settings"
}
PLAIN = sorted(filter(_takes_nothing, PATTERNS))
"""The addresses that concern no particular thing."""

_LIFE = ("cancel", "plan", "plan_withdraw", "upgrade", "convert", "history", "history_export")
_DRAFTED = ("", "_language", "_send", "_send_again", "_withdraw")


def arguments_of(things: dict) -> dict[str, tuple]:
    """What stands in the addresses that concern one thing, for these things; without those behind personal links."""
    found = {**_of_partners(things), **_of_customers(things), **_of_orders(things), **_of_people(things)}
    return {name: each if isinstance(each, tuple) else (each,) for name, each in found.items()}


def _of_partners(things: dict) -> dict[str, object]:
    return {
        "directory:entry": things["provider"],
        **{f"incentives:{name}": things["reseller"] for name in ("detail", "detail_export")},
        "directory:withdraw": things["proposal"].code,
        "resellers:account_associate": things["account"].pk,
        **{f"resellers:{name}": things["reseller"] for name in ("end", "keep")},
        **{f"resellers:{name}": things["provider"] for name in ("leave", "stay", "contact_ask")},
        **{f"resellers:contact_{name}": things["contact"].code for name in ("request", "close")},
        **{f"resellers:request{name}": things["request"].code for name in _DRAFTED},
    }


def _of_customers(things: dict) -> dict[str, object]:
    pages = ("account", "row", "edit", "reset_password", "end", "user_settings", "owner_grant")
    return {
        **{f"customers:{name}": things["customer"] for name in pages},
        **{f"customers:administration_{name}": things["reseller"] for name in ("give", "withdraw")},
        "customers:owner_withdraw": (things["customer"], things["reseller"]),
        **{f"customers:request{name}": things["asking"].code for name in _DRAFTED},
        "subscriptions:customer": things["customer"],
        **{f"subscriptions:{name}": things["customer"] for name in ("users", "users_export", "user_add")},
    }


def _of_orders(things: dict) -> dict[str, object]:
    code = things["subscription"].code
    steps = ("draft", "account", "subscriptions", "review", "submit", "cancel", "confirmation")
    return {
        "orders:add": things["customer"],
        "orders:detail": things["order"].code,
        **{f"orders:{name}": things["draft"].code for name in steps},
        **{f"subscriptions:{name}": code for name in ("detail", "suspend", "reactivate", *_LIFE)},
        **{f"subscriptions:licences{name}": code for name in ("", "_export", "_assign")},
        "subscriptions:licence_withdraw": (code, things["given"].pk),
        **{f"subscriptions:user_{name}": things["given"].membership_id for name in ("licences", "assign")},
        **{f"subscriptions:bulk_{name}": things["bulk"].code for name in ("detail", "start", "cancel", "export")},
        **{f"statements:{name}": things["statement"].code for name in ("detail", "reconciliation")},
        **{f"subscriptions:markup_{name}": things["markup"].pk for name in ("edit", "remove")},
        **{f"support:{name}": things["question"].code for name in ("detail", "write", "close", "reopen")},
    }


def _of_people(things: dict) -> dict[str, object]:
    verbs = ("person", "roles", "suspend", "reactivate", "remove", "reset_password")
    return {
        "notices:read": things["notice"].code,
        **{f"staff:{name}": things["person"].pk for name in verbs},
        **{f"staff:invitation{name}": things["invited"].code for name in _DRAFTED},
    }


def behind_links(things: dict) -> dict[str, tuple]:
    """What stands in the addresses behind the personal links, which open for whoever has the link."""
    request, asking, invited = things["request"], things["asking"], things["invited"]
    answers = ("invitation", "authorize", "decline")
    return {
        **{f"resellers:{name}": (request.code, token_of(request)) for name in answers},
        **{f"customers:{name}": (asking.code, token_of(asking)) for name in answers},
        **{f"staff:{name}": (invited.code, token_of(invited)) for name in ("join", "accept", "decline")},
        "resellers:invitation_return": (request.code,),
        "customers:invitation_return": (asking.code,),
        "staff:join_return": (invited.code,),
    }


@pytest.fixture
def addresses(relationship, subscription, partnership, provider_admin, sales_agent) -> dict[str, tuple]:
    """The arguments of the addresses that concern one thing: always ours, never the stranger's."""
    provider, reseller, user = partnership.provider, partnership.reseller, provider_admin.user
    relationship.customer.delegations.create(partner=reseller.organisation, privilege="tenant_owner")
    things = {
        "account": reseller.organisation.partner_accounts.get(),
        "asking": RelationshipRequestFactory(provider=provider, created_by=user),
        "bulk": BulkChangeFactory(provider=provider, membership=sales_agent, subscription=subscription),
        "contact": ContactRequestFactory(provider=provider, reseller=reseller),
        "customer": relationship.customer_id,
        "draft": OrderDraft.objects.create(provider=provider, created_by=user),
        "given": LicenceAssignmentFactory(subscription=subscription),
        "invited": StaffInvitationFactory(organisation=provider.organisation, created_by=user),
        "notice": NoticeFactory(membership=provider_admin),
        "order": OrderFactory(relationship=relationship, placed_by=user),
        "person": sales_agent,
        "proposal": ProfileProposalFactory(provider=provider),
        "provider": provider.pk,
        "markup": MarkupFactory(provider=provider, set_by=user),
        "question": SupportRequestFactory(subscription=subscription, assignee=reseller.organisation),
        "request": PartnershipRequestFactory(provider=provider, created_by=user),
        "reseller": reseller.pk,
        "statement": StatementFactory(provider=provider, reseller=reseller),
        "subscription": subscription,
    }
    return arguments_of(things) | behind_links(things)

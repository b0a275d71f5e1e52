"""The demo's access: tenant owners of Azure plans, and a customer that withdrew account administration."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from accounts.models import Membership
from accounts.roles import Role
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER, grant, withdraw
from customers.models import DOMAIN_SUFFIX, Customer, Delegation


def events(
    staff: Mapping[str, Membership], members: Mapping[str, Membership]
) -> Iterator[tuple[float, Callable[[], object]]]:
    """What happens about access, each so many days ago."""
    yield 300, partial(_make_owner, "asahiseisaku", members, "sakura", staff)
    yield 110, partial(_make_owner, "fukuokasoft", members, "sakura", staff)
    yield 31, partial(_stop_administration, "hoshinorobotics", members, "hikari")


def _make_owner(domain: str, members: Mapping[str, Membership], reseller: str, staff: Mapping[str, Membership]) -> None:
    grant(_customer(domain), members[reseller].organisation, TENANT_OWNER, membership=staff["kita"])


def _stop_administration(domain: str, members: Mapping[str, Membership], reseller: str) -> None:
    customer = _customer(domain)
    given = Delegation.objects.active().filter(customer=customer, privilege=DELEGATED_ADMIN)
    admins = Membership.objects.active().filter(organisation=customer.pk, roles__contains=[Role.GLOBAL_ADMIN])
    withdraw(given.get(partner=members[reseller].organisation_id), membership=admins.earliest("created_at"))


def _customer(domain: str) -> Customer:
    return Customer.objects.select_related("organisation").get(primary_domain=f"{domain}.{DOMAIN_SUFFIX}")

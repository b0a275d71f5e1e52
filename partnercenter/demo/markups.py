"""The demo's markups: what Kita and Rhein add to their prices for resellers."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial

from accounts.models import Membership
from subscriptions.markups import Scope, add_markup, change_markup
from subscriptions.models import Markup


def events(
    staff: Mapping[str, Membership], members: Mapping[str, Membership]
) -> Iterator[tuple[float, Callable[[], object]]]:
    """What is set, each so many days ago; general ones before the first order."""
    yield 364, partial(_add, staff, "kita", Scope(), "8")
    yield 363, partial(_add, staff, "rhein", Scope(), "6.5")
    yield 200, partial(_add, staff, "kita", Scope(product_id="CFQ7TTC0X003"), "10")
    yield 299, partial(_for_sakura, staff, members)
    yield 130, partial(_change, staff, "8.5")


def _add(staff: Mapping[str, Membership], key: str, scope: Scope, percent: str) -> None:
    add_markup(scope, Decimal(percent), membership=staff[key])


def _for_sakura(staff: Mapping[str, Membership], members: Mapping[str, Membership]) -> None:
    """The largest partner pays less."""
    _add(staff, "kita", Scope(members["sakura"].organisation.reseller), "5")


def _change(staff: Mapping[str, Membership], percent: str) -> None:
    own = Markup.objects.get(provider=staff["kita"].organisation_id, reseller=None, product_id="")
    change_markup(own, Decimal(percent), membership=staff["kita"])

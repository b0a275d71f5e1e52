"""The demo's resellers see to their own affairs: profile, MPN accounts, one that wants to leave and one that stays."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from resellers.accounts import AccountKind, register_account
from resellers.leaving import ask_to_leave, keep
from resellers.models import Partnership
from resellers.profile import Profile, change_profile

if TYPE_CHECKING:
    from partnercenter.demo.story import Cast


def events(cast: "Cast") -> Iterator[tuple[float, Callable[[], object]]]:
    """What happens, each so many days ago."""
    yield 300, partial(_complete, cast, "sakura", "+81368912345")
    yield 38, partial(_complete, cast, "momiji", "+81752112345")
    yield 110, partial(_register, cast, "sakura", "4900012", AccountKind.GLOBAL)
    yield 109, partial(_register, cast, "sakura", "0012399", AccountKind.LOCATION)
    yield 44, partial(_ask, cast, "minato", "来年度から別の事業に集中するため。")
    yield 41, partial(_keep, cast, "minato", "契約期間は来年 3 月までです。その後にもう一度ご相談ください。")
    yield 6, partial(_ask, cast, "hikari", "Our parent company buys centrally from next year on.")


def _complete(cast: "Cast", key: str, phone: str) -> None:
    member = cast.members[key]
    reseller = member.organisation.reseller
    profile = Profile(reseller.contact_name, reseller.contact_email, phone, reseller.website)
    change_profile(reseller, profile, actor=member.user)


def _register(cast: "Cast", key: str, number: str, kind: AccountKind) -> None:
    member = cast.members[key]
    reseller = member.organisation.reseller
    register_account(reseller, number=number, kind=kind, country="JP", actor=member.user)


def _partnership(cast: "Cast", key: str) -> Partnership:
    return Partnership.objects.active().get(reseller=cast.members[key].organisation_id)


def _ask(cast: "Cast", key: str, reason: str) -> None:
    ask_to_leave(_partnership(cast, key), reason=reason, actor=cast.members[key].user)


def _keep(cast: "Cast", key: str, reason: str) -> None:
    keep(_partnership(cast, key), reason=reason, actor=cast.staff["kita"].user)

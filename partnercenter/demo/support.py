"""The demo's support: how Kita and Sakura are reached, and three requests, each in another state."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from accounts.models import Membership
from resellers.support_profiles import Profile, change_profile
from subscriptions.models import Subscription, SupportRequest
from subscriptions.support import close_request, open_request, write

if TYPE_CHECKING:
    from partnercenter.demo.story import Cast

CRITICAL, MODERATE, MINIMAL = SupportRequest.Severity.values
_CLOSED, _ANSWERED, _NEW = (
    "会議室予定表の共有設定を教えてください",
    "外出先からメールが受信できません",
    "電話番号を追加したい",
)


def events(cast: "Cast") -> Iterator[tuple[float, Callable[[], object]]]:
    """What happens about support, each so many days ago. What is there already stays as it is."""
    yield 239.5, partial(_reach, cast.staff, "kita", hours="月～金 9:00～18:00 JST", languages=("ja", "en"))
    yield 239, partial(_reach, cast.members, "sakura", hours="24 時間 365 日（緊急時）", languages=("ja",))
    yield 20, partial(_ask, cast, 0, _CLOSED, MINIMAL, "部署の全員が会議室の予定を見られるようにしたいです。")
    yield 19.6, partial(_answer, cast, _CLOSED, "管理画面の［リソース］で共有の範囲を「組織全体」にしてください。")
    yield 19.1, partial(_close, cast, _CLOSED)
    yield 3.2, partial(_ask, cast, 0, _ANSWERED, CRITICAL, "今朝から営業部の 8 名がスマートフォンで受信できません。")
    yield 3.1, partial(_answer, cast, _ANSWERED, "端末の機種と、表示されるエラーの文面を教えていただけますか。")
    yield 1.2, partial(_ask, cast, 1, _NEW, MODERATE, "来月開設する支店の分です。手順と納期を知りたいです。")


def _reach(partners: dict[str, Membership], key: str, *, hours: str, languages: tuple[str, ...]) -> None:
    profile = Profile("", f"support@{key}.example", f"https://{key}.example/support", hours, languages)
    change_profile(partners[key].organisation, profile, actor=partners[key].user)


def _ask(cast: "Cast", position: int, title: str, severity: str, text: str) -> None:
    """Somebody at Aoba Shoji asks about one of its subscriptions; Sakura supports the first, Kita the second."""
    subscription = Subscription.objects.with_parties().get(pk=cast.subscriptions["aobashoji"][position].pk)
    key = uuid5(NAMESPACE_URL, title)
    asks = _customer(subscription)
    open_request(subscription, title=title, severity=severity, text=text, key=key, membership=asks)


def _answer(cast: "Cast", title: str, text: str) -> None:
    request = _request(title)
    if request.is_open and request.messages.count() == 1:
        write(request, text=text, membership=cast.members["sakura"])


def _close(_cast: "Cast", title: str) -> None:
    request = _request(title)
    if request.is_open:
        close_request(request, membership=_customer(request.subscription))


def _request(title: str) -> SupportRequest:
    return SupportRequest.objects.with_parties().get(title=title)


def _customer(subscription: Subscription) -> Membership:
    people = Membership.objects.active().filter(organisation=subscription.customer_id)
    return people.select_related("user", "organisation").earliest("pk")

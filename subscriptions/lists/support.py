"""Support requests: rows of a list, lines of a file, and what has become of one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.paging import Sorting
from accounts.roles import Kind
from activity.models import Activity
from activity.verbs import Verb
from subscriptions.models import SupportRequest
from subscriptions.models.support import SupportRequestQuerySet

SORTINGS = {
    "changed": Sorting(("changed_at", "pk"), descending=True),
    "opened": Sorting(("opened_at", "pk"), descending=True),
}


@dataclass(frozen=True)
class Entry:
    """A message, or something that happened to the request: then there is no text."""

    moment: datetime
    by: str
    company: str = ""
    text: str = ""
    what: str = ""


def thread_of(request: SupportRequest, membership: Membership) -> list[Entry]:
    """All that was written, the first first; between it, what happened while the reader's company was there."""
    found = [*_messages(request), *_events(request, membership)]
    return sorted(found, key=lambda entry: entry.moment)


def waiting_for(membership: Membership) -> SupportRequestQuerySet:
    """Those in which it is the member's company that has to write next, the longest waiting first."""
    rows = SupportRequest.objects.visible_to(membership).with_names().order_by("changed_at", "pk")
    if membership.kind == Kind.CUSTOMER:
        return rows.filter(status=SupportRequest.Status.ATTENTION)
    return rows.filter(assignee=membership.organisation_id, status=SupportRequest.Status.OPEN)


def export_header() -> list[str]:
    return [
        *(_("Request ID"), _("Title"), _("Severity"), _("Status"), _("Company name"), _("Subscription")),
        *(_("Indirect provider"), _("Answered by"), _("Opened by"), _("Opened"), _("Last change"), _("Closed")),
    ]


def export_lines(rows: SupportRequestQuerySet) -> Iterator[list[str]]:
    """One line a request, under export_header(), with times in the reader's time zone."""
    severities = {each.value: str(each.label) for each in SupportRequest.Severity}
    statuses = {each.value: str(each.label) for each in SupportRequest.Status}
    zone = timezone.get_current_timezone()
    for each in rows.with_parties().iterator(chunk_size=500):
        moments = (each.opened_at, each.changed_at, each.closed_at)
        yield [
            *(str(each.code), each.title, severities[each.severity], statuses[each.status]),
            *(each.subscription.relationship.company_name, each.subscription.nickname),
            *(str(each.provider), each.assignee.name, each.opened_by.get_full_name()),
            *(f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %z}" if moment else "" for moment in moments),
        ]


def _messages(request: SupportRequest) -> Iterator[Entry]:
    for message in request.messages.select_related("author", "organisation").order_by("pk"):
        yield Entry(message.written_at, _name(message.author), message.organisation.name, text=message.text)


def _events(request: SupportRequest, membership: Membership) -> Iterator[Entry]:
    activities = Activity.objects.visible_to(membership).filter(
        affected=request.customer_id,
        verb__in=(Verb.SUPPORT_CHANGED, Verb.SUPPORT_REASSIGNED),
        result=Activity.Result.DONE,
        details__support_request=str(request.code),
    )
    for activity in activities.select_related("actor").order_by("pk"):
        yield Entry(activity.happened_at, _name(activity.actor), what=_what(activity))


def _what(activity: Activity) -> str:
    if activity.verb == Verb.SUPPORT_REASSIGNED:
        names = {"old": str(activity.details["old"]), "new": str(activity.details["new"])}
        return _("Handed over from %(old)s to %(new)s") % names
    return _("Closed") if activity.details["new"] == SupportRequest.Status.CLOSED else _("Opened again")


def _name(user: User | None) -> str:
    return user.get_full_name() if user else ""

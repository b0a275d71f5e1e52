"""The activity log of one's own organisation."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires
from accounts.paging import Sorting, paginate
from accounts.roles import Permission
from activity.exports import csv_response
from activity.filters import ActivityFilter
from activity.log import record
from activity.models import Activity
from activity.verbs import Verb

NEWEST_FIRST = Sorting(("id",), descending=True)


@requires(Permission.VIEW)
def activity_list(request: PortalRequest) -> HttpResponse:
    """What the organisation was there for, newest first."""
    filters = ActivityFilter(request.GET)
    lines = filters.apply(Activity.objects.visible_to(request.membership))
    context = {"filters": filters, "page": paginate(lines, request, NEWEST_FIRST), "query": request.GET.urlencode()}
    return render(request, "activity/_table.html" if request.htmx else "activity/list.html", context)


@requires(Permission.VIEW)
def activity_export(request: PortalRequest) -> StreamingHttpResponse:
    """The lines that the list shows, on all of its pages. The export's own line is not among them."""
    lines = ActivityFilter(request.GET).apply(Activity.objects.visible_to(request.membership))
    organisation = request.membership.organisation
    exported = record(
        Verb.EXPORTED, str(_("Activity log")), actor=request.user, seen_by=[organisation], path=request.get_full_path()
    )
    header = (_("Date-time"), _("Affected customer"), _("Action"), _("Partner user"), _("Result"), _("Details"))
    rows = lines.filter(pk__lt=exported.pk).order_by("-pk").iterator()
    return csv_response("activity-log", header, _rows(rows))


def _rows(lines: Iterable[Activity]) -> Iterator[list[Any]]:
    # What belongs to the reader is looked up now: the rows are made after the request has ended.
    zone = timezone.get_current_timezone()
    verbs = {str(verb): str(label) for verb, label in Verb.choices}
    results = {str(result): str(label) for result, label in Activity.Result.choices}
    return (
        [
            f"{line.happened_at.astimezone(zone):%Y-%m-%d %H:%M:%S %z}",
            line.affected_name,
            verbs.get(line.verb, line.verb),
            line.actor_name,
            " ".join(filter(None, (results[line.result], line.refusal))),
            "; ".join([line.target, *(f"{label}: {value}" for label, value in line.facts)]),
        ]
        for line in lines
    )

"""The whole history of a subscription, one kind at a time, and as a file."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate
from accounts.roles import Permission
from activity.exports import export_list
from subscriptions.lists.histories import chapter_of, chapters_of, tabs_of
from subscriptions.views.lives import page_of, subscription_of


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def subscription_history(request: PortalRequest, code: UUID) -> HttpResponse:
    """Licenses, other changes, charges, credit or support, the latest first."""
    subscription = subscription_of(request, code)
    chapters = chapters_of(subscription, request.membership)
    chapter = chapter_of(request.GET.get("show", ""), chapters)
    page = paginate(chapter.rows(), request, chapter.sorting)
    context = page_of(request, subscription) | {
        "chapter": chapter,
        "tabs": tabs_of(chapters, chapter),
        "page": page,
        "shown": chapter.shown(page),
    }
    template = "_history_rows.html" if request.htmx else "history.html"
    return render(request, f"subscriptions/{template}", context)


@requires(Permission.VIEW)
def subscription_history_export(request: PortalRequest, code: UUID) -> StreamingHttpResponse:
    subscription = subscription_of(request, code)
    chapter = chapter_of(request.GET.get("show", ""), chapters_of(subscription, request.membership))
    title = _("History of %(subscription)s") % {"subscription": subscription}
    return export_list(request, f"history-{chapter.name}", title, chapter.header(), chapter.lines())

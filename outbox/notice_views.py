"""One's own notices, and which of them are mailed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import MembershipMissing, PortalRequest, signed_in
from accounts.paging import Sorting, paginate
from accounts.redirects import next_url
from accounts.tabs import Tab
from outbox.models import Notice
from outbox.notice_forms import MailForm, UntilForm
from outbox.notices import choose_mail, mark_all_read, mark_read

NEWEST_FIRST = Sorting(("created_at", "id"), descending=True)
UNREAD = "unread"


@signed_in
def notice_list(request: PortalRequest) -> HttpResponse:
    """What one was told, for the organisation that one acts for: newest first, all of it or what is unread."""
    notices = Notice.objects.visible_to(request.membership)
    only_unread = request.GET.get("state") == UNREAD
    if only_unread:
        notices = notices.unread()
    context = {
        "page": paginate(notices, request, NEWEST_FIRST),
        "only_unread": only_unread,
        "tabs": _tabs(only_unread=only_unread),
        "until": timezone.now().isoformat(),
    }
    return render(request, "notices/_table.html" if request.htmx else "notices/list.html", context)


@signed_in
@require_POST
def notice_read(request: PortalRequest, code: UUID) -> HttpResponse:
    """Mark one of one's own as read, and go back to the page of the list."""
    mark_read(get_object_or_404(Notice.objects.visible_to(request.membership), code=code))
    return redirect(next_url(request, reverse("notices:list")))


@signed_in
@require_POST
def notices_read(request: PortalRequest) -> HttpResponse:
    """Mark everything as read that there was when the list was shown."""
    form = UntilForm(request.POST)
    if form.is_valid():
        mark_all_read(request.membership, until=form.cleaned_data["until"])
    return redirect("notices:list")


@signed_in
def mail_choose(request: PortalRequest) -> HttpResponse:
    """What is mailed to me: the page, and the ticks as they were set."""
    if request.membership is None:
        raise MembershipMissing
    # A POST without a single tick is one, too.
    form = MailForm(request.POST if request.method == "POST" else None, membership=request.membership)
    if form.is_valid():
        choose_mail(request.membership, form.wanted())
        messages.success(request, _("Saved. The next mail goes out as you chose."))
        return redirect("notices:mail")
    return render(request, "notices/mail.html", {"form": form})


def _tabs(*, only_unread: bool) -> list[Tab]:
    url = reverse("notices:list")
    return [
        Tab(_("All notices"), url, not only_unread),
        Tab(_("Unread"), f"{url}?state={UNREAD}", only_unread),
    ]

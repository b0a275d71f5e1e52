"""The pages that all personal requests share: the draft message with its buttons, and the way behind a link.

A room names its own addresses, fetches its own rows, and calls these.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import PortalRequest, VisitorRequest
from activity.verbs import Verb
from outbox import requests
from outbox.forms import DraftForm
from outbox.landing import find
from outbox.models import PersonalRequest
from outbox.requests import Wording

COOKIE = "invitation"
_SAVED = gettext_lazy("The request is saved. You find it under Requests.")


@dataclass(frozen=True)
class Desk:
    """What differs between kinds of requests while they are drafted: the words, the verbs, the pages around."""

    wording: Wording
    sent: Verb
    withdrawn: Verb
    requests_url: str
    """The URL name of the list of requests."""
    done_url: str
    """The URL name of the page to which Done leads."""
    page: Callable[[PortalRequest, Any, DraftForm], HttpResponse]
    """The page of a request with its form."""
    saved: str | Promise = _SAVED
    """What Done says."""
    form: type[DraftForm] = DraftForm


def edit_page(request: PortalRequest, row: PersonalRequest, desk: Desk) -> HttpResponse:
    """The draft message; Done keeps it as edited."""
    if request.method != "POST":
        return desk.page(request, row, desk.form(request=row))
    form = desk.form(request.POST, request=row)
    if not _saved(form, row, desk):
        return desk.page(request, row, form)
    messages.success(request, str(desk.saved))
    return redirect(desk.done_url)


def change_language(request: PortalRequest, row: PersonalRequest, desk: Desk) -> HttpResponse:
    """The message in another language, unless somebody edited it; everything else that was typed is kept."""
    form = desk.form(request.POST, request=row)
    if not _saved(form, row, desk):
        return desk.page(request, row, form)
    row.refresh_from_db()
    if row.message == form.cleaned_data["message"]:
        messages.info(request, _("The message stays as you wrote it."))
    return redirect(row)


def send_edited(request: PortalRequest, row: PersonalRequest, desk: Desk) -> HttpResponse:
    """Save the message as edited and mail it."""
    form = desk.form(request.POST, request=row, to_be_sent=True)
    if not (_saved(form, row, desk) and _done(form, lambda: requests.send(row, verb=desk.sent, actor=request.user))):
        return desk.page(request, row, form)
    return redirect(row)


def send_again(request: PortalRequest, row: PersonalRequest, desk: Desk) -> HttpResponse:
    """Mail the message once more, as it is."""
    try:
        sent = requests.send(row, verb=desk.sent, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The message is on its way to %(recipient)s.") % {"recipient": sent.recipient})
    return redirect(desk.requests_url)


def withdraw(request: PortalRequest, row: PersonalRequest, desk: Desk) -> HttpResponse:
    """Make the link worthless."""
    try:
        requests.withdraw(row, verb=desk.withdrawn, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The link is withdrawn: nobody can accept it any more."))
    return redirect(desk.requests_url)


_View = Callable[[VisitorRequest, Any, str], HttpResponse]


def behind_link(model: type[PersonalRequest], return_view: str) -> Callable[[_View], Callable[..., HttpResponse]]:
    """Gives a view the request whose link this is, and the link; any other address gets one and the same page.

    The address is a secret: nothing here is cached, indexed or passed on. The secret half is left in a cookie for
    return_from_link(), which the browser sends to this link's pages and to no other.
    """

    def decorate(view: _View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def found(request: VisitorRequest, code: UUID, token: str) -> HttpResponse:
            row = find(model, code, token)
            if row is None:
                return unknown_link(request)
            response = _answer(view, request, row, reverse(model.LINK_VIEW, args=[code, token]))
            return discreet(_remembering(response, token, reverse(return_view, args=[code])))

        return found

    return decorate


def return_from_link(request: VisitorRequest, model: type[PersonalRequest], code: UUID) -> HttpResponse:
    """Back to the link that this browser opened, from signing in and the like.

    Those pages get this address, which is no secret, for a session keeps it in the database (design.md §4.3).
    """
    token = request.COOKIES.get(COOKIE, "")
    if find(model, code, token) is None:
        return unknown_link(request)
    return discreet(redirect(model.LINK_VIEW, code, token))


def unknown_link(request: VisitorRequest) -> HttpResponse:
    return discreet(render(request, "requests/unknown.html", status=404))


def discreet(response: HttpResponse) -> HttpResponse:
    """Neither cached nor indexed, and its address is told to nobody."""
    add_never_cache_headers(response)
    # Not "no-referrer": browsers would then post our own forms with "Origin: null", which the CSRF check refuses.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(view: _View, request: VisitorRequest, row: PersonalRequest, link: str) -> HttpResponse:
    """The view's; what the domain refuses leads back to the link, whose page says what is in the way."""
    try:
        return view(request, row, link)
    except ValidationError:
        if request.method != "POST":
            raise
        return redirect(link)


def _remembering(response: HttpResponse, token: str, path: str) -> HttpResponse:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, token, path=path, secure=secure, httponly=True, samesite="Lax")
    return response


def _saved(form: DraftForm, row: PersonalRequest, desk: Desk) -> bool:
    return form.is_valid() and _done(form, lambda: requests.edit(row, form.draft(), desk.wording))


def _done(form: DraftForm, change: Callable[[], object]) -> bool:
    try:
        change()
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True

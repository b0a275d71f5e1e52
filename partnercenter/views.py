"""Pages that look at everything: the overview, account settings, health; and the styleguide while developing."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import i18n

from accounts.access import PortalRequest, check, public, requires, signed_in
from accounts.roles import Kind, Permission
from partnercenter import styleguide as guide
from partnercenter.attention import overview_of
from partnercenter.company import settings_of
from staff.people import shut_out_of

set_language = public(i18n.set_language)


@signed_in
def overview(request: PortalRequest) -> HttpResponse:
    """Where one lands after signing in: what waits for the organisation, or how to get into one."""
    shut_out = shut_out_of(request.user)
    if not request.memberships:
        return render(request, "overview.html", {"part": "overview/_nobody.html", "shut_out": shut_out})
    if request.membership.kind != Kind.CUSTOMER:  # whose people may have no role at all, and still want to know so
        check(request.membership, Permission.VIEW)
    return render(request, "overview.html", {**overview_of(request.membership), "shut_out": shut_out})


@requires(Permission.VIEW)
def account_settings(request: PortalRequest) -> HttpResponse:
    """The organisation that one acts for: to read; what may change has its own page."""
    return render(request, "account_settings.html", settings_of(request.membership))


@public
def health(request: HttpRequest) -> JsonResponse:
    """Answers 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"status": "ok"})


@public
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for whoever builds pages. Only while developing."""
    return render(request, "styleguide.html", guide.context())

"""Pages that look at everything: the overview, account settings, health; and the styleguide while developing."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import i18n

from accounts.access import PortalRequest, public, signed_in

set_language = public(i18n.set_language)


@signed_in
def overview(request: PortalRequest) -> HttpResponse:
    """Where one lands after signing in."""
    return render(request, "overview.html")


@signed_in
def account_settings(request: PortalRequest) -> HttpResponse:
    """The organisation that one acts for."""
    return render(request, "account_settings.html")


@public
def health(request: HttpRequest) -> JsonResponse:
    """Answers 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"status": "ok"})


@public
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for whoever builds pages. Only while developing."""
    return render(request, "styleguide.html")

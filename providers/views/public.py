"""The indirect providers list that everybody can read, search engines included."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.text import Truncator

from accounts.access import PortalRequest, public
from accounts.models import Membership
from accounts.paging import paginate, sorting_from
from accounts.roles import Kind
from providers.entries import speciality_names
from providers.languages import language_names
from providers.listing import SORTINGS, DirectoryFilter, entries, lines, market_of
from providers.models import Provider
from providers.views.addresses import addresses_of
from providers.views.caching import MAX_AGE, for_everybody, language_asked_for

MOST_IN_SITEMAP = 49_000


@public
@for_everybody
def provider_list(request: PortalRequest) -> HttpResponse:
    """Indirect providers list: by country, language and speciality, and by words of the name or description."""
    filters = DirectoryFilter(request.GET)
    _sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(filters.apply(entries()), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "lines": lines(page),
        "country": filters.country_code,
        "own_country": _country_of(request.membership),
        "addresses": addresses_of(request, country=filters.country_code),
        "language": language_asked_for(request),
        "layout": _layout(request),
    }
    return render(request, "directory/_table.html" if request.htmx else "directory/list.html", context)


@public
@for_everybody
def provider_entry(request: PortalRequest, pk: UUID) -> HttpResponse:
    """All that the list says of a provider, and how a reseller becomes its partner."""
    provider = get_object_or_404(entries(), pk=pk)
    context = {
        "provider": provider,
        "languages": language_names(provider.languages),
        "specialities": speciality_names(provider.specialities),
        "market": market_of(provider),
        "summary": Truncator(" ".join(provider.description.split())).chars(155),
        "addresses": addresses_of(request),
        "layout": _layout(request),
        **_ties(provider, request.membership),
    }
    return render(request, "directory/entry.html", context)


@public
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may read: the list and its entries."""
    return _kept(render(request, "directory/robots.txt", {"portal": settings.PORTAL_URL}, "text/plain; charset=utf-8"))


@public
def sitemap(request: HttpRequest) -> HttpResponse:
    """The list and its entries, for search engines. Their format ends at 50,000 addresses."""
    pks = entries().order_by("pk").values_list("pk", flat=True)[:MOST_IN_SITEMAP]
    pages = [reverse("directory:list"), *(reverse("directory:entry", args=[pk]) for pk in pks)]
    context = {"addresses": [f"{settings.PORTAL_URL}{page}" for page in pages]}
    return _kept(render(request, "directory/sitemap.xml", context, "application/xml; charset=utf-8"))


def _kept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, public=True, max_age=MAX_AGE)
    return response


def _layout(request: HttpRequest) -> str:
    """Members keep their menu; everybody else gets a page that can be kept (providers/views/caching.py)."""
    return "base.html" if request.user.is_authenticated else "directory/public.html"


def _country_of(membership: Membership | None) -> str:
    """Where a reseller is, to offer it what is there."""
    return str(membership.organisation.country) if membership and membership.kind == Kind.RESELLER else ""


def _ties(provider: Provider, membership: Membership | None) -> dict[str, object]:
    """Whether the reader may ask this provider, and what is between the two already."""
    if membership is None:
        return {"may_ask": True}
    if membership.kind != Kind.RESELLER:
        return {"may_ask": False, "is_own": membership.organisation_id == provider.pk}
    asked = provider.contact_requests.visible_to(membership).filter(closed_at=None).first()
    partnership = provider.partnerships.visible_to(membership).active().first()
    return {"may_ask": not (asked or partnership), "asked": asked, "partnership": partnership}

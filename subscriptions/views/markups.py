"""Markups: what a provider adds to its prices for resellers."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.forms.markups import MarkupFilter, MarkupForm, PercentForm
from subscriptions.lists.markups import HEADER, SORTINGS, markup_lines, markup_rows, product_title, with_titles
from subscriptions.markups import add_markup, change_markup, remove_markup
from subscriptions.views.price_list import tabs


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def markup_list(request: PortalRequest) -> HttpResponse:
    """All that were set, and which of several counts."""
    filters = MarkupFilter(request.GET)
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(filters.apply(markup_rows(request.membership)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": with_titles(page.rows, request.membership),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "tabs": tabs("subscriptions:markups"),
        "can_set": request.membership.can(Permission.SET_MARKUPS),
    }
    return render(request, f"subscriptions/{'_markups_table' if request.htmx else 'markups'}.html", context)


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
def markups_export(request: PortalRequest) -> StreamingHttpResponse:
    _sort, sorting = sorting_from(request, SORTINGS)
    rows = MarkupFilter(request.GET).apply(markup_rows(request.membership)).order_by(*sorting.order_by())
    lines = markup_lines(rows.iterator(chunk_size=500), request.membership)
    return export_list(request, "markups", _("Markups"), HEADER, lines)


@requires(Permission.SET_MARKUPS, Kind.PROVIDER)
def markup_add(request: PortalRequest) -> HttpResponse:
    """Add one; the price list leads here with a product, ?item=, and the reseller whose prices it shows."""
    initial = {name: request.GET[name] for name in ("reseller", "item") if name in request.GET}
    form = MarkupForm(request.POST or None, initial=initial, membership=request.membership)
    if form.is_valid():
        try:
            add_markup(form.scope(), form.cleaned_data["percent"], membership=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The markup is set, for purchases and renewals from now on."))
            return redirect("subscriptions:markups")
    return render(request, "subscriptions/markups_add.html", {"form": form})


@requires(Permission.SET_MARKUPS, Kind.PROVIDER)
def markup_edit(request: PortalRequest, pk: int) -> HttpResponse:
    """Set another percentage."""
    markup = get_object_or_404(markup_rows(request.membership), pk=pk)
    form = PercentForm(request.POST or None, initial={"percent": markup.percent})
    if form.is_valid():
        try:
            change_markup(markup, form.cleaned_data["percent"], membership=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The markup is set, for purchases and renewals from now on."))
            return redirect("subscriptions:markups")
    title = product_title(markup.product_id, markup.sku_id, request.membership)
    return render(request, "subscriptions/markups_edit.html", {"form": form, "markup": markup, "title": title})


@requires(Permission.SET_MARKUPS, Kind.PROVIDER)
@require_POST
def markup_remove(request: PortalRequest, pk: int) -> HttpResponse:
    """Let it count no more."""
    markup = get_object_or_404(markup_rows(request.membership), pk=pk)
    try:
        remove_markup(markup, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The markup is removed. What was sold by it keeps it until its term ends."))
    return redirect("subscriptions:markups")

"""The price list: line by line, and the files that the operator uploads, looks at and applies."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from activity.exports import csv_response
from partnercenter.admin.desk import OperatorAdmin, RecordAdmin
from subscriptions.models import Offer, PriceListImport
from subscriptions.price_list.apply import request_apply, too_old, upload
from subscriptions.price_list.check import MOST_PROBLEMS, problems_of
from subscriptions.price_list.difference import first_lines, first_withdrawn
from subscriptions.price_list.problems import sentence

State = PriceListImport.State
MOST_SHOWN = 50
PROBLEMS_A_PAGE = 100


if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Offer]
else:
    _ModelForm = forms.ModelForm

# What the constraints on lines of one item look at, whether it can be typed here or not.
_ITEM = ("item", "product_id", "sku_id", "term", "billing", "market", "currency", "segment", "effective_from")


class OfferForm(_ModelForm):
    """Refuses what the database would: the item is made by it, so Django would leave the item's rules unchecked."""

    def _get_validation_exclusions(self) -> set[str]:
        return set(super()._get_validation_exclusions()) - set(_ITEM)  # type: ignore[misc]  # not in django-stubs


@admin.register(Offer)
class OfferAdmin(OperatorAdmin):
    """What was ordered keeps its price. Which product a line is for stays; an offer ends with its effective period."""

    form = OfferForm
    list_display = ("sku_title", "product_id", "sku_id", "term", "billing", "market", "unit_price", "currency")
    list_filter = ("category", "segment", "term", "billing")
    search_fields = ("product_id__startswith", "sku_title__startswith")

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return _ITEM[1:]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV with commas or tabs, in UTF-8, or a ZIP of it.")
    )


@admin.register(PriceListImport)
class PriceListImportAdmin(RecordAdmin):
    """Uploading is adding one. Its page says how far the check is, what would change and what is wrong."""

    list_display = ("file_name", "state", "uploaded_at", "uploaded_by", "lines", "new", "changed", "withdrawn", "wrong")
    list_select_related = ("uploaded_by",)
    list_filter = ("state",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceListImport]:
        rows: QuerySet[PriceListImport] = super().get_queryset(request)
        return rows.defer("content").select_related("uploaded_by", "applied_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("subscriptions.add_pricelistimport"))

    def may_apply(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("subscriptions.change_pricelistimport"))

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("<int:pk>/apply/", site.admin_view(require_POST(self.apply)), name="price_list_apply"),
            path("<int:pk>/errors/", site.admin_view(require_GET(self.errors)), name="price_list_errors"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                price_list = upload(file, name=file.name, actor=request.user)  # type: ignore[arg-type]  # an operator signed in
            except ValidationError as refusal:
                form.add_error("file", refusal)
            else:
                return HttpResponseRedirect(_page_of(price_list.pk))
        return self._page(request, "upload", title=_("Upload a price list"), form=form, media=self.media + form.media)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        price_list = self._shown(request, unquote(object_id))
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        problems = Paginator(price_list.problems.order_by("number", "id"), PROBLEMS_A_PAGE)
        page = problems.get_page(request.GET.get("p"))
        is_waiting = price_list.state == State.CHECKED and not price_list.wrong
        refusal = too_old(price_list) if is_waiting else None
        is_running = price_list.state in (State.UPLOADED, State.CHECKING, State.APPLYING)
        response = self._page(
            request,
            "preview",
            title=price_list.file_name,
            price_list=price_list,
            is_running=is_running,
            may_apply=is_waiting and refusal is None and self.may_apply(request),
            reasons=refusal.messages if refusal else [],
            groups=_groups(price_list) if price_list.state == State.CHECKED else [],
            problems=page,
            sentences=[(each, sentence(each.code, each.value)) for each in page],
            most_problems=MOST_PROBLEMS if problems.count >= MOST_PROBLEMS else None,
        )
        if is_running:
            response["Refresh"] = "2"  # seconds; needs no script
        return response

    def apply(self, request: HttpRequest, pk: int) -> HttpResponse:
        price_list = self._shown(request, pk)
        if not self.may_apply(request):
            raise PermissionDenied
        try:
            request_apply(price_list, actor=request.user)  # type: ignore[arg-type]  # an operator signed in
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.WARNING)
        return HttpResponseRedirect(_page_of(pk))

    def errors(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        rows = problems_of(self._shown(request, pk))
        header = (_("Line"), _("Column"), _("Value"), _("Problem"))
        return csv_response(
            "price-list-errors", header, ((each.number, each.column, each.value, each.sentence) for each in rows)
        )

    def _shown(self, request: HttpRequest, key: Any) -> PriceListImport:
        price_list = self.get_object(request, str(key))
        if not self.has_view_permission(request, price_list):
            raise PermissionDenied
        if price_list is None:
            raise Http404
        return price_list  # type: ignore[no-any-return]  # ModelAdmin[Any], see desk.py

    def _page(self, request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/price_list/{name}.html", context)


def _page_of(pk: int) -> str:
    return reverse("admin:subscriptions_pricelistimport_change", args=[pk])


def _groups(price_list: PriceListImport) -> list[tuple[str, int, list[Any]]]:
    """What would become different: the name of each group, how many there are, and the first of them."""
    groups = [
        (_("New"), price_list.new, first_lines(price_list.pk, "new", MOST_SHOWN)),
        (pgettext("lines", "Changed"), price_list.changed, first_lines(price_list.pk, "changed", MOST_SHOWN)),
        (_("Withdrawn"), price_list.withdrawn, first_withdrawn(price_list.pk, timezone.now(), MOST_SHOWN)),
    ]
    return [group for group in groups if group[2]]

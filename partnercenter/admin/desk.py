"""What all the operator's pages share: quick at a million rows, nothing deleted, every change in the activity log."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import Model, QuerySet, URLField
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import Organisation, User
from activity.log import record
from activity.verbs import Verb

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin, _TabularInline, _Paginator = admin.ModelAdmin, admin.TabularInline, Paginator

MOST_COUNTED = 1000
MOST_FOUND = 500


class BoundedPaginator(_Paginator):
    """Counts up to a thousand rows and no further; of a whole table, the planner's estimate says the rest.

    What a search or a filter found is shown up to its thousandth row: a narrower search finds what comes after.
    """

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows[:MOST_COUNTED].count()
        if counted < MOST_COUNTED or rows.query.where:
            return counted
        return max(counted, _estimate(rows.model))


class OperatorAdmin(_ModelAdmin):
    """Lists in the order of their keys, searched by index, never counted. Nothing is deleted (design.md §4.13)."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    list_per_page = 50
    formfield_overrides: ClassVar[dict[Any, Any]] = {URLField: {"assume_scheme": "https"}}
    # Lookups that an index serves. Each is asked by itself, for the whole of what was typed: with OR between them,
    # PostgreSQL would read the table.
    search_fields: ClassVar[tuple[str, ...]] = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        return (queryset.filter(pk__in=self._found(queryset, term)) if term else queryset), False

    def _found(self, rows: QuerySet[Any], term: str) -> set[Any]:
        found: set[Any] = set()
        for lookup in self.search_fields:
            # What is searched by its beginning (addresses, domain names) is stored in lower case.
            value = term.lower() if lookup.endswith("__startswith") else term
            try:
                matching = rows.filter(**{lookup: value})
                found.update(matching.order_by().values_list("pk", flat=True)[:MOST_FOUND])
            except (ValidationError, ValueError):
                continue  # neither a number nor a UUID, so it is not in this field
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # PostgreSQL has no text with a NUL character in it, and says so with an error that ends the page.
        return "\x00" not in value and super().lookup_allowed(lookup, value, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def concerned(self, obj: Any) -> Iterable[Organisation]:
        """The companies that read in their activity log what the operator changed here."""
        return ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if companies := list(self.concerned(obj)):
                record(
                    Verb.OPERATOR_CHANGED,
                    obj,
                    actor=request.user if isinstance(request.user, User) else None,
                    seen_by=companies,
                    affected=companies[0],
                    list=str(obj._meta.verbose_name),
                    fields=list(form.changed_data),
                )


class RecordAdmin(OperatorAdmin):
    """Rows that are read and nothing else: records of the past, and what the portal's own pages look after."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordInline(_TabularInline):
    """The few rows that belong to another one; read and nothing else."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _estimate(model: type[Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        row = cursor.fetchone()
    return int(row[0]) if row else 0

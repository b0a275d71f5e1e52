"""The activity log of everybody, to read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from activity.filters import words
from activity.models import Activity, Sighting
from partnercenter.admin.desk import RecordAdmin, RecordInline


class SightingInline(RecordInline):
    model = Sighting
    fields = ("organisation",)


@admin.register(Activity)
class ActivityAdmin(RecordAdmin):
    list_display = ("happened_at", "verb", "affected_name", "target", "actor_name", "result", "refusal")
    list_filter = ("verb",)
    fields = (
        *("happened_at", "verb", "result", "refusal", "actor_name", "affected_name", "target", "details", "code"),
    )
    inlines = (SightingInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Activity], search_term: str
    ) -> tuple[QuerySet[Activity], bool]:
        return words(queryset, search_term.replace("\x00", "")), False

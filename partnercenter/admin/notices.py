"""What people were told in the portal, and what they do not want mailed, to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from outbox.models import Notice, NoticeChoice
from partnercenter.admin.desk import RecordAdmin


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    list_display = ("created_at", "membership", "title", "read_at")
    list_select_related = ("membership__user", "membership__organisation")
    search_fields = ("code", "membership__user__email__startswith")
    fields = ("created_at", "membership", "subject", "title", "text", "names", "path", "email", "read_at", "code")
    readonly_fields = ("created_at", "title", "text", "code")

    @admin.display(description=_("Title"))
    def title(self, notice: Notice) -> str:
        return notice.title

    @admin.display(description=_("Text"))
    def text(self, notice: Notice) -> str:
        return notice.text


@admin.register(NoticeChoice)
class NoticeChoiceAdmin(RecordAdmin):
    """A row for each subject that a person does not want by mail."""

    list_display = ("user", "subject")
    list_select_related = ("user",)
    search_fields = ("user__email__startswith",)

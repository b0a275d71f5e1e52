"""The outbox: what was promised, what left, what the mail server refused and why; and the links that it carried."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from outbox.models import LINK, OutgoingEmail, PersonalRequest
from outbox.post import post_again
from partnercenter.admin.desk import RecordAdmin
from partnercenter.mailbox import delivered_copy

MASK = "https://…/••••••••"


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(RecordAdmin):
    """Personal links are masked. While developing, the message as it left can be read in full."""

    list_display = ("created_at", "state", "to", "subject", "sender", "attempts", "sent_at")
    list_select_related = ("sender",)
    list_filter = ("state",)
    search_fields = ("code", "to__startswith")
    fields = (
        *("sender", "to", "language", "subject", "masked_text", "state", "attempts", "problem"),
        *("created_at", "next_attempt_at", "sent_at", "delivered"),
    )
    readonly_fields = ("masked_text", "delivered", "created_at")
    actions = ("send_again",)

    @admin.display(description=_("Text"))
    def masked_text(self, email: OutgoingEmail) -> SafeString:
        return as_lines(email.text.replace(LINK, MASK))

    @admin.display(description=_("As it was delivered"), empty_value="–")
    def delivered(self, email: OutgoingEmail) -> SafeString | None:
        copy = delivered_copy(email)
        return as_lines(copy) if copy else None

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]) -> None:
        refused = list(queryset.filter(state=OutgoingEmail.State.REFUSED))
        for email in refused:
            post_again(email)
        text = ngettext(
            "%(count)s message is on its way again.", "%(count)s messages are on their way again.", len(refused)
        )
        self.message_user(request, text % {"count": len(refused)}, messages.SUCCESS)
        if left := queryset.exclude(pk__in=[email.pk for email in refused]).count():
            text = ngettext(
                "%(count)s message was not refused, so it stays as it is.",
                "%(count)s messages were not refused, so they stay as they are.",
                left,
            )
            self.message_user(request, text % {"count": left}, messages.WARNING)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = self.fields
        return shown if obj and delivered_copy(obj) else tuple(name for name in shown if name != "delivered")


def as_lines(text: str) -> SafeString:
    """Plain text with its paragraphs, for a page of the operator."""
    return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 - escaped by linebreaks


class RequestAdmin(RecordAdmin):
    """Personal requests, without what a link is made of: the nonce, half of the secret, is shown to nobody."""

    readonly_fields = ("code", "created_at", "masked_message")

    @admin.display(description=_("Email text"))
    def masked_message(self, request: PersonalRequest) -> SafeString:
        return as_lines(request.message.replace(LINK, MASK))

    @admin.display(description=_("State"))
    def state(self, request: PersonalRequest) -> str:
        return str(request.state.label)

"""The indirect providers list: what providers would like their entries to say, and which resellers asked them.

The operator approves or declines proposals, and edits nothing.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from partnercenter.admin.desk import RecordAdmin
from providers.directory import approve, decline
from providers.entries import Entry, differences
from providers.models import ProfileProposal
from resellers.models import ContactRequest


class ReasonForm(ActionForm):
    """Beside the action: why, which the provider reads when a proposal is declined."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


@admin.register(ProfileProposal)
class ProfileProposalAdmin(RecordAdmin):
    """Decided with the actions of the list: each leaves a line in the provider's activity log, and tells it."""

    list_display = ("provider", "in_short", "state", "proposed_by", "proposed_at", "reason")
    list_filter = ("state",)
    list_select_related = ("provider__organisation", "proposed_by")
    search_fields = ("provider__organisation__name__icontains",)
    fields = ("provider", "state", "proposed_by", "proposed_at", "changes", "decided_by", "decided_at", "reason")
    action_form = ReasonForm
    actions = ("approve_proposals", "decline_proposals")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change proposals decides them; nobody edits them."""
        return bool(request.user.has_perm("providers.change_profileproposal"))

    @admin.display(description=_("What would change"))
    def changes(self, proposal: ProfileProposal) -> SafeString | str:
        """Against the entry as it is now; of a decided proposal, what has become different since."""
        return _shown(proposal)

    @admin.display(description=_("What would change"))
    def in_short(self, proposal: ProfileProposal) -> SafeString | str:
        """The same for the list: of what waits alone, and of long texts the beginning."""
        return _shown(proposal, longest=160) if proposal.state == ProfileProposal.State.OPEN else "–"

    @admin.action(description=_("Approve the proposal"), permissions=["decide"])
    def approve_proposals(self, request: HttpRequest, queryset: QuerySet[ProfileProposal]) -> None:
        for proposal in queryset.select_related("provider__organisation"):
            self._decide(request, proposal, lambda each: approve(each, actor=request.user))  # type: ignore[arg-type]  # an operator signed in

    @admin.action(description=_("Decline the proposal, with the reason"), permissions=["decide"])
    def decline_proposals(self, request: HttpRequest, queryset: QuerySet[ProfileProposal]) -> None:
        reason = " ".join(request.POST.get("reason", "").split())[:500]
        for proposal in queryset.select_related("provider__organisation"):
            self._decide(request, proposal, lambda each: decline(each, reason=reason, actor=request.user))  # type: ignore[arg-type]  # the same

    def _decide(self, request: HttpRequest, proposal: ProfileProposal, verdict: Any) -> None:
        try:
            decided = verdict(proposal)
        except ValidationError as refusal:
            text = " ".join(refusal.messages)
            self.message_user(request, f"{proposal.provider}: {text}", messages.WARNING)
        else:
            names = {"provider": decided.provider, "state": decided.get_state_display()}
            self.message_user(request, _("%(provider)s: %(state)s.") % names, messages.SUCCESS)


def _shown(proposal: ProfileProposal, longest: int = 2500) -> SafeString | str:
    found = differences(Entry.of(proposal.provider), Entry.read(proposal.entry))
    lines = (
        (each.label, Truncator(each.before).chars(longest), Truncator(each.after).chars(longest)) for each in found
    )
    return format_html_join("", "<p><strong>{}</strong>: {} → {}</p>", lines) or "–"


@admin.register(ContactRequest)
class ContactRequestAdmin(RecordAdmin):
    list_display = ("provider", "reseller", "name", "email", "created_at", "closed_at")
    list_select_related = ("provider__organisation", "reseller__organisation")
    search_fields = ("provider", "reseller")
    fields = (
        *("provider", "reseller", "name", "email", "message", "created_at", "created_by", "closed_at", "closed_by"),
    )

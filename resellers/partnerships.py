"""The life of a partnership: requested by a provider, accepted or declined by a reseller, removed by the provider."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Membership, Organisation, User
from activity.log import attempt, record
from activity.verbs import Verb
from outbox.post import post, recall
from providers.models import Provider
from resellers.drafts import Draft, check_message, draft_text, is_unedited
from resellers.invitations import can_answer, closed, not_allowed, obstacles
from resellers.models import Partnership, PartnershipRequest

DEFAULT_LIFETIME = timedelta(days=90)


@transaction.atomic
def request_partnership(provider: Provider, *, language: str, actor: User) -> PartnershipRequest:
    """Make a personalised link with its draft message, in this language, usable once and for 90 days."""
    subject, message = draft_text(provider, actor, language)
    request = PartnershipRequest.objects.create(
        provider=provider,
        created_by=actor,
        language=language,
        subject=subject,
        message=message,
        expires_at=timezone.now() + DEFAULT_LIFETIME,
    )
    record(Verb.PARTNERSHIP_REQUESTED, provider, actor=actor, seen_by=[provider.organisation], request=request.code)
    return request


@transaction.atomic
def edit_request(request: PartnershipRequest, draft: Draft) -> PartnershipRequest:
    """Keep the message and the options as edited. Refused without the link, and once the request is closed.

    Another language drafts the message anew, unless somebody edited it: what a person wrote stays.
    """
    request = _locked(request)
    if not request.is_open:
        raise closed(request)
    _check(draft, request)
    request.subject, request.message = draft.subject, draft.message
    if draft.language and draft.language != request.language:
        _change_language(request, draft.language)
    request.recipient, request.expires_at, request.max_uses = draft.recipient, draft.expires_at, draft.max_uses
    request.save(update_fields=["subject", "message", "language", "recipient", "expires_at", "max_uses"])
    return request


def send_request(request: PartnershipRequest, *, actor: User) -> PartnershipRequest:
    """Mail the message to its recipient; again, when it was sent before.

    Refused when closed, without a recipient, and while the very same message has yet to leave (mail_waiting).
    """
    provider = request.provider
    with attempt(
        Verb.PARTNERSHIP_REQUEST_SENT, provider, actor=actor, seen_by=[provider.organisation], request=request.code
    ) as line:
        request = _locked(request)
        line.details["recipient"] = request.recipient
        if not request.is_open:
            raise closed(request)
        if not request.recipient:
            raise ValidationError({"recipient": ValidationError(_("Enter the address to send it to."), "required")})
        _refuse_while_waiting(request)
        request.email = post(
            sender=provider.organisation,
            to=request.recipient,
            language=request.language,
            subject=request.subject,
            text=request.message,
            link=request.link,
        )
        request.sent_at = timezone.now()
        request.save(update_fields=["email", "sent_at"])
    return request


def withdraw_request(request: PartnershipRequest, *, actor: User) -> None:
    """Make the link worthless, and keep back what has yet to leave with it.

    A request that is closed already stays as it is, and that is said.
    """
    provider = request.provider
    with attempt(
        Verb.PARTNERSHIP_REQUEST_WITHDRAWN, provider, actor=actor, seen_by=[provider.organisation], request=request.code
    ):
        request = _locked(request)
        if not request.is_open:
            raise closed(request)
        request.withdrawn_at = timezone.now()
        request.save(update_fields=["withdrawn_at"])
        recall(request.link)


def accept_request(request: PartnershipRequest, *, membership: Membership) -> Partnership:
    """Start the partnership that the request offers. Two at the same moment make one: the second is told."""
    provider, organisation = request.provider, membership.organisation
    with attempt(
        Verb.PARTNERSHIP_STARTED,
        organisation,
        actor=membership.user,
        seen_by=[provider.organisation, organisation],
        request=request.code,
        provider=str(provider),
    ):
        # The reseller's row is locked as well: two links of one provider must not make two partnerships. Without its
        # key, which whoever writes a line of the log for this company needs: decline_request() would wait for us.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        request = _locked(request)
        if problems := obstacles(request, membership):
            raise ValidationError(problems)
        request.uses += 1
        request.save(update_fields=["uses"])
        return Partnership.objects.create(
            provider=provider, reseller=organisation.reseller, request=request, started_by=membership.user
        )


def decline_request(request: PartnershipRequest, *, membership: Membership, reason: str = "") -> None:
    """Say no, with a reason if one likes. A link for one use is closed by it; one for many stays open for others."""
    provider, organisation = request.provider, membership.organisation
    with attempt(
        Verb.PARTNERSHIP_DECLINED,
        organisation,
        actor=membership.user,
        seen_by=[provider.organisation, organisation],
        request=request.code,
        provider=str(provider),
        reason=reason,
    ):
        request = _locked(request)
        if not request.is_open:
            raise closed(request)
        if not can_answer(membership):
            raise not_allowed(membership)
        if request.max_uses == 1:
            request.declined_at, request.decline_reason = timezone.now(), reason
            request.save(update_fields=["declined_at", "decline_reason"])


def end_partnership(partnership: Partnership, *, actor: User) -> Partnership:
    """End the partnership and nothing else: customers, delegations, credit, support contacts stay (design.md §4.9)."""
    organisations = [partnership.provider.organisation, partnership.reseller.organisation]
    with attempt(Verb.PARTNERSHIP_REMOVED, partnership, actor=actor, seen_by=organisations):
        partnership = Partnership.objects.select_for_update().get(pk=partnership.pk)
        if partnership.ended_at:
            raise ValidationError(_("This partnership has been removed already."), "partnership_ended")
        partnership.ended_at, partnership.ended_by = timezone.now(), actor
        partnership.save(update_fields=["ended_at", "ended_by"])
    return partnership


def still_partners(provider: Provider, resellers: set[UUID]) -> bool:
    """Whether the provider is partnered with all of them, and will be until the caller's transaction has ended."""
    held = Partnership.objects.active().filter(provider=provider, reseller__in=resellers)
    return set(held.order_by("pk").select_for_update().values_list("reseller", flat=True)) == resellers


def _check(draft: Draft, request: PartnershipRequest) -> None:
    try:
        check_message(draft.message)
    except ValidationError as refusal:
        raise ValidationError({"message": refusal}) from None
    if draft.max_uses is not None and draft.max_uses <= request.uses:
        sentence = ngettext(
            "The link was accepted %(uses)s time already. Allow more, or withdraw it.",
            "The link was accepted %(uses)s times already. Allow more, or withdraw it.",
            request.uses,
        )
        raise ValidationError({"max_uses": ValidationError(sentence, "max_uses", {"uses": request.uses})})


def _change_language(request: PartnershipRequest, language: str) -> None:
    if is_unedited(request, request.subject, request.message):
        request.subject, request.message = draft_text(request.provider, request.created_by, language)
    request.language = language


def _refuse_while_waiting(request: PartnershipRequest) -> None:
    waiting = request.email
    same = (request.recipient, request.subject, request.message)
    if waiting and waiting.state == waiting.State.WAITING and (waiting.to, waiting.subject, waiting.text) == same:
        raise ValidationError(
            _("This message is on its way to %(recipient)s already; the portal keeps trying until it has left."),
            "mail_waiting",
            {"recipient": request.recipient},
        )


def _locked(request: PartnershipRequest) -> PartnershipRequest:
    return (
        PartnershipRequest.objects.select_for_update(of=("self",))
        .select_related("provider__organisation")
        .get(pk=request.pk)
    )

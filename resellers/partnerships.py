"""The life of a partnership: requested by a provider, accepted or declined by a reseller, removed by the provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.roles import Kind, Permission, labels, roles_with
from activity.log import attempt, record
from activity.verbs import Verb
from outbox.models import LINK
from outbox.post import post
from providers.models import Provider
from resellers.eligibility import problems_of
from resellers.models import Partnership, PartnershipRequest, Reseller

DEFAULT_LIFETIME = timedelta(days=90)

_CLOSED = {
    PartnershipRequest.State.WITHDRAWN: (
        _("This link was withdrawn by the company that sent it."),
        "request_withdrawn",
    ),
    PartnershipRequest.State.ACCEPTED: (_("This link has been used already."), "request_used"),
    PartnershipRequest.State.DECLINED: (_("This partnership request was declined."), "request_declined"),
    PartnershipRequest.State.EXPIRED: (_("This link has expired."), "request_expired"),
}


@dataclass(frozen=True)
class Draft:
    """A message as its author left it: the text has LINK where the personal link stands."""

    subject: str
    message: str
    recipient: str = ""
    expires_at: datetime | None = None
    max_uses: int | None = 1


@transaction.atomic
def request_partnership(provider: Provider, *, language: str, actor: User) -> PartnershipRequest:
    """Make a personalised link with its draft message, in this language, usable once and for 90 days."""
    subject, message = _draft_text(provider, actor, language)
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
    """Keep the message and the options as edited. Refused without the link, and once the request is closed."""
    request = _locked(request)
    if not request.is_open:
        raise _closed(request)
    if LINK not in draft.message:
        raise ValidationError(
            {"message": ValidationError(_("Put the link back: without it, nobody can accept."), "link_missing")}
        )
    if draft.max_uses is not None and draft.max_uses <= request.uses:
        raise ValidationError({"max_uses": ValidationError(_("The link was accepted more often already."), "max_uses")})
    request.subject, request.message, request.recipient = draft.subject, draft.message, draft.recipient
    request.expires_at, request.max_uses = draft.expires_at, draft.max_uses
    request.save(update_fields=["subject", "message", "recipient", "expires_at", "max_uses"])
    return request


def send_request(request: PartnershipRequest, *, actor: User) -> PartnershipRequest:
    """Mail the message to its recipient; again, when it was sent before. Refused when closed or without a recipient."""
    provider = request.provider
    with attempt(
        Verb.PARTNERSHIP_REQUEST_SENT, provider, actor=actor, seen_by=[provider.organisation], request=request.code
    ) as line:
        request = _locked(request)
        line.details["recipient"] = request.recipient
        if not request.is_open:
            raise _closed(request)
        if not request.recipient:
            raise ValidationError({"recipient": ValidationError(_("Enter the address to send it to."), "required")})
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
    """Make the link worthless. A request that is closed already stays as it is, and that is said."""
    provider = request.provider
    with attempt(
        Verb.PARTNERSHIP_REQUEST_WITHDRAWN, provider, actor=actor, seen_by=[provider.organisation], request=request.code
    ):
        request = _locked(request)
        if not request.is_open:
            raise _closed(request)
        request.withdrawn_at = timezone.now()
        request.save(update_fields=["withdrawn_at"])


def obstacles(request: PartnershipRequest, membership: Membership | None) -> list[ValidationError]:
    """Everything that keeps this person from accepting, for the page to say before anybody presses a button."""
    if not request.is_open:
        return [_closed(request)]
    if membership is None:
        return []
    names = {"company": membership.organisation.name, "provider": str(request.provider)}
    if membership.organisation_id == request.provider_id:
        return [ValidationError(_("This is your own company's link. Send it to the reseller."), "own_company")]
    if membership.kind != Kind.RESELLER:
        return [
            ValidationError(_("%(company)s is not an indirect reseller, so it cannot accept."), "wrong_kind", names)
        ]
    reseller = membership.organisation.reseller
    if Partnership.objects.active().filter(provider=request.provider, reseller=reseller).exists():
        return [ValidationError(_("%(company)s and %(provider)s are partners already."), "already_partners", names)]
    problems = problems_of(reseller, request.provider)
    if not membership.can(Permission.ACT_FOR_COMPANY):
        problems.append(_not_allowed(membership))
    return problems


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
        # The reseller's row is locked as well: two links of one provider must not make two partnerships.
        Organisation.objects.select_for_update().get(pk=organisation.pk)
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
            raise _closed(request)
        if not (membership.kind == Kind.RESELLER and membership.can(Permission.ACT_FOR_COMPANY)):
            raise _not_allowed(membership)
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


def partners_of(provider: Provider) -> list[Reseller]:
    """The resellers that may be chosen for new customers and orders, by name."""
    return list(
        Reseller.objects.filter(partnerships__provider=provider, partnerships__ended_at=None)
        .select_related("organisation")
        .order_by("organisation__name")
    )


def _locked(request: PartnershipRequest) -> PartnershipRequest:
    return (
        PartnershipRequest.objects.select_for_update(of=("self",))
        .select_related("provider__organisation")
        .get(pk=request.pk)
    )


def _closed(request: PartnershipRequest) -> ValidationError:
    sentence, code = _CLOSED[request.state]
    return ValidationError(sentence, code=code)


def _not_allowed(membership: Membership) -> ValidationError:
    return ValidationError(
        _("Only a %(roles)s of %(company)s can answer. Ask one of them to open this link."),
        "role_missing",
        {
            "roles": ", ".join(labels(roles_with(Permission.ACT_FOR_COMPANY, Kind.RESELLER))),
            "company": membership.organisation.name,
        },
    )


def _draft_text(provider: Provider, actor: User, language: str) -> tuple[str, str]:
    names = {"provider": str(provider), "person": actor.get_full_name(), "link": LINK}
    with translation.override(language):
        subject = translation.gettext("Partnership request from %(provider)s") % names
        message = (
            translation.gettext(
                "Hello,\n\n"
                "%(provider)s would like to be your indirect provider and to serve customers together with you.\n\n"
                "1. Check that your company's profile is complete.\n"
                "2. Open this link, see what you agree to, and authorize %(provider)s:\n\n"
                "%(link)s\n\n"
                "A Global admin of your company needs to sign in for this.\n\n"
                "Kind regards\n%(person)s\n%(provider)s"
            )
            % names
        )
    return subject, message

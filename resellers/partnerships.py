"""The life of a partnership: requested by a provider, accepted or declined by a reseller, removed by the provider."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.roles import Permission
from activity.log import attempt, record
from activity.verbs import Verb
from outbox import requests
from outbox.notices import notify
from outbox.requests import Draft, closed
from outbox.subjects import Subject
from providers.models import Provider
from resellers.drafts import draft_text
from resellers.invitations import can_answer, not_allowed, obstacles
from resellers.models import Partnership, PartnershipRequest


@transaction.atomic
def request_partnership(provider: Provider, *, language: str, actor: User, recipient: str = "") -> PartnershipRequest:
    """Make a personalised link with its draft message, in this language, usable once and for 90 days."""
    new = PartnershipRequest(provider=provider, created_by=actor, language=language, recipient=recipient)
    request = requests.write(new, draft_text)
    record(Verb.PARTNERSHIP_REQUESTED, provider, actor=actor, seen_by=[provider.organisation], request=request.code)
    return request


def edit_request(request: PartnershipRequest, draft: Draft) -> PartnershipRequest:
    """Keep the message and the options as edited: requests.edit()."""
    return requests.edit(request, draft, draft_text)


def send_request(request: PartnershipRequest, *, actor: User) -> PartnershipRequest:
    """Mail the message to its recipient, once more if one likes: requests.send()."""
    return requests.send(request, verb=Verb.PARTNERSHIP_REQUEST_SENT, actor=actor)


def withdraw_request(request: PartnershipRequest, *, actor: User) -> None:
    """Make the link worthless: requests.withdraw()."""
    requests.withdraw(request, verb=Verb.PARTNERSHIP_REQUEST_WITHDRAWN, actor=actor)


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
        request = requests.locked(request)
        if problems := obstacles(request, membership):
            raise ValidationError(problems)
        requests.count_use(request)
        _tell_provider(Subject.LINK_ACCEPTED, provider, "resellers:list", membership)
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
        request = requests.locked(request)
        if not request.is_open:
            raise closed(request)
        if not can_answer(membership):
            raise not_allowed(membership)
        requests.close_declined(request, reason)
        _tell_provider(Subject.LINK_DECLINED, provider, "resellers:requests", membership, reason=reason or "–")


def end_partnership(partnership: Partnership, *, actor: User) -> Partnership:
    """End the partnership and nothing else: customers, delegations, credit, support contacts stay (design.md §4.9).

    Both companies' own people are told in the portal; customers are not, and no notice of termination goes out
    (docs/decisions/010).
    """
    organisations = [partnership.provider.organisation, partnership.reseller.organisation]
    with attempt(Verb.PARTNERSHIP_REMOVED, partnership, actor=actor, seen_by=organisations):
        locked = Partnership.objects.select_for_update().get(pk=partnership.pk)
        refuse_ended(locked)
        locked.ended_at, locked.ended_by = timezone.now(), actor
        locked.save(update_fields=["ended_at", "ended_by"])
        _tell_of_end(partnership, actor)
    return locked


def refuse_ended(partnership: Partnership) -> None:
    """Refuse, with partnership_ended, what makes sense only while the two are partners."""
    if partnership.ended_at:
        raise ValidationError(_("This partnership has been removed already."), "partnership_ended")


def still_partners(provider: Provider, resellers: set[UUID]) -> bool:
    """Whether the provider is partnered with all of them, and will be until the caller's transaction has ended."""
    held = Partnership.objects.active().filter(provider=provider, reseller__in=resellers)
    return set(held.order_by("pk").select_for_update().values_list("reseller", flat=True)) == resellers


def _tell_provider(subject: Subject, provider: Provider, page: str, answered: Membership, **names: str) -> None:
    notify(
        subject,
        provider.organisation,
        holding=Permission.REQUEST_PARTNERSHIP,
        path=reverse(page),
        actor=answered.user,
        company=answered.organisation.name,
        **names,
    )


def _tell_of_end(partnership: Partnership, actor: User) -> None:
    provider, reseller = partnership.provider.organisation, partnership.reseller.organisation
    for told, other, holding, page in (
        (provider, reseller, Permission.REMOVE_PARTNERSHIP, "resellers:list"),
        (reseller, provider, Permission.REQUEST_RELATIONSHIP, "resellers:providers"),
    ):
        notify(Subject.PARTNERSHIP_ENDED, told, holding=holding, path=reverse(page), actor=actor, company=other.name)

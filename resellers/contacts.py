"""“Please contact us”: a reseller found a provider in the indirect providers list (domain.md §12).

By asking, a reseller shows the provider who it is: name, country, MPN ID, and the person to write to. Nothing else of
it is shown, and nothing of it to anybody else.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User
from accounts.roles import Permission
from activity.log import attempt
from activity.verbs import Verb
from outbox.notices import notify
from outbox.subjects import Subject
from providers.listing import entries
from providers.models import Provider, ProviderQuerySet
from resellers.eligibility import problems_of
from resellers.models import ContactRequest, Partnership, PartnershipRequest, Reseller
from resellers.models.contacts import ContactRequestQuerySet
from resellers.partnerships import request_partnership

HEADER = (
    _("Indirect reseller"),
    _("Microsoft ID"),
    _("Location"),
    _("MPN ID"),
    _("Name"),
    _("Email address"),
    _("Message"),
    _("Asked"),
    _("Closed"),
)


@dataclass(frozen=True)
class Contact:
    """Whom the provider should write to, and about what."""

    name: str
    email: str
    message: str = ""


def who_can_be_asked() -> ProviderQuerySet:
    """Those in the list, and no others."""
    return entries()


def obstacles(provider: Provider, reseller: Reseller) -> list[ValidationError]:
    """Everything that makes asking pointless, for the page to say first: already_partners, contact_open, wrong_region,
    and enrolment_pending, enrolment_rejected, enrolment_suspended. MPN ID and agreement can follow while the two talk.
    """
    if _are_partners(provider, reseller):
        return [_partners_already(provider, reseller)]
    if ContactRequest.objects.filter(provider=provider, reseller=reseller, closed_at=None).exists():
        return [_asked_already(provider)]
    return [
        problem
        for problem in problems_of(reseller, provider)
        if problem.code == "wrong_region" or str(problem.code).startswith("enrolment_")
    ]


def ask_to_be_contacted(provider: Provider, contact: Contact, *, membership: Membership) -> ContactRequest:
    """Ask a provider to get in touch; its people who request partnerships are told. Refused with all obstacles()."""
    organisation, actor = membership.organisation, membership.user
    with attempt(
        Verb.CONTACT_REQUESTED, organisation, actor=actor, seen_by=[organisation], provider=str(provider)
    ) as line:
        if problems := obstacles(provider, organisation.reseller):
            raise ValidationError(problems)
        row = _store(provider, contact, membership)
        # A refusal is the reseller's own business; that somebody asks is the provider's too.
        line.seen_by.append(provider.organisation)
        notify(
            Subject.CONTACT_REQUESTED,
            provider.organisation,
            holding=Permission.REQUEST_PARTNERSHIP,
            path=reverse("resellers:contacts"),
            actor=actor,
            company=organisation.name,
        )
    return row


def close_contact(row: ContactRequest, *, actor: User) -> None:
    """Put the request away; the reseller sees that, and may ask again. Refused with contact_closed the second time."""
    with _closing(row, actor):
        pass


def request_from_contact(row: ContactRequest, *, actor: User) -> PartnershipRequest:
    """Draft a partnership request to the contact, in the contact's language. The contact request is answered by it.

    Refused with contact_closed, so that two colleagues do not write to the same reseller, and with already_partners.
    """
    with _closing(row, actor):
        if _are_partners(row.provider, row.reseller):
            raise _partners_already(row.provider, row.reseller)
        language = row.created_by.language or get_language() or ""
        return request_partnership(row.provider, language=language, recipient=row.email, actor=actor)


def newest_asked(membership: Membership, most: int) -> list[ContactRequest]:
    """A reseller's latest requests with what has become of them."""
    rows = ContactRequest.objects.visible_to(membership).select_related("provider__organisation", "created_by")
    return list(rows.order_by("-created_at", "-pk")[:most])


def with_reseller(rows: ContactRequestQuerySet) -> ContactRequestQuerySet:
    """With what a provider sees of the resellers that asked."""
    rows = rows.select_related("reseller__organisation", "closed_by")
    return rows.prefetch_related("reseller__organisation__partner_accounts")


def export_lines(rows: Iterable[ContactRequest]) -> Iterator[tuple[object, ...]]:
    """The list as a table under HEADER: times in UTC, countries as ISO codes."""
    for row in rows:
        yield (
            str(row.reseller),
            row.reseller_id,
            str(row.reseller.organisation.country),
            row.reseller.mpn_id,
            row.name,
            row.email,
            row.message,
            row.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            row.closed_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row.closed_at else "",
        )


def _store(provider: Provider, contact: Contact, membership: Membership) -> ContactRequest:
    try:
        with transaction.atomic():
            return ContactRequest.objects.create(
                provider=provider,
                reseller=membership.organisation.reseller,
                name=contact.name,
                email=contact.email,
                message=contact.message,
                created_by=membership.user,
            )
    except IntegrityError:
        # A colleague asked at the same moment: the constraint resellers_contact_one_open has let one of the two pass.
        raise _asked_already(provider) from None


def _asked_already(provider: Provider) -> ValidationError:
    return ValidationError(
        _("Your company has asked %(provider)s already. It has your message."),
        "contact_open",
        {"provider": str(provider)},
    )


def _are_partners(provider: Provider, reseller: Reseller) -> bool:
    return Partnership.objects.active().filter(provider=provider, reseller=reseller).exists()


def _partners_already(provider: Provider, reseller: Reseller) -> ValidationError:
    names = {"reseller": str(reseller), "provider": str(provider)}
    return ValidationError(_("%(reseller)s and %(provider)s are partners already."), "already_partners", names)


@contextmanager
def _closing(row: ContactRequest, actor: User) -> Iterator[None]:
    """Close the request, as it is now, with what the block does. A refusal is the provider's own business."""
    provider, reseller = row.provider.organisation, row.reseller.organisation
    with attempt(Verb.CONTACT_CLOSED, reseller, actor=actor, seen_by=[provider]) as line:
        held = ContactRequest.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if held.closed_at:
            raise ValidationError(_("This contact request is closed already."), "contact_closed")
        held.closed_at, held.closed_by = timezone.now(), actor
        held.save(update_fields=["closed_at", "closed_by"])
        line.seen_by.append(reseller)
        yield

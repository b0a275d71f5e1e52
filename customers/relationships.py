"""The life of a reseller relationship: requested by a partner, accepted or declined by a customer that exists already.

How it ends is in customers/endings.py. Sources: design.md §3 and §4.3, domain.md §5.
"""

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.roles import Kind, Permission
from activity.log import attempt
from activity.verbs import Verb
from customers.delegations import give_administration
from customers.drafts import draft_text
from customers.invitations import can_answer, not_allowed, obstacles
from customers.models import Customer, CustomerAgreement, Delegation, Relationship, RelationshipRequest
from outbox import requests
from outbox.notices import notify
from outbox.requests import closed
from outbox.subjects import Subject
from providers.models import Provider
from resellers.models import Reseller
from resellers.partnerships import still_partners


def request_relationship(
    provider: Provider,
    *,
    reseller: Reseller | None = None,
    by_reseller: bool = False,
    language: str,
    actor: User,
) -> RelationshipRequest:
    """Make a personalised link with its draft message, in this language, usable once and for 90 days.

    By the provider, alone or together with a reseller, or by the reseller. Refused with not_partners when the two are
    not partners. Delegated administration privileges are included until somebody takes them out.
    """
    request = RelationshipRequest(
        provider=provider, reseller=reseller, by_reseller=by_reseller, created_by=actor, language=language
    )
    seen_by = _partners(request)
    with attempt(Verb.RELATIONSHIP_REQUESTED, request.sender, actor=actor, seen_by=seen_by, request=request.code):
        check_partners(provider, reseller)
        return requests.write(request, draft_text)


def check_partners(provider: Provider, reseller: Reseller | None) -> None:
    """Refuse a reseller that is no partner of the provider, and keep it one until the transaction has ended."""
    if reseller and not still_partners(provider, {reseller.pk}):
        raise not_partners()


def not_partners() -> ValidationError:
    """The refusal for asking together with a company that is not one's partner."""
    return ValidationError(_("Only active partners can ask a customer together."), "not_partners")


def accept_request(request: RelationshipRequest, *, membership: Membership, with_privileges: bool) -> Relationship:
    """Start the relationship that the request offers, and record that the customer accepted the customer agreement.

    Access is given only when the request asks for it and the customer wants it: to the provider, and to the reseller
    if there is one. Two at the same moment make one: the second is told. Credit and support follow from nothing here.
    """
    organisation = membership.organisation
    with attempt(
        Verb.RELATIONSHIP_STARTED,
        organisation,
        actor=membership.user,
        seen_by=[*_partners(request), organisation],
        affected=organisation,
        request=request.code,
        **_names(request),
    ) as line:
        # The customer's row is locked as well: two links of one provider must not make two relationships. Without its
        # key, which whoever writes about this customer needs.
        Customer.objects.select_for_update(no_key=True).filter(pk=organisation.pk).first()
        request = requests.locked(request)
        if problems := obstacles(request, membership):
            raise ValidationError(problems)
        check_partners(request.provider, request.reseller)
        requests.count_use(request)
        relationship = _begin(request, membership)
        if request.includes_admin and with_privileges:
            line.details["privilege"] = Delegation.Privilege.DELEGATED_ADMIN
            give_administration(relationship, membership.user)
        _tell_of_start(relationship, request, membership.user)
    return relationship


def decline_request(request: RelationshipRequest, *, membership: Membership, reason: str = "") -> None:
    """Say no, with a reason if one likes. A link for one use is closed by it; one for many stays open for others."""
    organisation = membership.organisation
    with attempt(
        Verb.RELATIONSHIP_DECLINED,
        organisation,
        actor=membership.user,
        seen_by=[*_partners(request), organisation],
        affected=organisation if membership.kind == Kind.CUSTOMER else None,
        request=request.code,
        reason=reason,
        **_names(request),
    ):
        request = requests.locked(request)
        if not request.is_open:
            raise closed(request)
        if not can_answer(membership):
            raise not_allowed(membership)
        requests.close_declined(request, reason)
        notify(
            Subject.LINK_DECLINED,
            request.sender,
            holding=Permission.REQUEST_RELATIONSHIP,
            path=reverse("customers:requests"),
            company=organisation.name,
            reason=reason or "–",
        )


def _partners(request: RelationshipRequest) -> list[Organisation]:
    """Those in whose name the request is made."""
    together = [request.reseller.organisation] if request.reseller else []
    return [request.provider.organisation, *together]


def _names(request: RelationshipRequest) -> dict[str, str]:
    return {"provider": str(request.provider), "reseller": str(request.reseller or "")}


def _begin(request: RelationshipRequest, membership: Membership) -> Relationship:
    """The relationship, under the company's legal name until the provider calls it otherwise, and the agreement."""
    customer = membership.organisation.customer
    relationship = Relationship(
        provider=request.provider,
        customer=customer,
        reseller=request.reseller,
        company_name=membership.organisation.name,
        primary_domain=customer.primary_domain,
        created_by=membership.user,
        request=request,
    )
    relationship.take_names()
    relationship.save()
    CustomerAgreement.objects.create(
        customer=customer,
        provider=request.provider,
        source=CustomerAgreement.Source.ACCEPTED,
        first_name=membership.user.get_full_name()[:50],  # an account has one name, which nobody can split rightly
        email=membership.user.email,
        agreed_on=timezone.localdate(),
        recorded_by=membership.user,
    )
    return relationship


def _tell_of_start(relationship: Relationship, request: RelationshipRequest, actor: User) -> None:
    """Whoever sent the link is told that it was accepted; the other of the two, that there is a new customer."""
    for partner in _partners(request):
        is_sender = partner == request.sender
        notify(
            Subject.LINK_ACCEPTED if is_sender else Subject.RELATIONSHIP_STARTED,
            partner,
            holding=Permission.REQUEST_RELATIONSHIP,
            path=reverse("customers:account", args=[relationship.customer_id]),
            actor=actor,
            company=relationship.company_name,
            sender=request.sender.name,
        )

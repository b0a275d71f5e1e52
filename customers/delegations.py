"""Access that a customer gives to a partner and takes back, and what rests on it.

*Delegated administration privileges* are the customer's alone to give (domain.md §5). *Tenant owner* of its Azure plan
goes to a reseller, from the customer or from a provider that sold the plan (seed, table row 2; domain.md §10). Neither
follows from the other, and neither brings credit or support (design.md §3).
"""

from contextlib import AbstractContextManager

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, OrganisationQuerySet, User
from accounts.roles import Kind, Permission
from activity.log import Line, attempt
from activity.verbs import Verb
from customers.models import Customer, Delegation, Relationship
from customers.models.consents import DelegationQuerySet
from outbox.notices import notify
from outbox.subjects import Subject
from resellers.models import Partnership, Reseller

DELEGATED_ADMIN = Delegation.Privilege.DELEGATED_ADMIN
TENANT_OWNER = Delegation.Privilege.TENANT_OWNER


def grant(customer: Customer, partner: Organisation, privilege: str, *, membership: Membership) -> Delegation:
    """Give the partner the privilege from now on; it gives nothing else.

    Refused with only_customer, not_a_partner, no_azure_plan or already_given. Two at the same moment give it once.
    """
    with _attempt(Verb.ACCESS_GRANTED, customer, partner, privilege, membership):
        _hold(customer)
        if problem := _obstacle(customer, partner, privilege, membership):
            raise problem
        delegation = Delegation.objects.create(
            customer=customer, partner=partner, privilege=privilege, granted_by=membership.user
        )
        _tell(delegation, membership, "given")
    return delegation


def give_administration(relationship: Relationship, actor: User) -> None:
    """Let the provider and the reseller of a new relationship administer the account.

    A reseller may have it already, through another provider: then it keeps what it has.
    """
    partners = filter(None, [relationship.provider_id, relationship.reseller_id])
    Delegation.objects.bulk_create(
        [
            Delegation(customer=relationship.customer, partner_id=partner, privilege=DELEGATED_ADMIN, granted_by=actor)
            for partner in partners
        ],
        ignore_conflicts=True,
    )


def withdraw(delegation: Delegation, *, membership: Membership) -> Delegation:
    """End the access at this moment. What was ordered, is billed, credited or supported stays as it is.

    Refused with only_customer or already_withdrawn.
    """
    customer, partner = delegation.customer, delegation.partner
    with _attempt(Verb.ACCESS_WITHDRAWN, customer, partner, delegation.privilege, membership):
        delegation = Delegation.objects.select_for_update(no_key=True).get(pk=delegation.pk)
        if problem := _not_yours(delegation.privilege, membership):
            raise problem
        if delegation.privilege == TENANT_OWNER and not may_withdraw_owner(customer, membership):
            raise _only_customer()
        if delegation.withdrawn_at:
            raise ValidationError(
                _("%(company)s does not have this access any more."), "already_withdrawn", {"company": partner.name}
            )
        delegation.withdrawn_at, delegation.withdrawn_by = timezone.now(), membership.user
        delegation.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _tell(delegation, membership, "withdrawn")
    return delegation


def administers(membership: Membership, customer: Customer) -> bool:
    """Whether the member's organisation administers the customer's account at this moment.

    A customer administers its own; a partner while it holds delegated administration privileges.
    """
    if membership.organisation_id == customer.pk:
        return True
    held = Delegation.objects.active().filter(partner=membership.organisation_id, privilege=DELEGATED_ADMIN)
    return held.filter(customer=customer).exists()


def check_administers(membership: Membership, customer: Customer) -> None:
    """Raise the refusal no_delegation for a partner that does not administer the customer's account."""
    if not administers(membership, customer):
        raise no_delegation()


def no_delegation() -> ValidationError:
    """What a partner without account administration is told, and who can give it."""
    return ValidationError(
        _(
            "This customer has not given your company delegated administration privileges, or has withdrawn them. "
            "A Global admin of the customer can give them, on the page Partner relationships."
        ),
        "no_delegation",
    )


def has_azure_plan(customer: Customer, membership: Membership) -> bool:
    """Whether the customer has an active usage-based subscription that the member may see."""
    return customer.subscriptions.visible_to(membership).azure_plans().exists()


def may_withdraw_owner(customer: Customer, membership: Membership) -> bool:
    """The customer itself, and a provider that sold it an Azure plan, whatever has become of that; no other provider,
    though the owner may be its partner as well.
    """
    if membership.kind == Kind.CUSTOMER:
        return True
    return customer.subscriptions.visible_to(membership).filter(offer__category="usage").exists()


def as_known_to(given: DelegationQuerySet, membership: Membership) -> list[Delegation]:
    """Access with who gave and withdrew it. A provider reads names of its own people, the customer's and the partner's,
    and not who works for another provider of the same customer.
    """
    rows = given.select_related("partner", "granted_by", "withdrawn_by").order_by("granted_at", "pk")
    if membership.kind != Kind.PROVIDER:
        return list(rows)
    known = Membership.objects.filter(
        Q(organisation=membership.organisation_id)
        | Q(organisation=OuterRef("customer"))
        | Q(organisation=OuterRef("partner"))
    )
    names = {name: Exists(known.filter(user=OuterRef(name))) for name in ("granted_by", "withdrawn_by")}
    found = list(rows.annotate(**{f"{name}_is_known": is_known for name, is_known in names.items()}))
    for each in found:
        for name in names:
            if not getattr(each, f"{name}_is_known"):
                setattr(each, name, None)
    return found


def possible_administrators(customer: Customer) -> OrganisationQuerySet:
    """Who may be given delegated administration: the customer's providers and the resellers it was added for."""
    current = Relationship.objects.filter(customer=customer, ended_at=None)
    return Organisation.objects.filter(Q(pk__in=current.values("provider")) | Q(pk__in=current.values("reseller")))


def possible_owners(customer: Customer, membership: Membership) -> QuerySet[Reseller]:
    """Who may become tenant owner, as far as the member may know of them.

    A provider chooses among its partners and the reseller that the customer was added for. A customer chooses among
    the resellers that it knows: those it was added for, and those that support its subscriptions.
    """
    ties = Relationship.objects.visible_to(membership).filter(customer=customer)
    possible = Q(pk__in=ties.values("reseller"))
    if membership.kind == Kind.PROVIDER:
        partners = Partnership.objects.visible_to(membership).active().filter(provider__in=ties.values("provider"))
        possible |= Q(pk__in=partners.values("reseller"))
    else:
        possible |= Q(pk__in=customer.subscriptions.visible_to(membership).values("support_contact"))
    return Reseller.objects.filter(possible)


def _attempt(
    verb: Verb, customer: Customer, partner: Organisation, privilege: str, membership: Membership
) -> AbstractContextManager[Line]:
    """To give access or take it back, with the line in the activity log."""
    return attempt(
        verb,
        partner,
        actor=membership.user,
        seen_by=_witnesses(customer, partner, membership),
        affected=customer.organisation,
        privilege=privilege,
    )


def _hold(customer: Customer) -> None:
    """Let nobody else give this customer's access, or end its relationships, until the transaction has ended."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    list(Relationship.objects.select_for_update(no_key=True).filter(customer=customer, ended_at=None).order_by("pk"))


def _obstacle(
    customer: Customer, partner: Organisation, privilege: str, membership: Membership
) -> ValidationError | None:
    if problem := _not_yours(privilege, membership):
        return problem
    if privilege == TENANT_OWNER:
        if not has_azure_plan(customer, membership):
            return ValidationError(
                _("This customer has no active Azure plan. Order one first, then give access to it."), "no_azure_plan"
            )
        is_possible = possible_owners(customer, membership).filter(pk=partner.pk).exists()
    else:
        is_possible = possible_administrators(customer).filter(pk=partner.pk).exists()
    if not is_possible:
        return ValidationError(
            _("%(company)s is not a partner of this customer. Access goes to partners only."),
            "not_a_partner",
            {"company": partner.name},
        )
    if Delegation.objects.active().filter(customer=customer, partner=partner, privilege=privilege).exists():
        return ValidationError(_("%(company)s has this access already."), "already_given", {"company": partner.name})
    return None


def _not_yours(privilege: str, membership: Membership) -> ValidationError | None:
    """A provider may not decide about delegated administration, least of all about its own."""
    if membership.kind == Kind.CUSTOMER or (privilege == TENANT_OWNER and membership.kind == Kind.PROVIDER):
        return None
    return _only_customer()


def _only_customer() -> ValidationError:
    return ValidationError(_("Only a Global admin of the customer can give or withdraw this access."), "only_customer")


def _witnesses(customer: Customer, partner: Organisation, membership: Membership) -> list[Organisation]:
    """The customer, the partner and whoever acts; when that is the customer, the providers that added it for this
    partner as well. What one provider does is not for another one to read.
    """
    if membership.kind != Kind.CUSTOMER:
        return [customer.organisation, partner, membership.organisation]
    ties = Relationship.objects.filter(customer=customer, reseller=partner.pk, ended_at=None)
    providers = Organisation.objects.filter(pk__in=ties.values("provider"))
    return [customer.organisation, partner, membership.organisation, *providers]


def _tell(delegation: Delegation, membership: Membership, change: str) -> None:
    # A tenant owner that the customer was not added for has no page about it.
    has_page = possible_administrators(delegation.customer).filter(pk=delegation.partner_id).exists()
    notify(
        Subject.ACCESS_CHANGED,
        delegation.partner,
        holding=Permission.EDIT_CUSTOMERS,
        path=reverse("customers:account", args=[delegation.customer_id]) if has_page else "",
        actor=membership.user,
        company=delegation.customer.organisation.name,
        change=f"{delegation.privilege}_{change}",
    )

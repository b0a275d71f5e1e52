"""What is typed on the way to an order, and how far it has come."""

from uuid import uuid4

from django.urls import reverse

from accounts.models import Membership, Organisation, User
from activity.models import Activity
from customers.models import Customer, CustomerAgreement, Delegation, Relationship
from subscriptions.models import LicenceChange, Order, OrderDraft, OrderLine, ResellerOfRecord, Subscription
from tests.customers.answers import JAPAN


def account(reseller=None, **typed):
    """Account info of a customer in Japan."""
    return JAPAN | {"country": "JP", "reseller": str(reseller.pk) if reseller else ""} | typed


def chosen(*offers, licences=10, number="", **typed):
    """The page New subscription with these offers ticked."""
    answers = {"offer": [str(offer.code) for offer in offers]}
    for offer in offers:
        answers[f"{offer.code}-licences"] = str(licences)
        answers[f"{offer.code}-reseller"] = number
    return answers | typed


def line(offer, licences=10, reseller="", mpn_id="", base="", align=""):
    """A chosen offer as a draft keeps it; base and align are what they name, or what was typed."""
    typed = {"offer": str(offer.code), "licences": str(licences), "reseller": reseller, "mpn_id": mpn_id}
    return typed | {"base": str(getattr(base, "code", base)), "align": str(getattr(align, "code", align))}


def draft_of(membership, *lines, reseller=None, **typed):
    """A draft for a new customer that is ready for Review."""
    return OrderDraft.objects.create(
        provider=membership.organisation.provider,
        created_by=membership.user,
        account=account(reseller, **typed),
        lines=list(lines),
    )


def draft_for(membership, customer, *lines):
    """A draft for an existing customer."""
    return OrderDraft.objects.create(
        provider=membership.organisation.provider, created_by=membership.user, customer=customer, lines=list(lines)
    )


def url(name, draft):
    return reverse(f"orders:{name}", args=[draft.code])


def submit(client, draft):
    """Review as it is now, then Submit."""
    page = client.get(url("review", draft))
    return client.post(url("submit", draft), {"reviewed": page.context["answers"].version})


def submit_added(client, customer, typed):
    """The page New subscription for an existing customer: what is chosen is shown with its total, then submitted."""
    address, typed = reverse("orders:add", args=[customer.pk]), {"code": str(uuid4())} | typed
    shown = client.post(address, typed | {"action": "update"}, follow=True)
    return client.post(address, typed | {"action": "next", "reviewed": shown.context["answers"].version})


CREATED = (
    *(Organisation, User, Membership, Customer, Relationship, Delegation, CustomerAgreement),
    *(Order, OrderLine, Subscription, LicenceChange, ResellerOfRecord),
)


def rows():
    """How many rows there are of everything that an order makes."""
    return {model.__name__: model._default_manager.count() for model in CREATED}


def log():
    """The activity log as (verb, refusal), oldest first."""
    return list(Activity.objects.order_by("pk").values_list("verb", "refusal"))

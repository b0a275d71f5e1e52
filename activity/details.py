"""What a line of the activity log knows besides its columns, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

LABELS = {
    "account": _("Account name"),
    "billing": _("Billing frequency"),
    "charges": _("Charges"),
    "country": _("Country/region"),
    "counts": _("Lines"),
    "delegations": _("Access that ended"),
    "domain": _("Primary domain name"),
    "done": _("Done"),
    "fields": _("Fields"),
    "kind": _("Kind"),
    "licences": _("Licenses"),
    "lines": _("Subscriptions"),
    "list": _("List"),
    "mpn_id": _("MPN ID"),
    "name": _("Name"),
    "new": pgettext_lazy("a value", "After"),
    "old": pgettext_lazy("a value", "Before"),
    "order": _("Order number"),
    "path": _("Address of the page"),
    "privilege": _("Privilege"),
    "provider": _("Indirect provider"),
    "reason": _("Reason"),
    "recipient": _("Send to"),
    "refused": _("Refused"),
    "request": _("Request"),
    "reseller": _("Indirect reseller"),
    "roles": _("Roles"),
    "signer": _("Signed by"),
    "subscription": _("Subscription ID"),
    "support_request": _("Support request"),
    "term": _("Term"),
    "unchanged": _("As it was"),
    "version": _("Version"),
}

# Values that are one of a few, in the reader's words.
_VALUES = {
    "global": _("Partner Global Account (PGA)"),
    "location": _("Partner Location Account (PLA)"),
    "delegated_admin": _("Delegated administration privileges"),
    "tenant_owner": _("tenant owner"),
    "open": _("Open"),
    "attention_needed": _("Attention needed"),
    "closed": _("Closed"),
    "P1M": _("1 month"),
    "P1Y": _("1 year"),
    "P3Y": _("3 years"),
    "monthly": _("Monthly"),
    "annual": _("Annual"),
    "triennial": _("Triennial"),
    "ended_expired": _("Auto-renew was off."),
    "ended_cancelled": _("It was suspended when its term ended."),
    "ended_not_offered": _("The price list does not offer it any more."),
    "ended_trial": _("It was a trial that becomes nothing else."),
    "ended_with_base": _("It was an add-on of a subscription that has ended."),
    "ended_not_supported": _("It was an add-on that does not go with what its base has become."),
}


def facts(details: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each detail that says something, with its label; one that nobody has named here keeps its own name."""
    for name, value in details.items():
        if value not in ("", None, [], {}):
            yield str(LABELS.get(name, name)), _words(value)


def _words(value: Any) -> str:
    match value:
        case bool():
            return gettext("Yes") if value else gettext("No")
        case list():
            return "; ".join(_words(each) for each in value)
        case dict():
            return ", ".join(_words(each) for each in value.values() if each not in ("", None))
    return str(_VALUES.get(value, value))

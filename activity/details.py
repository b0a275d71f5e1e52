"""What a line of the activity log knows besides its columns, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

LABELS = {
    "account": _("Account name"),
    "domain": _("Primary domain name"),
    "fields": _("Fields"),
    "lines": _("Subscriptions"),
    "list": _("List"),
    "mpn_id": _("MPN ID"),
    "new": pgettext_lazy("a value", "After"),
    "old": pgettext_lazy("a value", "Before"),
    "order": _("Order number"),
    "path": _("Address of the page"),
    "provider": _("Indirect provider"),
    "reason": _("Reason"),
    "recipient": _("Send to"),
    "request": _("Partnership request"),
    "reseller": _("Indirect reseller"),
    "signer": _("Signed by"),
    "subscription": _("Subscription ID"),
    "version": _("Version"),
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
    return str(value)

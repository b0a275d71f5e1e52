"""What the operator's pages call a field that has no name of its own: Django would print that of the attribute.

Only the label is set, not what a migration compares, so that a word here needs no migration.
"""

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Promise] = {
    "activity": _("activity"),
    "changed by": _("Changed by"),
    "closed by": _("Closed by"),
    "code": _("ID"),
    "created by": _("Created by"),
    "customer": _("Customer"),
    "email": _("outgoing email"),
    "ended by": _("Ended by"),
    "granted by": _("Granted by"),
    "offer": _("Offer"),
    "order": _("Order"),
    "order line": _("order line"),
    "organisation": _("Organization"),
    "partner": _("Partner"),
    "provider": _("Provider"),
    "recorded by": _("Recorded by"),
    "relationship": _("Relationship"),
    "request": _("Partnership request"),
    "reseller": _("Reseller"),
    "set by": _("Set by"),
    "signed by": _("Signed by"),
    "started by": _("Started by"),
    "subscription": _("Subscription"),
}


def name_fields() -> None:
    """Give every field that has no name of its own the reader's word for it."""
    for model in apps.get_models():
        for field in model._meta.fields:
            if isinstance(field.verbose_name, str) and field.verbose_name in NAMES:
                field.verbose_name = NAMES[field.verbose_name]  # type: ignore[assignment]  # a lazy text will do

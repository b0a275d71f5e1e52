"""What a bulk change wants of a subscription: a few letters, from a form or a file, as submit_changes() takes them."""

import unicodedata
from dataclasses import replace
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership
from customers.partner_choice import Partners, id_from
from resellers.models import Reseller
from subscriptions.changes import Changes
from subscriptions.credit import current_credit
from subscriptions.models import BulkChange, Subscription
from subscriptions.models.catalogue import MOST_LICENCES

NOBODY = "none"
"""No indirect reseller is credited; the provider itself supports. An empty cell is a mistake and means nothing."""

_NOBODY = _("No indirect reseller")
# As the pages and the files say it, in any language, and as people write it.
_ON = (_("On"), pgettext_lazy("auto-renew", "On"), _("Yes"))
_OFF = (_("Off"), pgettext_lazy("auto-renew", "Off"), _("No"))


def wanted_changes(subscription: Subscription, what: str, wanted: str, *, membership: Membership) -> Changes:
    """The subscription as it is, but for the one thing that is wanted.

    Refused with value_missing, licences_number, auto_renew_words, or what Partners.find() refuses. Whether the value is
    right for this subscription is not said here.
    """
    if not wanted:
        raise ValidationError(_("No new value is given."), "value_missing")
    period = current_credit(subscription)
    now = Changes(
        nickname=subscription.nickname,
        licences=subscription.licences,
        auto_renew=subscription.auto_renew,
        mpn_id=str(period.partner_account) if period else "",
        support_contact=subscription.support_contact,
    )
    match what:
        case BulkChange.What.CREDIT:
            return replace(now, mpn_id="" if is_nobody(wanted) else wanted)
        case BulkChange.What.SUPPORT:
            return replace(now, support_contact=_contact(wanted, membership))
        case BulkChange.What.AUTO_RENEW:
            return replace(now, auto_renew=_switch(wanted))
    return replace(now, licences=_count(wanted))


def tidy(text: str) -> str:
    """What stands in a cell, in one width, and without what a database cannot keep."""
    return " ".join(unicodedata.normalize("NFKC", text.replace("\0", "")).split())


def is_nobody(wanted: str) -> bool:
    """Whether no indirect reseller is wanted; also in the words of the pages and of the files."""
    return wanted.casefold() in {NOBODY, *in_every_language(_NOBODY)}


def switched(wanted: str) -> bool | None:
    """On or off, in words of each language; None for anything else."""
    word = wanted.casefold()
    if word in ("true", "1") or any(word in in_every_language(label) for label in _ON):
        return True
    return False if word in ("false", "0") or any(word in in_every_language(label) for label in _OFF) else None


@cache
def in_every_language(words: Promise) -> frozenset[str]:
    """A label as it may stand in a file, whoever wrote it: in each language of the portal, in small letters."""
    found = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.add(tidy(str(words)).casefold())
    return frozenset(found)


def _contact(wanted: str, membership: Membership) -> Reseller | None:
    """By MPN ID or Microsoft ID; None for the provider itself."""
    code = id_from(wanted)
    if is_nobody(wanted) or code == membership.organisation_id:
        return None
    partners = Partners(membership)
    if not code and wanted.isdigit():
        partner = partners.find(wanted)
        code = partner.pk if partner else None
    reseller = partners.reseller(code) if code else None
    if reseller is None:
        raise ValidationError(
            _("“%(text)s” is none of your partners. Enter an MPN ID or a Microsoft ID."),
            "partner_unknown",
            {"text": wanted},
        )
    return reseller


def _switch(wanted: str) -> bool:
    answer = switched(wanted)
    if answer is None:
        raise ValidationError(_("“%(text)s” is neither on nor off."), "auto_renew_words", {"text": wanted})
    return answer


def _count(wanted: str) -> int:
    if not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted[:10]) <= MOST_LICENCES and len(wanted) <= 10):
        raise ValidationError(_("“%(text)s” is not a number of licenses."), "licences_number", {"text": wanted})
    return int(wanted)

"""What a notice says, in the reader's language: a title, and what to do about it."""

from collections.abc import Mapping
from datetime import date, datetime

from babel.dates import format_date, format_skeleton
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, labels, listed
from outbox.subjects import Subject

# The names in the sentences are those that notify() is called with.
SENTENCES: dict[Subject, tuple[str | Promise, str | Promise]] = {
    Subject.LINK_ACCEPTED: (
        _("%(company)s accepted your link"),
        _("Open the page to see what came of it."),
    ),
    Subject.LINK_DECLINED: (_("%(company)s declined your link"), _("Reason given: %(reason)s")),
    Subject.LINK_EXPIRING: (
        _("The link for %(recipient)s expires on %(day)s"),
        _("It is of no use after that. Send it again, or give it more time."),
    ),
    Subject.LINK_EXPIRED: (
        _("The link for %(recipient)s has expired"),
        _("Nobody can accept it any more. Make a new one if it is still wanted."),
    ),
    Subject.PARTNERSHIP_ENDED: (
        _("The partnership with %(company)s has ended"),
        _("Customers, access, credit and support contacts stay as they were."),
    ),
    Subject.LEAVE_REQUESTED: (
        _("%(company)s asks to end the partnership"),
        _("Open the page to see what it means, and to confirm or refuse. Reason given: %(reason)s"),
    ),
    Subject.LEAVE_REFUSED: (
        _("%(company)s keeps the partnership that you asked to leave"),
        _("Nothing changes for now. Reason given: %(reason)s"),
    ),
    Subject.CONTACT_REQUESTED: (
        _("%(company)s asks to be contacted"),
        _("It found you in the indirect providers list."),
    ),
    Subject.RELATIONSHIP_STARTED: (
        _("%(company)s is your customer now"),
        _("It accepted the link that %(sender)s sent for both of you."),
    ),
    Subject.RELATIONSHIP_ENDED: (
        _("The reseller relationship with %(company)s has ended"),
        _("Access that was given with it has ended too."),
    ),
    Subject.ACCESS_CHANGED: (_("%(company)s changed who has access to its account"), "%(change)s"),
    Subject.AGREEMENT_MISSING: (
        _("The partner agreement of %(company)s is not signed"),
        _("Until a Global admin of the reseller signs it, the reseller cannot be credited on subscriptions."),
    ),
    Subject.ENROLMENT_DECIDED: (_("The enrollment of %(company)s: %(state)s"), ""),
    Subject.PROFILE_DECIDED: (_("Your directory entry: %(state)s"), "%(reason)s"),
    Subject.ROLES_CHANGED: (_("Your roles at %(company)s have changed"), _("They are now: %(roles)s")),
    Subject.RENEWALS_AHEAD: (
        _("Subscriptions renew or end within 30 days: %(count)s"),
        _("Open the page to see which, and to change what they renew with."),
    ),
    Subject.SUBSCRIPTION_ENDED: (
        _("%(subscription)s of %(company)s has ended"),
        "%(change)s",
    ),
    Subject.STATEMENT_CLOSED: (
        _("The statements of %(month)s are closed"),
        _("They do not change any more. Later charges are in the next ones."),
    ),
    Subject.BULK_FINISHED: (
        _("Bulk change finished: %(title)s"),
        _("Done: %(done)s. Refused: %(refused)s. Open the page to download the result."),
    ),
    Subject.SUPPORT_REQUESTED: (_("%(company)s asks for support: %(title)s"), _("It concerns %(subscription)s.")),
    Subject.SUPPORT_ANSWERED: (_("News on the support request: %(title)s"), "%(change)s"),
}

# What a name in a sentence stands for, where it is one of a few words: it is put into the language of whoever reads.
WORDS: dict[str, str | Promise] = {
    "enrolment_authorized": _("Authorized"),
    "enrolment_rejected": _("Rejected"),
    "enrolment_suspended": _("Suspended"),
    "profile_approved": _("Approved"),
    "profile_declined": _("Declined"),
    "ended_expired": _("Auto-renew was off."),
    "ended_cancelled": _("It was suspended when its term ended."),
    "ended_not_offered": _("The price list does not offer it any more."),
    "ended_trial": _("It was a trial that becomes nothing else."),
    "ended_with_base": _("It was an add-on of a subscription that has ended."),
    "ended_not_supported": _("It was an add-on that does not go with what its base has become."),
    "support_partner_wrote": _("There is an answer."),
    "support_customer_wrote": _("The customer has written."),
    "support_closed": _("The request was closed."),
    "support_reopened": _("The request was opened again."),
    "support_handed_over": _("Another company answers the request from now on."),
    "delegated_admin_given": _("Your company can administer the account now."),
    "delegated_admin_withdrawn": _("Your company cannot administer the account any more."),
    "tenant_owner_given": _("Your company is a tenant owner of the customer's Azure plan now."),
    "tenant_owner_withdrawn": _("Your company is not a tenant owner of the customer's Azure plan any more."),
}


# The names that stand for one of those words, a moment, a month or roles; all others are words that somebody typed.
_WORDED = ("state", "change")
_MOMENTS = ("day",)
_MONTHS = ("month",)
_ROLES = ("roles",)
NOTHING = "–"


def sentences_of(subject: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Title and text in the language and the time zone that are active.

    What is not known is a dash, never an error; a text that would be nothing else is left out.
    """
    title, text = SENTENCES[Subject(subject)]
    known = {name: _shown(name, value) for name, value in names.items()}
    return _filled(title, known), _filled(text, known).removeprefix(NOTHING)


def _shown(name: str, value: str) -> str:
    if name in _WORDED:
        return str(WORDS.get(value, value))
    if name in _MOMENTS:
        day = timezone.localtime(datetime.fromisoformat(value)).date()
        return format_date(day, locale=to_locale(get_language() or settings.LANGUAGE_CODE))
    if name in _MONTHS:
        first = date.fromisoformat(f"{value}-01")
        return format_skeleton("yMMMM", first, locale=to_locale(get_language() or settings.LANGUAGE_CODE))
    if name in _ROLES:
        return listed(labels(Role(role) for role in value.split())) or gettext("None")
    return value


def _filled(sentence: str | Promise, names: Mapping[str, str]) -> str:
    return str(sentence) % _Forgiving({name: value or NOTHING for name, value in names.items()})


class _Forgiving(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return NOTHING

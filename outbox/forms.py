"""What is typed about a personal request: its message, how far its link reaches, and why somebody says no."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from babel.dates import format_date
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from outbox.models import PersonalRequest, PersonalRequestQuerySet
from outbox.requests import SUBJECT_LENGTH, Draft, R, check_message, refuse_links

LIFETIMES = (30, 90, 365)
NEVER, UNCHANGED = "never", "unchanged"
ONCE, LIMITED, UNLIMITED = "once", "limited", "unlimited"
MOST_USES = 1000


def mailto(recipient: str, subject: str, text: str) -> str:
    """The address behind Open in email: everything percent-encoded as UTF-8, line breaks as CRLF (RFC 6068)."""
    body = "\r\n".join(text.splitlines())
    return f"mailto:{quote(recipient, safe='@')}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"


class RequestFilter(ListFilter):
    """Personal requests by what has become of them."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *PersonalRequest.State.choices]
    )

    def apply(self, rows: PersonalRequestQuerySet[R]) -> PersonalRequestQuerySet[R]:
        state = self.values().get("state")
        return rows.in_state(state) if state else rows


class ReasonField(forms.CharField):
    """Why, in the person's own words."""

    widget = forms.Textarea({"rows": 3})

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Reason"), max_length=500, **options)


class DraftForm(forms.Form):
    """The message that carries the personalised link, and how long and how often the link can be used.

    People see and edit the link itself; cleaned_data has the mark in its place, as it is stored.
    """

    use_required_attribute = False

    recipient = forms.EmailField(
        label=_("Send to"), max_length=254, required=False, widget=forms.EmailInput({"data-mailto-recipient": ""})
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("A message that you have edited stays as it is.")
    )
    subject = forms.CharField(
        label=_("Subject"), max_length=SUBJECT_LENGTH, widget=forms.TextInput({"data-mailto-subject": ""})
    )
    message = forms.CharField(
        label=_("Email text"),
        max_length=10_000,
        strip=False,
        widget=forms.Textarea({"data-mailto-source": "", "rows": 16}),
        help_text=_("Edit it as you like, but keep the link: it is yours alone."),
    )
    lifetime = forms.ChoiceField(label=_("Expires"))
    uses = forms.ChoiceField(
        label=_("Can be accepted"),
        choices=[(ONCE, _("Once")), (LIMITED, _("Up to a number of times")), (UNLIMITED, _("Any number of times"))],
        widget=forms.RadioSelect,
    )
    max_uses = forms.IntegerField(label=_("How many times"), required=False, min_value=1, max_value=MOST_USES)

    def __init__(self, *args: Any, request: PersonalRequest, to_be_sent: bool = False, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **{"initial": self._initial(), **kwargs})
        self.fields["lifetime"].choices = self._lifetimes()  # type: ignore[attr-defined]  # a ChoiceField has them
        self.fields["recipient"].required = to_be_sent
        if request.IS_FOR_ONE:
            del self.fields["uses"], self.fields["max_uses"]

    def draft(self) -> Draft:
        """What was typed, for requests.edit()."""
        typed = self.cleaned_data
        limits = {ONCE: 1, LIMITED: typed.get("max_uses"), UNLIMITED: None}
        return Draft(
            subject=typed["subject"],
            message=typed["message"],
            recipient=typed["recipient"],
            expires_at=self._expiry(typed["lifetime"]),
            max_uses=limits[typed.get("uses", ONCE)],
            language=typed["language"],
        )

    def options(self) -> list[BoundField]:
        """The fields that only this kind of request has, for the page to show after those of every kind."""
        return []

    def mailto(self) -> str:
        """Open in email, for the text as it stands on the page."""
        return mailto(*(str(self[name].value() or "") for name in ("recipient", "subject", "message")))

    def clean_subject(self) -> str:
        subject = " ".join(self.cleaned_data["subject"].split())
        refuse_links(subject)  # a subject is stored and sent as it is
        return subject

    def clean_message(self) -> str:
        text = "\n".join(self.cleaned_data["message"].splitlines())
        message = self.request.link.hidden(text)
        check_message(message)
        return message

    def clean(self) -> None:
        if self.cleaned_data.get("uses") == LIMITED and self.cleaned_data.get("max_uses") is None:
            self.add_error(
                "max_uses", ValidationError(_("Enter how many times the link may be accepted."), code="required")
            )

    def _initial(self) -> dict[str, Any]:
        request = self.request
        return {
            "recipient": request.recipient,
            "language": request.language,
            "subject": request.subject,
            "message": request.link.shown(request.message),
            "lifetime": self._current_lifetime(),
            "uses": {None: UNLIMITED, 1: ONCE}.get(request.max_uses, LIMITED),
            "max_uses": request.max_uses if request.max_uses != 1 else None,
        }

    def _current_lifetime(self) -> str:
        expires_at = self.request.expires_at
        if expires_at is None:
            return NEVER
        same_day = (str(days) for days in LIFETIMES if _in_days(days).date() == timezone.localdate(expires_at))
        return next(same_day, UNCHANGED)

    def _lifetimes(self) -> list[tuple[str, str]]:
        choices = [(str(days), _in_words(_in_days(days).date(), days)) for days in LIFETIMES]
        if self._current_lifetime() == UNCHANGED and self.request.expires_at:
            choices.insert(0, (UNCHANGED, _in_words(timezone.localdate(self.request.expires_at))))
        return [*choices, (NEVER, str(_("Never")))]

    def _expiry(self, lifetime: str) -> datetime | None:
        if lifetime == NEVER:
            return None
        # Saving the page again must not push the moment forward by some hours each time.
        return self.request.expires_at if lifetime == self._current_lifetime() else _in_days(int(lifetime))


def _in_days(days: int) -> datetime:
    return timezone.localtime(timezone.now() + timedelta(days=days))


def _in_words(day: date, days: int | None = None) -> str:
    text = format_date(day, locale=to_locale(get_language() or settings.LANGUAGE_CODE))
    if days is None:
        return text
    return str(_("%(date)s (in %(days)s days)") % {"date": text, "days": days})

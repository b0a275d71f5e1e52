"""The form on a subscription's page: what its person may change, and what is only shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.roles import Kind, Permission, labels, listed, roles_with
from customers.delegations import administers
from customers.forms.partners import CreditField, PartnerField
from customers.models import Customer
from customers.partner_choice import Partner, Partners
from subscriptions.changes import Changes
from subscriptions.credit import Verification, current_credit, tidy_number
from subscriptions.models import ResellerOfRecord, Subscription
from subscriptions.models.catalogue import MOST_LICENCES
from subscriptions.ordering.rules import check_licences

_PERMISSIONS = {
    "nickname": Permission.EDIT_SUBSCRIPTIONS,
    "licences": Permission.EDIT_SUBSCRIPTIONS,
    "auto_renew": Permission.EDIT_SUBSCRIPTIONS,
    "reseller": Permission.CHANGE_CREDIT,
    "mpn_id": Permission.CHANGE_CREDIT,
    "support_contact": Permission.DESIGNATE_SUPPORT,
}
# An add-on shares these with its base (design.md §7), on whose page they change.
_OF_THE_BASE = {
    "auto_renew": gettext_lazy("An add-on renews with its base."),
    "reseller": gettext_lazy("An add-on credits the same reseller as its base."),
    "mpn_id": "",
}
# What somebody else may have changed since the page was made; the number typed beside the list is nobody else's.
_SHARED = ("nickname", "licences", "auto_renew", "reseller", "support_contact")


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed meanwhile: what it is now, and what was entered here, if anything."""

    label: str
    now: str
    entered: str


class SubscriptionForm(forms.Form):
    """A subscription as it is, with its revision, so that a change made meanwhile is noticed (design.md §4.12).

    A field that the person's role does not allow is fixed: shown, not asked for. When it is sent nevertheless, it goes
    to the domain, which refuses it like any other attempt.
    """

    use_required_attribute = False

    revision = forms.IntegerField(widget=forms.HiddenInput)
    nickname = forms.CharField(label=gettext_lazy("Subscription nickname"), max_length=100, show_hidden_initial=True)
    licences = forms.IntegerField(
        label=gettext_lazy("Licenses"), min_value=1, max_value=MOST_LICENCES, show_hidden_initial=True
    )
    auto_renew = forms.BooleanField(label=gettext_lazy("Auto-renew"), required=False, show_hidden_initial=True)
    reseller = CreditField(label=gettext_lazy("Reseller (MPN ID)"), show_hidden_initial=True)
    mpn_id = forms.CharField(label=gettext_lazy("Enter MPN ID"), required=False, max_length=20)
    support_contact = PartnerField(
        label=gettext_lazy("Designated support contact"),
        show_hidden_initial=True,
        error_messages={"invalid_choice": gettext_lazy("Choose a reseller that you are partnered with, or yourself.")},
    )

    def __init__(
        self,
        subscription: Subscription,
        membership: Membership,
        data: Mapping[str, Any] | None = None,
        *,
        period: ResellerOfRecord | None,
    ) -> None:
        self.subscription, self.membership = subscription, membership
        self.conflicts: list[Conflict] = []
        # A provider manages what it sells; a reseller only what it has account administration for.
        customer = Customer(pk=subscription.customer_id)
        self.is_allowed = membership.kind != Kind.RESELLER or administers(membership, customer)
        super().__init__(data, initial=self._values_of(subscription, period))
        self.fixed = {name: self._fixed_because(name) for name in _PERMISSIONS}
        for name, reason in self.fixed.items():
            # Nothing was sent for it, so it stays as it is; an empty tick would mean "no" otherwise.
            self.fields[name].disabled = reason is not None and self.add_prefix(name) not in self.data
        self._offer("reseller", self.credited and self.credited.organisation, nobody=_("No indirect reseller"))
        self._offer("support_contact", subscription.support_contact, nobody=str(subscription.provider))

    def clean_mpn_id(self) -> str:
        return tidy_number(self.cleaned_data["mpn_id"])

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("mpn_id"):
            self.errors.pop("reseller", None)  # what is typed there does not count
        if self.errors:
            self._check_licences()  # Submit is not reached, which would say it
        return self.cleaned_data

    def _check_licences(self) -> None:
        licences = self.cleaned_data.get("licences", self.subscription.licences)
        if licences == self.subscription.licences:
            return
        try:
            check_licences(self.subscription.offer, licences)
        except ValidationError as refusal:
            self.add_error("licences", refusal)

    def changes(self) -> Changes:
        """What was submitted. A number that was typed counts more than what the list shows."""
        answers = self.cleaned_data
        return Changes(
            nickname=answers["nickname"],
            licences=answers["licences"],
            auto_renew=answers["auto_renew"],
            mpn_id=answers["mpn_id"] or answers["reseller"],
            support_contact=answers["support_contact"],
        )

    def refuse(self, refusal: ValidationError) -> None:
        """Show the domain's refusal; one of the MPN ID stands where the number was chosen or typed."""
        problems: Any = getattr(refusal, "error_dict", None)
        if problems and "mpn_id" in problems and not self.cleaned_data["mpn_id"]:
            problems["reseller"] = problems.pop("mpn_id")
        self.add_error(None, ValidationError(problems) if problems else refusal)

    def catch_up(self, subscription: Subscription) -> None:
        """Take what others changed where nothing was entered here, keep what was, and tell where they differ."""
        period = current_credit(subscription)
        now, data, changed = self._values_of(subscription, period), dict(self.data.items()), self.changed_data
        for name in _SHARED:
            current, seen = now[name], f"initial-{name}"
            entered = self._in_words(name, data.get(name, "")) if name in changed else ""
            if self._in_words(name, current) != self._in_words(name, data.get(seen, "")):
                self.conflicts.append(Conflict(str(self.fields[name].label), self._in_words(name, current), entered))
            data[seen] = current
            if name not in changed:
                data[name] = current
        self.data = {**data, "revision": subscription.revision}

    def differences(self) -> list[Conflict]:
        """What was entered where it differs from what is, for the page that says what that costs."""
        rows = []
        for name, value in self.initial.items():
            if name == "revision" or name not in self.cleaned_data:
                continue
            now, entered = self._in_words(name, value), self._in_words(name, self._entered(name))
            if now != entered:
                rows.append(Conflict(str(self.fields[name].label), now, entered))
        return rows

    def sent(self) -> list[tuple[str, str]]:
        """Everything that was typed, to be sent again with the price that it has."""
        known = {name for field in self.fields for name in (field, f"initial-{field}")}
        return [(name, value) for name, value in self.data.items() if name in known]

    @property
    def is_worth_a_quote(self) -> bool:
        """Whether licences would change, and nothing is known that Submit refuses."""
        answers, subscription = self.cleaned_data, self.subscription
        if answers["licences"] == subscription.licences or self.fixed["licences"] is not None:
            return False
        number = self.changes().mpn_id
        is_kept = number == str(self.initial["reseller"])
        is_known = not number or is_kept or not Verification.of(number, subscription.provider).problems
        return is_known and bool(answers["revision"] == subscription.revision)

    @property
    def can_submit(self) -> bool:
        """Whether there is anything that the person may change."""
        return any(reason is None for reason in self.fixed.values())

    def _values_of(self, subscription: Subscription, period: ResellerOfRecord | None) -> dict[str, Any]:
        self.credited = period.partner_account if period else None
        return {
            "revision": subscription.revision,
            "nickname": subscription.nickname,
            "licences": subscription.licences,
            "auto_renew": subscription.auto_renew,
            "reseller": str(self.credited or ""),
            "support_contact": subscription.support_contact_id or "",
        }

    def _fixed_because(self, name: str) -> str | None:
        """Why the field is only shown: a sentence, an empty one where there is nothing to say; None when it is not."""
        subscription, permission = self.subscription, _PERMISSIONS[name]
        if not subscription.can_change:
            return ""
        if not self.membership.can(permission):
            roles = labels(roles_with(permission, self.membership.kind))
            if not roles:
                return _("Only the indirect provider can change this.")
            return _("Roles that can change this: %(roles)s.") % {"roles": listed(roles)}
        if not self.is_allowed:
            return _("It takes delegated administration privileges.")
        if name == "licences" and subscription.status == Subscription.Status.SUSPENDED:
            return _("Reactivate the subscription before you change its licenses.")
        if subscription.base_id and name in _OF_THE_BASE:
            return str(_OF_THE_BASE[name])
        is_missing = (name == "licences" and subscription.offer.is_usage_based) or (
            name == "auto_renew" and not subscription.term
        )
        return "" if is_missing else None

    def _offer(self, name: str, current: Any, *, nobody: str) -> None:
        """Partners; and who it is now, even if the partnership has ended (design.md §4.9)."""
        is_offered = self.fixed[name] is None
        partners = Partners(self.membership, nobody=nobody, is_credit=name == "reseller", is_offered=is_offered)
        if current:
            partner = Partner(current.pk, str(current), str(self.credited) if name == "reseller" else "")
            partners.keep(partner, ended=_no_partner(partners.label(partner)))
        self.fields[name].offer(partners)  # type: ignore[attr-defined]  # a PartnerField does

    def _entered(self, name: str) -> Any:
        value = self.cleaned_data[name]
        if name == "reseller":
            value = self.cleaned_data["mpn_id"] or value
        return getattr(value, "pk", value) or ""

    def _in_words(self, name: str, value: Any) -> str:
        if name == "auto_renew":
            return _("On") if value in (True, "True", "on") else _("Off")
        partners = getattr(self.fields[name], "partners", None)
        return partners.words(str(value)) if partners else str(value)


def _no_partner(name: str) -> str:
    return _("%(name)s – partnership ended") % {"name": name}

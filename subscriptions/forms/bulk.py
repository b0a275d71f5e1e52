"""What is wanted of many subscriptions: one value for all that were selected, or a file with a value for each."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Membership
from customers.forms.partners import CreditField, PartnerField
from customers.partner_choice import Partners, id_from
from subscriptions.bulk import MOST_ROWS, What, Wish
from subscriptions.bulk.csv import MOST_BYTES, wishes_of
from subscriptions.bulk.values import NOBODY
from subscriptions.filters import SubscriptionFilter
from subscriptions.models import Subscription
from subscriptions.models.catalogue import MOST_LICENCES


class Selection:
    """Subscriptions as the list's address names them: the ticked ones, or with ?all= all that its filters leave.

    Of the latter those that have ended are left out: they can only be refused.
    """

    def __init__(self, query: QueryDict, membership: Membership) -> None:
        self.query, self.membership = query, membership
        self.is_all = "all" in query

    @cached_property
    def ids(self) -> list[str]:
        """The IDs, newest first; one more than may be changed in one go, where there are more."""
        rows = Subscription.objects.visible_to(self.membership)
        if self.is_all:
            rows = SubscriptionFilter(self.query, membership=self.membership).apply(rows).not_ended()
        else:
            rows = rows.filter(
                code__in=[code for text in self.query.getlist("subscription") if (code := id_from(text))]
            )
        codes = rows.order_by("-created_at", "-pk").values_list("code", flat=True)
        return [str(code) for code in codes[: MOST_ROWS + 1]]

    def wishes(self, wanted: str) -> list[Wish]:
        return [Wish(number, code, wanted) for number, code in enumerate(self.ids, 1)]


class BulkValueForm(forms.Form):
    """The one new value for all; which field there is depends on what is changed."""

    use_required_attribute = False

    def __init__(self, what: What, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.what, self.membership = what, membership
        match what:
            case What.CREDIT:
                self._offer_partners(CreditField(label=What.CREDIT.label), nobody=_("No indirect reseller"))
            case What.SUPPORT:
                refusal = gettext_lazy("Choose a reseller that you are partnered with, or yourself.")
                field = PartnerField(label=What.SUPPORT.label, error_messages={"invalid_choice": refusal})
                self._offer_partners(field, nobody=str(membership.organisation))
            case What.AUTO_RENEW:
                on, off = pgettext_lazy("auto-renew", "On"), pgettext_lazy("auto-renew", "Off")
                choices = [("on", on), ("off", off)]
                self.fields["value"] = forms.ChoiceField(
                    label=What.AUTO_RENEW.label, choices=choices, widget=forms.RadioSelect
                )
            case What.LICENCES:
                self.fields["value"] = forms.IntegerField(
                    label=What.LICENCES.label, min_value=1, max_value=MOST_LICENCES
                )

    @property
    def wanted(self) -> str:
        """What was chosen, as a row keeps it."""
        value = self.cleaned_data["value"]
        if self.what == What.SUPPORT and value:
            return str(value.pk)
        return str(value or NOBODY)

    def _offer_partners(self, field: PartnerField, *, nobody: str) -> None:
        self.fields["value"] = field
        field.offer(Partners(self.membership, nobody=nobody, is_credit=self.what == What.CREDIT))


class BulkFileForm(forms.Form):
    """A CSV file, read and understood as a whole, or refused."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("CSV file"), widget=forms.FileInput({"accept": ".csv,.tsv,.txt,text/csv"})
    )

    def __init__(self, what: What, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.what = what
        self.wishes: list[Wish] = []

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than a list of subscriptions can be."), "file_too_large")
        self.wishes = wishes_of(file.read(), self.what)
        return file

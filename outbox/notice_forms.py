"""What is typed, or ticked, about notices."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from outbox.notices import mailed_subjects
from outbox.subjects import Subject, subjects_for


class MailForm(forms.Form):
    """A tick for everything that this person can be told and wants by mail."""

    subjects = forms.MultipleChoiceField(
        label=_("Send me mail when"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"subjects": mailed_subjects(membership)}, **kwargs})
        choices = [(subject.value, subject.label) for subject in subjects_for(membership.kind)]
        self.fields["subjects"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them

    def wanted(self) -> list[Subject]:
        return [Subject(each) for each in self.cleaned_data["subjects"]]


class UntilForm(forms.Form):
    """When the page was made from which all notices are marked as read: what came later was not on it."""

    until = forms.DateTimeField()

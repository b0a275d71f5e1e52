"""What a refusal says: the code of what an act raises, and the codes beside the fields of a form."""

from collections.abc import Callable

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from activity.log import codes_of


def refused(act: Callable[..., object], *args, **kwargs) -> str:
    """The code of the refusal that the act raises."""
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    return codes_of(refusal.value)


def codes(form: forms.BaseForm) -> dict[str, list[str]]:
    """The codes of the form's refusals by field."""
    return {name: [error.code for error in errors] for name, errors in form.errors.as_data().items()}


def codes_on(page: HttpResponse) -> dict[str, list[str]]:
    """The codes of the refusals by field, of the form that the page shows."""
    return codes(page.context["form"])

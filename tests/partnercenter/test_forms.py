"""The one thing that the portal renders itself instead of Django: select boxes. They must say the same."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html
from django.test.utils import override_settings
from django.utils.html import escape

from partnercenter.forms import PortalFormRenderer

CHOICES = [("", "All"), ("a", "A & <b>"), ("Group", [("1", "One"), ("2", "Zwei")]), (7, "Seven")]


@pytest.mark.parametrize("value", ["", "a", "2", 7, None])
@pytest.mark.parametrize("attrs", [{}, {"id": "id_x", "required": True, "data-x": '"quoted"', "disabled": False}])
@override_settings(FORM_RENDERER="partnercenter.forms.PortalFormRenderer")
def test_select_says_what_django_would_say(value, attrs):
    widget = forms.Select(choices=CHOICES)

    ours = widget.render("x", value, attrs, renderer=PortalFormRenderer())

    assert parse_html(ours) == parse_html(widget.render("x", value, attrs, renderer=DjangoTemplates()))
    assert escape("A & <b>") in ours

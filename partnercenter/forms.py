"""How every form field of the portal looks."""

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_NOTHING = SafeString("")


class PortalFormRenderer(TemplatesSetting):
    """Field markup exists once, in templates/components/field.html."""

    field_template_name = "components/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        # Django renders two templates for each option: with 200 resellers that was three quarters of a page's time.
        if template_name == "django/forms/widgets/select.html":
            return _select(context["widget"])
        return mark_safe(super().render(template_name, context, request))  # noqa: S308  # a template has escaped it


def _select(widget: dict[str, Any]) -> SafeString:
    groups = format_html_join("", "{}", ((_group(name, options),) for name, options, _index in widget["optgroups"]))
    return format_html('<select name="{}"{}>{}</select>', widget["name"], _attributes(widget), groups)


def _group(name: str | None, options: list[dict[str, Any]]) -> SafeString:
    inner = format_html_join("", '<option value="{}"{}>{}</option>', map(_option, options))
    return format_html('<optgroup label="{}">{}</optgroup>', name, inner) if name else inner


def _option(option: dict[str, Any]) -> tuple[str, SafeString, str]:
    return str(option["value"]), _attributes(option), option["label"]


def _attributes(element: dict[str, Any]) -> SafeString:
    attributes = {name: value for name, value in element["attrs"].items() if value is not False}
    return flatatt(attributes) if attributes else _NOTHING

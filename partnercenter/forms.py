"""How every form field of the portal looks."""

from django.forms.renderers import TemplatesSetting


class PortalFormRenderer(TemplatesSetting):
    """Field markup exists once, in templates/components/field.html."""

    field_template_name = "components/field.html"

"""What is typed to answer a request for a partnership."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from outbox.forms import ReasonField
from resellers.models import PartnershipRequest


class AuthorizeForm(forms.Form):
    """The tick before Authorize indirect provider: nobody gives consent by pressing the wrong button."""

    use_required_attribute = False

    agreed = forms.BooleanField(error_messages={"required": _("Tick the box to show that you agree.")})

    def __init__(self, *args: Any, request: PartnershipRequest, company: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreed"].label = _(
            "I may act for %(company)s, and I agree that %(provider)s does what is listed above."
        ) % {"company": company.name, "provider": str(request.provider)}


class DeclineForm(forms.Form):
    """Why not, if one likes to say."""

    reason = ReasonField(required=False, help_text=_("The provider reads it in its activity log."))

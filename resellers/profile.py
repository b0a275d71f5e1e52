"""What a reseller says of itself: whom to turn to, and where to read more."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from django.core.exceptions import ValidationError

from accounts.models import User
from activity.log import attempt
from activity.verbs import Verb
from resellers.enrolment import check_work_address
from resellers.models import Reseller


@dataclass(frozen=True)
class Profile:
    """The part of a company's profile that its own people keep. Name and country are the operator's."""

    contact_name: str
    contact_email: str
    contact_phone: str
    website: str = ""


def change_profile(reseller: Reseller, profile: Profile, *, actor: User) -> Sequence[str]:
    """Keep the profile, and return the names of the fields that changed; without a change nothing is written.

    Refused with free_mail for a primary contact at a free mail service, as at enrollment (domain.md §3.2).
    """
    organisation = reseller.organisation
    with attempt(Verb.COMPANY_CHANGED, organisation, actor=actor, seen_by=[organisation]) as line:
        try:
            check_work_address(profile.contact_email)
        except ValidationError as refusal:
            raise ValidationError({"contact_email": refusal}) from None
        current = Reseller.objects.select_for_update().get(pk=reseller.pk)
        changed = [each.name for each in fields(profile) if getattr(current, each.name) != getattr(profile, each.name)]
        line.details["old"] = {name: str(getattr(current, name)) for name in changed}
        line.details["new"] = {name: getattr(profile, name) for name in changed}
        for name in changed:
            setattr(current, name, getattr(profile, name))
        current.save(update_fields=changed)
        line.is_written = not changed
    return changed

"""The operator's word on an enrolment: authorised, rejected, suspended (domain.md §3.2)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from activity.log import attempt
from activity.verbs import Verb
from resellers.models import Reseller

_VERBS = {
    Reseller.Enrolment.AUTHORIZED: Verb.ENROLMENT_AUTHORIZED,
    Reseller.Enrolment.REJECTED: Verb.ENROLMENT_REJECTED,
    Reseller.Enrolment.SUSPENDED: Verb.ENROLMENT_SUSPENDED,
}


def decide_enrolment(reseller: Reseller, decision: Reseller.Enrolment, *, actor: User) -> Reseller:
    """Authorise, reject or suspend; the reseller reads it in its activity log, partnerships and customers stay.

    Refused with enrolment_unchanged when that is how things stand, and with not_authorized for suspending a reseller
    that was never authorised.
    """
    organisation = reseller.organisation
    with attempt(_VERBS[decision], organisation, actor=actor, seen_by=[organisation]) as line:
        current = Reseller.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=reseller.pk)
        line.details["old"] = current.enrolment
        if current.enrolment == decision:
            raise ValidationError(
                _("The enrollment of %(reseller)s is %(state)s already."),
                "enrolment_unchanged",
                {"reseller": str(current), "state": decision.label},
            )
        if decision == Reseller.Enrolment.SUSPENDED and current.enrolment != Reseller.Enrolment.AUTHORIZED:
            raise ValidationError(
                _("The enrollment of %(reseller)s is not authorized, so there is nothing to suspend."),
                "not_authorized",
                {"reseller": str(current)},
            )
        current.enrolment = decision
        current.save(update_fields=["enrolment"])
    return current

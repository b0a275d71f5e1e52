import pytest
from django.core.exceptions import ValidationError

from activity.models import Activity
from activity.verbs import Verb
from resellers.models import Partnership, Reseller
from resellers.vetting import decide_enrolment
from tests.factories import UserFactory

States = Reseller.Enrolment


@pytest.mark.parametrize(
    ("old", "new", "verb"),
    [
        (States.PENDING, States.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
        (States.PENDING, States.REJECTED, Verb.ENROLMENT_REJECTED),
        (States.AUTHORIZED, States.REJECTED, Verb.ENROLMENT_REJECTED),
        (States.AUTHORIZED, States.SUSPENDED, Verb.ENROLMENT_SUSPENDED),
        (States.REJECTED, States.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
        (States.SUSPENDED, States.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
    ],
)
def test_a_decision_changes_the_enrolment_and_leaves_a_line(reseller, reseller_admin, stranger, old, new, verb):
    operator = UserFactory()
    Reseller.objects.update(enrolment=old)

    decided = decide_enrolment(reseller, new, actor=operator)
    line = Activity.objects.visible_to(reseller_admin).get()

    assert decided.enrolment == Reseller.objects.get().enrolment == new
    assert (line.verb, line.actor, line.target, line.details) == (verb, operator, "Sakura", {"old": old})
    assert list(Activity.objects.visible_to(stranger)) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (States.AUTHORIZED, States.AUTHORIZED, "enrolment_unchanged"),
        (States.SUSPENDED, States.SUSPENDED, "enrolment_unchanged"),
        (States.PENDING, States.SUSPENDED, "not_authorized"),
        (States.REJECTED, States.SUSPENDED, "not_authorized"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(reseller, old, new, code):
    Reseller.objects.update(enrolment=old)

    with pytest.raises(ValidationError) as refusal:
        decide_enrolment(reseller, new, actor=UserFactory())

    assert refusal.value.code == code
    assert Reseller.objects.get().enrolment == old
    assert list(Activity.objects.values_list("result", "refusal")) == [("refused", code)]


def test_a_suspension_ends_no_partnership(partnership):
    decide_enrolment(partnership.reseller, States.SUSPENDED, actor=UserFactory())

    assert list(Partnership.objects.active()) == [partnership]

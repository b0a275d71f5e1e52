"""A reseller asks to leave a provider, which removes the partnership or keeps it."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.roles import Role
from activity.log import codes_of
from activity.models import Activity
from outbox.models import Notice, OutgoingEmail
from resellers.leaving import ask_to_leave, keep, take_back
from resellers.partnerships import end_partnership
from tests.factories import member
from tests.threads import at_once


def asked(partnership) -> tuple:
    partnership.refresh_from_db()
    return bool(partnership.leave_requested_at), partnership.leave_requested_by, partnership.leave_reason


def log() -> list[tuple]:
    lines = Activity.objects.order_by("pk").prefetch_related("sightings__organisation")
    return [
        (line.verb, line.result, line.refusal, sorted(each.organisation.name for each in line.sightings.all()))
        for line in lines
    ]


def told() -> list[tuple]:
    return [
        (each.subject, each.membership.user.email, each.names, each.path)
        for each in Notice.objects.order_by("pk").select_related("membership__user")
    ]


@pytest.fixture
def waiting(partnership, reseller_admin):
    partnership.leave_requested_at, partnership.leave_requested_by = timezone.now(), reseller_admin.user
    partnership.leave_reason = "We move on."
    partnership.save()
    return partnership


def test_asking_waits_for_the_provider_whose_people_are_told(
    partnership, reseller_admin, sales_agent, billing_admin, stranger
):
    ask_to_leave(partnership, reason="We move on.", actor=reseller_admin.user)

    assert asked(partnership) == (True, reseller_admin.user, "We move on.")
    assert partnership.ended_at is None
    assert log() == [("leave_requested", "done", "", ["Kita", "Sakura"])]
    page = f"/resellers/{partnership.reseller_id}/remove/"
    names = {"company": "Sakura", "reason": "We move on."}
    assert told() == [("leave_requested", sales_agent.user.email, names, page)]
    assert [mail.to for mail in OutgoingEmail.objects.all()] == [sales_agent.user.email]


def test_asking_needs_no_reason(partnership, reseller_admin, sales_agent):
    ask_to_leave(partnership, actor=reseller_admin.user)

    assert asked(partnership) == (True, reseller_admin.user, "")
    assert told()[0][2] == {"company": "Sakura", "reason": "–"}


def test_asking_twice_is_refused(waiting, reseller_admin):
    with pytest.raises(ValidationError) as refusal:
        ask_to_leave(waiting, reason="Again.", actor=reseller_admin.user)

    assert codes_of(refusal.value) == "leave_asked"
    assert asked(waiting) == (True, reseller_admin.user, "We move on.")
    assert log() == [("leave_requested", "refused", "leave_asked", ["Kita", "Sakura"])]


def test_taking_back_leaves_everything_as_it_was(waiting, reseller_admin):
    take_back(waiting, actor=reseller_admin.user)

    assert asked(waiting) == (False, None, "")
    assert log() == [("leave_recalled", "done", "", ["Kita", "Sakura"])]


def test_keeping_tells_the_reseller_why(waiting, sales_agent, reseller_admin, reseller):
    member(reseller.organisation, Role.HELPDESK_AGENT)

    keep(waiting, reason="Your contract runs until May.", actor=sales_agent.user)

    assert asked(waiting) == (False, None, "")
    assert waiting.ended_at is None
    assert log() == [("leave_refused", "done", "", ["Kita", "Sakura"])]
    names = {"company": "Kita", "reason": "Your contract runs until May."}
    assert told() == [("leave_refused", reseller_admin.user.email, names, "/resellers/providers/")]


@pytest.mark.parametrize("answer", [take_back, lambda *args, **kwargs: keep(*args, reason="No.", **kwargs)])
def test_there_is_nothing_to_answer_before_somebody_asks(partnership, sales_agent, answer):
    with pytest.raises(ValidationError) as refusal:
        answer(partnership, actor=sales_agent.user)

    assert codes_of(refusal.value) == "leave_not_asked"
    assert told() == []


@pytest.mark.parametrize(
    "act", [ask_to_leave, take_back, lambda *args, **kwargs: keep(*args, reason="No.", **kwargs), end_partnership]
)
def test_after_the_end_nothing_of_it_is_possible(waiting, sales_agent, act):
    end_partnership(waiting, actor=sales_agent.user)

    with pytest.raises(ValidationError) as refusal:
        act(waiting, actor=sales_agent.user)

    assert codes_of(refusal.value) == "partnership_ended"


def test_the_end_keeps_who_had_asked_for_it(waiting, reseller_admin, sales_agent):
    end_partnership(waiting, actor=sales_agent.user)

    assert asked(waiting) == (True, reseller_admin.user, "We move on.")
    assert waiting.ended_by == sales_agent.user


# At the same moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_two_colleagues_ask_at_once(partnership, reseller_admin, sales_agent, _round):
    answers = at_once(*[lambda: ask_to_leave(partnership, actor=reseller_admin.user)] * 2)

    assert sorted(answers) == ["done", "leave_asked"]
    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_taking_back_while_the_provider_removes(waiting, reseller_admin, sales_agent, _round):
    answers = at_once(
        lambda: take_back(waiting, actor=reseller_admin.user), lambda: end_partnership(waiting, actor=sales_agent.user)
    )

    assert answers in (["done", "done"], ["partnership_ended", "done"])
    waiting.refresh_from_db()
    assert bool(waiting.ended_at)
    assert bool(waiting.leave_requested_at) == (answers[0] != "done")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_taking_back_while_the_provider_keeps(waiting, reseller_admin, sales_agent, _round):
    answers = at_once(
        lambda: take_back(waiting, actor=reseller_admin.user),
        lambda: keep(waiting, reason="No.", actor=sales_agent.user),
    )

    assert sorted(answers) == ["done", "leave_not_asked"]
    assert Notice.objects.count() == (1 if answers[1] == "done" else 0)

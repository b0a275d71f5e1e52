from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.roles import Role
from activity.models import Activity
from outbox.models import LINK, OutgoingEmail
from outbox.requests import Draft
from resellers.models import Partnership, PartnershipRequest, Reseller
from resellers.partnerships import (
    accept_request,
    decline_request,
    edit_request,
    end_partnership,
    request_partnership,
    send_request,
    withdraw_request,
)
from tests.factories import PartnershipFactory, PartnershipRequestFactory, member, ready_reseller
from tests.links import CLOSED
from tests.refusals import refused

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def request_row(provider):
    return PartnershipRequestFactory(provider=provider, recipient="reseller@sakura.example")


def lines() -> list[tuple]:
    return [(each.verb, each.result, each.refusal) for each in Activity.objects.order_by("pk")]


def seen_by(activity: Activity) -> set:
    return set(activity.sightings.values_list("organisation__name", flat=True))


# Requesting


@time_machine.travel(NOW, tick=False)
def test_request_is_drafted_at_once_for_one_use_and_90_days(provider, sales_agent):
    request = request_partnership(provider, language="en", actor=sales_agent.user)

    assert request.subject == "Partnership request from Kita"
    assert LINK in request.message
    assert "Kita would like to be your indirect provider" in request.message
    assert sales_agent.user.name in request.message
    assert (request.max_uses, request.uses, request.state) == (1, 0, "not_sent")
    assert request.expires_at == NOW + timedelta(days=90)
    assert lines() == [("partnership_requested", "done", "")]
    assert seen_by(Activity.objects.get()) == {"Kita"}


def test_request_of_a_company_with_a_very_long_name_has_a_subject_that_fits(provider, sales_agent):
    provider.organisation.name = "K" * 200

    assert len(request_partnership(provider, language="en", actor=sales_agent.user).subject) == 200


def test_request_has_its_own_link(provider, sales_agent):
    first, second = (request_partnership(provider, language="en", actor=sales_agent.user) for _each in range(2))

    assert first.link.url() != second.link.url()


# Editing


def test_edit_keeps_what_was_typed(request_row):
    draft = Draft("Subject", f"Text {LINK}", "a@b.example", NOW + timedelta(days=9999), 5, "ja")

    edited = edit_request(request_row, draft)

    edited.refresh_from_db()
    assert (edited.subject, edited.message, edited.recipient) == (draft.subject, draft.message, draft.recipient)
    assert (edited.expires_at, edited.max_uses, edited.language) == (draft.expires_at, 5, "ja")


def test_edit_in_another_language_drafts_an_unedited_message_anew(provider, sales_agent):
    request = request_partnership(provider, language="ja", actor=sales_agent.user)
    japanese = request.message

    unedited = edit_request(request, Draft(request.subject, request.message, language="en"))

    assert unedited.language == "en"
    assert unedited.message.startswith("Hello,")
    assert edit_request(unedited, Draft(unedited.subject, unedited.message, language="ja")).message == japanese


def test_edit_in_another_language_keeps_what_a_person_wrote(provider, sales_agent):
    request = request_partnership(provider, language="en", actor=sales_agent.user)

    edited = edit_request(request, Draft(request.subject, f"Dear all, {LINK}", language="ja"))

    assert (edited.language, edited.message) == ("ja", f"Dear all, {LINK}")


def test_edit_without_language_leaves_it(request_row):
    assert edit_request(request_row, Draft("Subject", LINK)).language == "en"


def test_edit_without_the_link_is_refused(request_row):
    assert refused(edit_request, request_row, Draft("Subject", "No link.")) == "link_missing"


def test_edit_with_an_altered_link_is_refused(request_row):
    text = f"{LINK} or {request_row.link.url()[:-4]}/"

    assert refused(edit_request, request_row, Draft("Subject", text)) == "link_altered"


@pytest.mark.parametrize(("uses", "allowed"), [(1, 1), (3, 2)])
def test_edit_below_what_was_accepted_is_refused(request_row, uses, allowed):
    request_row.max_uses, request_row.uses = None, uses
    request_row.save()

    with pytest.raises(ValidationError) as refusal:
        edit_request(request_row, Draft("Subject", LINK, max_uses=allowed))

    assert list(refusal.value.message_dict) == ["max_uses"]
    assert str(uses) in refusal.value.messages[0]


# Sending


def test_send_mails_the_message(request_row, sales_agent):
    sent = send_request(request_row, actor=sales_agent.user)

    email = OutgoingEmail.objects.get()
    assert (sent.email, sent.state) == (email, "sent")
    assert (email.to, email.subject, email.text) == (request_row.recipient, request_row.subject, request_row.message)
    assert email.sender == request_row.provider.organisation
    assert lines() == [("partnership_request_sent", "done", "")]
    assert Activity.objects.get().details["recipient"] == "reseller@sakura.example"


def test_send_without_a_recipient_is_refused(request_row, sales_agent):
    PartnershipRequest.objects.update(recipient="")

    assert refused(send_request, request_row, actor=sales_agent.user) == "required"
    assert OutgoingEmail.objects.count() == 0
    assert lines() == [("partnership_request_sent", "refused", "required")]


def test_send_twice_while_the_first_waits_sends_once(request_row, sales_agent):
    send_request(request_row, actor=sales_agent.user)

    assert refused(send_request, request_row, actor=sales_agent.user) == "mail_waiting"
    assert OutgoingEmail.objects.count() == 1


@pytest.mark.parametrize("state", ["sent", "refused"])
def test_send_again_once_the_first_has_left_or_was_refused(request_row, sales_agent, state):
    send_request(request_row, actor=sales_agent.user)
    OutgoingEmail.objects.update(state=state)

    send_request(request_row, actor=sales_agent.user)

    assert OutgoingEmail.objects.count() == 2


def test_send_to_another_address_does_not_wait_for_the_first(request_row, sales_agent):
    send_request(request_row, actor=sales_agent.user)
    PartnershipRequest.objects.update(recipient="other@sakura.example")

    send_request(request_row, actor=sales_agent.user)

    assert sorted(OutgoingEmail.objects.values_list("to", flat=True)) == [
        "other@sakura.example",
        "reseller@sakura.example",
    ]


# What is closed stays closed


@pytest.mark.parametrize("code", CLOSED)
def test_closed_request_takes_nothing_any_more(request_row, sales_agent, reseller_admin, code):
    for name, value in CLOSED[code].items():
        setattr(request_row, name, value)
    request_row.save()

    assert refused(edit_request, request_row, Draft("Subject", LINK)) == code
    assert refused(send_request, request_row, actor=sales_agent.user) == code
    assert refused(withdraw_request, request_row, actor=sales_agent.user) == code
    assert refused(accept_request, request_row, membership=reseller_admin) == code
    assert refused(decline_request, request_row, membership=reseller_admin) == code
    assert Partnership.objects.count() == 0
    assert {line[2] for line in lines()} == {code}


def test_withdraw_closes_the_link(request_row, sales_agent):
    withdraw_request(request_row, actor=sales_agent.user)

    request_row.refresh_from_db()
    assert request_row.state == "withdrawn"
    assert lines() == [("partnership_request_withdrawn", "done", "")]


# Accepting and declining


def test_accept_starts_a_partnership(request_row, reseller, reseller_admin):
    partnership = accept_request(request_row, membership=reseller_admin)

    request_row.refresh_from_db()
    assert Partnership.objects.get() == partnership
    assert (partnership.provider, partnership.reseller) == (request_row.provider, reseller)
    assert (partnership.request, partnership.started_by) == (request_row, reseller_admin.user)
    assert (request_row.uses, request_row.state) == (1, "accepted")
    assert lines() == [("partnership_started", "done", "")]
    assert seen_by(Activity.objects.get()) == {"Kita", "Sakura"}


def test_accept_counts_the_uses_of_a_link_for_several(request_row, reseller_admin):
    request_row.max_uses = 2
    request_row.save()
    others = [member(ready_reseller(name).organisation, Role.GLOBAL_ADMIN) for name in ("Tsubaki", "Ume")]

    accept_request(request_row, membership=reseller_admin)
    accept_request(request_row, membership=others[0])

    assert refused(accept_request, request_row, membership=others[1]) == "request_used"
    assert Partnership.objects.count() == 2


def test_accept_any_number_of_times(request_row, reseller_admin):
    request_row.max_uses = None
    request_row.save()

    accept_request(request_row, membership=reseller_admin)
    accept_request(request_row, membership=member(ready_reseller("Ume").organisation, Role.GLOBAL_ADMIN))

    request_row.refresh_from_db()
    assert (request_row.uses, request_row.state) == (2, "not_sent")


def test_accept_twice_is_refused_by_name_of_what_there_is(request_row, reseller_admin):
    accept_request(request_row, membership=reseller_admin)

    assert refused(accept_request, request_row, membership=reseller_admin) == "already_partners"


def test_accept_refusal_is_seen_by_both(request_row, reseller):
    agent = member(reseller.organisation, Role.SALES_AGENT)

    assert refused(accept_request, request_row, membership=agent) == "role_missing"
    assert lines() == [("partnership_started", "refused", "role_missing")]
    assert seen_by(Activity.objects.get()) == {"Kita", "Sakura"}


def test_decline_closes_a_link_for_one(request_row, reseller_admin):
    decline_request(request_row, membership=reseller_admin, reason="Not now.")

    request_row.refresh_from_db()
    assert (request_row.state, request_row.decline_reason) == ("declined", "Not now.")
    assert Activity.objects.get().details["reason"] == "Not now."


def test_decline_leaves_a_link_for_many_open_for_others(request_row, reseller_admin):
    request_row.max_uses = None
    request_row.save()

    decline_request(request_row, membership=reseller_admin)

    request_row.refresh_from_db()
    assert request_row.is_open
    assert lines() == [("partnership_declined", "done", "")]


def test_decline_needs_a_global_admin_of_a_reseller(request_row, reseller, provider_admin):
    agent = member(reseller.organisation, Role.ADMIN_AGENT)

    assert refused(decline_request, request_row, membership=agent) == "role_missing"
    assert refused(decline_request, request_row, membership=provider_admin) == "role_missing"


# The end


def test_end_ends_the_partnership_and_nothing_else(subscription, partnership, provider_admin):
    relationship = subscription.relationship
    before = (relationship.reseller, list(relationship.customer.delegations.all()))

    end_partnership(partnership, actor=provider_admin.user)

    partnership.refresh_from_db()
    relationship.refresh_from_db()
    assert partnership.ended_at is not None
    assert partnership.ended_by == provider_admin.user
    assert (relationship.reseller, list(relationship.customer.delegations.all())) == before
    assert relationship.ended_at is None
    assert list(Reseller.objects.visible_to(provider_admin)) == []
    assert OutgoingEmail.objects.count() == 0
    assert lines() == [("partnership_removed", "done", "")]
    assert seen_by(Activity.objects.get()) == {"Kita", "Sakura"}


def test_end_twice_is_refused(partnership, provider_admin):
    end_partnership(partnership, actor=provider_admin.user)

    assert refused(end_partnership, partnership, actor=provider_admin.user) == "partnership_ended"


def test_partners_can_partner_again(partnership, provider_admin, reseller_admin, request_row):
    end_partnership(partnership, actor=provider_admin.user)

    again = accept_request(request_row, membership=reseller_admin)

    assert list(Partnership.objects.active()) == [again]
    assert Partnership.objects.count() == 2


# What the database itself refuses


def test_database_refuses_a_second_active_partnership(partnership):
    with pytest.raises(IntegrityError, match="resellers_partnership_one_active"), transaction.atomic():
        PartnershipFactory(provider=partnership.provider, reseller=partnership.reseller)


def test_database_refuses_an_end_before_the_start(partnership):
    partnership.ended_at = partnership.started_at - timedelta(days=1)

    with pytest.raises(IntegrityError, match="resellers_partnership_order"), transaction.atomic():
        partnership.save()


def test_database_refuses_more_uses_than_allowed(request_row):
    request_row.uses = 2

    with pytest.raises(IntegrityError, match="resellers_request_uses"), transaction.atomic():
        request_row.save()

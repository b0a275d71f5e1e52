"""Support requests at the same moment, on real connections: nothing is written in what is closed or taken away."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.models import Activity
from subscriptions.changes import Changes, submit_changes
from subscriptions.models import Subscription, SupportMessage, SupportRequest
from subscriptions.support import close_request, hand_over_open_requests, open_request, reopen_request, write
from tests.factories import PartnershipFactory, SupportRequestFactory, member, ready_reseller
from tests.refusals import codes
from tests.threads import at_once, fresh, held_up, hold

pytestmark = pytest.mark.django_db(transaction=True)

LIST, NEW = reverse("support:list"), reverse("support:new")


def designate(subscription, contact, membership):
    row = Subscription.objects.get(pk=subscription.pk)
    changes = Changes(row.nickname, row.licences, row.auto_renew, "", contact)
    submit_changes(row, changes, revision=row.revision, membership=fresh(membership))


def ask(subscription, membership, key):
    row = Subscription.objects.with_parties().get(pk=subscription.pk)
    open_request(row, title="No mail", severity="minimal", text="Hm", key=key, membership=fresh(membership))


def again(request):
    return SupportRequest.objects.with_parties().get(pk=request.pk)


def log(verb):
    return sorted(Activity.objects.filter(verb=verb).values_list("refusal", flat=True))


@pytest.fixture
def supported(subscription, reseller):
    subscription.support_contact = reseller
    subscription.save()
    return subscription


@pytest.fixture
def asked(supported, customer_admin, reseller_admin):
    return SupportRequestFactory(subscription=supported, opened_by=customer_admin.user)


@pytest.fixture
def ume(provider, partnership):
    other = ready_reseller("Ume")
    PartnershipFactory(provider=provider, reseller=other)
    member(other.organisation, Role.HELPDESK_AGENT)
    return other


@pytest.mark.parametrize("_round", range(6))
def test_answer_and_close(asked, customer_admin, reseller_admin, _round):
    answers = at_once(
        lambda: write(again(asked), text="All of them?", membership=fresh(reseller_admin)),
        lambda: close_request(again(asked), membership=fresh(customer_admin)),
    )

    assert answers in (["done", "done"], ["support_closed", "done"])
    asked.refresh_from_db()
    assert (asked.status, asked.messages.count()) == ("closed", 1 + (answers[0] == "done"))
    assert log("support_answered") == [answers[0].replace("done", "")]


@pytest.mark.parametrize("_round", range(6))
def test_answer_and_another_contact(asked, ume, supported, provider_admin, reseller_admin, _round):
    answers = at_once(
        lambda: write(again(asked), text="All of them?", membership=fresh(reseller_admin)),
        lambda: designate(supported, ume, provider_admin),
    )

    assert answers in (["done", "done"], ["support_moved", "done"])
    asked.refresh_from_db()
    assert (asked.assignee, asked.messages.count()) == (ume.organisation, 1 + (answers[0] == "done"))
    assert asked.status == ("attention_needed" if answers[0] == "done" else "open")
    assert log("support_reassigned") == [""]


@pytest.mark.parametrize("_round", range(6))
def test_new_request_and_another_contact(supported, ume, provider_admin, customer_admin, reseller_admin, _round):
    answers = at_once(
        lambda: ask(supported, customer_admin, uuid4()), lambda: designate(supported, ume, provider_admin)
    )

    assert answers == ["done", "done"]
    assert SupportRequest.objects.get().assignee == ume.organisation


@pytest.mark.parametrize("_round", range(6))
def test_reopening_and_another_contact(supported, ume, provider_admin, customer_admin, reseller_admin, _round):
    request = SupportRequestFactory(subscription=supported, status="closed", opened_by=customer_admin.user)

    answers = at_once(
        lambda: reopen_request(again(request), membership=fresh(customer_admin)),
        lambda: designate(supported, ume, provider_admin),
    )

    assert answers == ["done", "done"]
    request.refresh_from_db()
    assert (request.assignee, request.status) == (ume.organisation, "open")


@pytest.mark.parametrize("_round", range(6))
def test_one_click_twice(supported, customer_admin, reseller_admin, _round):
    key = uuid4()

    answers = at_once(*[lambda: ask(supported, customer_admin, key)] * 2)

    assert answers == ["done", "done"]
    assert (SupportRequest.objects.count(), SupportMessage.objects.count()) == (1, 1)
    assert log("support_requested") == [""]


@pytest.mark.parametrize("_round", range(6))
def test_two_close(asked, customer_admin, reseller_admin, _round):
    answers = at_once(
        lambda: close_request(again(asked), membership=fresh(customer_admin)),
        lambda: close_request(again(asked), membership=fresh(reseller_admin)),
    )

    assert sorted(answers) == ["done", "support_closed"]
    assert log("support_changed") == ["", "support_closed"]


def sent_meanwhile(client, address, typed, subscription, change):
    """Send a form, which has to wait for the locked subscription; make the change; then what came back."""
    return held_up(lambda: client.post(address, typed), by=lambda: hold(subscription), meanwhile=change)


@pytest.mark.parametrize("page", ["write", "close"])
def test_who_loses_a_request_in_the_middle_of_it_reads_why(sign_in, reseller_admin, provider_admin, asked, page):
    client = sign_in(reseller_admin)
    row = Subscription.objects.with_parties().get(pk=asked.subscription_id)
    row.support_contact = None

    def take_away():
        row.save()
        hand_over_open_requests(row, actor=provider_admin.user)

    address = reverse(f"support:{page}", args=[asked.code])
    response = sent_meanwhile(client, address, {"text": "One moment"}, row, take_away)

    assert (response.status_code, response["Location"]) == (302, LIST)
    messages = [str(each) for each in client.get(LIST).context["messages"]]
    assert messages == ["Another company answers this request now."]
    asked.refresh_from_db()
    assert (asked.status, asked.messages.count()) == ("open", 1)


def test_a_provider_that_leaves_in_the_middle_is_said(sign_in, customer_admin, supported):
    def end():
        supported.relationship.ended_at = timezone.now()
        supported.relationship.save()

    typed = {"subscription": str(supported.code), "title": "No mail", "severity": "minimal", "text": "Hm"}
    form = sent_meanwhile(sign_in(customer_admin), NEW, typed, supported, end).context["form"]

    assert codes(form) == {"subscription": ["relationship_ended"]}
    assert form["text"].value() == "Hm"
    assert not SupportRequest.objects.exists()

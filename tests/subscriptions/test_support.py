"""Support requests: who asks, who answers, whose turn it is, and what happens when the contact changes."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.access import RoleMissing
from accounts.roles import Role
from activity.models import Activity
from outbox.models import Notice, OutgoingEmail
from resellers.partnerships import end_partnership
from subscriptions.changes import Changes, submit_changes
from subscriptions.models import Subscription, SupportMessage, SupportRequest
from subscriptions.support import answered_by, close_request, open_request, reopen_request, write
from tests.factories import PartnershipFactory, SubscriptionFactory, SupportRequestFactory, member, ready_reseller
from tests.refusals import refused


def ask(subscription, membership, **answers):
    answers = {"title": "No mail", "severity": "critical", "text": "Since Monday.", "key": uuid4(), **answers}
    return open_request(subscription, membership=membership, **answers)


def designate(subscription, contact, membership):
    subscription = Subscription.objects.get(pk=subscription.pk)
    changes = Changes(subscription.nickname, subscription.licences, subscription.auto_renew, "", contact)
    return submit_changes(subscription, changes, revision=subscription.revision, membership=membership)


def log():
    """The lines about support, each with who may read it."""
    rows = Activity.objects.filter(verb__startswith="support_").exclude(verb="support_contact_changed").order_by("pk")
    return [(row.verb, row.refusal, sorted(row.sightings.values_list("organisation__name", flat=True))) for row in rows]


def told(subject=None):
    rows = Notice.objects.order_by("pk")
    return [
        (row.subject, row.membership.user.email, row.names.get("change", ""), bool(row.path))
        for row in (rows.filter(subject=subject) if subject else rows)
    ]


@pytest.fixture
def supported(subscription, reseller):
    """Sakura supports the subscription, and has nothing else to do with its customer."""
    subscription.support_contact = reseller
    subscription.save()
    subscription.relationship.reseller = None
    subscription.relationship.save()
    return subscription


@pytest.fixture
def asked(supported, customer_admin, reseller_admin, provider_admin):
    """A request that Sakura is to answer; nobody has been told of anything yet."""
    return SupportRequestFactory(subscription=supported, opened_by=customer_admin.user, title="No mail")


# Asking


def test_request_goes_to_the_provider_when_nobody_else_is_designated(
    subscription, provider, provider_admin, customer_admin
):
    request = ask(subscription, customer_admin)

    assert (request.assignee, request.provider, request.customer) == (
        *(provider.organisation, provider, customer_admin.organisation.customer),
    )
    assert (request.title, request.severity, request.status, request.closed_at) == ("No mail", "critical", "open", None)
    assert request.opened_by == customer_admin.user
    message = request.messages.get()
    assert (message.text, message.author, message.organisation) == (
        *("Since Monday.", customer_admin.user, customer_admin.organisation),
    )
    assert log() == [("support_requested", "", ["Aoba", "Kita"])]
    assert Activity.objects.get().details == {
        "subscription": str(subscription.code),
        "support_request": str(request.code),
    }


def test_request_goes_to_the_designated_contact(supported, reseller, reseller_admin, provider_admin, customer_admin):
    request = ask(supported, customer_admin)

    assert request.assignee == reseller.organisation
    assert log() == [("support_requested", "", ["Aoba", "Kita", "Sakura"])]
    notice = Notice.objects.get()
    assert (notice.membership, notice.subject, notice.path) == (
        *(reseller_admin, "support_requested", request.get_absolute_url()),
    )
    assert notice.names == {"company": "Aoba", "title": "No mail", "subscription": supported.nickname}
    assert (notice.email.to, notice.email.subject) == (reseller_admin.user.email, "Aoba asks for support: No mail")
    assert "Since Monday." not in notice.email.text


def test_only_those_who_answer_are_told(subscription, provider_admin, helpdesk, billing_admin, customer_admin):
    ask(subscription, customer_admin)

    assert sorted(told()) == [
        ("support_requested", "global-admin@kita.example", "", True),
        ("support_requested", "helpdesk@kita.example", "", True),
    ]


def test_one_click_twice_is_one_request(subscription, provider_admin, customer_admin):
    key = uuid4()

    first, second = (ask(subscription, customer_admin, key=key) for _click in range(2))

    assert first == second
    assert (SupportRequest.objects.count(), SupportMessage.objects.count(), len(log()), len(told())) == (1, 1, 1, 1)


def test_what_was_edited_before_it_was_sent_again_is_another_request(subscription, customer_admin):
    key = uuid4()

    first, second = (ask(subscription, customer_admin, key=key, text=text) for text in ("Mail", "Mail and calendar"))

    assert first != second
    assert SupportRequest.objects.count() == 2


def test_somebody_elses_key_leads_to_a_request_of_ones_own(subscription, customer_admin, strange_subscription):
    other = member(strange_subscription.customer.organisation, Role.GLOBAL_ADMIN)
    key = uuid4()

    first, second = ask(subscription, customer_admin, key=key), ask(strange_subscription, other, key=key)

    assert [each.customer for each in (first, second)] == [subscription.customer, strange_subscription.customer]


def test_request_to_a_provider_that_is_gone_is_refused(subscription, customer_admin):
    subscription.relationship.ended_at = timezone.now()
    subscription.relationship.save()

    assert refused(ask, subscription, customer_admin) == "relationship_ended"
    assert not SupportRequest.objects.exists()
    assert log() == [("support_requested", "relationship_ended", ["Aoba", "Kita"])]


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_partners_answer_and_do_not_ask(request, subscription, who):
    with pytest.raises(RoleMissing):
        ask(subscription, request.getfixturevalue(who))

    assert not SupportRequest.objects.exists()


# Answering


def test_an_answer_needs_the_customers_attention(asked, reseller_admin, customer_admin):
    message = write(asked, text="Which mailbox?", membership=reseller_admin)

    asked.refresh_from_db()
    assert (message.text, message.author, message.organisation) == (
        *("Which mailbox?", reseller_admin.user, reseller_admin.organisation),
    )
    assert asked.status == "attention_needed"
    assert asked.changed_at >= message.written_at
    assert log() == [("support_answered", "", ["Aoba", "Kita", "Sakura"])]
    assert told() == [("support_answered", customer_admin.user.email, "support_partner_wrote", True)]
    assert OutgoingEmail.objects.get().subject == "News on the support request: No mail"


def test_when_the_customer_writes_it_is_open_again(asked, reseller_admin, customer_admin):
    write(asked, text="Which mailbox?", membership=reseller_admin)
    Notice.objects.all().delete()

    write(asked, text="All of them.", membership=customer_admin)

    asked.refresh_from_db()
    assert asked.status == "open"
    assert told() == [("support_answered", reseller_admin.user.email, "support_customer_wrote", True)]


def test_the_provider_may_always_answer_its_own_customers(asked, provider_admin, reseller_admin, customer_admin):
    write(asked, text="We help, too.", membership=provider_admin)

    asked.refresh_from_db()
    assert (asked.status, asked.assignee) == ("attention_needed", reseller_admin.organisation)
    assert sorted(told()) == sorted(
        ("support_answered", person.user.email, "support_partner_wrote", True)
        for person in (customer_admin, reseller_admin)
    )


def test_a_colleague_may_go_on_and_who_asked_is_told(asked, customer_admin, reseller_admin):
    colleague = member(customer_admin.organisation, Role.HELPDESK_AGENT)

    write(asked, text="It is solved.", membership=colleague)

    assert sorted(told()) == sorted(
        ("support_answered", person.user.email, "support_customer_wrote", True)
        for person in (customer_admin, reseller_admin)
    )


def test_when_who_asked_has_left_the_customers_global_admin_is_told(asked, customer_admin, reseller_admin):
    asked.opened_by = member(customer_admin.organisation, Role.SALES_AGENT).user
    asked.save()
    asked.opened_by.memberships.update(ended_at=timezone.now())

    write(asked, text="Which mailbox?", membership=reseller_admin)

    assert told() == [("support_answered", customer_admin.user.email, "support_partner_wrote", True)]


def test_a_closed_request_takes_no_messages(asked, customer_admin, reseller_admin):
    close_request(asked, membership=customer_admin)

    for membership in (customer_admin, reseller_admin):
        assert refused(write, asked, text="One more thing", membership=membership) == "support_closed"
    assert asked.messages.count() == 1
    assert [refusal for _verb, refusal, _readers in log()] == ["", "support_closed", "support_closed"]


@pytest.mark.parametrize("act", [close_request, reopen_request, lambda row, **who: write(row, text="Hm", **who)])
def test_who_only_looks_takes_no_part(asked, billing_admin, reseller, act):
    for membership in (billing_admin, member(reseller.organisation, Role.BILLING_ADMIN)):
        with pytest.raises(RoleMissing):
            act(asked, membership=membership)

    assert (asked.messages.count(), log()) == (1, [])


@pytest.mark.parametrize("act", [close_request, reopen_request, lambda row, **who: write(row, text="Hm", **who)])
def test_a_stranger_takes_no_part(asked, stranger, act):
    assert refused(act, asked, membership=stranger) == "support_moved"
    asked.refresh_from_db()
    assert (asked.messages.count(), asked.status) == (1, "open")


# Closing and reopening


@pytest.mark.parametrize("who", ["customer_admin", "reseller_admin", "provider_admin"])
def test_each_side_may_close_and_reopen(request, asked, who):
    membership = request.getfixturevalue(who)

    close_request(asked, membership=membership)
    asked.refresh_from_db()
    closed = (asked.status, asked.closed_at is not None)
    reopen_request(asked, membership=membership)
    asked.refresh_from_db()

    assert closed == ("closed", True)
    assert (asked.status, asked.closed_at) == ("open", None)
    details = [(row.verb, row.details["old"], row.details["new"]) for row in Activity.objects.order_by("pk")]
    assert details == [("support_changed", "open", "closed"), ("support_changed", "closed", "open")]


def test_what_is_so_already_is_refused(asked, customer_admin):
    assert refused(reopen_request, asked, membership=customer_admin) == "support_open"
    close_request(asked, membership=customer_admin)
    assert refused(close_request, asked, membership=customer_admin) == "support_closed"


def test_closing_is_told_to_the_other_side(asked, customer_admin, reseller_admin):
    close_request(asked, membership=reseller_admin)
    reopen_request(asked, membership=customer_admin)

    assert told() == [
        ("support_answered", customer_admin.user.email, "support_closed", True),
        ("support_answered", reseller_admin.user.email, "support_reopened", True),
    ]


# Another contact


@pytest.fixture
def ume(partnership, provider):
    """Another partner of Kita's, with somebody who answers."""
    other = ready_reseller("Ume")
    PartnershipFactory(provider=provider, reseller=other)
    return member(other.organisation, Role.HELPDESK_AGENT, email="helpdesk@ume.example")


def test_open_requests_follow_the_contact(asked, supported, ume, provider_admin, reseller_admin, customer_admin):
    designate(supported, ume.organisation.reseller, provider_admin)

    asked.refresh_from_db()
    assert (asked.assignee, asked.status) == (ume.organisation, "open")
    assert not SupportRequest.objects.visible_to(reseller_admin).exists()
    assert SupportRequest.objects.visible_to(ume).get() == asked
    assert log() == [("support_reassigned", "", ["Aoba", "Kita", "Sakura", "Ume"])]
    line = Activity.objects.get(verb="support_reassigned")
    assert (line.details["old"], line.details["new"]) == ("Sakura", "Ume")
    assert told() == [
        ("support_answered", customer_admin.user.email, "support_handed_over", True),
        ("support_answered", reseller_admin.user.email, "support_handed_over", False),
        ("support_requested", "helpdesk@ume.example", "", True),
    ]


def test_open_requests_come_back_to_the_provider(asked, supported, provider, provider_admin, helpdesk, reseller_admin):
    designate(supported, None, provider_admin)

    asked.refresh_from_db()
    assert asked.assignee == provider.organisation
    assert told("support_requested") == [("support_requested", "helpdesk@kita.example", "", True)]


def test_what_the_provider_answered_goes_to_its_reseller(
    subscription, reseller_admin, provider_admin, helpdesk, customer_admin
):
    request = SupportRequestFactory(subscription=subscription, opened_by=customer_admin.user)

    designate(subscription, reseller_admin.organisation.reseller, provider_admin)

    request.refresh_from_db()
    assert request.assignee == reseller_admin.organisation
    assert ("support_answered", "helpdesk@kita.example", "support_handed_over", True) in told()


def test_closed_requests_stay_with_who_answered_them(supported, customer_admin, ume, provider_admin, reseller_admin):
    request = SupportRequestFactory(subscription=supported, opened_by=customer_admin.user, status="closed")

    designate(supported, ume.organisation.reseller, provider_admin)

    assert SupportRequest.objects.visible_to(reseller_admin).get() == request
    assert not SupportRequest.objects.visible_to(ume).exists()
    assert (log(), told()) == ([], [])


def test_only_the_requests_of_that_subscription_move(asked, supported, ume, provider_admin, reseller_admin):
    other = SubscriptionFactory(relationship=supported.relationship, support_contact=supported.support_contact)
    stays = SupportRequestFactory(subscription=other)

    designate(supported, ume.organisation.reseller, provider_admin)

    assert list(SupportRequest.objects.visible_to(reseller_admin)) == [stays]


def test_a_contact_that_is_refused_moves_nothing(asked, supported, provider_admin, reseller_admin):
    assert refused(designate, supported, ready_reseller("Take"), provider_admin) == "support_not_partnered"
    assert SupportRequest.objects.visible_to(reseller_admin).get() == asked
    assert (log(), told()) == ([], [])


def test_who_lost_a_request_cannot_write_in_it(asked, supported, ume, provider_admin, reseller_admin):
    designate(supported, ume.organisation.reseller, provider_admin)

    assert refused(write, asked, text="One moment", membership=reseller_admin) == "support_moved"
    assert refused(close_request, asked, membership=reseller_admin) == "support_moved"
    assert asked.messages.count() == 1


def test_a_reopened_request_goes_to_the_contact_of_now(supported, customer_admin, ume, provider_admin, reseller_admin):
    request = SupportRequestFactory(subscription=supported, opened_by=customer_admin.user, status="closed")
    designate(supported, ume.organisation.reseller, provider_admin)

    reopen_request(request, membership=customer_admin)

    request.refresh_from_db()
    assert (request.status, request.assignee) == ("open", ume.organisation)
    assert [verb for verb, _refusal, _readers in log()] == ["support_reassigned", "support_changed"]
    assert [(subject, to) for subject, to, _change, _path in told()] == [
        ("support_answered", reseller_admin.user.email),
        ("support_requested", "helpdesk@ume.example"),
    ]


def test_who_is_no_longer_the_contact_cannot_reopen(supported, customer_admin, ume, provider_admin, reseller_admin):
    request = SupportRequestFactory(subscription=supported, opened_by=customer_admin.user, status="closed")
    designate(supported, ume.organisation.reseller, provider_admin)

    assert refused(reopen_request, request, membership=reseller_admin) == "support_moved"
    request.refresh_from_db()
    assert (request.status, request.assignee) == ("closed", reseller_admin.organisation)


def test_the_end_of_a_partnership_changes_nothing(asked, partnership, provider_admin, reseller_admin):
    end_partnership(partnership, actor=provider_admin.user)

    write(asked, text="Still here.", membership=reseller_admin)

    asked.refresh_from_db()
    assert (asked.assignee, asked.status) == (reseller_admin.organisation, "attention_needed")


# Rows


@pytest.mark.parametrize(
    ("who", "sees"),
    [("provider_admin", True), ("reseller_admin", True), ("customer_admin", True), ("stranger", False)],
)
def test_request_is_visible_to_those_concerned(request, asked, who, sees):
    assert SupportRequest.objects.visible_to(request.getfixturevalue(who)).exists() == sees
    assert not SupportRequest.objects.visible_to(None).exists()


def test_being_entrusted_with_the_customer_does_not_show_its_requests(subscription, customer_admin, reseller_admin):
    """Support and account administration are two facts (design.md §3)."""
    SupportRequestFactory(subscription=subscription)

    assert subscription.relationship.reseller == reseller_admin.organisation.reseller
    assert not SupportRequest.objects.visible_to(reseller_admin).exists()


def test_answered_by_is_the_provider_or_the_contact(subscription, provider, reseller):
    before = answered_by(subscription)
    subscription.support_contact = reseller

    assert (before, answered_by(subscription)) == (provider.organisation, reseller.organisation)


def test_rows_have_names(asked):
    assert str(asked) == "No mail"
    assert str(asked.messages.get()) == f"{asked.pk} · {asked.customer_id}"

"""Links that are about to expire, or have: of all three kinds, told once, to whom it concerns."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from customers.models import RelationshipRequest
from customers.tasks import remind_of_requests as remind_of_relationship_requests
from outbox import reminders
from outbox.models import Notice, NoticeChoice, OutgoingEmail
from outbox.subjects import Subject
from partnercenter.celery import app
from resellers.models import PartnershipRequest
from resellers.partnerships import accept_request
from resellers.tasks import remind_of_requests
from staff.models import StaffInvitation
from staff.tasks import remind_of_invitations
from tests.factories import (
    PartnershipRequestFactory,
    RelationshipRequestFactory,
    StaffInvitationFactory,
    UserFactory,
    member,
)
from tests.threads import held_up, results_at_once

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def at():
    """Moves to so many days after NOW, where time stands still."""

    def at(days: float):
        return time_machine.travel(NOW + timedelta(days=days), tick=False)

    return at


@pytest.fixture
def sent(provider, provider_admin, sales_agent, billing_admin, stranger):
    """A partnership request that the Global admin sent; it expires in 30 days."""
    return request(provider, provider_admin)


def request(provider, author, **changes) -> PartnershipRequest:
    fields = {"recipient": "a@sakura.example", "sent_at": NOW, "expires_at": NOW + timedelta(days=30)}
    return PartnershipRequestFactory(provider=provider, created_by=author.user, **(fields | changes))


def told() -> list[tuple[str, str]]:
    rows = Notice.objects.order_by("pk").select_related("membership__user")
    return [(each.subject, each.membership.user.email) for each in rows]


def test_whoever_sent_a_link_is_told_a_week_before_it_expires(sent, provider_admin, at):
    with at(22.9):
        early = remind_of_requests()
    with at(23):
        due = remind_of_requests()

    notice = Notice.objects.get()
    assert (early, due, notice.membership) == (0, 1, provider_admin)
    assert notice.title == "The link for a@sakura.example expires on Mar 31, 2026"
    assert notice.path == sent.get_absolute_url()
    assert OutgoingEmail.objects.get().to == provider_admin.user.email


def test_and_again_when_it_has_expired(sent, provider_admin, at):
    with at(30.1):
        assert remind_of_requests() == 1

    notice = Notice.objects.get()
    assert (notice.membership, notice.title) == (provider_admin, "The link for a@sakura.example has expired")
    assert notice.path == "/resellers/requests/"


def test_a_run_may_be_repeated(sent, at):
    answers = []
    for days in (23, 23, 25, 29.9, 30, 31, 36.9, 37, 60):
        with at(days):
            answers.append(remind_of_requests())

    assert answers == [1, 0, 0, 0, 1, 0, 0, 0, 0]
    assert [subject for subject, _who in told()] == ["link_expiring", "link_expired"]


def test_a_link_that_was_given_more_time_is_told_of_again(sent, provider_admin, at):
    with at(25):
        remind_of_requests()
        PartnershipRequest.objects.update(expires_at=NOW + timedelta(days=31))

        assert remind_of_requests() == 1

    assert told() == [("link_expiring", provider_admin.user.email)] * 2


def test_who_cannot_act_any_more_is_replaced_by_those_who_can(sent, provider_admin, sales_agent, at):
    provider_admin.roles = [Role.BILLING_ADMIN]
    provider_admin.save()
    request(sent.provider, sales_agent)
    sales_agent.suspended_at = NOW
    sales_agent.save()
    third = member(sent.provider.organisation, Role.USER_ADMIN)

    with at(24):
        assert remind_of_requests() == 2

    assert told() == [("link_expiring", third.user.email)] * 2


def test_nobody_to_tell_is_not_counted_and_tried_again(sent, provider, at):
    provider.organisation.memberships.update(ended_at=NOW)

    with at(24):
        assert remind_of_requests() == 0
        late = member(provider.organisation, Role.SALES_AGENT)

        assert remind_of_requests() == 1

    assert told() == [("link_expiring", late.user.email)]


@pytest.mark.parametrize(
    "changes",
    [
        {"sent_at": None},
        {"withdrawn_at": NOW},
        {"declined_at": NOW},
        {"uses": 1},
        {"expires_at": None},
        {"expires_at": NOW + timedelta(days=90)},
        {"expires_at": NOW - timedelta(days=8)},
    ],
)
def test_nothing_is_told_of_links_that_need_nothing(provider, provider_admin, at, changes):
    request(provider, provider_admin, **changes)

    with at(1):
        assert remind_of_requests() == 0

    assert told() == []


def test_a_link_for_many_is_told_of_while_it_can_be_accepted(provider, provider_admin, at):
    request(provider, provider_admin, max_uses=None, uses=4)
    request(provider, provider_admin, max_uses=5, uses=5)

    with at(24):
        assert remind_of_requests() == 1


def test_who_wants_no_mail_of_it_gets_none(sent, provider_admin, at):
    NoticeChoice.objects.create(user=provider_admin.user, subject=Subject.LINK_EXPIRING)

    with at(24):
        remind_of_requests()

    assert (len(told()), OutgoingEmail.objects.count()) == (1, 0)


def test_relationship_requests_are_told_to_whoever_made_them_on_either_side(
    partnership, provider_admin, reseller_admin, at
):
    fields = {"recipient": "a@aoba.example", "sent_at": NOW, "expires_at": NOW + timedelta(days=3)}
    ours = RelationshipRequestFactory(provider=partnership.provider, created_by=provider_admin.user, **fields)
    theirs = RelationshipRequestFactory(
        provider=partnership.provider,
        reseller=partnership.reseller,
        by_reseller=True,
        created_by=UserFactory(),
        **fields,
    )

    with at(1):
        assert remind_of_relationship_requests() == 2
    with at(4):
        assert remind_of_relationship_requests() == 2

    paths = dict(Notice.objects.filter(subject="link_expiring").values_list("membership", "path"))
    assert paths == {provider_admin.pk: ours.get_absolute_url(), reseller_admin.pk: theirs.get_absolute_url()}
    assert set(Notice.objects.filter(subject="link_expired").values_list("membership", "path")) == {
        (provider_admin.pk, "/customers/requests/"),
        (reseller_admin.pk, "/customers/requests/"),
    }


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_invitations_are_told_to_whoever_made_them_at_every_kind_of_company(request, at, who):
    admin = request.getfixturevalue(who)
    member(admin.organisation, Role.USER_ADMIN)
    invitation = StaffInvitationFactory(
        organisation=admin.organisation,
        created_by=admin.user,
        recipient="new@company.example",
        sent_at=NOW,
        expires_at=NOW + timedelta(days=3),
    )

    with at(1):
        assert remind_of_invitations() == 1
    with at(4):
        assert remind_of_invitations() == 1

    expected = [(admin.pk, invitation.get_absolute_url()), (admin.pk, "/staff/invitations/")]
    assert list(Notice.objects.order_by("pk").values_list("membership", "path")) == expected


def test_a_run_ends_after_a_batch_and_the_next_goes_on(provider, provider_admin, at, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 2)
    for _each in range(3):
        request(provider, provider_admin)

    with at(24):
        answers = [remind_of_requests() for _run in range(3)]

    assert answers == [2, 1, 0]
    assert len(told()) == 3


def test_a_run_asks_as_much_for_three_that_were_told_as_for_one(
    provider, provider_admin, at, django_assert_num_queries
):
    with at(24):
        for _each in range(3):
            request(provider, provider_admin)
            remind_of_requests()

            with django_assert_num_queries(3):  # about to expire, told of already, expired
                remind_of_requests()


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_accepted_at_this_moment_is_not_told_of(provider, provider_admin, reseller_admin):
    sent = request(provider, provider_admin, sent_at=timezone.now(), expires_at=timezone.now() + timedelta(days=3))

    told_of = held_up(remind_of_requests, by=lambda: accept_request(sent, membership=reseller_admin))

    assert told_of == 0
    assert [subject for subject, _who in told()] == ["link_accepted"]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_once(provider, provider_admin):
    for _each in range(4):
        request(provider, provider_admin, sent_at=timezone.now(), expires_at=timezone.now() + timedelta(days=3))

    answers = results_at_once(remind_of_requests, remind_of_requests)

    assert sum(answers) == 4
    assert (len(told()), OutgoingEmail.objects.count()) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_dies_halfway_has_told_what_it_told_and_the_next_tells_the_rest(provider, provider_admin, at):
    fragile = member(provider.organisation, Role.SALES_AGENT, time_zone="Mars/Olympus")
    request(provider, provider_admin)
    request(provider, fragile, expires_at=NOW + timedelta(days=30, minutes=1))
    with at(24), pytest.raises(ZoneInfoNotFoundError):
        remind_of_requests()
    halfway = (told(), [each.to for each in OutgoingEmail.objects.all()])
    User.objects.update(time_zone="UTC")

    with at(24):
        answers = [remind_of_requests(), remind_of_requests()]

    first = ("link_expiring", provider_admin.user.email)
    assert halfway == ([first], [provider_admin.user.email])
    assert (answers, told()) == ([1, 0], [first, ("link_expiring", fragile.user.email)])


def test_no_reminder_carries_the_link_or_half_of_it(partnership, provider_admin, at):
    fields = {"created_by": provider_admin.user, "recipient": "a@b.example", "sent_at": NOW}
    fields["expires_at"] = NOW + timedelta(days=3)
    links = [
        PartnershipRequestFactory(provider=partnership.provider, **fields).link,
        RelationshipRequestFactory(provider=partnership.provider, **fields).link,
        StaffInvitationFactory(organisation=partnership.provider.organisation, **fields).link,
    ]

    for days in (1, 4):
        with at(days):
            assert [remind_of_requests(), remind_of_relationship_requests(), remind_of_invitations()] == [1, 1, 1]

    kept = [*Notice.objects.values_list(), *OutgoingEmail.objects.values_list()]
    secrets = [secret for link in links for secret in (link.nonce, tokens.issue(link.nonce, purpose=link.purpose))]
    assert len(kept) == 12
    assert [secret for secret in secrets if secret in str(kept)] == []


def test_every_task_of_the_schedule_is_there():
    app.loader.import_default_modules()

    assert [each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values() if each["task"] not in app.tasks] == []


@pytest.mark.parametrize("model", [PartnershipRequest, RelationshipRequest, StaffInvitation])
def test_what_is_due_is_read_from_its_index(db, model):
    for subject in (Subject.LINK_EXPIRING, Subject.LINK_EXPIRED):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = reminders._due(model, subject).explain()

        assert "_expiring" in plan


def test_what_was_told_is_read_from_its_index(db):
    told = Notice.objects.exclude(occasion="").filter(occasion__in=["a", "b"], subject="link_expired")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "outbox_notice_once" in told.explain()

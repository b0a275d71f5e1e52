"""Who is told, in the portal and by mail, in which language, and how often."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from accounts.roles import Permission, Role
from outbox.models import Notice, NoticeChoice, OutgoingEmail
from outbox.notices import News, choose_mail, mailed_subjects, mark_all_read, mark_read, notify, notify_many, tell
from outbox.sentences import sentences_of
from outbox.subjects import Subject, subjects_for
from tests.factories import NoticeFactory, member
from tests.threads import held_up

ENDED = Subject.PARTNERSHIP_ENDED


def told() -> list[str]:
    return [each.membership.user.email for each in Notice.objects.order_by("pk").select_related("membership__user")]


def test_those_whose_roles_hold_the_permission_are_told_but_not_whoever_did_it(
    provider, provider_admin, sales_agent, billing_admin, stranger
):
    for left in ("suspended_at", "ended_at"):
        gone = member(provider.organisation, Role.GLOBAL_ADMIN)
        setattr(gone, left, timezone.now())
        gone.save()
    member(provider.organisation, Role.GLOBAL_ADMIN, is_active=False)

    notify(
        ENDED,
        provider.organisation,
        holding=Permission.REMOVE_PARTNERSHIP,
        path="/resellers/",
        actor=provider_admin.user,
        company="Sakura",
    )

    notice = Notice.objects.get()
    assert (notice.membership, notice.subject, notice.names) == (
        sales_agent,
        "partnership_ended",
        {"company": "Sakura"},
    )
    assert (notice.path, notice.occasion, notice.read_at) == ("/resellers/", "", None)
    assert str(notice) == f"A partnership has ended → {sales_agent.user.email} · Kita"


def test_a_customer_is_not_told_what_its_kind_never_may(customer_admin):
    notify(ENDED, customer_admin.organisation, holding=Permission.REMOVE_PARTNERSHIP, company="Sakura")

    assert told() == []


def test_the_mail_is_english_for_an_english_reader(provider_admin, settings):
    settings.PORTAL_URL = "https://portal.example"
    user = provider_admin.user
    user.name, user.language = "Grace", "en"

    with translation.override("ja"):
        tell(ENDED, [provider_admin], path="/resellers/", company="Sakura")

    email = OutgoingEmail.objects.get()
    assert Notice.objects.get().email == email
    assert (email.sender, email.to, email.language) == (provider_admin.organisation, user.email, "en")
    assert (email.state, email.link_nonce) == ("waiting", "")
    assert email.subject == "The partnership with Sakura has ended"
    assert email.text == (
        "Hello Grace,\n\n"
        "The partnership with Sakura has ended\n"
        "Customers, access, credit and support contacts stay as they were.\n\n"
        "https://portal.example/resellers/\n\n"
        "You receive this because you work for Kita. Under Notices you choose what is mailed to you."
    )


def test_the_mail_is_japanese_for_a_japanese_reader(provider_admin, settings):
    settings.PORTAL_URL = "https://portal.example"
    provider_admin.user.language = "ja"

    tell(ENDED, [provider_admin], path="/resellers/", company="桜")

    email = OutgoingEmail.objects.get()
    with translation.override("ja"):
        title, text = sentences_of(ENDED, {"company": "桜"})
        greeting = translation.gettext("Hello %(name)s,") % {"name": provider_admin.user.get_full_name()}
        why = translation.gettext(
            "You receive this because you work for %(company)s. Under Notices you choose what is mailed to you."
        ) % {"company": "Kita"}
    assert (email.language, email.subject) == ("ja", title)
    assert email.text == f"{greeting}\n\n{title}\n{text}\n\nhttps://portal.example/resellers/\n\n{why}"


def test_the_mail_names_the_day_where_its_reader_is(provider_admin, settings):
    provider_admin.user.time_zone = "Asia/Tokyo"
    expires_at = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)

    tell(Subject.LINK_EXPIRING, [provider_admin], recipient="a@b.example", day=expires_at.isoformat())

    email = OutgoingEmail.objects.get()
    assert email.subject == "The link for a@b.example expires on Apr 1, 2026"
    assert settings.PORTAL_URL not in email.text


def test_a_mail_whose_title_is_too_long_is_cut_and_the_notice_is_not(provider_admin):
    name = "株" * 200

    tell(ENDED, [provider_admin], company=name)

    assert len(OutgoingEmail.objects.get().subject) == 200
    assert Notice.objects.get().title == f"The partnership with {name} has ended"


def test_who_does_not_want_mail_is_told_in_the_portal_alone(provider_admin, sales_agent):
    NoticeChoice.objects.create(user=sales_agent.user, subject=ENDED)
    NoticeChoice.objects.create(user=provider_admin.user, subject=Subject.LINK_EXPIRED)

    tell(ENDED, [sales_agent, provider_admin], company="Sakura")

    assert told() == [provider_admin.user.email, sales_agent.user.email]
    assert [each.to for each in OutgoingEmail.objects.all()] == [provider_admin.user.email]


def test_an_occasion_is_told_each_person_once(provider_admin, sales_agent):
    tell(ENDED, [provider_admin], occasion="first", company="Sakura")

    counts = [
        tell(ENDED, [provider_admin, sales_agent], occasion="first", company="Sakura"),
        tell(ENDED, [provider_admin], occasion="second", company="Sakura"),
        tell(Subject.RELATIONSHIP_ENDED, [provider_admin], occasion="first", company="Sakura"),
        tell(ENDED, [provider_admin, sales_agent], occasion="first", company="Sakura"),
    ]

    assert counts == [1, 1, 1, 0]
    assert sorted(told()) == [provider_admin.user.email] * 3 + [sales_agent.user.email]
    assert OutgoingEmail.objects.count() == 4


def test_a_fault_that_is_not_a_repetition_is_not_hidden(provider_admin):
    with pytest.raises(IntegrityError), transaction.atomic():
        tell(ENDED, [provider_admin], occasion=None, company="Sakura")

    assert (told(), OutgoingEmail.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_tell_once(provider_admin):
    def told_now() -> int:
        return tell(ENDED, [provider_admin], occasion="first", company="Sakura")

    count = held_up(told_now, by=told_now)

    assert count == 0
    assert (told(), OutgoingEmail.objects.count()) == ([provider_admin.user.email], 1)


def test_reading_keeps_the_first_moment(provider_admin):
    notice = NoticeFactory(membership=provider_admin)
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        mark_read(notice)

    with time_machine.travel(datetime(2026, 3, 2, tzinfo=UTC), tick=False):
        mark_read(notice)

    notice.refresh_from_db()
    assert notice.read_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_reading_all_leaves_what_came_later_and_what_is_anothers(provider_admin, sales_agent):
    now = timezone.now()
    early = NoticeFactory(membership=provider_admin, created_at=now - timedelta(hours=1))
    late = NoticeFactory(membership=provider_admin, created_at=now + timedelta(seconds=1))
    anothers = NoticeFactory(membership=sales_agent, created_at=now - timedelta(hours=1))

    assert mark_all_read(provider_admin, until=now) == 1
    assert mark_all_read(None, until=now) == 0

    assert list(Notice.objects.unread().order_by("pk")) == [late, anothers]
    assert list(Notice.objects.exclude(read_at=None)) == [early]


def test_one_sees_ones_own_for_the_organisation_that_one_acts_for(provider_admin, sales_agent, stranger):
    own = NoticeFactory(membership=provider_admin)
    for membership in (sales_agent, stranger):
        NoticeFactory(membership=membership)

    assert list(Notice.objects.visible_to(provider_admin)) == [own]
    assert list(Notice.objects.visible_to(None)) == []


def test_choosing_changes_what_concerns_this_kind_and_nothing_of_anybody_else(provider_admin, sales_agent):
    user = provider_admin.user
    NoticeChoice.objects.create(user=user, subject=Subject.LEAVE_REFUSED)  # chosen when acting for a reseller
    NoticeChoice.objects.create(user=user, subject=ENDED)
    theirs = NoticeChoice.objects.create(user=sales_agent.user, subject=ENDED)

    choose_mail(provider_admin, [ENDED, Subject.ROLES_CHANGED])
    choose_mail(provider_admin, [ENDED, Subject.ROLES_CHANGED])

    assert mailed_subjects(provider_admin) == [ENDED, Subject.ROLES_CHANGED]
    silent = set(NoticeChoice.objects.visible_to(provider_admin).values_list("subject", flat=True))
    offered = set(subjects_for(provider_admin.kind))
    assert silent == offered - {ENDED, Subject.ROLES_CHANGED} | {Subject.LEAVE_REFUSED}
    assert list(NoticeChoice.objects.visible_to(sales_agent)) == [theirs]
    assert list(NoticeChoice.objects.visible_to(None)) == []
    assert str(theirs) == f"{sales_agent.user.email} · A partnership has ended"


@pytest.mark.parametrize(
    ("subject", "names", "title", "text"),
    [
        ("link_declined", {"company": "Sakura", "reason": ""}, "Sakura declined your link", "Reason given: –"),
        ("profile_decided", {"state": "profile_approved", "reason": ""}, "Your directory entry: Approved", ""),
        ("profile_decided", {"state": "profile_declined", "reason": "No."}, "Your directory entry: Declined", "No."),
        (
            "enrolment_decided",
            {"company": "profile_approved", "state": "new"},
            "The enrollment of profile_approved: new",
            "",
        ),
        (
            "roles_changed",
            {"company": "Kita", "roles": "billing_admin helpdesk_agent"},
            "Your roles at Kita have changed",
            "They are now: Helpdesk agent, Billing admin",
        ),
        (
            "roles_changed",
            {"company": "Kita", "roles": ""},
            "Your roles at Kita have changed",
            "They are now: None",
        ),
        ("link_accepted", {}, "– accepted your link", "Open the page to see what came of it."),
    ],
)
def test_sentences_put_words_into_the_readers_language_and_leave_names_alone(subject, names, title, text):
    assert sentences_of(subject, names) == (title, text)


def test_a_day_is_written_as_its_reader_writes_it():
    names = {"recipient": "a@b.example", "day": "2026-03-31T20:00:00+00:00"}

    with translation.override("ja"):
        title, _text = sentences_of("link_expiring", names)

    assert "2026/03/31" in title


def test_both_lists_are_read_from_their_indexes(provider_admin):
    NoticeFactory.create_batch(60, membership=provider_admin, read_at=timezone.now())
    NoticeFactory(membership=provider_admin)
    own = Notice.objects.visible_to(provider_admin)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_notice; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    lists = [rows.order_by("-created_at", "-id")[:26].explain() for rows in (own.unread(), own)]

    assert ["outbox_notice_unread" in lists[0], "outbox_notice_newest" in lists[1]] == [True, True]
    assert ["Sort" in plan for plan in lists] == [False, False]


def test_many_are_told_in_as_many_queries_as_one(
    provider, provider_admin, sales_agent, billing_admin, reseller_admin, customer_admin, django_assert_num_queries
):
    NoticeChoice.objects.create(user=sales_agent.user, subject=ENDED)
    news = [
        News(each.organisation_id, f"/{number}/", {"company": f"Company {number}"})
        for number in range(10)
        for each in (provider_admin, reseller_admin, customer_admin)
    ]

    # Those to be told, who wants no mail, mails, notices; and the savepoints around them.
    with django_assert_num_queries(8):
        assert notify_many(ENDED, news, holding=Permission.EDIT_SUBSCRIPTIONS) == 30

    notices = Notice.objects.filter(path="/3/").order_by("membership")
    assert [each.membership for each in notices] == [provider_admin, sales_agent, reseller_admin]
    assert [each.email and each.email.to for each in notices] == [
        provider_admin.user.email,
        None,
        reseller_admin.user.email,
    ]
    assert {each.title for each in notices} == {"The partnership with Company 3 has ended"}


def test_of_nothing_nobody_is_told(db, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert notify_many(ENDED, [], holding=Permission.VIEW) == 0


def test_many_mails_are_handed_over_on_commit(provider_admin, django_capture_on_commit_callbacks):
    news = [News(provider_admin.organisation_id, "", {"company": name}) for name in ("Sakura", "Mosel")]

    with django_capture_on_commit_callbacks() as callbacks:
        notify_many(ENDED, news, holding=Permission.VIEW)

    assert len(callbacks) == OutgoingEmail.objects.filter(state="waiting").count() == 2

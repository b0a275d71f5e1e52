import smtplib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from accounts.tokens import issue
from outbox.links import PersonalLink
from outbox.models import LINK, OutgoingEmail
from outbox.post import ATTEMPTS, deliver, post, post_again, recall
from outbox.tasks import deliver_email, deliver_waiting
from tests.factories import PartnershipRequestFactory

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NONCE = "00112233445566778899aabbccddeeff"


@pytest.fixture
def link():
    return PersonalLink("resellers:invitation", "6f0c2a1e-8d1b-4c55-9a37-0e6d52f6b7a1", "partnership-request", NONCE)


@pytest.fixture
def posted(provider):
    def posted(**changes) -> OutgoingEmail:
        fields = {"to": "reseller@sakura.example", "language": "en", "subject": "Hello", "text": "Hello there."}
        return post(sender=provider.organisation, **(fields | changes))

    return posted


class FaultyBackend:
    """A mail server that answers with the fault in `fault`."""

    fault: Exception = OSError("the wire was cut")

    def __init__(self, **options):
        pass

    def send_messages(self, messages):
        raise self.fault


@pytest.fixture
def faulty(settings, monkeypatch):
    settings.EMAIL_BACKEND = "tests.outbox.test_post.FaultyBackend"

    def faulty(fault: Exception) -> None:
        monkeypatch.setattr(FaultyBackend, "fault", fault)

    return faulty


def test_post_writes_down_and_hands_over_on_commit(posted, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        email = posted()

    assert OutgoingEmail.objects.get() == email
    assert (email.state, email.attempts, mail.outbox) == ("waiting", 0, [])
    assert len(callbacks) == 1


def test_post_survives_a_broker_that_is_away(posted, settings, django_capture_on_commit_callbacks, monkeypatch):
    from celery import current_app

    def refuse(*_args, **_kwargs):
        raise OSError("no broker")

    monkeypatch.setattr(current_app, "send_task", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        email = posted()

    assert OutgoingEmail.objects.get() == email


def test_subject_never_breaks_a_header(posted):
    assert posted(subject="Hello\r\nBcc: everybody@example.com").subject == "Hello Bcc: everybody@example.com"


def test_deliver_sends_once_with_the_link_in_place_of_its_mark(posted, link, settings):
    settings.PORTAL_URL = "https://portal.example:8443"
    email = posted(text=f"Open {LINK} please.", link=link, language="ja")

    assert deliver(email.pk) is True
    assert deliver(email.pk) is False

    token = issue(NONCE, purpose="partnership-request")
    [message] = mail.outbox
    assert message.body == f"Open https://portal.example:8443/resellers/invitation/{link.code}/{token}/ please."
    assert message.to == ["reseller@sakura.example"]
    assert message.extra_headers == {"Message-ID": f"<{email.code}@portal.example>", "Content-Language": "ja"}
    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("sent", 1, "")
    assert email.sent_at is not None
    assert LINK in email.text


def test_deliver_sends_a_message_without_link_as_it_is(posted):
    assert deliver(posted(text="No link here.").pk) is True
    assert mail.outbox[0].body == "No link here."


def test_deliver_knows_no_such_message(db):
    assert deliver(1) is False


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (OSError("the wire was cut"), "the wire was cut"),
        (TimeoutError(), "TimeoutError"),
        (smtplib.SMTPServerDisconnected("gone"), "gone"),
        (smtplib.SMTPDataError(451, b"4.7.1 greylisted"), "451 4.7.1 greylisted"),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"mailbox busy")}), "450 mailbox busy"),
        # Our own password is wrong, or the server does not speak to us: nothing is wrong with the message.
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong password"), "535 5.7.8 wrong password"),
        (smtplib.SMTPSenderRefused(530, b"5.7.0 authenticate first", "x@y.example"), "530 5.7.0 authenticate first"),
        (smtplib.SMTPConnectError(554, "no service"), "554 no service"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@time_machine.travel(NOW, tick=False)
def test_passing_fault_is_tried_again_later(posted, faulty, fault, problem):
    email = posted()
    faulty(fault)

    assert deliver(email.pk) is False

    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("waiting", 1, problem)
    assert email.next_attempt_at == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"5.1.1 no such user")}), "550 5.1.1 no such user"),
        (smtplib.SMTPDataError(554, "5.7.1 looks like spam"), "554 5.7.1 looks like spam"),
    ],
    ids=["recipient", "data"],
)
def test_refusal_of_the_message_is_for_good(posted, faulty, fault, problem):
    email = posted()
    faulty(fault)

    assert deliver(email.pk) is False
    assert deliver(email.pk) is False

    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("refused", 1, problem)


def test_fault_that_does_not_pass_is_a_refusal_in_the_end(posted, faulty):
    email = posted()
    faulty(OSError("the wire was cut"))

    for _attempt in range(ATTEMPTS):
        deliver(email.pk)

    email.refresh_from_db()
    assert (email.state, email.attempts) == ("refused", ATTEMPTS)


def test_post_again_gives_a_refused_message_another_round(posted, faulty, settings, django_capture_on_commit_callbacks):
    email = posted()
    faulty(smtplib.SMTPDataError(554, b"spam"))
    deliver(email.pk)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    with django_capture_on_commit_callbacks() as callbacks:
        post_again(email)

    assert len(callbacks) == 1
    assert deliver(email.pk) is True
    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("sent", 1, "")


def test_post_again_leaves_alone_what_was_sent(posted, django_capture_on_commit_callbacks):
    email = posted()
    deliver(email.pk)

    with django_capture_on_commit_callbacks() as callbacks:
        post_again(email)

    email.refresh_from_db()
    assert (email.state, callbacks, len(mail.outbox)) == ("sent", [], 1)


def test_tasks_deliver_what_is_due(posted):
    first, second = posted(), posted(to="second@sakura.example")
    later = posted(to="later@sakura.example")
    later.next_attempt_at = datetime(2999, 1, 1, tzinfo=UTC)
    later.save()

    deliver_email(second.pk)

    assert deliver_waiting() == 1
    assert deliver_waiting() == 0
    assert [message.to for message in mail.outbox] == [[second.to], [first.to]]


def test_mail_is_seen_by_its_sender_only(posted, provider_admin, stranger, reseller_admin):
    email = posted()

    assert list(OutgoingEmail.objects.visible_to(provider_admin)) == [email]
    assert list(OutgoingEmail.objects.visible_to(stranger)) == []
    assert list(OutgoingEmail.objects.visible_to(reseller_admin)) == []
    assert list(OutgoingEmail.objects.visible_to(None)) == []
    assert str(email) == "Hello → reseller@sakura.example"


def test_link_is_shown_and_hidden_again(link):
    shown = link.shown(f"First {LINK}, then {LINK}.")

    assert shown == f"First {link.url()}, then {link.url()}."
    assert link.hidden(shown) == f"First {LINK}, then {LINK}."


def test_link_of_a_former_key_is_hidden_too(link, settings):
    old = link.url()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]

    assert link.url() != old
    assert link.hidden(f"{old} {link.url()}") == f"{LINK} {LINK}"


def test_links_of_others_and_altered_ones_are_not_taken_for_it(link, db):
    other = PartnershipRequestFactory().link
    text = f"{other.url()} {link.url()[:-3]}/ {link.url().replace(link.code, other.code)}"

    assert link.hidden(text) == text


def test_recall_keeps_back_what_waits_with_this_link(posted, link, db):
    other = PartnershipRequestFactory().link
    sent, waiting, strange = posted(link=link), posted(link=link), posted(link=other)
    deliver(sent.pk)

    assert (recall(link), recall(link)) == (1, 0)

    states = dict(OutgoingEmail.objects.values_list("pk", "state"))
    assert states == {sent.pk: "sent", waiting.pk: "withdrawn", strange.pk: "waiting"}
    assert deliver(waiting.pk) is False
    post_again(waiting)
    assert deliver_waiting() == 1
    assert OutgoingEmail.objects.get(pk=waiting.pk).state == "withdrawn"

"""A real conversation with a mail server that takes, refuses for good, or asks to come back."""

import socket

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings

from outbox.models import LINK
from outbox.post import deliver, post, post_again
from tests.factories import PartnershipRequestFactory


class Handler:
    """Answers the recipients in turn as told, and keeps what it took."""

    def __init__(self):
        self.answers: list[str] = []
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        self.taken.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"


@pytest.fixture
def server(settings):
    handler = Handler()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    yield handler
    controller.stop()


@pytest.fixture
def email(provider):
    request = PartnershipRequestFactory(provider=provider)
    return post(
        sender=provider.organisation,
        to="reseller@sakura.example",
        language="ja",
        subject="Kita からのパートナーシップ要求",
        text=f"こんにちは。\n{LINK}\n",
        link=request.link,
    )


def test_message_is_delivered(server, email):
    assert deliver(email.pk) is True

    [(recipients, content)] = server.taken
    assert recipients == ["reseller@sakura.example"]
    assert f"Message-ID: {email.message_id}" in content
    assert "Content-Language: ja" in content
    assert "=?utf-8?" in content
    assert LINK not in content
    assert django_settings.PORTAL_URL.partition("://")[2].partition(":")[0] in email.message_id


def test_message_that_is_refused_for_good_is_kept_and_can_be_sent_again(server, email):
    server.answers = ["550 5.1.1 no such user here"]

    assert deliver(email.pk) is False
    email.refresh_from_db()
    assert (email.state, email.problem) == ("refused", "550 5.1.1 no such user here")
    assert deliver(email.pk) is False

    post_again(email)

    assert deliver(email.pk) is True
    assert len(server.taken) == 1
    email.refresh_from_db()
    assert (email.state, email.problem) == ("sent", "")


def test_message_is_tried_again_after_a_passing_fault(server, email):
    server.answers = ["451 4.7.1 come back later"]

    assert deliver(email.pk) is False
    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("waiting", 1, "451 4.7.1 come back later")

    assert deliver(email.pk) is True
    email.refresh_from_db()
    assert (email.state, email.attempts, email.problem) == ("sent", 2, "")
    assert len(server.taken) == 1

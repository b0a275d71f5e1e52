"""What never stands in the log, whoever writes it: a personal link."""

import logging

import pytest
from django.urls import reverse

from tests.factories import PartnershipRequestFactory

TOKEN = "q" * 43
CODE = "5201a430-30d1-4250-887a-282511833d37"


@pytest.fixture
def lines():
    """What a handler that knows nothing of us would print."""
    printed: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: printed.append(record.getMessage())
    root = logging.getLogger()
    root.addHandler(handler)
    yield printed
    root.removeHandler(handler)


@pytest.mark.parametrize("message", ["GET /resellers/invitation/%s/%s/ HTTP/1.1", "Not Found: /invitation/%s/%s/?x=1"])
def test_a_link_in_a_line_loses_its_token(message, lines):
    logging.getLogger("django.server").warning(message, CODE, TOKEN)

    assert len(lines) == 1
    assert CODE in lines[0]
    assert TOKEN not in lines[0]


@pytest.mark.django_db
def test_an_opened_link_leaves_no_token_in_the_log(client, lines):
    request = PartnershipRequestFactory()
    path = request.link.path()
    token = path.rstrip("/").rsplit("/", 1)[1]

    for method in (client.get, client.post):
        method(path)
        method(path.replace(token, TOKEN))
        method(reverse("resellers:authorize", args=[request.code, TOKEN]))

    assert lines
    assert [line for line in lines if token in line or TOKEN in line] == []


def test_nobody_but_our_handler_writes_lines():
    for name in ("django", "django.server", "django.request"):
        assert logging.getLogger(name).handlers == []

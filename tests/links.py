"""What the tests of personal links have in common (decision 010): the ways in which a link closes, and its secret."""

from datetime import UTC, datetime

from django.http import HttpResponse

from outbox.models import PersonalRequest

PAST = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)
# The code of the refusal, and what is stored of a link that refuses with it.
CLOSED = {
    "request_withdrawn": {"withdrawn_at": PAST},
    "request_used": {"uses": 1},
    "request_declined": {"declined_at": PAST},
    "request_expired": {"expires_at": PAST},
}
# What whoever opens it reads.
HEADINGS = {
    "request_withdrawn": "This link was withdrawn",
    "request_used": "This link has been used",
    "request_declined": "This request was declined",
    "request_expired": "This link has expired",
}


def token_of(row: PersonalRequest) -> str:
    """The secret half of the link."""
    return row.link.path().rstrip("/").rpartition("/")[2]


def problems(page: HttpResponse) -> list[str]:
    """The codes of what is in the way, as the page behind the link names them."""
    return [explanation.code for explanation in page.context["explanations"]]

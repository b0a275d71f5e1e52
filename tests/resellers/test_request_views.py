"""Request a partnership, and the tab Requests."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from outbox.forms import DraftForm, mailto
from outbox.models import LINK, OutgoingEmail
from outbox.post import deliver
from resellers.models import PartnershipRequest
from tests.factories import PartnershipFactory, PartnershipRequestFactory, ready_reseller
from tests.pages import body
from tests.refusals import codes

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def request_row(provider, sales_agent):
    return PartnershipRequestFactory(
        provider=provider,
        created_by=sales_agent.user,
        recipient="reseller@sakura.example",
        expires_at=NOW + timedelta(days=90),
    )


def typed(request_row, **changes) -> dict[str, str]:
    """What the page posts when nothing else is changed."""
    form = DraftForm(request=request_row)
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else str(value) for name, value in (values | changes).items()}


def url_of(request_row, view="request") -> str:
    return reverse(f"resellers:{view}", args=[request_row.code])


WRITES = ("request", "request_language", "request_send", "request_send_again", "request_withdraw")


# Request a partnership


def test_create_leads_to_the_draft_in_the_readers_language(provider, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(reverse("resellers:request_create"), headers={"Accept-Language": "ja"})

    request = PartnershipRequest.objects.get()
    assert response.status_code == 302
    assert response.url == url_of(request)
    assert (request.provider, request.created_by) == (provider, sales_agent.user)


def test_create_is_a_post(sales_agent, sign_in):
    assert sign_in(sales_agent).get(reverse("resellers:request_create")).status_code == 405
    assert PartnershipRequest.objects.count() == 0


def test_create_needs_the_role(billing_admin, helpdesk, reseller_admin, sign_in):
    url = reverse("resellers:request_create")

    assert [sign_in(each).post(url).status_code for each in (billing_admin, helpdesk, reseller_admin)] == [
        403,
        403,
        404,
    ]
    assert PartnershipRequest.objects.count() == 0


def test_draft_is_shown_with_the_link_itself(request_row, sales_agent, sign_in):
    response = sign_in(sales_agent).get(url_of(request_row))

    html = body(response)
    assert f"Open {request_row.link.url()} please." in html
    assert LINK not in html
    for words in ("Open in email", "Copy to clipboard", "Send", "Done", "Send to", "Subject", "Email text"):
        assert words in html
    assert "no-store" in response["Cache-Control"]


def test_draft_opens_in_email_without_a_script(request_row, sales_agent, sign_in):
    request_row.subject, request_row.message = "要求 & more?", f"こんにちは\n\n{LINK}\n100% + よろしく"
    request_row.save()

    html = body(sign_in(sales_agent).get(url_of(request_row)))

    href = unescape(re.search(r'href="(mailto:[^"]+)"', html)[1])
    parts = urlsplit(href)
    assert parts.path == "reseller@sakura.example"
    assert parse_qs(parts.query.replace("+", "%2B")) == {
        "subject": ["要求 & more?"],
        "body": [f"こんにちは\r\n\r\n{request_row.link.url()}\r\n100% + よろしく"],
    }
    assert "%0D%0A%0D%0A" in href
    assert href.isascii()


def test_mailto_follows_rfc_6068():
    assert (
        mailto("a+b@c.example", "ü & ?", "a b\nc")
        == "mailto:a%2Bb@c.example?subject=%C3%BC%20%26%20%3F&body=a%20b%0D%0Ac"
    )
    assert unquote(mailto("", "", "")) == "mailto:?subject=&body="


def test_done_saves_and_leads_to_the_list(request_row, sales_agent, sign_in):
    answers = typed(
        request_row,
        recipient="other@sakura.example",
        subject="New\r\nsubject",
        message=f"Dear all,\r\n{request_row.link.url()}\r\n",
        lifetime="365",
        uses="limited",
        max_uses="5",
    )

    response = sign_in(sales_agent).post(url_of(request_row), answers)

    request_row.refresh_from_db()
    assert (response.status_code, response.url) == (302, reverse("resellers:list"))
    assert (request_row.recipient, request_row.subject) == ("other@sakura.example", "New subject")
    assert request_row.message == f"Dear all,\n{LINK}"
    assert (request_row.expires_at, request_row.max_uses) == (NOW + timedelta(days=365), 5)
    assert OutgoingEmail.objects.count() == 0


@pytest.mark.parametrize(
    ("uses", "max_uses", "stored"), [("once", "7", 1), ("unlimited", "", None), ("limited", "7", 7)]
)
def test_done_keeps_how_often_the_link_may_be_used(request_row, sales_agent, sign_in, uses, max_uses, stored):
    sign_in(sales_agent).post(url_of(request_row), typed(request_row, uses=uses, max_uses=max_uses))

    request_row.refresh_from_db()
    assert request_row.max_uses == stored
    assert (DraftForm(request=request_row)["uses"].value(), DraftForm(request=request_row)["max_uses"].value()) == (
        uses,
        stored if uses == "limited" else None,
    )


def test_expiry_is_shown_and_kept_unless_changed(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)
    assert DraftForm(request=request_row).fields["lifetime"].choices == [
        ("30", "Mar 31, 2026 (in 30 days)"),
        ("90", "May 30, 2026 (in 90 days)"),
        ("365", "Mar 1, 2027 (in 365 days)"),
        ("never", "Never"),
    ]

    client.post(url_of(request_row), typed(request_row, lifetime="never"))
    request_row.refresh_from_db()
    assert request_row.expires_at is None
    assert DraftForm(request=request_row)["lifetime"].value() == "never"

    client.post(url_of(request_row), typed(request_row, lifetime="30"))
    request_row.refresh_from_db()
    assert request_row.expires_at == NOW + timedelta(days=30)

    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        form = DraftForm(request=request_row)
        assert form.fields["lifetime"].choices[0] == ("unchanged", "Mar 31, 2026")
        client.post(url_of(request_row), typed(request_row))
    request_row.refresh_from_db()
    assert request_row.expires_at == NOW + timedelta(days=30)


def test_all_errors_are_said_at_once_and_nothing_typed_is_lost(request_row, sales_agent, sign_in):
    answers = typed(
        request_row, recipient="not an address", subject="", message="The link is gone.", uses="limited", max_uses=""
    )

    response = sign_in(sales_agent).post(url_of(request_row), answers)

    form = response.context["form"]
    assert response.status_code == 200
    assert codes(form) == {
        "recipient": ["invalid"],
        "subject": ["required"],
        "message": ["link_missing"],
        "max_uses": ["required"],
    }
    assert {name: form[name].value() for name in answers} == answers
    assert request_row.link.url() in body(response)
    request_row.refresh_from_db()
    assert request_row.message == f"Open {LINK} please."


def test_link_with_a_typing_mistake_is_refused(request_row, sales_agent, sign_in):
    answers = typed(request_row, message=f"Open {request_row.link.url()[:-5]}/")

    response = sign_in(sales_agent).post(url_of(request_row), answers)

    assert [error.code for error in response.context["form"].errors["message"].as_data()] == ["link_altered"]


def test_limit_below_what_was_accepted_is_refused_beside_its_field(request_row, sales_agent, sign_in):
    PartnershipRequest.objects.update(max_uses=None, uses=2)
    request_row.refresh_from_db()

    response = sign_in(sales_agent).post(url_of(request_row), typed(request_row, uses="limited", max_uses="2"))

    assert response.context["form"].errors["max_uses"] == [
        "The link was accepted 2 times already. Allow more, or withdraw it."
    ]


def test_language_drafts_the_unedited_message_anew_and_keeps_the_rest(provider, sales_agent, sign_in):
    client = sign_in(sales_agent)
    client.post(reverse("resellers:request_create"))
    request = PartnershipRequest.objects.get()

    response = client.post(
        url_of(request, "request_language"), typed(request, language="ja", recipient="a@b.example"), follow=True
    )

    request.refresh_from_db()
    assert response.redirect_chain == [(url_of(request), 302)]
    assert (request.language, request.recipient) == ("ja", "a@b.example")


def test_language_leaves_an_edited_message_and_says_so(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(url_of(request_row, "request_language"), typed(request_row, language="ja"), follow=True)

    assert "The message stays as you wrote it." in body(response)
    request_row.refresh_from_db()
    assert (request_row.language, request_row.message) == ("ja", f"Open {LINK} please.")


def test_language_with_errors_shows_them(request_row, sales_agent, sign_in):
    response = sign_in(sales_agent).post(url_of(request_row, "request_language"), typed(request_row, subject=""))

    assert list(response.context["form"].errors) == ["subject"]


def test_send_saves_and_mails_and_says_where_to_look(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(
        url_of(request_row, "request_send"), typed(request_row, message=f"Now: {request_row.link.url()}"), follow=True
    )

    request_row.refresh_from_db()
    assert response.redirect_chain == [(url_of(request_row), 302)]
    assert request_row.state == "sent"
    assert request_row.email.text == f"Now: {LINK}"
    assert "On its way to reseller@sakura.example" in body(response)
    assert reverse("resellers:requests") in body(response)
    deliver(request_row.email.pk)
    assert mail.outbox[0].body == f"Now: {request_row.link.url()}"
    assert "Sent to reseller@sakura.example" in body(client.get(url_of(request_row)))


def test_send_needs_an_address(request_row, sales_agent, sign_in):
    response = sign_in(sales_agent).post(
        url_of(request_row, "request_send"), typed(request_row, recipient="", subject="")
    )

    assert sorted(response.context["form"].errors) == ["recipient", "subject"]
    assert OutgoingEmail.objects.count() == 0


def test_send_shows_what_the_domain_refuses(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)
    client.post(url_of(request_row, "request_send"), typed(request_row))

    response = client.post(url_of(request_row, "request_send"), typed(request_row))

    assert [error.code for error in response.context["form"].non_field_errors().as_data()] == ["mail_waiting"]


def test_closed_request_is_shown_without_its_form(request_row, sales_agent, sign_in):
    PartnershipRequest.objects.update(withdrawn_at=NOW)

    client = sign_in(sales_agent)
    html = body(client.get(url_of(request_row)))

    assert "Withdrawn" in html
    assert "<textarea" not in html
    assert request_row.link.url() not in html
    response = client.post(url_of(request_row), typed(request_row, subject="Changed"))
    assert [error.code for error in response.context["form"].non_field_errors().as_data()] == ["request_withdrawn"]


# Who may


@pytest.mark.parametrize("view", WRITES)
def test_request_is_for_its_provider_and_those_who_may(
    request_row, view, billing_admin, helpdesk, stranger, reseller_admin, sign_in
):
    url, answers = url_of(request_row, view), typed(request_row, subject="Changed")

    statuses = [
        sign_in(each).post(url, answers).status_code for each in (billing_admin, helpdesk, stranger, reseller_admin)
    ]

    request_row.refresh_from_db()
    assert statuses == [403, 403, 404, 404]
    assert (request_row.subject, request_row.withdrawn_at, request_row.email) == ("Partnership request", None, None)


def test_link_is_shown_to_nobody_else(request_row, billing_admin, stranger, sign_in):
    assert sign_in(billing_admin).get(url_of(request_row)).status_code == 403
    assert sign_in(stranger).get(url_of(request_row)).status_code == 404


# Requests


def test_requests_show_what_became_of_each(request_row, provider, sales_agent, stranger, sign_in):
    accepted = PartnershipRequestFactory(provider=provider, created_by__name="Erika Muster", uses=1)
    PartnershipFactory(provider=provider, reseller=ready_reseller("Ume"), request=accepted)
    PartnershipRequestFactory(provider=stranger.organisation.provider, recipient="leak@rhein.example")

    response = sign_in(sales_agent).get(reverse("resellers:requests"))

    html = body(response)
    assert list(response.context["page"]) == [accepted, request_row]
    assert "leak@rhein.example" not in html
    assert 'data-state="accepted"' in html
    assert "Ume" in html
    assert "Erika Muster" in html
    assert html.count(request_row.link.url()) == 1
    assert accepted.link.url() not in html
    assert "no-store" in response["Cache-Control"]


def test_requests_show_the_mail_servers_words_and_send_again(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)
    client.post(url_of(request_row, "request_send"), typed(request_row))
    OutgoingEmail.objects.update(state="refused", problem="550 5.1.1 no such user")

    html = body(client.get(reverse("resellers:requests")))
    assert "Refused by the mail server" in html
    assert "550 5.1.1 no such user" in html
    assert "The mail server refused the message to reseller@sakura.example" in body(client.get(url_of(request_row)))

    response = client.post(url_of(request_row, "request_send_again"), follow=True)
    assert "The message is on its way to reseller@sakura.example." in body(response)
    assert OutgoingEmail.objects.filter(state="waiting").count() == 1

    response = client.post(url_of(request_row, "request_send_again"), follow=True)
    assert "keeps trying until it has left" in body(response)
    assert OutgoingEmail.objects.count() == 2


def test_requests_are_withdrawn(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(url_of(request_row, "request_withdraw"), follow=True)

    request_row.refresh_from_db()
    assert request_row.state == "withdrawn"
    assert "nobody can accept it any more" in body(response)
    assert "This link was withdrawn" in body(client.post(url_of(request_row, "request_withdraw"), follow=True))


def test_requests_hide_links_and_verbs_from_those_who_may_not(request_row, billing_admin, sign_in):
    html = body(sign_in(billing_admin).get(reverse("resellers:requests")))

    assert "reseller@sakura.example" in html
    assert request_row.link.url() not in html
    assert url_of(request_row) not in html


def test_requests_are_filtered_by_state(request_row, provider, sales_agent, sign_in):
    withdrawn = PartnershipRequestFactory(provider=provider, withdrawn_at=NOW)
    client, url = sign_in(sales_agent), reverse("resellers:requests")

    assert list(client.get(url, {"state": "withdrawn"}).context["page"]) == [withdrawn]
    assert list(client.get(url, {"state": "nonsense"}).context["page"]) == [withdrawn, request_row]
    assert list(client.get(url, {"sort": "-created"}).context["page"]) == [request_row, withdrawn]
    assert "No request is in this state" in body(client.get(url, {"state": "sent"}, headers={"HX-Request": "true"}))


def test_requests_say_what_to_do_when_there_are_none(sales_agent, sign_in):
    assert "No requests yet" in body(sign_in(sales_agent).get(reverse("resellers:requests")))


def test_requests_need_as_many_queries_for_one_as_for_three(
    request_row, provider, sales_agent, sign_in, django_assert_max_num_queries
):
    def accept(request, name):
        PartnershipFactory(provider=provider, reseller=ready_reseller(name), request=request)

    client, url = sign_in(sales_agent), reverse("resellers:requests")
    accept(request_row, "Ume")
    client.get(url)
    with django_assert_max_num_queries(12) as one:
        client.get(url)
    for name in ("Tsubaki", "Aoi"):
        accept(PartnershipRequestFactory(provider=provider), name)
    with django_assert_max_num_queries(12) as three:
        client.get(url)

    assert len(three) == len(one)

"""Personal links (design.md §4.3): who can use them, and where they must not be."""

import io
import logging
import re
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from gunicorn.config import Config
from gunicorn.glogging import Logger

from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from outbox.requests import check_message
from partnercenter.logs import DiscreetRecord, masked
from resellers.models import Partnership, PartnershipRequest
from tests.attack_tools import stored, text_of
from tests.factories import (
    PASSWORD,
    PartnershipRequestFactory,
    member,
    ready_reseller,
)
from tests.links import token_of


@pytest.fixture
def request_row(provider, provider_admin):
    return PartnershipRequestFactory(
        provider=provider, created_by=provider_admin.user, recipient="reseller@sakura.example"
    )


# Whose link opens what


def test_a_token_opens_its_own_request_and_nothing_else(request_row, provider, stranger, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    second = PartnershipRequestFactory(provider=provider, created_by=request_row.created_by)
    strange = PartnershipRequestFactory(provider=stranger.organisation.provider, created_by=stranger.user)
    wrong = [
        *[(other.code, token_of(request_row)) for other in (second, strange)],
        *[
            (uuid4(), token_of(request_row)),
            (request_row.code, token_of(second)),
            (request_row.code, token_of(strange)),
        ],
        *[(request_row.code, tokens.issue(request_row.nonce, purpose=each)) for each in ("", "staff", "partnership")],
        *[(request_row.code, each) for each in (request_row.nonce, str(request_row.code), "x", f"{token_of(second)}=")],
        *[(request_row.code, text) for text in (token_of(request_row)[:-1], token_of(request_row) + "A", "ü\u202e")],
    ]

    answers = []
    for code, token in wrong:
        page = reverse("resellers:invitation", args=[code, token])
        answers.append(client.get(page))
        answers += [client.post(f"{page}{verb}/", {"agreed": "on"}) for verb in ("authorize", "decline")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r"[\w-]{40,}|/resellers/invitation/[^\"]*", "", each.text) for each in answers}) <= 2
    assert Partnership.objects.count() == 0
    assert [each.is_open for each in PartnershipRequest.objects.all()] == [True] * 3


def test_the_way_back_needs_the_cookie_of_this_very_link(request_row, provider):
    other = PartnershipRequestFactory(provider=provider, created_by=request_row.created_by)
    back = reverse("resellers:invitation_return", args=[request_row.code])
    client = Client()

    without = client.get(back)
    client.get(other.link.path())
    with_another = client.get(back)
    client.cookies["invitation"] = "x/../../evil"
    with_nonsense = client.get(back)
    client.get(request_row.link.path())
    with_its_own = client.get(back)

    assert [each.status_code for each in (without, with_another, with_nonsense)] == [404] * 3
    assert with_its_own["Location"] == request_row.link.path()
    assert "no-store" in with_its_own["Cache-Control"]


def test_the_cookie_goes_to_this_links_pages_only_and_to_no_script(request_row, settings):
    settings.SESSION_COOKIE_SECURE = True

    cookie = Client().get(request_row.link.path()).cookies["invitation"]

    assert cookie["path"] == f"/resellers/invitation/{request_row.code}/"
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["max-age"]) == (True, True, "Lax", "")
    assert "invitation" not in Client().get(f"{request_row.link.path()[:-2]}/").cookies


@pytest.mark.parametrize(
    "state", [{}, {"withdrawn_at": timezone.now()}, {"expires_at": timezone.now()}, {"uses": 1}, {"nonce": "0" * 32}]
)
def test_every_answer_behind_a_link_is_kept_to_itself(request_row, reseller_admin, sign_in, state):
    link = request_row.link.path()
    PartnershipRequest.objects.update(**state)

    for client in (Client(), sign_in(reseller_admin)):
        answers = [
            client.get(link),
            client.head(link),
            client.post(f"{link}authorize/"),
            client.post(f"{link}decline/"),
        ]
        for answer in answers:
            assert "no-store" in answer["Cache-Control"]
            assert answer["Referrer-Policy"] == "same-origin"
            assert answer["X-Robots-Tag"] == "noindex, nofollow"
            assert "http" not in "".join(re.findall(r'<(?:img|script|link)[^>]+(?:src|href)="([^"]*)"', answer.text))


# Where a link must not be


def say_everything(request_row, reseller_admin, sign_in) -> None:
    """Meet a link in all the ways in which something may be logged."""
    link, nobody = request_row.link.path(), Client(raise_request_exception=False)
    back = {"next": link}
    addresses = [link, f"{link}authorize/", f"{link}decline/", link.rstrip("/"), f"{link[:-1]}.", f"{link[:-1]}%20x/"]
    addresses += [f"{link[:-5]}/", f"{link}nowhere/", f"/x{link}", f"/accounts/login/?next={quote(link, safe='')}"]
    for client in (nobody, sign_in(reseller_admin), Client(enforce_csrf_checks=True)):
        for address in addresses:
            client.get(address, headers={"Referer": f"http://testserver{link}"})
            client.post(address, back)
    PartnershipRequest.objects.update(withdrawn_at=timezone.now())
    nobody.get(link)
    nobody.get("/nowhere/", back)
    logging.getLogger("django.request").error("Internal Server Error: %s", link)
    logging.getLogger("anything").warning("%r", {"next": quote(quote(link, safe=""), safe="")})
    try:
        reverse("nowhere", args=[link])
    except Exception:
        logging.getLogger("anything").exception("a fault")


def test_a_link_is_in_no_line_of_the_log(request_row, reseller_admin, sign_in, caplog):
    """Django names the address of whatever it answers with 400 and more; a link that is gone still opens others."""
    caplog.set_level(logging.DEBUG)
    token = token_of(request_row)

    say_everything(request_row, reseller_admin, sign_in)

    assert caplog.text.count(f"/resellers/invitation/{request_row.code}/…") > 20
    assert token[:30] not in caplog.text


def test_a_link_is_not_in_gunicorns_access_log(request_row):
    """docker-compose.yml has the access log on standard output: request line, query and Referer are in it."""
    link, written = request_row.link.path(), io.StringIO()
    config = Config()
    config.set("accesslog", "-")
    logger = Logger(config)
    logger.access_log.handlers = [logging.StreamHandler(written)]
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/accounts/login/?next={quote(link, safe='')}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://portal.example{link}",
    }
    response = type("Response", (), {"status": "200 OK", "sent": 1, "headers": []})

    logger.access(response, type("Request", (), {"headers": []}), environ, timedelta(seconds=1))

    assert "GET /accounts/login/?next=%2Fresellers%2Finvitation%2F" in written.getvalue()
    assert token_of(request_row)[:30] not in written.getvalue()
    assert written.getvalue().count("…") == 2


@pytest.mark.parametrize("slash", ["/", "%2F", "%2f", "%252F"])
def test_masking_leaves_everything_but_the_token(slash):
    code = "0a1b2c3d-0000-4000-8000-000000000000"
    link = slash.join(["invitation", code, "Abc_-9", "authorize"])

    assert masked(f"GET {link} 200") == f"GET {link.replace('Abc_-9', '…')} 200"
    assert masked(f"/orders/drafts/{code}/account/") == f"/orders/drafts/{code}/account/"
    assert logging.getLogRecordFactory() is DiscreetRecord


def test_a_link_is_in_no_table_session_or_cache_while_somebody_signs_up(request_row, settings):
    """Whoever opens the link creates an account and comes back: meanwhile nothing that is kept has the link."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "links"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    cache.clear()
    link, client = request_row.link.path(), Client()
    page = client.get(link)
    signup = re.search(r'href="(/accounts/signup/[^"]+)"', page.text)[1]

    client.get(signup)
    client.post(signup, {"email": "new@ume.example", "password1": PASSWORD, "name": "New"})
    sessions = [each.get_decoded() for each in Session.objects.all()]
    mailed = mail.outbox[0].body
    code = re.search(r"^[A-Z0-9-]{6,}$", mailed, re.MULTILINE)[0]
    arrived = client.post(reverse("account_email_verification_sent"), {"code": code}, follow=True)

    assert "account_login" in sessions[0]  # what the way back is kept in
    everything = f"{stored()}{sessions}{[each.get_decoded() for each in Session.objects.all()]}{cache._cache}{mailed}"
    assert str(request_row.code) in everything
    assert token_of(request_row) not in everything
    assert arrived.redirect_chain[-1] == (link, 302)
    assert "new@ume.example" in arrived.text


def test_a_link_is_not_kept_in_a_message_whatever_is_written_around_it(request_row, settings):
    settings.PORTAL_URL = "http://portal.example"
    hidden = request_row.link.hidden
    for elsewhere in ("https://portal.example", "", "http://PORTAL.example:80", "http://10.0.0.1"):
        text = hidden(f"{request_row.link.url()} or {elsewhere}{request_row.link.path()}")
        with pytest.raises(ValidationError) as refused:
            check_message(text)
        assert refused.value.code == "link_altered"


def test_links_lead_to_the_portal_and_not_to_the_host_that_was_asked(provider_admin, sign_in, settings):
    settings.PORTAL_URL = "https://portal.example"
    client = sign_in(provider_admin)
    client.post(reverse("resellers:request_create"), headers={"host": "evil.example"})
    row = PartnershipRequest.objects.get()

    page = client.get(row.get_absolute_url(), headers={"host": "evil.example", "X-Forwarded-Host": "evil.example"})
    Client().post(
        reverse("account_reset_password"), {"email": provider_admin.user.email}, headers={"host": "evil.example"}
    )
    Client().post(reverse("account_reset_password"), {"email": "nobody@x.example"}, headers={"host": "evil.example"})
    signup = {"email": provider_admin.user.email, "password1": PASSWORD, "name": "N"}
    Client().post(reverse("account_signup"), signup, headers={"host": "evil.example"})

    assert f"https://portal.example{row.link.path()}" in page.context["form"]["message"].value()
    assert "evil.example" not in page.text
    assert len(mail.outbox) >= 2
    assert [each.subject for each in mail.outbox if "evil.example" in f"{each.subject}{each.body}"] == []


def test_what_a_link_is_made_of_is_on_no_page(request_row, provider_admin, sign_in):
    """The nonce is for the server alone: the operator reads requests and mail without it."""
    client = sign_in(provider_admin)
    client.post(reverse("resellers:request_send_again", args=[request_row.code]))
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator@portal.example", PASSWORD))
    email = PartnershipRequest.objects.get().email

    pages = [client.get(reverse(name)) for name in ("resellers:requests", "resellers:export", "activity:export")]
    pages.append(client.get(request_row.get_absolute_url()))
    for model, row in (("resellers_partnershiprequest", request_row), ("outbox_outgoingemail", email)):
        pages += [operator.get(reverse(f"admin:{model}_{page}", args=args)) for page, args in
                  (("changelist", []), ("change", [row.pk]), ("history", [row.pk]))]  # fmt: skip

    assert [page.status_code for page in pages] == [200] * 10
    assert [page for page in pages if request_row.nonce in text_of(page)] == []
    assert [page for page in pages[4:] if token_of(request_row) in text_of(page)] == []


def test_only_those_who_act_for_the_reseller_answer(request_row, reseller, provider_admin, stranger, sign_in):
    """A link is no right: with it, others of the reseller and of other companies read the page and change nothing."""
    others = [member(reseller.organisation, *(set(Role) - {Role.GLOBAL_ADMIN})), provider_admin, stranger]
    suspended = ready_reseller("Ume")
    type(suspended).objects.filter(pk=suspended.pk).update(enrolment="suspended")
    others.append(member(suspended.organisation, Role.GLOBAL_ADMIN))

    for each in others:
        sign_in(each).post(f"{request_row.link.path()}authorize/", {"agreed": "on"})
    for each in others[:3]:
        sign_in(each).post(f"{request_row.link.path()}decline/", {"reason": "no"})

    request_row.refresh_from_db()
    assert (Partnership.objects.count(), request_row.is_open, request_row.uses) == (0, True, 0)

"""Secrets that are shown once, doors that lead nowhere else, and what is open to everybody (design.md §4.8)."""

import logging
import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.addresses import PATTERNS
from tests.attack_tools import stored, text_of
from tests.factories import (
    PASSWORD,
    OfferFactory,
    UserFactory,
)
from tests.subscriptions.order_answers import draft_of, line, submit

EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example/",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "/\t/evil.example/",
    "evil",
    "overview.evil",
    "\x00",
    "/a\r\nSet-Cookie: a=b",
)


# Leading away


@pytest.mark.parametrize("wanted", EVIL)
def test_no_form_leads_to_another_site(wanted, provider_admin, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    new = Client()
    new.force_login(UserFactory())
    enrolled = {
        "company_name": "Ume KK",
        "country": "JP",
        "mpn_id": "0077",
        "contact_name": "U",
        "signer_name": "U",
        "contact_email": "u@ume.example",
        "contact_phone": "+81312345678",
        "agreed": "on",
    }
    login = {"login": provider_admin.user.email, "password": PASSWORD}

    answers = {
        "set_language": client.post("/language/", {"language": "ja", "next": wanted}),
        "referer": client.post("/language/", {"language": "ja"}, headers={"Referer": "https://evil.example/"}),
        "switch": client.post("/me/switch/", {"membership": reseller_admin.pk, "next": wanted}),
        "agreement": client.post("/resellers/agreement/", {"signer_name": "S", "agreed": "on", "next": wanted}),
        "enrol": new.post("/resellers/enrol/", enrolled | {"next": wanted}),
        "login": Client().post(f"/accounts/login/?next={quote(wanted)}", login),
        "login field": Client().post("/accounts/login/", login | {"next": wanted}),
        "logout": client.post("/accounts/logout/", {"next": wanted}),
        "signed in already": sign_in(reseller_admin).get("/accounts/login/", {"next": wanted}),
    }

    assert {name for name, answer in answers.items() if answer.status_code != 302} == set()
    leading = {name: answer["Location"] for name, answer in answers.items()}
    assert {name: where for name, where in leading.items() if re.match(r"[\s/\\]{2}|[^/]*:|\\", where)} == {}
    hosts = {urlsplit(urljoin("https://testserver/accounts/login/", where)).netloc for where in leading.values()}
    assert hosts == {"testserver"}


# Other secrets


def test_a_reset_password_is_in_one_answer_and_nowhere_else(
    relationship, customer_admin, provider_admin, sign_in, caplog
):
    caplog.set_level(logging.DEBUG)
    client = sign_in(provider_admin)
    url = reverse("customers:reset_password", args=[relationship.customer_id])
    client.get(url)

    first, second = client.post(url), client.post(url)

    passwords = [each.context["credentials"].password for each in (first, second)]
    assert len(set(passwords)) == 2
    assert [text_of(each).count(password) for each, password in zip((first, second), passwords, strict=True)] == [1, 1]
    assert "no-store" in first["Cache-Control"]
    sessions = str([each.get_decoded() for each in Session.objects.all()])
    server = cache._cache.get_client()
    cached = str([server.get(key) for key in server.keys("*") if server.type(key) == b"string"])
    afterwards = [client.get(url), client.get(reverse("activity:list")), client.get(reverse("activity:export"))]
    kept = f"{stored()}{sessions}{cached}{caplog.text}{''.join(map(text_of, afterwards))}{client.cookies}{mail.outbox}"
    assert [password for password in passwords if password in kept] == []
    assert "Issued a new temporary password" in kept


def test_the_password_of_setup_info_is_shown_once_whatever_one_presses(provider_admin, sign_in):
    client, draft = sign_in(provider_admin), draft_of(provider_admin, line(OfferFactory()))
    reviewed = client.get(reverse("orders:review", args=[draft.code])).context["answers"].version
    answer = submit(client, draft)
    password = answer.context["credentials"].password

    steps = [reverse(f"orders:{name}", args=[draft.code]) for name in ("draft", "account", "review", "confirmation")]
    again = [client.post(reverse("orders:submit", args=[draft.code]), {"reviewed": reviewed}, follow=True)]
    again += [client.get(step, follow=True) for step in steps] + [client.get(reverse("customers:list"))]

    assert [password in text_of(each) for each in again] == [False] * 6
    assert answer["Cache-Control"] == "no-store"
    assert User.objects.get(email="admin@sakura.onmicrosoft.com").check_password(password)


def test_nobody_signs_up_with_an_address_that_setup_info_gives_out(provider_admin, sign_in):
    """Else anybody could keep any company from being added: its administrator's address would be taken."""
    response = Client().post(
        reverse("account_signup"), {"email": "Admin@Sakura.OnMicrosoft.com", "password1": PASSWORD, "name": "N"}
    )

    assert response.context["form"].errors.as_data()["email"][0].code == "given_out"
    assert submit(sign_in(provider_admin), draft_of(provider_admin, line(OfferFactory()))).status_code == 200


def test_guessing_at_the_operators_desk_is_limited_like_everywhere(db):
    response = Client().get("/operator/login/", {"next": "/operator/"})

    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/accounts/login/")


def test_every_public_address_is_known():
    """What is open to everybody, by name: whoever adds one adds it here."""
    public = {name for name, entry in PATTERNS.items() if getattr(entry.callback, "access", "") == "public"}

    assert public - {"styleguide"} == {
        *("health", "set_language"),
        # What they say is published: tests/test_attacks_directory.py proves that it is nothing else.
        *("directory:list", "directory:entry", "robots", "sitemap"),
        *(f"resellers:{name}" for name in ("invitation", "invitation_return", "authorize", "decline")),
        *(f"customers:{name}" for name in ("invitation", "invitation_return", "authorize", "decline")),
        *(f"staff:{name}" for name in ("join", "join_return", "accept", "decline")),
    }

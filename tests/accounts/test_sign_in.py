import re
import smtplib
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.models import User
from accounts.profile import open_account
from tests.factories import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def _own_cache(settings):
    """The limits on guessing are counted in the cache: here in one of the test's own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "sign-in"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    cache.clear()
    yield
    cache.clear()


class NoServer(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected


def enter(client, password, email="global-admin@kita.example"):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_a_person_signs_in_whatever_the_case_of_the_address(provider_admin):
    response = enter(Client(), PASSWORD, "Global-Admin@KITA.example")

    assert (response.status_code, response["Location"]) == (302, "/")


def test_signing_in_leads_back_to_the_page(provider_admin):
    client = Client()

    where = client.get("/activity/?q=x")["Location"]
    response = client.post(where, {"login": "global-admin@kita.example", "password": PASSWORD})

    assert where == "/accounts/login/?next=/activity/%3Fq%3Dx"
    assert response["Location"] == "/activity/?q=x"


def test_guessing_is_stopped_and_the_right_password_no_longer_helps(provider_admin):
    client = Client()
    for _attempt in range(5):
        assert enter(client, "wrong").status_code == 200

    response = enter(client, PASSWORD)

    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == ["Too many failed login attempts. Try again later."]


def test_too_many_requests_get_a_page_of_ours(settings, provider_admin, rf):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    client = Client()

    answers = [enter(client, "wrong", f"{number}@x.example") for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "429.html" in [template.name for template in answers[-1].templates]


def test_signing_up_asks_for_the_code_that_was_mailed(db):
    client = Client()

    response = client.post(
        "/accounts/signup/", {"email": "new@company.example", "password1": "paper lantern harbour", "name": "New"}
    )
    user = User.objects.get()

    assert response["Location"] == "/accounts/confirm-email/"
    assert (user.email, user.name, user.language) == ("new@company.example", "New", "en")
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("new@company.example", False)]
    assert [message.to for message in mail.outbox] == [["new@company.example"]]
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_the_mail_with_the_code_names_the_portal_and_its_address(db, settings):
    settings.PORTAL_URL = "https://portal.example"

    Client().post(
        "/accounts/signup/", {"email": "new@company.example", "password1": "paper lantern harbour", "name": "New"}
    )

    assert mail.outbox[0].subject == "Partner Center: Confirm your email address"
    assert mail.outbox[0].body.splitlines()[-2:] == ["Partner Center", "https://portal.example"]


def test_signing_up_keeps_the_language_that_is_read(db):
    Client(headers={"Accept-Language": "ja"}).post(
        "/accounts/signup/", {"email": "new@company.example", "password1": "paper lantern harbour", "name": "新"}
    )

    assert User.objects.get().language == "ja"


def test_signing_up_twice_tells_nobody_who_is_here(provider_admin):
    response = Client().post(
        "/accounts/signup/",
        {"email": "global-admin@kita.example", "password1": "paper lantern harbour", "name": "Somebody"},
    )

    assert response["Location"] == "/accounts/confirm-email/"
    assert User.objects.count() == 1


def test_a_mail_server_that_is_away_is_said_and_logged(db, settings, caplog):
    settings.EMAIL_BACKEND = "tests.accounts.test_sign_in.NoServer"

    response = Client().post(
        "/accounts/password/reset/", {"email": UserFactory(email="here@company.example").email}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "The message could not be sent at the moment. Please try again in a few minutes."
    ]
    assert "the mail server did not take a sign-in message" in caplog.messages


def test_signing_out_is_a_post_and_ends_the_session(provider_admin):
    client = Client()
    enter(client, PASSWORD)

    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/me/profile/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/me/profile/").status_code == 302


CHANGE = "/accounts/email/"


@pytest.fixture
def owner(db):
    """Somebody who is about to change the address, signed in."""
    client = Client()
    user = open_account("old@company.example", PASSWORD, name="Old", language="en")
    client.force_login(user)
    return client


def ask(client, address="new@company.example"):
    """Asked for a new address, and for the password again."""
    asked = client.post(CHANGE, {"email": address, "action_add": "1"})
    return client.post(asked["Location"], {"password": PASSWORD, "next": CHANGE})


def code_in(message):
    return re.search(r"^[A-Z0-9]{3,}-?[A-Z0-9]+$", message.body, re.M)[0]


def test_the_address_changes_once_the_code_was_entered(owner):
    profile = owner.get("/me/profile/").content.decode()
    asked = ask(owner)
    before = User.objects.get().email
    entered = owner.post(asked["Location"], {"code": code_in(mail.outbox[0])})

    assert f'href="{CHANGE}"' in profile
    assert (before, User.objects.get().email) == ("old@company.example", "new@company.example")
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("new@company.example", True, True)
    ]
    assert (asked["Location"], entered["Location"]) == ("/accounts/confirm-email/", "/me/profile/")
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["new@company.example"], "Partner Center: Confirm your email address"),
        (["old@company.example"], "Partner Center: Your email address was changed"),
    ]
    assert enter(Client(), PASSWORD, "new@company.example")["Location"] == "/"
    assert enter(Client(), PASSWORD, "old@company.example").status_code == 200


def test_the_address_does_not_change_without_the_password_or_the_code(owner):
    asked = owner.post(CHANGE, {"email": "new@company.example", "action_add": "1"})
    wrong = owner.post(asked["Location"], {"password": "wrong", "next": CHANGE})
    ask(owner)
    no_code = owner.post("/accounts/confirm-email/", {"code": "wrong"})

    assert asked["Location"] == f"/accounts/reauthenticate/?{urlencode({'next': CHANGE})}"
    assert list(wrong.context["form"].errors) == ["password"]
    assert list(no_code.context["form"].errors) == ["code"]
    assert User.objects.get().email == "old@company.example"


@pytest.mark.parametrize(
    "address", ["", "no address", "admin@contoso.OnMicrosoft.com", "OLD@company.example", "a\0@b.jp"]
)
def test_an_address_that_cannot_be_is_refused_beside_its_field(owner, address):
    response = owner.post(CHANGE, {"email": address, "action_add": "1"})

    assert list(response.context["form"].errors) == ["email"]
    assert mail.outbox == []


def test_the_address_of_somebody_else_is_not_taken(owner, provider_admin):
    response = ask(owner, provider_admin.user.email)

    assert response["Location"] == "/accounts/confirm-email/"
    assert sorted(User.objects.values_list("email", flat=True)) == ["global-admin@kita.example", "old@company.example"]


@pytest.mark.parametrize("action", ["action_remove", "action_primary", "action_send"])
def test_the_only_address_stays(owner, action):
    owner.post(CHANGE, {"email": "old@company.example", action: "1"}, follow=True)

    assert list(EmailAddress.objects.values_list("email", "verified")) == [("old@company.example", True)]


def test_changing_the_address_is_japanese_for_japanese_readers(owner):
    User.objects.update(language="ja")

    texts = [owner.get(page).content.decode() for page in (CHANGE, "/accounts/reauthenticate/")]

    headings = [re.findall(r"<(?:h1|label|p class=.lead)[^>]*>([^<]+)", text) for text in texts]
    assert [[words for words in found if words.isascii()] for found in headings] == [[], []]
    assert ["メール アドレスの変更" in texts[0], "ご本人の確認" in texts[1]] == [True, True]

import smtplib

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.models import User
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

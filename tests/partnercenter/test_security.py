import re

import pytest
from django.test import Client

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy_of(response) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";")]
    return {name: value for name, _space, value in parts}


@pytest.mark.parametrize("address", ["/accounts/login/", "/", "/activity/", "/account-settings/", "/nowhere/"])
def test_pages_allow_nothing_but_our_own_files(provider_admin, sign_in, address):
    response = sign_in(provider_admin).get(address)

    assert policy_of(response) == POLICY
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "address", ["/", "/activity/", "/account-settings/", "/me/profile/", "/customers/", "/orders/"]
)
def test_pages_have_nothing_that_the_policy_would_stop(provider_admin, relationship, sign_in, address):
    html = sign_in(provider_admin).get(address).content.decode()

    assert re.findall(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=\"|javascript:", html) == []


def test_cookies_are_kept_from_scripts(provider_admin):
    client = Client()
    client.post("/accounts/login/", {"login": provider_admin.user.email, "password": "a long enough password"})
    client.post("/language/", {"language": "ja", "next": "/"})

    session, language = client.cookies["sessionid"], client.cookies["django_language"]

    assert (bool(session["httponly"]), session["samesite"]) == (True, "Lax")
    assert language["samesite"] == "Lax"


def test_a_host_that_is_not_ours_is_refused(db, settings):
    settings.ALLOWED_HOSTS = ["portal.example"]

    assert Client().get("/health/", headers={"host": "evil.example"}).status_code == 400


def test_changing_the_language_never_leads_away(db):
    response = Client().post("/language/", {"language": "ja", "next": "https://evil.example/"})

    assert response["Location"] == "/"


def test_an_early_answer_may_not_be_framed_either(db, settings):
    settings.ALLOWED_HOSTS = ["portal.example"]

    response = Client().get("/health/", headers={"Host": "elsewhere.example"})

    assert (response.status_code, response["X-Frame-Options"]) == (400, "DENY")

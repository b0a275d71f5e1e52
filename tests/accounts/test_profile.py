import pytest
from django.test import Client

from accounts.models import User
from accounts.profile import open_account
from tests.factories import PASSWORD
from tests.refusals import codes


@pytest.fixture
def newcomer(db):
    """Somebody with a temporary password, signed in with it."""
    user = open_account("Admin@Aoba.onmicrosoft.com", PASSWORD, name="Aoba", language="en", temporary=True)
    client = Client()
    assert client.login(email="admin@aoba.onmicrosoft.com", password=PASSWORD)
    return user, client


def test_an_opened_account_can_sign_in_at_once(newcomer):
    user, _client = newcomer
    address = user.emailaddress_set.get()

    assert (user.email, user.must_change_password) == ("admin@aoba.onmicrosoft.com", True)
    assert (address.email, address.verified, address.primary) == ("admin@aoba.onmicrosoft.com", True, True)


def test_an_account_without_a_password_cannot_sign_in(db):
    user = open_account("new@company.example", None, name="New", language="en")

    assert not user.has_usable_password()


def test_an_account_begins_with_the_times_of_its_country(db):
    user = open_account("new@company.example", None, name="New", language="en", country="JP")

    assert (user.time_zone, open_account("b@company.example", None, name="B", language="en").time_zone) == (
        "Asia/Tokyo",
        "UTC",
    )


def test_a_new_password_replaces_the_temporary_one(newcomer):
    user, client = newcomer

    response = client.post("/me/new-password/", {"password": "paper lantern harbour"})
    user.refresh_from_db()

    assert (response.status_code, response["Location"]) == (302, "/")
    assert user.check_password("paper lantern harbour")
    assert not user.must_change_password
    assert client.get("/me/profile/").status_code == 200
    assert client.get("/me/new-password/")["Location"] == "/"


def test_other_sessions_end_with_the_temporary_password(newcomer):
    _user, client = newcomer
    elsewhere = Client()
    assert elsewhere.login(email="admin@aoba.onmicrosoft.com", password=PASSWORD)

    client.post("/me/new-password/", {"password": "paper lantern harbour"})

    assert elsewhere.get("/me/profile/").status_code == 302


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "This field is required."),
        ("short", "This password is too short. It must contain at least 12 characters."),
        (PASSWORD, "Choose another password than the temporary one."),
        ("123456789012345", "This password is entirely numeric."),
    ],
)
def test_a_bad_new_password_is_refused(newcomer, password, problem):
    user, client = newcomer

    response = client.post("/me/new-password/", {"password": password})
    user.refresh_from_db()

    assert response.status_code == 200
    assert problem in response.context["form"].errors["password"]
    assert user.must_change_password


def test_the_profile_keeps_name_language_and_time_zone(provider_admin, sign_in):
    client = sign_in(provider_admin)

    response = client.post("/me/profile/", {"name": "Hanako", "language": "ja", "time_zone": "tokyo"})
    user = User.objects.get(pk=provider_admin.user_id)

    assert response["Location"] == "/me/profile/"
    assert (user.name, user.language, user.time_zone) == ("Hanako", "ja", "Asia/Tokyo")
    assert client.get("/me/profile/").context["form"].initial["time_zone"] == "Asia/Tokyo"


def test_a_refused_profile_keeps_what_was_typed(provider_admin, sign_in):
    response = sign_in(provider_admin).post("/me/profile/", {"name": "", "language": "xx", "time_zone": "Atlantis"})
    form = response.context["form"]

    assert codes(form) == {
        "name": ["required"],
        "language": ["invalid_choice"],
        "time_zone": ["time_zone"],
    }
    assert 'value="Atlantis"' in response.content.decode()

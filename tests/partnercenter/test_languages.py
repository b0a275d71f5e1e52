import pytest
from django.test import Client

JA = {"Accept-Language": "ja,en;q=0.5"}


def language(client, **options):
    response = client.get("/accounts/login/" if options.pop("public", False) else "/me/profile/", **options)
    assert f'<html lang="{response["Content-Language"]}"' in response.content.decode()
    return response["Content-Language"]


@pytest.fixture
def reader(provider_admin, sign_in):
    provider_admin.user.language = "ja"
    provider_admin.user.save(update_fields=["language"])
    return sign_in(provider_admin)


@pytest.mark.parametrize(
    ("headers", "spoken"),
    [({}, "en"), (JA, "ja"), ({"Accept-Language": "fr"}, "en"), ({"Accept-Language": "ja-JP"}, "ja")],
)
def test_a_visitor_is_spoken_to_as_the_browser_asks(db, headers, spoken):
    assert language(Client(), public=True, headers=headers) == spoken


def test_a_person_is_spoken_to_in_the_language_of_the_profile(reader):
    assert language(reader, headers={"Accept-Language": "en"}) == "ja"


def test_what_was_chosen_here_comes_before_the_profile(reader):
    response = reader.post("/language/", {"language": "en", "next": "/me/profile/"})

    assert response["Location"] == "/me/profile/"
    assert language(reader) == "en"


def test_a_person_without_a_language_is_spoken_to_as_the_browser_asks(provider_admin, sign_in):
    provider_admin.user.language = ""
    provider_admin.user.save(update_fields=["language"])

    assert language(sign_in(provider_admin), headers=JA) == "ja"


def test_an_unknown_language_changes_nothing(reader):
    reader.post("/language/", {"language": "xx", "next": "/"})

    assert language(reader) == "ja"


def test_one_reader_does_not_change_the_language_of_the_next(reader, stranger, sign_in):
    assert language(reader) == "ja"
    assert language(sign_in(stranger)) == "en"

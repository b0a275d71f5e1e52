from pathlib import Path

import pytest

from outbox.links import PersonalLink
from outbox.models import LINK
from outbox.post import deliver, post
from partnercenter.mailbox import delivered_copy

FILES = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def in_files(settings, tmp_path):
    settings.DEBUG = True
    settings.EMAIL_BACKEND = FILES
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def message(provider, text=f"こんにちは\n\n{LINK}", **options):
    options = {"to": "a@b.example", "language": "ja", "subject": "パートナー募集", "link": None} | options
    return post(sender=provider.organisation, text=text, **options)


@pytest.fixture
def delivered(in_files, provider):
    code = "6f0c2a1e-8d1b-4c55-9a37-0e6d52f6b7a1"
    link = PersonalLink("resellers:invitation", code, "partnership-request", "00" * 16)
    email = message(provider, link=link)
    assert deliver(email.pk)
    return email, link


def test_a_delivered_message_is_found_with_its_link(delivered):
    email, link = delivered

    copy = delivered_copy(email)

    assert "Subject: パートナー募集" in copy
    assert link.url() in copy
    assert "こんにちは" in copy


def test_another_message_is_not_taken_for_it(delivered, provider):
    assert delivered_copy(message(provider)) is None


@pytest.mark.parametrize("change", [{"DEBUG": False}, {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}])
def test_only_the_files_of_development_are_read(delivered, settings, change):
    for name, value in change.items():
        setattr(settings, name, value)

    assert delivered_copy(delivered[0]) is None


def test_a_folder_that_is_not_there_holds_nothing(delivered, settings):
    settings.EMAIL_FILE_PATH = str(Path(settings.EMAIL_FILE_PATH) / "none")

    assert delivered_copy(delivered[0]) is None

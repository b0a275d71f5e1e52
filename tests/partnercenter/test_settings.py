"""How the portal starts in production, each time in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgresql:///nowhere",
    "PATH": os.environ["PATH"],
}


def start(environment, code="from partnercenter import settings as s"):
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_production_starts_with_what_it_needs():
    assert start(PRODUCTION).returncode == 0


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_production_does_not_start_without(name):
    done = start({key: value for key, value in PRODUCTION.items() if key != name})

    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("s.DEBUG", "False"),
        ("s.SESSION_COOKIE_SECURE", "True"),
        ("s.CSRF_COOKIE_SECURE", "True"),
        ("s.LANGUAGE_COOKIE_SECURE", "True"),
        ("s.SECURE_SSL_REDIRECT", "True"),
        ("s.SECURE_HSTS_SECONDS >= 31536000", "True"),
        ("s.SECURE_PROXY_SSL_HEADER", "None"),
        ("'filebased' in s.EMAIL_BACKEND", "False"),
        ("s.PASSWORD_HASHERS[0].rsplit('.')[-1]", "Argon2PasswordHasher"),
        ("s.ROLE_RESTRICTIONS", "{}"),
    ],
)
def test_production_is_strict(expression, value):
    done = start(PRODUCTION, f"from partnercenter import settings as s; print({expression})")

    assert done.stdout.strip() == value


def test_the_styleguide_is_only_for_development():
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'partnercenter.settings'; django.setup();"
        "from partnercenter.urls import urlpatterns; print([str(each.pattern) for each in urlpatterns])"
    )

    assert "styleguide/" in start({**PRODUCTION, "DEBUG": "1"}, code).stdout
    assert "styleguide/" not in start(PRODUCTION, code).stdout

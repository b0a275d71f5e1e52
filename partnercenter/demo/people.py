"""Who signs in to the demo. Everybody has the same password, which is hashed once: hashing is slow on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.contrib.auth.hashers import make_password
from django.test.utils import override_settings

from accounts.models import Membership, Organisation, User
from accounts.profile import open_account
from accounts.roles import Role

PASSWORD = "partner-center-demo"
OPERATOR = "operator@portal.example"


def person(address: str, name: str, *, language: str = "en", time_zone: str = "Asia/Tokyo") -> User:
    """Somebody who can sign in with the demo's password."""
    user = open_account(address, None, name=name, language=language)
    user.password, user.time_zone = _hash(), time_zone
    user.save(update_fields=["password", "time_zone"])
    return user


def operator() -> User:
    """Who looks after the portal in Django admin, and belongs to no company."""
    user = person(OPERATOR, "Portal Operator")
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    return user


def colleague(organisation: Organisation, user: User, *roles: Role) -> Membership:
    """Somebody in an organisation, with these roles."""
    return Membership.objects.create(user=user, organisation=organisation, roles=list(roles))


@contextmanager
def quick_hashing() -> Iterator[None]:
    """Temporary passwords of the demo's customers, 90 random bits each, are hashed with little effort.

    At the first sign-in Django replaces such a hash by one of the usual strength.
    """
    with override_settings(PASSWORD_HASHERS=["partnercenter.demo.hashing.QuickArgon2PasswordHasher"]):
        yield


@cache
def _hash() -> str:
    return make_password(PASSWORD, hasher="argon2")

"""Temporary passwords: made here, shown once by whoever asked for one, kept nowhere but as a hash (design.md §4.8)."""

import secrets
from dataclasses import dataclass

from accounts.models import User

# Without the characters that people confuse when they read a password aloud or copy it by hand.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFHJKLMNPQRTUVWXYZ234679"
_GROUPS, _GROUP_LENGTH = 4, 4


@dataclass(frozen=True)
class Credentials:
    """An account name and its temporary password: shown once, stored only as a hash, never logged."""

    account_name: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.account_name!r}, password=…)"


def new_password() -> str:
    """About 90 bits, in four groups that can be read aloud."""
    groups = ["".join(secrets.choice(_ALPHABET) for _letter in range(_GROUP_LENGTH)) for _group in range(_GROUPS)]
    return "-".join(groups)


def issue_temporary(user: User) -> Credentials:
    """Replace the password by a temporary one, to be changed at the next sign-in; open sessions end with it."""
    password = new_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    return Credentials(user.email, password)

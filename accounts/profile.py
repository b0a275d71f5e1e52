"""Somebody's own account: how it is opened, its password, name, language and time zone."""

from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.time_zones import zone_of


def open_account(
    address: str, password: str | None, *, name: str, language: str, country: str = "", temporary: bool = False
) -> User:
    """Make an account that can sign in at once: whoever calls this vouches for the address.

    With a temporary password the person sees nothing else before choosing another one; without any, signing in takes
    “Forgot your password?” first. Times are those of the country, until the person chooses others.
    """
    user = User.objects.create_user(
        address,
        password,
        name=name,
        language=language,
        time_zone=zone_of(country),
        must_change_password=temporary,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def choose_password(user: User, password: str) -> None:
    """Replace the temporary password by one's own; other sessions of this account end with it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])


def change_profile(user: User, *, name: str, language: str, time_zone: str) -> None:
    """Keep how somebody is called and wants to read."""
    user.name, user.language, user.time_zone = name, language, time_zone
    user.save(update_fields=["name", "language", "time_zone"])

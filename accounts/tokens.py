"""Personal links: a secret that the database does not hold and that can nevertheless be shown again.

The token is an HMAC, under SECRET_KEY, of a random 128-bit nonce and of the link's purpose. The row holds the nonce and
the server the key: neither alone yields a link, and a link of one purpose is no use for another (design.md §4.3).
"""

import secrets

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import urlsafe_base64_encode

NONCE_BYTES = 16


def new_nonce() -> str:
    """128 random bits, as 32 hexadecimal digits."""
    return secrets.token_hex(NONCE_BYTES)


def issue(nonce: str, *, purpose: str) -> str:
    """The token for a nonce, under the current key: 43 URL-safe characters."""
    return _token(nonce, purpose, settings.SECRET_KEY)


def verify(token: str, nonce: str, *, purpose: str) -> bool:
    """Whether the token belongs to the nonce and the purpose, under the current key or one of its predecessors."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(token, _token(nonce, purpose, key)) for key in keys)


def _token(nonce: str, purpose: str, key: str) -> str:
    digest = salted_hmac(f"accounts.tokens.{purpose}", bytes.fromhex(nonce), secret=key, algorithm="sha256").digest()
    return urlsafe_base64_encode(digest)

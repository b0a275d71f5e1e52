import re

from accounts.tokens import issue, new_nonce, verify

NONCE = "00112233445566778899aabbccddeeff"


def test_nonces_are_128_random_bits():
    nonces = {new_nonce() for _each in range(50)}

    assert len(nonces) == 50
    assert {len(bytes.fromhex(nonce)) for nonce in nonces} == {16}


def test_token_is_the_same_every_time_and_fits_into_an_address():
    token = issue(NONCE, purpose="partnership-request")

    assert token == issue(NONCE, purpose="partnership-request")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)


def test_token_belongs_to_its_nonce_and_its_purpose():
    token = issue(NONCE, purpose="partnership-request")

    assert verify(token, NONCE, purpose="partnership-request") is True
    assert verify(token, NONCE, purpose="staff-invitation") is False
    assert verify(token, new_nonce(), purpose="partnership-request") is False
    assert verify(token[:-1], NONCE, purpose="partnership-request") is False
    assert verify("", NONCE, purpose="partnership-request") is False
    assert verify("合言葉", NONCE, purpose="partnership-request") is False


def test_token_needs_the_key(settings):
    token = issue(NONCE, purpose="partnership-request")

    settings.SECRET_KEY = "another key"

    assert verify(token, NONCE, purpose="partnership-request") is False


def test_token_outlives_a_rotated_key(settings):
    token = issue(NONCE, purpose="partnership-request")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]

    assert verify(token, NONCE, purpose="partnership-request") is True
    assert issue(NONCE, purpose="partnership-request") != token
    assert verify(issue(NONCE, purpose="partnership-request"), NONCE, purpose="partnership-request") is True

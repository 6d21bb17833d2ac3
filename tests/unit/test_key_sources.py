"""How long keys are remembered, and what an outage does. Time is an argument here."""

from __future__ import annotations

import pytest

from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import (
    COOL_DOWN_SECONDS,
    GRACE_SECONDS,
    KEY_SET_SECONDS,
    SECRET_SECONDS,
    IssuerKeys,
    SecretKeys,
)
from authorizer.keys import KeySet, VerificationKey, key_set, secret_key
from tests.tokens import rsa_signer

OLD, NEW = rsa_signer(kid="old").jwk, rsa_signer(kid="new").jwk


class Source:
    """An issuer, or a secret's keeper, that counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = key_set({"keys": [OLD]})
        self.secrets: tuple[VerificationKey, ...] = (secret_key(b"x" * 32),)
        self.asked = 0
        self.down = False
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def fetch(self) -> KeySet:
        self.asked += 1
        if self.down:
            raise KeysUnavailable
        return self.keys

    def fetch_secrets(self) -> tuple[VerificationKey, ...]:
        self.fetch()
        return self.secrets


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def keys(source: Source) -> IssuerKeys:
    return IssuerKeys(source.fetch, source.clock)


def kid(keys: IssuerKeys, wanted: str) -> str | None:
    [key] = keys.candidates(wanted, "RS256")
    return key.kid


def test_keys_are_fetched_once_and_remembered(source: Source, keys: IssuerKeys) -> None:
    assert [kid(keys, "old"), kid(keys, "old")] == ["old", "old"]
    assert source.asked == 1


def test_keys_are_fetched_ahead(source: Source, keys: IssuerKeys) -> None:
    keys.warm_up()
    kid(keys, "old")

    assert source.asked == 1


def test_failure_to_fetch_ahead_is_not_fatal(source: Source, keys: IssuerKeys) -> None:
    source.down = True
    keys.warm_up()
    source.down = False

    assert kid(keys, "old") == "old"


def test_keys_are_fetched_again_when_they_have_aged(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys = key_set({"keys": [NEW]})
    source.now += KEY_SET_SECONDS + 1

    assert kid(keys, "new") == "new"
    assert source.asked == 2


def test_revoked_key_vanishes_with_the_next_set(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys = key_set({"keys": [NEW]})
    source.now += KEY_SET_SECONDS + 1

    with pytest.raises(TokenRefused, match="unknown_key"):
        kid(keys, "old")


def test_unknown_key_is_asked_for_at_once_even_just_after_the_first_fetch(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys = key_set({"keys": [OLD, NEW]})

    assert kid(keys, "new") == "new"


def test_unknown_keys_are_asked_for_once_per_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    for wanted in ("a", "b", "c"):
        with pytest.raises(TokenRefused, match="unknown_key"):
            kid(keys, wanted)
    assert source.asked == 2

    source.now += COOL_DOWN_SECONDS
    source.keys = key_set({"keys": [OLD, NEW]})
    assert kid(keys, "new") == "new"


def test_outage_is_bridged_by_the_last_good_keys_for_an_hour(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True

    source.now += GRACE_SECONDS
    assert kid(keys, "old") == "old"
    source.now += COOL_DOWN_SECONDS
    with pytest.raises(KeysUnavailable):
        kid(keys, "old")


def test_issuer_that_is_down_is_left_alone_for_a_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True
    source.now += KEY_SET_SECONDS + 1

    for _ in range(3):
        assert kid(keys, "old") == "old"
    assert source.asked == 2


def test_unknown_key_during_an_outage_is_an_outage_and_no_refusal(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True

    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            kid(keys, "new")
    assert source.asked == 2


def test_first_fetch_that_fails_is_tried_again_with_the_next_token(source: Source, keys: IssuerKeys) -> None:
    source.down = True
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            kid(keys, "old")
    source.down = False

    assert kid(keys, "old") == "old"


def test_secret_is_remembered_for_five_minutes(source: Source) -> None:
    keys = SecretKeys(source.fetch_secrets, source.clock)
    keys.warm_up()

    source.now += SECRET_SECONDS
    assert keys.candidates(None, "HS256") == source.secrets
    assert source.asked == 1

    source.now += 1
    source.secrets = (secret_key(b"y" * 32), *source.secrets)
    assert keys.candidates(None, "HS256") == source.secrets


def test_secret_too_short_for_the_algorithm_is_the_deployer_s_fault_and_no_refusal(source: Source) -> None:
    with pytest.raises(KeysUnavailable):
        SecretKeys(source.fetch_secrets, source.clock).candidates(None, "HS512")

"""A provider that moves from a shared secret to keys: both under one issuer, each for its own algorithm."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from authorizer import settings as settings_module
from authorizer.clock import Clock
from authorizer.errors import Reason, SettingsError, TokenRefused
from authorizer.key_sources import FixedKeys, IssuerKeys, KeysBesideSecret, SecretKeys, SecretVersion
from authorizer.keys import key_set, secret_key
from authorizer.refreshing_cache import Fetched, RefreshingCache
from authorizer.settings import Settings
from tests.tokens import NOW, SECRET, ec_signer, hmac_signer, rsa_signer

if TYPE_CHECKING:
    from authorizer.providers import Provider

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
EC, RSA = ec_signer(), rsa_signer()
DAY = 24 * 3600
ISSUER = "https://issuer.example/"
JWKS = {"keys": [dict(EC.jwk)]}
BOTH = {"name": "main", "issuer": ISSUER, "audience": "app", "secret_arn": ARN, "jwks": JWKS}
SUPABASE = {"name": "main", "preset": "supabase", "project_ref": "abc", "secret_arn": ARN}


def at(seconds: float) -> str:
    return datetime.fromtimestamp(NOW + seconds, UTC).isoformat()


class Time:
    def __init__(self) -> None:
        self.passed = 0.0
        self.clock = Clock(lambda: NOW + self.passed, lambda: self.passed)


def read(entry: dict[str, Any], time: Time | None = None) -> Settings:
    """Return the settings of *entry*; what is None in it is left out."""
    given = {name: value for name, value in entry.items() if value is not None}
    return Settings.from_environ({"PROVIDERS": json.dumps([given])}, (time or Time()).clock)


def provider(entry: dict[str, Any], time: Time | None = None) -> Provider:
    [only] = read(entry, time).providers.all
    return only


def test_secret_may_stand_beside_keys_until_a_time() -> None:
    made = provider({**BOTH, "secret_until": at(3600)})

    assert isinstance(made.keys, KeysBesideSecret)
    assert "HS256" in made.algorithms
    assert "ES256" in made.algorithms


@pytest.mark.parametrize(
    ("entry", "accepted"),
    [
        pytest.param({**BOTH, "algorithms": ["ES256"]}, ("ES256", "HS256"), id="the keys' are named"),
        pytest.param({**BOTH, "algorithms": ["ES256", "HS512"]}, ("ES256", "HS512"), id="both are named"),
        pytest.param(SUPABASE, ("ES256", "RS256", "HS256"), id="Supabase"),
    ],
)
def test_algorithms_are_those_of_both(entry: dict[str, Any], accepted: tuple[str, ...]) -> None:
    assert provider({**entry, "secret_until": at(60)}).algorithms == accepted


def test_secret_s_algorithm_named_alone_leaves_the_keys_theirs() -> None:
    algorithms = provider({**BOTH, "algorithms": ["HS512"], "secret_until": at(60)}).algorithms

    assert [name for name in algorithms if name.startswith("HS")] == ["HS512"]
    assert {"ES256", "RS256", "EdDSA"} <= set(algorithms)


def test_application_of_its_own_may_move_to_keys() -> None:
    own = {"name": "main", "preset": "shared-secret", "issuer": ISSUER, "secret_arn": ARN, "jwks": JWKS}
    made = provider({**own, "secret_until": at(60)})

    assert isinstance(made.keys, KeysBesideSecret)
    assert {"HS256", "ES256"} <= set(made.algorithms)


def test_keys_of_a_preset_are_found_as_without_the_secret() -> None:
    beside = provider({**SUPABASE, "secret_until": at(60)})
    without = provider({name: value for name, value in SUPABASE.items() if name != "secret_arn"})

    assert isinstance(without.keys, IssuerKeys)
    assert beside.issuers == without.issuers
    assert beside.namespace == without.namespace
    assert beside.keep_subject == without.keep_subject


@pytest.mark.parametrize("seconds", [0, -1, -365 * DAY])
def test_time_that_is_over_is_ignored_with_a_warning(seconds: float) -> None:
    made = read({**BOTH, "secret_until": at(seconds)})
    [only] = made.providers.all

    assert made.notes == ("PROVIDERS[0].secret_until is over, and the secret is ignored. Leave it and secret_arn out.",)
    with pytest.raises(TokenRefused, match="wrong_algorithm"):
        only.keys.candidates(None, "HS256", ISSUER)
    assert next(only.keys.candidates("ec-1", "ES256", ISSUER)).kid == "ec-1"
    only.keys.warm_up()


def test_time_ahead_needs_no_warning() -> None:
    assert read({**BOTH, "secret_until": at(8 * DAY)}).notes == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"secret_until": at(8 * DAY + 1)}, "more than eight days ahead", id="too far ahead"),
        pytest.param({"secret_until": "2027-01-16"}, "names no zone", id="a date alone"),
        pytest.param({"secret_until": "2027-01-16T00:00:00"}, "names no zone", id="without a zone"),
        pytest.param({"secret_until": "soon"}, "is no date and time. Write", id="no date"),
        pytest.param({"secret_until": NOW}, "secret_until is not a text", id="a number"),
        pytest.param({}, 'both given.*"secret_until"', id="both for ever"),
        pytest.param(
            {"secret_until": at(60), "jwks_uri": "https://a.example"}, "are both given", id="two places for keys"
        ),
        pytest.param({"secret_until": at(60), "issuer": None}, "issuer is missing", id="keys without an issuer"),
        pytest.param({"secret_until": at(60), "secret_arn": None}, "is about a secret", id="a time for no secret"),
        pytest.param({"secret_until": at(60), "secret_arn": "app"}, "is not an ARN", id="no ARN"),
        pytest.param(
            {"secret_until": at(60), "algorithms": ["ES256", "HS256", "HS512"]}, "one alone", id="two for the secret"
        ),
        pytest.param({"secret_until": at(60), "algorithms": ["none"]}, "has none", id="alg none"),
    ],
)
def test_wrong_time_says_what_to_write(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read({**BOTH, **changes})


def beside(time: Time, seconds: float = 3600) -> KeysBesideSecret:
    def secret() -> Fetched[tuple[SecretVersion, ...]]:
        return Fetched((SecretVersion(secret_key(SECRET, "HS256"), time.clock.now()),))

    keys = FixedKeys(key_set({"keys": [dict(EC.jwk), dict(RSA.jwk)]}, ("ES256", "RS256")))
    return KeysBesideSecret(keys, SecretKeys(RefreshingCache(secret, time.clock), time.clock, 30), seconds, time.clock)


def algorithms_of(source: KeysBesideSecret, algorithm: str, kid: str | None) -> list[str]:
    return [key.algorithm for key in source.candidates(kid, algorithm, ISSUER)]


@pytest.mark.parametrize("kid", ["ec-1", "rsa-1", None, "other"])
def test_candidates_for_the_secret_s_algorithm_are_the_secret_alone(kid: str | None) -> None:
    [key] = beside(Time()).candidates(kid, "HS256", ISSUER)

    assert key.algorithm == "HS256"
    assert key.verifies(b"x", hmac_signer(SECRET).sign(b"x"))


@pytest.mark.parametrize(("algorithm", "kid"), [("ES256", "ec-1"), ("RS256", "rsa-1")])
def test_candidates_for_the_keys_algorithms_are_the_keys_alone(algorithm: str, kid: str) -> None:
    assert algorithms_of(beside(Time()), algorithm, kid) == [algorithm]


def test_public_key_is_never_a_secret() -> None:
    """What everybody can read, used as what nobody knows (RFC 8725, 2.1)."""
    source = beside(Time())
    public = json.dumps(dict(EC.jwk)).encode()

    for kid in ("ec-1", "rsa-1", None):
        assert not any(
            key.verifies(b"x", hmac_signer(public).sign(b"x")) for key in source.candidates(kid, "HS256", ISSUER)
        )


def test_secret_ends_when_its_time_is_over_and_the_keys_stay() -> None:
    time = Time()
    source = beside(time)
    source.warm_up()
    time.passed = 3599
    assert algorithms_of(source, "HS256", None) == ["HS256"]
    time.passed = 3600

    with pytest.raises(TokenRefused) as refused:
        source.candidates(None, "HS256", ISSUER)
    assert refused.value.reason is Reason.WRONG_ALGORITHM
    assert algorithms_of(source, "ES256", "ec-1") == ["ES256"]


def test_clock_that_is_set_back_prolongs_no_secret() -> None:
    wall, steady = [float(NOW)], [0.0]
    clock = Clock(lambda: wall[0], lambda: steady[0])
    source = KeysBesideSecret(FixedKeys(key_set(JWKS, ("ES256",))), FixedKeys(key_set(JWKS, ("ES256",))), 60, clock)
    wall[0] -= DAY
    steady[0] += 61

    with pytest.raises(TokenRefused, match="wrong_algorithm"):
        source.candidates(None, "HS256", ISSUER)


def test_options_are_known() -> None:
    assert {"secret_until", "previous_secret_seconds"} <= settings_module.OPTIONS

"""A good token, then one change at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.claims import Caller
from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set, secret_key
from authorizer.providers import KeySource, Provider, Providers
from authorizer.verifier import verify
from tests.tokens import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    Signer,
    base64url,
    claims,
    ec_signer,
    hmac_signer,
    rsa_signer,
    tampered,
)

RSA = rsa_signer()
EC = ec_signer()


def provider(**changes: Any) -> Provider:
    good: dict[str, Any] = {
        "name": "main",
        "issuers": (ISSUER,),
        "audiences": (AUDIENCE,),
        "algorithms": ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512"),
        "keys": FixedKeys(key_set({"keys": [RSA.jwk, EC.jwk]})),
        "subject_claim": "sub",
        "name_claims": ("name", "nickname"),
        "id_scope": ISSUER,
        "plain": True,
    }
    return Provider(**{**good, **changes})


def shared_secret(**changes: Any) -> Provider:
    own: dict[str, Any] = {
        "name": "own",
        "issuers": (),
        "audiences": (),
        "algorithms": ("HS256",),
        "keys": SecretVersions(SECRET),
        "subject_claim": "id",
        "name_claims": ("full_name",),
        "id_scope": "own",
    }
    return provider(**{**own, **changes})


class SecretVersions:
    """A key source that holds secrets."""

    def __init__(self, *secrets: bytes) -> None:
        self._keys = tuple(secret_key(secret) for secret in secrets)

    def candidates(self, kid: str | None, algorithm: str) -> tuple[Any, ...]:
        assert kid is None
        assert algorithm == "HS256"
        return self._keys

    def warm_up(self) -> None:
        pass


class OutOfReach:
    """A key source that cannot be asked."""

    def candidates(self, kid: str | None, algorithm: str) -> tuple[Any, ...]:
        raise KeysUnavailable

    def warm_up(self) -> None:
        pass


def signed_by(signer: Signer, **changes: Any) -> str:
    return signer.token(claims(**changes))


def refusal(token: str, *providers: Provider, now: float = NOW) -> str:
    with pytest.raises(TokenRefused) as caught:
        verify(token, Providers(providers or (provider(),)), now)
    return caught.value.reason.code


def test_good_token_gives_its_caller() -> None:
    caller = verify(signed_by(RSA), Providers((provider(),)), NOW)

    assert caller == Caller(
        provider="main", id_scope=ISSUER, plain=True, subject="ada", name="Ada Lovelace", expires=NOW + 3600
    )


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_rsa_algorithms_are_accepted(algorithm: str) -> None:
    signer = rsa_signer(algorithm)
    keys = FixedKeys(key_set({"keys": [signer.jwk]}))

    assert verify(signed_by(signer), Providers((provider(keys=keys),)), NOW).subject == "ada"


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_elliptic_curve_algorithms_are_accepted(algorithm: str) -> None:
    signer = ec_signer(algorithm)
    keys = FixedKeys(key_set({"keys": [signer.jwk]}))

    assert verify(signed_by(signer), Providers((provider(keys=keys),)), NOW).subject == "ada"


def test_shared_secret_gives_the_id_and_full_name() -> None:
    token = hmac_signer().token({"id": 42, "full_name": "Ada Lovelace", "exp": NOW + 60})

    caller = verify(token, Providers((shared_secret(),)), NOW)

    assert (caller.subject, caller.name, caller.id_scope) == ("42", "Ada Lovelace", "own")


def test_previous_version_of_a_secret_is_accepted_too() -> None:
    token = hmac_signer(SECRET[::-1]).token({"id": "ada", "exp": NOW + 60})

    assert verify(token, Providers((shared_secret(keys=SecretVersions(SECRET, SECRET[::-1])),)), NOW).subject == "ada"


def test_each_provider_verifies_its_own_tokens() -> None:
    both = Providers((provider(), shared_secret()))

    assert verify(signed_by(EC), both, NOW).provider == "main"
    assert verify(hmac_signer().token({"id": "ada", "exp": NOW + 60}), both, NOW).provider == "own"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("", "malformed_token", id="empty"),
        pytest.param("a.b", "malformed_token", id="two segments"),
        pytest.param(signed_by(RSA) + ".x", "malformed_token", id="four segments"),
        pytest.param(signed_by(RSA) + "=", "malformed_token", id="padding"),
        pytest.param(" " + signed_by(RSA), "malformed_token", id="white space"),
        pytest.param(signed_by(RSA)[:-1] + "é", "malformed_token", id="a letter outside ASCII"),
        pytest.param(RSA.token(b"[]"), "malformed_token", id="claims that are a list"),
        pytest.param(RSA.token(b"\xff{}"), "malformed_token", id="claims that are no UTF-8"),
        pytest.param(RSA.token(b'{"sub": "a", "sub": "b"}'), "malformed_token", id="a claim that stands twice"),
        pytest.param(RSA.token(b'{"exp": NaN}'), "malformed_token", id="NaN"),
        pytest.param(RSA.token(b'{"sub": "\\ud800"}'), "malformed_token", id="half a surrogate pair"),
        pytest.param(RSA.token(b"[" * 4000), "malformed_token", id="deep nesting"),
        pytest.param(RSA.token(claims(), header=b"1"), "malformed_token", id="a header that is a number"),
        pytest.param(RSA.token(claims(), kid=7), "malformed_token", id="a kid that is a number"),
    ],
)
def test_malformed_token_is_refused(token: str, reason: str) -> None:
    assert refusal(token) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"crit": ["exp"], "exp": 1}, "unsupported_header", id="crit"),
        pytest.param({"b64": False}, "unsupported_header", id="b64"),
        pytest.param({"zip": "DEF"}, "unsupported_header", id="zip"),
        pytest.param({"enc": "A256GCM"}, "unsupported_header", id="enc"),
        pytest.param({"typ": "logout+jwt"}, "wrong_type", id="a logout token"),
        pytest.param({"typ": 1}, "wrong_type", id="a typ that is a number"),
        pytest.param({"alg": "none"}, "wrong_algorithm", id="alg none"),
        pytest.param({"alg": None}, "wrong_algorithm", id="no alg"),
        pytest.param({"alg": ["RS256"]}, "wrong_algorithm", id="a list of algs"),
        pytest.param({"alg": "HS256"}, "wrong_algorithm", id="HS256, where keys are public"),
        pytest.param({"alg": "ES256"}, "unknown_key", id="another family of algorithms than the key's"),
        pytest.param({"kid": "rsa-2"}, "unknown_key", id="a key that the issuer does not have"),
        pytest.param({"kid": "ec-1"}, "unknown_key", id="another key's name"),
        pytest.param({"alg": "RS384"}, "bad_signature", id="another hash than it was signed with"),
    ],
)
def test_header_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal(RSA.token(claims(), **changes)) == reason


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+JWT"])
def test_types_of_id_and_access_tokens_are_accepted(typ: str | None) -> None:
    assert verify(RSA.token(claims(), typ=typ), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_accepted_if_one_key_fits() -> None:
    assert verify(RSA.token(claims(), kid=None), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_refused_if_two_keys_fit() -> None:
    keys = FixedKeys(key_set({"keys": [RSA.jwk, rsa_signer(kid="rsa-2").jwk]}))

    assert refusal(RSA.token(claims(), kid=None), provider(keys=keys)) == "unknown_key"


def test_stranger_using_our_key_id_is_refused() -> None:
    stranger = rsa_signer(bits=2049)

    assert stranger.jwk["kid"] == RSA.jwk["kid"]
    assert refusal(signed_by(stranger)) == "bad_signature"


@pytest.mark.parametrize("signer", [RSA, EC], ids=["RSA", "EC"])
def test_tampered_signature_is_refused(signer: Signer) -> None:
    assert refusal(tampered(signed_by(signer))) == "bad_signature"


def test_changed_claims_are_refused() -> None:
    header, _, signature = signed_by(RSA).split(".")
    changed = base64url(json.dumps(claims(sub="bob")).encode())

    assert refusal(f"{header}.{changed}.{signature}") == "bad_signature"


def test_secret_of_somebody_else_is_refused() -> None:
    token = hmac_signer(SECRET[::-1]).token({"id": "ada", "exp": NOW + 60})

    assert refusal(token, shared_secret()) == "bad_signature"


def test_public_key_used_as_a_secret_is_refused() -> None:
    confused = hmac_signer(json.dumps(RSA.jwk).encode()).token(claims())

    assert refusal(confused) == "wrong_algorithm"


@pytest.mark.parametrize(
    "issuer",
    ["https://issuer.example", "https://ISSUER.example/", "https://issuer.example/x", "", 7, ["x"], None],
)
def test_issuer_that_differs_in_anything_is_refused_and_nobody_is_asked(issuer: object) -> None:
    out_of_reach: KeySource = OutOfReach()

    assert refusal(signed_by(RSA, iss=issuer), provider(keys=out_of_reach)) == "unknown_issuer"


def test_unreachable_keys_are_no_refusal() -> None:
    with pytest.raises(KeysUnavailable):
        verify(signed_by(RSA), Providers((provider(keys=OutOfReach()),)), NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW - 60}, "token_expired", id="ended a minute ago"),
        pytest.param({"exp": None}, "invalid_claim", id="never ends"),
        pytest.param({"exp": str(NOW + 60)}, "invalid_claim", id="ends at a text"),
        pytest.param({"exp": True}, "invalid_claim", id="ends at true"),
        pytest.param({"exp": -1}, "invalid_claim", id="ended before time began"),
        pytest.param({"exp": 1e300}, "invalid_claim", id="ends after time ended"),
        pytest.param({"nbf": NOW + 61}, "not_yet_valid", id="begins later"),
        pytest.param({"nbf": "now"}, "invalid_claim", id="begins at a text"),
        pytest.param({"iat": NOW + 61}, "not_yet_valid", id="was made in the future"),
        pytest.param({"iat": [NOW]}, "invalid_claim", id="was made at a list"),
        pytest.param({"aud": None}, "wrong_audience", id="for nobody"),
        pytest.param({"aud": "another"}, "wrong_audience", id="for another"),
        pytest.param({"aud": []}, "wrong_audience", id="for an empty list"),
        pytest.param({"aud": ["another", "third"]}, "wrong_audience", id="for others"),
        pytest.param({"aud": 7}, "invalid_claim", id="for a number"),
        pytest.param({"aud": [AUDIENCE, 7]}, "invalid_claim", id="for a number too"),
        pytest.param({"sub": None}, "invalid_subject", id="about nobody"),
        pytest.param({"sub": ""}, "invalid_subject", id="about an empty text"),
        pytest.param({"sub": "a" * 256}, "invalid_subject", id="about a very long text"),
        pytest.param({"sub": True}, "invalid_subject", id="about true"),
        pytest.param({"sub": 1.5}, "invalid_subject", id="about a fraction"),
        pytest.param({"sub": {"id": "ada"}}, "invalid_subject", id="about an object"),
    ],
)
def test_claim_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal(signed_by(RSA, **changes)) == reason


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": NOW - 59}, id="ended within the skew"),
        pytest.param({"exp": NOW + 0.5}, id="ends at a fraction"),
        pytest.param({"nbf": NOW + 60}, id="begins within the skew"),
        pytest.param({"aud": ["another", AUDIENCE]}, id="for us and another"),
        pytest.param({"sub": "auth0|" + "a" * 249}, id="about a long subject"),
        pytest.param({"at_hash": "x"}, id="an ID token with at_hash"),
    ],
)
def test_claim_that_is_unusual_is_accepted(changes: dict[str, Any]) -> None:
    assert verify(signed_by(RSA, **changes), Providers((provider(),)), NOW).provider == "main"


def test_expired_token_of_a_stranger_is_not_called_expired() -> None:
    assert refusal(signed_by(rsa_signer(bits=2049), exp=NOW - 60)) == "bad_signature"


def test_provider_without_audience_refuses_a_token_that_names_one() -> None:
    token = hmac_signer().token({"id": "ada", "aud": "another", "exp": NOW + 60})

    assert refusal(token, shared_secret()) == "wrong_audience"


def test_provider_of_any_audience_accepts_a_token_that_names_one() -> None:
    assert verify(signed_by(RSA, aud="another"), Providers((provider(audiences=None),)), NOW).subject == "ada"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({}, "Ada Lovelace", id="the first claim"),
        pytest.param({"name": " ", "nickname": "Countess"}, "Countess", id="the next one, if the first is blank"),
        pytest.param({"name": 7}, "", id="none, if the claim is a number"),
        pytest.param({"name": None}, "", id="none, if there is no claim"),
    ],
)
def test_name_is_the_first_claim_with_text(changes: dict[str, Any], name: str) -> None:
    assert verify(signed_by(RSA, **changes), Providers((provider(),)), NOW).name == name

"""A good token, then one change at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.algorithms import ASYMMETRIC
from authorizer.claims import Caller
from authorizer.errors import KeysUnavailable
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set, secret_key
from authorizer.providers import KeySource, Provider, Providers
from authorizer.verifier import verify
from tests.tokens import (
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

if TYPE_CHECKING:
    from collections.abc import Iterator
from tests.verifying import (
    EC,
    ED,
    RSA,
    STRANGER,
    OutOfReach,
    SecretVersions,
    keys_of,
    provider,
    refusal,
    shared_secret,
    signed_by,
)


def test_good_token_gives_its_caller() -> None:
    caller = verify(signed_by(RSA), Providers((provider(),)), NOW)

    assert caller == Caller(
        provider="main",
        namespace=ISSUER,
        keep_subject=True,
        subject="ada",
        name="Ada Lovelace",
        role="",
        expires=NOW + 3600,
    )


SIGNERS = [
    *(rsa_signer(algorithm) for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    *(ec_signer(algorithm) for algorithm in ("ES256", "ES384", "ES512")),
    ED,
]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
def test_algorithm_is_accepted(signer: Signer) -> None:
    keys = keys_of(signer)

    assert verify(signed_by(signer), Providers((provider(keys=keys),)), NOW).subject == "ada"
    assert refusal(tampered(signed_by(signer)), provider(keys=keys)) == "bad_signature"


@pytest.mark.parametrize("listed", ["EdDSA", "Ed25519", None])
@pytest.mark.parametrize("said", ["EdDSA", "Ed25519"])
def test_algorithm_with_two_names_is_one(said: str, listed: str | None) -> None:
    keys = FixedKeys(key_set({"keys": [{**ED.jwk, "alg": listed}, RSA.jwk]}, ASYMMETRIC))
    token = ED.token(claims(), alg=said)

    assert verify(token, Providers((provider(keys=keys),)), NOW).subject == "ada"
    assert refusal(tampered(token), provider(keys=keys)) == "bad_signature"
    assert refusal(token, provider(keys=keys, algorithms=("RS256",))) == "wrong_algorithm"


@pytest.mark.parametrize("said", ["ed25519", "Ed448", "ED25519", "EDDSA"])
def test_algorithm_that_has_nearly_that_name_is_another(said: str) -> None:
    assert refusal(ED.token(claims(), alg=said), provider(keys=keys_of(ED))) == "wrong_algorithm"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_algorithm_of_secrets_is_accepted(algorithm: str) -> None:
    class Secrets(SecretVersions):
        def candidates(self, kid: str | None, used: str, issuer: str | None) -> Iterator[Any]:
            return iter((secret_key(SECRET, used),))

    token = hmac_signer(algorithm=algorithm).token({"id": "ada", "exp": NOW + 60})
    own = shared_secret(algorithms=(algorithm,), keys=Secrets())

    assert verify(token, Providers((own,)), NOW).subject == "ada"
    assert refusal(tampered(token), own) == "bad_signature"


def test_shared_secret_gives_the_id_and_full_name() -> None:
    token = hmac_signer().token({"id": 42, "full_name": "Ada Lovelace", "exp": NOW + 60})

    caller = verify(token, Providers((shared_secret(),)), NOW)

    assert (caller.subject, caller.name, caller.namespace) == ("42", "Ada Lovelace", "own")


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
        pytest.param("e30.e30", "malformed_token", id="two segments"),
        pytest.param(signed_by(RSA) + ".e30", "malformed_token", id="four segments"),
        pytest.param(signed_by(RSA).rpartition(".")[0] + ".", "malformed_token", id="an empty segment"),
        pytest.param(signed_by(ED)[:-2] + "AB", "malformed_token", id="bits to spare that are not zero"),
        pytest.param(signed_by(RSA).replace(".", ".A", 1), "malformed_token", id="half an octet"),
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
        pytest.param({"alg": "RS384"}, "unknown_key", id="another hash than the key's"),
        pytest.param({"alg": "PS256"}, "unknown_key", id="another padding than the key's"),
        pytest.param({"jwk": dict(STRANGER.jwk)}, None, id="a key of its own, which is never looked at"),
        pytest.param(
            {"jku": "https://stranger.example", "x5u": "https://stranger.example"},
            None,
            id="addresses of keys, likewise",
        ),
    ],
)
def test_header_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str | None) -> None:
    token = RSA.token(claims(), **changes)

    if reason is None:
        assert verify(token, Providers((provider(),)), NOW).subject == "ada"
    else:
        assert refusal(token) == reason


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+JWT"])
def test_types_of_id_and_access_tokens_are_accepted(typ: str | None) -> None:
    assert verify(RSA.token(claims(), typ=typ), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_accepted_if_one_key_fits() -> None:
    assert verify(RSA.token(claims(), kid=None), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_refused_if_two_keys_fit() -> None:
    keys = keys_of(RSA, rsa_signer(kid="rsa-2", number=2))

    assert refusal(RSA.token(claims(), kid=None), provider(keys=keys)) == "unknown_key"


def test_stranger_using_our_key_id_is_refused() -> None:
    assert STRANGER.jwk["kid"] == RSA.jwk["kid"]
    assert refusal(signed_by(STRANGER)) == "bad_signature"


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
    ("nested", "accepted"),
    [
        pytest.param(15, True, id="sixteen deep with the claims themselves"),
        pytest.param(16, False, id="seventeen deep"),
        pytest.param(900, False, id="nine hundred deep"),
    ],
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_nesting_has_a_limit(nested: int, opening: str, closing: str, *, accepted: bool) -> None:
    deep = json.dumps(claims())[:-1] + ', "deep": ' + opening * nested + "0" + closing * nested + "}"
    token = RSA.token(deep.encode())

    if accepted:
        assert verify(token, Providers((provider(),)), NOW).subject == "ada"
    else:
        assert refusal(token) == "malformed_token"


def test_wide_claims_are_no_deep_ones() -> None:
    wide = signed_by(RSA, groups=[{"id": number} for number in range(50)])

    assert verify(wide, Providers((provider(),)), NOW).subject == "ada"


def test_providers_are_isolated_from_each_other() -> None:
    """One provider's key, under its own kid, cannot sign for another."""
    other = "https://other.example/"
    two = (provider(), provider(name="other", issuers=(other,), keys=keys_of(STRANGER), namespace=other))

    assert verify(signed_by(STRANGER, iss=other), Providers(two), NOW).provider == "other"
    assert refusal(signed_by(STRANGER), *two) == "bad_signature"
    assert refusal(signed_by(RSA, iss=other), *two) == "bad_signature"


def test_namespace_by_tenant_is_refused_to_tokens_that_name_no_issuer() -> None:
    token = hmac_signer().token({"id": "ada", "tid": TID, "exp": NOW + 60})

    assert refusal(token, shared_secret(namespace="own/{tid}")) == "invalid_claim"


TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
TENANTS = "https://login.example/{tenantid}/v2.0"


def tenants(key_issuer: str | None = TENANTS) -> Provider:
    keys = FixedKeys(key_set({"keys": [{**RSA.jwk, "issuer": key_issuer} if key_issuer else RSA.jwk]}, ASYMMETRIC))
    return provider(issuers=(TENANTS,), keys=keys, namespace="https://login.example/{tid}")


def test_issuer_of_any_tenant_scopes_its_users() -> None:
    caller = verify(signed_by(RSA, iss=TENANTS.format(tenantid=TID), tid=TID), Providers((tenants(),)), NOW)

    assert caller.namespace == f"https://login.example/{TID}"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"iss": TENANTS}, "unknown_issuer", id="no tenant"),
        pytest.param({"iss": TENANTS.format(tenantid="x/y")}, "unknown_issuer", id="a tenant that is no GUID"),
        pytest.param({"iss": TENANTS.format(tenantid=TID) + "/"}, "unknown_issuer", id="a slash more"),
        pytest.param({"iss": TENANTS.format(tenantid=TID[:-1] + "2")}, "invalid_claim", id="another tenant's issuer"),
        pytest.param({"tid": None}, "invalid_claim", id="no tid"),
        pytest.param({"tid": "v2.0"}, "invalid_claim", id="a tid that is another part of the issuer"),
    ],
)
def test_tenant_must_be_the_issuer_s_own(changes: dict[str, Any], reason: str) -> None:
    good = {"iss": TENANTS.format(tenantid=TID), "tid": TID}

    assert refusal(signed_by(RSA, **{**good, **changes}), tenants()) == reason


@pytest.mark.parametrize(
    "key_issuer", ["https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", "https://x/{tenantid}/"]
)
def test_key_of_another_issuer_in_the_same_set_is_refused(key_issuer: str) -> None:
    token = signed_by(RSA, iss=TENANTS.format(tenantid=TID), tid=TID)

    assert refusal(token, tenants(key_issuer)) == "unknown_key"

"""Which keys of a set are usable, and for what."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authorizer.algorithms import ASYMMETRIC
from authorizer.errors import TokenRefused
from authorizer.keys import KNOWN_SECRETS, SECRET_ENCODINGS, key_set, key_set_of_pem, secret_decoder, secret_key
from tests.tokens import base64url, ec_signer, ed25519_signer, rsa_signer

RSA = {name: value for name, value in rsa_signer().jwk.items() if name != "alg"}
EC = dict(ec_signer().jwk)
ED = dict(ed25519_signer().jwk)


def keys_in(*keys: Any, accepted: tuple[str, ...] = ASYMMETRIC) -> list[tuple[str | None, str]]:
    return [(key.kid, key.algorithm) for key in key_set({"keys": list(keys)}, accepted).keys]


def pem(private: Any) -> str:
    encoded: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def test_each_kind_of_key_is_read_with_one_algorithm() -> None:
    assert keys_in(RSA, EC, ED) == [("rsa-1", "RS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")]


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
def test_key_may_call_its_algorithm_by_its_curve(algorithm: str) -> None:
    assert keys_in({**ED, "alg": algorithm}) == [("ed-1", "EdDSA")]
    for other in ({**RSA, "alg": algorithm}, {**ED, "alg": algorithm, "crv": "Ed448"}, {**ED, "alg": [algorithm]}):
        with pytest.raises(ValueError, match="no key that is usable"):
            keys_in(other)


@pytest.mark.parametrize("algorithm", ["RS384", "PS256", "PS512"])
def test_key_is_used_with_the_algorithm_that_it_names(algorithm: str) -> None:
    assert keys_in({**RSA, "alg": algorithm}) == [("rsa-1", algorithm)]


def test_key_that_names_none_is_used_with_the_first_that_is_accepted_and_fits() -> None:
    assert keys_in(RSA, accepted=("ES256", "PS384", "RS256")) == [("rsa-1", "PS384")]


def test_key_that_names_an_algorithm_that_is_not_accepted_is_left_out() -> None:
    assert keys_in({**RSA, "kid": "a", "alg": "RS512"}, RSA, accepted=("RS256",)) == [("rsa-1", "RS256")]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"use": "enc"}, id="meant for encryption"),
        pytest.param({"key_ops": ["sign"]}, id="meant for signing"),
        pytest.param({"key_ops": "nothing"}, id="key_ops that is a text"),
        pytest.param({"d": "AQAB"}, id="a private key"),
        pytest.param({"kid": 7}, id="a kid that is a number"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="a secret"),
        pytest.param({"key_ops": {"verify": 1}}, id="key_ops that is an object"),
        pytest.param({"kty": None}, id="no kty"),
        pytest.param({"n": None}, id="no modulus"),
        pytest.param({"n": "é"}, id="a modulus that is no base64url"),
        pytest.param({"e": "AA"}, id="an exponent of zero"),
        pytest.param({"alg": "RSA-OAEP"}, id="an algorithm for encryption"),
        pytest.param({"alg": "ES256"}, id="an algorithm of another family"),
        pytest.param({"alg": ["RS256"]}, id="an alg that is a list"),
        pytest.param(dict(rsa_signer(bits=1024).jwk), id="1024 bits"),
        pytest.param({**EC, "crv": "P-384"}, id="a point on another curve"),
        pytest.param({"n": base64url(b"\x80" + b"\x01" * 1024)}, id="8200 bits"),
        pytest.param({"issuer": 7}, id="an issuer that is a number"),
        pytest.param({**ED, "crv": "X25519"}, id="a curve for encryption"),
        pytest.param({**ED, "x": "AAAA"}, id="a point that is too short"),
        pytest.param({**ED, "x": None}, id="no point"),
        pytest.param({**EC, "crv": ["P-256"]}, id="a list of curves"),
        pytest.param({**EC, "crv": "secp256k1"}, id="a curve that is not accepted"),
    ],
)
def test_unusable_key_is_left_out_and_harms_no_other(changes: dict[str, Any]) -> None:
    bad = {**RSA, "kid": "bad", **changes}

    assert keys_in(bad, "no key at all", {**RSA, "kid": "good"}) == [("good", "RS256")]


@pytest.mark.parametrize(
    "changes",
    [
        *(pytest.param({name: None}, id=f"{name} null") for name in ("alg", "use", "kid", "issuer", "key_ops", "d")),
        pytest.param({"key_ops": []}, id="key_ops empty"),
        pytest.param({"x5c": [], "x5t": None, "oth": None}, id="certificates empty"),
        pytest.param(
            {**dict.fromkeys(("crv", "d", "dp", "dq", "k", "oth", "p", "q", "qi", "x", "y", "x5u")), "key_ops": []},
            id="all that a public RSA key lacks null",
        ),
    ],
)
def test_member_that_is_null_is_absent(changes: dict[str, Any]) -> None:
    without = {name: value for name, value in RSA.items() if name not in changes}

    assert keys_in({**RSA, **changes}) == keys_in(without)


@pytest.mark.parametrize("key", [EC, ED], ids=["EC", "Ed25519"])
def test_members_that_are_null_are_absent_in_other_keys_too(key: dict[str, Any]) -> None:
    assert keys_in({**dict.fromkeys(("alg", "use", "d", "n", "e", "k"), None), **key, "key_ops": []}) == keys_in(key)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({}, id="letter for letter"),
        pytest.param({"use": "sig", "key_ops": ["verify"]}, id="with a use"),
        pytest.param({"alg": "RS256"}, id="with the algorithm that it has anyway"),
        pytest.param({"x5t": "AAAA"}, id="with a certificate"),
        pytest.param({"kid": "rsa-2"}, id="under another name"),
    ],
)
@pytest.mark.parametrize("kid", ["rsa-1", None], ids=["asked for by name", "asked for without a name"])
def test_key_that_stands_twice_in_a_set_is_one(again: dict[str, Any], kid: str | None) -> None:
    found = key_set({"keys": [RSA, {**RSA, **again}]}, ASYMMETRIC).find(kid, "RS256")

    assert found.is_same_as(key_set({"keys": [RSA]}, ASYMMETRIC).keys[0])


@pytest.mark.parametrize("key", [EC, ED, {**RSA, "alg": "PS256"}], ids=["EC", "Ed25519", "PSS"])
def test_key_of_another_kind_that_stands_twice_is_one_too(key: dict[str, Any]) -> None:
    twice = key_set({"keys": [key, key]}, ASYMMETRIC)

    assert twice.find(key["kid"], twice.keys[0].algorithm) in twice.keys


def test_two_different_keys_under_one_name_are_refused() -> None:
    other = dict(rsa_signer(number=2).jwk)
    keys = key_set({"keys": [RSA, other, RSA]}, ASYMMETRIC)

    with pytest.raises(TokenRefused, match="unknown_key"):
        keys.find("rsa-1", "RS256")


NAMELESS = {name: value for name, value in RSA.items() if name != "kid"}
OTHER = {**rsa_signer(number=2).jwk, "kid": "other"}


@pytest.mark.parametrize(
    ("listed", "kid", "found"),
    [
        pytest.param([NAMELESS], "any", 0, id="the one key has no name"),
        pytest.param([OTHER, NAMELESS], "other", 0, id="the key of that name comes first"),
        pytest.param([OTHER, NAMELESS], "any", 1, id="a key without a name beside one with another"),
        pytest.param(
            [{**OTHER, "kid": "any", "alg": "RS512"}, NAMELESS], "any", 1, id="that name is for another algorithm"
        ),
        pytest.param([NAMELESS, EC], "any", 0, id="a key of another kind has another name"),
        pytest.param([NAMELESS, NAMELESS], "any", 0, id="the same key without a name twice"),
        pytest.param([{**NAMELESS, "kid": None}], "any", 0, id="its name is null"),
        pytest.param([NAMELESS, {**OTHER, "kid": None}], "any", None, id="two keys have no name"),
        pytest.param([OTHER, RSA, NAMELESS], None, None, id="the token has no name and several keys fit"),
        pytest.param([OTHER], "any", None, id="the one key has another name"),
        pytest.param([OTHER], None, 0, id="the token has no name and one key fits"),
        pytest.param([{**OTHER, "kid": ""}], "any", None, id="an empty name is a name"),
    ],
)
def test_key_is_found_by_name_or_is_the_only_one_without(
    listed: list[dict[str, Any]], kid: str | None, found: int | None
) -> None:
    keys = key_set({"keys": listed}, ASYMMETRIC)
    if found is None:
        with pytest.raises(TokenRefused, match="unknown_key"):
            keys.find(kid, "RS256")
    else:
        assert keys.find(kid, "RS256") is keys.keys[found]


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [{"kty": "oct"}]}],
)
def test_document_without_a_usable_key_is_no_key_set(document: object) -> None:
    with pytest.raises(ValueError, match="JWK Set"):
        key_set(document, ASYMMETRIC)


@pytest.mark.parametrize(
    ("private", "algorithm"),
    [
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=["RSA", "P-256", "P-521", "Ed25519"],
)
def test_public_key_in_pem_is_read(private: Any, algorithm: str) -> None:
    [key] = key_set_of_pem(pem(private), ASYMMETRIC).keys

    assert (key.kid, key.algorithm) == (None, algorithm)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(pem(rsa.generate_private_key(65537, 1024)), id="1024 bits"),  # noqa: S505 - as it should be
        pytest.param(pem(ec.generate_private_key(ec.SECP256K1())), id="another curve"),
        pytest.param(pem(x25519.X25519PrivateKey.generate()), id="a key for encryption"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", id="broken"),
        pytest.param("", id="empty"),
    ],
)
def test_other_pem_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are cryptography's own
        key_set_of_pem(text, ASYMMETRIC)


@pytest.mark.parametrize(("algorithm", "octets"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_secret_must_be_as_long_as_the_algorithm_asks(algorithm: str, octets: int) -> None:
    assert secret_key(b"x" * octets, algorithm).algorithm == algorithm
    with pytest.raises(ValueError, match=f"shorter than the {octets} bytes"):
        secret_key(b"x" * (octets - 1), algorithm)


@pytest.mark.parametrize("secret", sorted(secret for secret in KNOWN_SECRETS if len(secret) >= 32))
def test_secret_that_everybody_has_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="public documentation"):
        secret_key(secret.encode(), "HS256")


@pytest.mark.parametrize("encoding", SECRET_ENCODINGS)
def test_secret_that_everybody_has_is_refused_in_every_encoding(encoding: str) -> None:
    tried = 0
    for secret in KNOWN_SECRETS:
        with contextlib.suppress(ValueError):
            octets = secret_decoder(encoding, None)(secret.encode())
            tried += 1
            with pytest.raises(ValueError, match=r"public documentation|shorter than"):
                secret_key(octets, "HS256")

    assert tried


def test_public_key_is_no_secret() -> None:
    with pytest.raises(ValueError, match="is a public key"):
        secret_key(pem(rsa.generate_private_key(65537, 2048)).encode(), "HS256")


def test_secret_does_not_show_in_a_repr() -> None:
    assert "x" * 32 not in repr(secret_key(b"x" * 32, "HS256"))

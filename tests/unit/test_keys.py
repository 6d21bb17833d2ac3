"""Which keys of a set are usable, and for what."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authorizer.errors import TokenRefused
from authorizer.keys import key_set, key_set_of_pem, secret_key
from tests.tokens import ec_signer, rsa_signer

RSA = dict(rsa_signer().jwk)
EC = dict(ec_signer().jwk)


def pem(private: Any) -> str:
    encoded: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def test_rsa_key_is_usable_with_each_rsa_algorithm() -> None:
    assert set(key_set({"keys": [RSA]}).find("rsa-1", "RS256").by_algorithm) == {"RS256", "RS384", "RS512"}


def test_elliptic_curve_key_is_usable_with_its_curve_s_algorithm_alone() -> None:
    assert set(key_set({"keys": [EC]}).find("ec-1", "ES256").by_algorithm) == {"ES256"}


def test_alg_of_a_key_narrows_it_to_one_algorithm() -> None:
    keys = key_set({"keys": [{**RSA, "alg": "RS384"}]})

    assert set(keys.find("rsa-1", "RS384").by_algorithm) == {"RS384"}
    with pytest.raises(TokenRefused, match="unknown_key"):
        keys.find("rsa-1", "RS256")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"use": "enc"}, id="meant for encryption"),
        pytest.param({"key_ops": ["sign"]}, id="meant for signing"),
        pytest.param({"key_ops": "nothing"}, id="key_ops that is a text"),
        pytest.param({"d": "AQAB"}, id="a private key"),
        pytest.param({"kid": 7}, id="a kid that is a number"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="a secret"),
        pytest.param({"kty": None}, id="no kty"),
        pytest.param({"n": None}, id="no modulus"),
        pytest.param({"n": "é"}, id="a modulus that is no base64url"),
        pytest.param({"e": "AA"}, id="an exponent of zero"),
        pytest.param({"alg": "RSA-OAEP"}, id="an algorithm for encryption"),
        pytest.param({"alg": "ES256"}, id="an algorithm of another family"),
        pytest.param({"alg": ["RS256"]}, id="an alg that is a list"),
        pytest.param(dict(rsa_signer(bits=1024).jwk), id="1024 bits"),
        pytest.param({**EC, "crv": "P-384"}, id="a point on another curve"),
        pytest.param({**EC, "crv": "secp256k1"}, id="a curve that is not accepted"),
    ],
)
def test_unusable_key_is_left_out_and_harms_no_other(changes: dict[str, Any]) -> None:
    keys = key_set({"keys": [{**RSA, "kid": "bad", **changes}, "no key at all", {**RSA, "kid": "good"}]})

    assert [key.kid for key in keys.keys] == ["good"]


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [{"kty": "oct"}]}],
)
def test_document_without_a_usable_key_is_no_key_set(document: object) -> None:
    with pytest.raises(ValueError, match="JWK Set"):
        key_set(document)


@pytest.mark.parametrize(
    ("private", "algorithms"),
    [
        (rsa.generate_private_key(65537, 2048), {"RS256", "RS384", "RS512"}),
        (ec.generate_private_key(ec.SECP256R1()), {"ES256"}),
        (ec.generate_private_key(ec.SECP521R1()), {"ES512"}),
    ],
    ids=["RSA", "P-256", "P-521"],
)
def test_public_key_in_pem_is_read(private: Any, algorithms: set[str]) -> None:
    [key] = key_set_of_pem(pem(private)).keys

    assert set(key.by_algorithm) == algorithms


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(pem(rsa.generate_private_key(65537, 1024)), id="1024 bits"),  # noqa: S505 - as it should be
        pytest.param(pem(ec.generate_private_key(ec.SECP256K1())), id="another curve"),
        pytest.param(pem(ed25519.Ed25519PrivateKey.generate()), id="another kind of key"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", id="broken"),
        pytest.param("", id="empty"),
    ],
)
def test_other_pem_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are cryptography's own
        key_set_of_pem(text)


@pytest.mark.parametrize(
    ("octets", "algorithms"), [(32, {"HS256"}), (48, {"HS256", "HS384"}), (64, {"HS256", "HS384", "HS512"})]
)
def test_secret_is_usable_with_the_algorithms_that_it_is_long_enough_for(octets: int, algorithms: set[str]) -> None:
    assert set(secret_key(b"x" * octets).by_algorithm) == algorithms


@pytest.mark.parametrize("secret", [b"", b"x" * 31, pem(rsa.generate_private_key(65537, 2048)).encode()])
def test_short_secret_and_public_key_are_no_secrets(secret: bytes) -> None:
    with pytest.raises(ValueError, match="shared secret"):
        secret_key(secret)


def test_secret_does_not_show_in_a_repr() -> None:
    assert "x" * 32 not in repr(secret_key(b"x" * 32))

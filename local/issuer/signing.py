"""Keys that sign tokens, made with `cryptography`, so that the authorizer's python-jose does not check itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
"""Each algorithm's curve (RFC 7518, 3.4)."""
ALGORITHMS = (*RSA_ALGORITHMS, *CURVES, "EdDSA")
"""What a private key can sign with here."""
HMAC_ALGORITHMS = ("HS256", "HS384", "HS512")

_CURVE_NAMES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_HASHES: dict[str, HashAlgorithm] = {"256": SHA256(), "384": SHA384(), "512": SHA512()}


class SigningKey:
    """A new private key for *algorithm*, one of `ALGORITHMS` (RSA has 2048 bits), with a new key id."""

    def __init__(self, algorithm: str) -> None:
        self.id = f"{algorithm.lower()}-{secrets.token_hex(4)}"
        self.algorithm = algorithm
        self._key = _generate(algorithm)

    def public(self) -> dict[str, str]:
        """Return the public key as a JWK (RFC 7517)."""
        return {"kid": self.id, "use": "sig", "alg": self.algorithm} | _numbers(self._key, self.algorithm)

    def sign(self, claims: Mapping[str, Any], typ: str | None = "JWT") -> str:
        """Return a compact JWS (RFC 7515) that holds *claims*, of the kind *typ*, or of a kind that it does not say."""
        header = {"alg": self.algorithm, "kid": self.id}
        return _jws(header, typ, claims, lambda data: _sign(self._key, self.algorithm, data))


def sign_with_secret(secret: bytes, algorithm: str, claims: Mapping[str, Any], typ: str | None = "JWT") -> str:
    """Return a compact JWS that holds *claims*, signed with a shared *secret* by one of `HMAC_ALGORITHMS`."""
    digest = getattr(hashlib, f"sha{algorithm[2:]}")
    return _jws({"alg": algorithm}, typ, claims, lambda data: hmac.digest(secret, data, digest))


def _jws(header: dict[str, str], typ: str | None, claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    typed = header if typ is None else {**header, "typ": typ}
    unsigned = ".".join(_base64url(json.dumps(part).encode()) for part in (typed, claims))
    return f"{unsigned}.{_base64url(sign(unsigned.encode()))}"


def _generate(algorithm: str) -> PrivateKey:
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _sign(key: PrivateKey, algorithm: str, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    digest = _HASHES[algorithm[2:]]
    if isinstance(key, rsa.RSAPrivateKey):
        # RFC 7518, 3.5: the salt is as long as the hash.
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return key.sign(data, pss if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
    # RFC 7518, 3.4: a JWS has the two numbers one after the other, not in DER.
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    length = _length(key)
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def _numbers(key: PrivateKey, algorithm: str) -> dict[str, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(public.n), "e": _number(public.e)}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_key().public_bytes_raw())}
    point, length = key.public_key().public_numbers(), _length(key)
    crv = _CURVE_NAMES[algorithm]
    return {"kty": "EC", "crv": crv, "x": _number(point.x, length), "y": _number(point.y, length)}


def _length(key: ec.EllipticCurvePrivateKey) -> int:
    return (key.curve.key_size + 7) // 8


def _number(value: int, length: int = 0) -> str:
    return _base64url(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""Keys that sign tokens, made with `cryptography`, so that the authorizer's python-jose does not check itself."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping

_P256_BYTES = 32


class SigningKey:
    """A new private key for *algorithm* (RS256: RSA with 2048 bits; ES256: P-256), with a new key id."""

    def __init__(self, algorithm: str) -> None:
        self.id = f"{algorithm.lower()}-{secrets.token_hex(4)}"
        self.algorithm = algorithm
        self._key = _generate(algorithm)

    def public(self) -> dict[str, str]:
        """Return the public key as a JWK (RFC 7517)."""
        return {"kid": self.id, "use": "sig", "alg": self.algorithm} | _numbers(self._key)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token with *claims* in the compact serialization of RFC 7515."""
        header = {"alg": self.algorithm, "kid": self.id, "typ": "JWT"}
        signing_input = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signing_input}.{_base64url(_sign(self._key, signing_input.encode()))}"


def _generate(algorithm: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _sign(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    # RFC 7518, 3.4: a JWS has the two numbers one after the other, not in DER.
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _numbers(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(public.n), "e": _number(public.e)}
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _number(point.x, _P256_BYTES), "y": _number(point.y, _P256_BYTES)}


def _number(value: int, length: int = 0) -> str:
    return _base64url(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

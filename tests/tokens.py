"""Real keys and hand-made tokens: a good one, and whatever can be wrong with one."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = 1_800_000_000
"""The time in tests, in seconds since the epoch."""
ISSUER = "https://issuer.example/"
AUDIENCE = "chime-signin"
SECRET = b"a secret of 64 bytes, made up for tests and long enough for all!"

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: dict[str, tuple[str, ec.EllipticCurve, int]] = {
    "ES256": ("P-256", ec.SECP256R1(), 32),
    "ES384": ("P-384", ec.SECP384R1(), 48),
    "ES512": ("P-521", ec.SECP521R1(), 66),
}


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token, with *changes*; None leaves a claim out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "name": "Ada Lovelace", "iat": NOW, "exp": NOW + 3600}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


@dataclass(frozen=True)
class Signer:
    """A key that signs: its public part as a JWK, and how it signs."""

    algorithm: str
    jwk: Mapping[str, Any]
    sign: Callable[[bytes], bytes]

    def token(
        self, claims: Mapping[str, Any] | bytes, header: Mapping[str, Any] | bytes | None = None, **changes: Any
    ) -> str:
        """Return a signed token; *changes* are made to a good header, None leaves a parameter out."""
        good = {"alg": self.algorithm, "typ": "JWT", "kid": self.jwk.get("kid"), **changes}
        used = {name: value for name, value in good.items() if value is not None} if header is None else header
        signing_input = f"{base64url(_encoded(used))}.{base64url(_encoded(claims))}"
        return f"{signing_input}.{base64url(self.sign(signing_input.encode()))}"


@functools.cache
def _rsa_key(bits: int, _number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def rsa_signer(algorithm: str = "RS256", kid: str = "rsa-1", bits: int = 2048, number: int = 1) -> Signer:
    """Return a signer whose key is the same for the same *bits* and *number*."""
    key = _rsa_key(bits, number)
    public = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "kid": kid, "alg": algorithm, "n": _integer(public.n), "e": _integer(public.e)}
    digest = _HASHES[algorithm[2:]]
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    used = pss if algorithm.startswith("PS") else padding.PKCS1v15()
    return Signer(algorithm, jwk, lambda data: key.sign(data, used, digest))


@functools.cache
def ed25519_signer(kid: str = "ed-1") -> Signer:
    key = ed25519.Ed25519PrivateKey.generate()
    x = base64url(key.public_key().public_bytes_raw())
    return Signer("EdDSA", {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}, key.sign)


@functools.cache
def ec_signer(algorithm: str = "ES256", kid: str = "ec-1") -> Signer:
    name, curve, size = _CURVES[algorithm]
    key = ec.generate_private_key(curve)
    public = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": name, "kid": kid, "x": _integer(public.x, size), "y": _integer(public.y, size)}

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_HASHES[algorithm[2:]])))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return Signer(algorithm, jwk, sign)


def hmac_signer(secret: bytes = SECRET, algorithm: str = "HS256") -> Signer:
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return Signer(algorithm, {}, lambda data: hmac.new(secret, data, digest).digest())


def tampered(token: str) -> str:
    """Return *token* with one bit of its signature turned."""
    head, _, signature = token.rpartition(".")
    octets = bytearray(base64.urlsafe_b64decode(signature + "=="))
    octets[0] ^= 1
    return f"{head}.{base64url(bytes(octets))}"


def _encoded(part: Mapping[str, Any] | bytes) -> bytes:
    return part if isinstance(part, bytes) else json.dumps(part).encode()


def _integer(number: int, size: int | None = None) -> str:
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))

"""Which keys may verify which tokens: one usable key per token, one family of algorithms per key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jose import jwk
from jose.exceptions import JOSEError
from jose.utils import base64_to_long

from authorizer.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from jose.backends.base import Key

RSA_ALGORITHMS = ("RS256", "RS384", "RS512")
EC_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
"""A curve's one algorithm (RFC 7518, 3.4)."""
_CURVE_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
HMAC_ALGORITHMS = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The shortest secret, in bytes, that each accepts (RFC 7518, 3.2)."""

ASYMMETRIC_ALGORITHMS = (*RSA_ALGORITHMS, *EC_ALGORITHMS.values())
SMALLEST_RSA_BITS = 2048
"""RFC 7518, 3.3."""


@dataclass(frozen=True)
class VerificationKey:
    """A key together with the algorithms that it may be used with."""

    kid: str | None
    by_algorithm: Mapping[str, Key] = field(repr=False)

    def verifies(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Say whether *signature* over *signing_input* is this key's. python-jose does this, and nothing else."""
        return bool(self.by_algorithm[algorithm].verify(signing_input, signature))


@dataclass(frozen=True)
class KeySet:
    """The usable keys of one issuer."""

    keys: tuple[VerificationKey, ...]

    def find(self, kid: str | None, algorithm: str) -> VerificationKey:
        """
        Return the one key named *kid* (or, without a name, the one key at all) that fits *algorithm*.

        Raises:
            TokenRefused: No key fits, or more than one does.
        """
        fitting = [key for key in self.keys if algorithm in key.by_algorithm and kid in (None, key.kid)]
        if len(fitting) != 1:
            raise TokenRefused(Reason.UNKNOWN_KEY)
        return fitting[0]


def key_set(document: Any) -> KeySet:
    """
    Read a JWK Set, leaving out each key that cannot be used here (RFC 7517, 5): one bad key never harms the others.

    Raises:
        ValueError: The document is no JWK Set, or none of its keys is usable.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWK Set: it has no list named keys")  # noqa: TRY004 - one error for all that a document can be
    usable = tuple(key for key in map(_usable, listed) if key)
    if not usable:
        raise ValueError("the JWK Set has no usable key")
    return KeySet(usable)


def key_set_of_pem(pem: str) -> KeySet:
    """
    Read one public key in PEM.

    Raises:
        ValueError: It is not an RSA key of 2048 bits or more, nor an EC key on a curve of RFC 7518, 3.4.
    """
    public = load_pem_public_key(pem.encode())
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= SMALLEST_RSA_BITS:
        algorithms: tuple[str, ...] = RSA_ALGORITHMS
    elif isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVE_NAMES:
        algorithms = (EC_ALGORITHMS[_CURVE_NAMES[public.curve.name]],)
    else:
        raise ValueError("neither an RSA key of 2048 bits or more nor an EC key on P-256, P-384 or P-521")
    return KeySet((_verification_key(None, pem, algorithms),))


def secret_key(secret: bytes) -> VerificationKey:
    """
    Make a shared *secret* usable with each HMAC algorithm that it is long enough for (RFC 7518, 3.2).

    Raises:
        ValueError: It is shorter than 32 bytes, or a public key by mistake.
    """
    algorithms = tuple(name for name, shortest in HMAC_ALGORITHMS.items() if len(secret) >= shortest)
    if not algorithms:
        raise ValueError("the shared secret is shorter than 32 bytes")
    try:
        return _verification_key(None, secret, algorithms)
    except JOSEError:
        raise ValueError("the shared secret is a public key") from None


def _usable(listed: Any) -> VerificationKey | None:
    if not isinstance(listed, Mapping) or not _meant_for_verifying(listed):
        return None
    try:
        algorithms = [name for name in _algorithms(listed) if listed.get("alg", name) == name]
        key = _verification_key(listed.get("kid"), dict(listed), algorithms)
    except Exception:  # noqa: BLE001 - python-jose raises all sorts of errors on a broken key; it is left out
        return None
    return key if key.by_algorithm else None


def _meant_for_verifying(listed: Mapping[str, Any]) -> bool:
    """RFC 7517, 4.2 to 4.5. A private key in a public place has stopped being a key."""
    return (
        listed.get("use", "sig") == "sig"
        and "verify" in listed.get("key_ops", ["verify"])
        and isinstance(listed.get("kid", ""), str)
        and "d" not in listed
    )


def _algorithms(listed: Mapping[str, Any]) -> tuple[str, ...]:
    if listed.get("kty") == "RSA":
        return RSA_ALGORITHMS if base64_to_long(listed["n"]).bit_length() >= SMALLEST_RSA_BITS else ()
    if listed.get("kty") == "EC" and listed.get("crv") in EC_ALGORITHMS:
        return (EC_ALGORITHMS[listed["crv"]],)
    return ()


def _verification_key(kid: str | None, material: Any, algorithms: Any) -> VerificationKey:
    # Each is built once and kept: building costs more than verifying.
    return VerificationKey(kid, {name: jwk.construct(material, name) for name in algorithms})

"""Read keys and shared secrets, and find the one key of a key set for a token. Each key has one algorithm."""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jose.exceptions import JOSEError
from jose.utils import base64_to_long

from authorizer import algorithms
from authorizer.errors import Reason, TokenRefused
from authorizer.signatures import construct, is_same_key
from authorizer.tenants import may_sign_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jose.backends.base import Key

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
"""The least that RFC 7518, 3.3 allows, and the most that verifies in about a millisecond."""
KNOWN_SECRETS = frozenset(
    {
        "your-256-bit-secret",
        "your-384-bit-secret",
        "your-512-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    }
)
"""Secrets from public documentation (jwt.io, Supabase, FastAPI, RFC 7515), which everybody knows."""


@dataclass(frozen=True)
class VerificationKey:
    """A key, and the one algorithm that it is used with (RFC 8725, 3.1). `issuer` is the JWK's, if it has one."""

    kid: str | None
    algorithm: str
    issuer: str | None
    key: Key = field(repr=False)

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Say whether this key made *signature* over *signing_input*."""
        return bool(self.key.verify(signing_input, signature))

    def is_same_as(self, other: VerificationKey) -> bool:
        """Say whether this and *other* verify the same signatures; their names may differ."""
        return self.algorithm == other.algorithm and is_same_key(self.key, other.key)

    def may_sign_for(self, issuer: str | None) -> bool:
        """Say whether this key may sign tokens of *issuer*: a key set of Entra ID has keys of several issuers."""
        return self.issuer is None or (issuer is not None and may_sign_for(self.issuer, issuer))


@dataclass(frozen=True)
class KeySet:
    """The usable keys of one issuer."""

    keys: tuple[VerificationKey, ...]

    def find(self, kid: str | None, algorithm: str, issuer: str | None = None) -> VerificationKey:
        """
        Return the key for *algorithm* and *issuer* that is named *kid* (RFC 7515, 4.1.4), or else one without a name.

        Without *kid*, only one key may fit. The same key, listed twice, counts as one.

        Raises:
            TokenRefused: No key fits, or several that differ.
        """

        def fitting_of(keys: Iterable[VerificationKey]) -> list[VerificationKey]:
            return [key for key in keys if key.algorithm == algorithm and key.may_sign_for(issuer)]

        fitting = fitting_of(self.keys if kid is None else self._by_name.get(kid, ()))
        if kid is not None and not fitting:
            fitting = fitting_of(self._by_name.get(None, ()))
        if not fitting or not all(key.is_same_as(fitting[0]) for key in fitting):
            raise TokenRefused(Reason.UNKNOWN_KEY, "kid", kid, self.keys)
        return fitting[0]

    @functools.cached_property
    def _by_name(self) -> Mapping[str | None, list[VerificationKey]]:
        # Some key sets have a hundred keys, and each token names one.
        by_name: dict[str | None, list[VerificationKey]] = {}
        for key in self.keys:
            by_name.setdefault(key.kid, []).append(key)
        return by_name


def key_set(document: Any, accepted: tuple[str, ...]) -> KeySet:
    """
    Read a JWK Set. A key that cannot be used is left out, so that it does not harm the others (RFC 7517, 5).

    A key is used with its own `alg`. If it has none, it is used with the first of the *accepted* algorithms that fits.

    Raises:
        ValueError: The document is no JWK Set, or none of its keys is usable.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWK Set: it has no list named keys")  # noqa: TRY004 - one type of error for every bad document
    usable = tuple(key for key in (_usable(entry, accepted) for entry in listed) if key)
    if not usable:
        raise ValueError(f"the JWK Set has no key that is usable with {', '.join(accepted)}")
    return KeySet(usable)


def key_set_of_pem(pem: str, accepted: tuple[str, ...]) -> KeySet:
    """
    Read one public key in PEM, to be used with the first of the *accepted* algorithms that fits.

    Raises:
        ValueError: It fits none of them.
    """
    try:
        public: Any = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    algorithm = next((name for name in accepted if name in _algorithms_of_public(public)), None)
    if algorithm is None:
        raise ValueError(f"it is no key for {', '.join(accepted)}")
    return KeySet((VerificationKey(None, algorithm, None, construct(public, algorithm)),))


def secret_key(secret: bytes, algorithm: str) -> VerificationKey:
    """
    Return the key for a shared *secret* and *algorithm*: HS256, HS384 or HS512.

    Raises:
        ValueError: It is too short (RFC 7518, 3.2), publicly known, or a public key by mistake.
    """
    if len(secret) < algorithms.HMAC[algorithm]:
        raise ValueError(f"the shared secret is shorter than the {algorithms.HMAC[algorithm]} bytes of {algorithm}")
    if secret in _known_secrets():
        raise ValueError("the shared secret stands in public documentation")
    try:
        return VerificationKey(None, algorithm, None, construct(secret, algorithm))
    except JOSEError:
        raise ValueError("the shared secret is a public key") from None


@functools.cache
def _known_secrets() -> frozenset[bytes]:
    """Return the known secrets as the bytes that they are in each encoding."""
    known = set()
    for text in KNOWN_SECRETS:
        for decode in SECRET_ENCODINGS.values():
            with contextlib.suppress(ValueError):
                known.add(decode(text.encode()))
    return frozenset(known)


def _raw(stored: bytes) -> bytes:
    return stored


def _base64(stored: bytes) -> bytes:
    return base64.b64decode(stored.strip(), validate=True)


def _base64url(stored: bytes) -> bytes:
    text = stored.strip().rstrip(b"=")
    if set(b"+/") & set(text):
        raise ValueError("base64, not base64url; Python would accept either")
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _hex(stored: bytes) -> bytes:
    return binascii.unhexlify(stored.strip())


SECRET_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "raw": _raw,
    "base64": _base64,
    "base64url": _base64url,
    "hex": _hex,
}
"""How the bytes of a shared secret may be written where it is stored."""


def secret_decoder(encoding: str, json_field: str | None) -> Callable[[bytes], bytes]:
    """
    Return what turns a stored secret into its bytes, from *encoding*, and from a JSON object if it has a *json_field*.

    It raises ValueError if the secret is not stored so; the text holds nothing of the secret.
    """
    return functools.partial(_decoded_secret, encoding, json_field)


def _decoded_secret(encoding: str, json_field: str | None, stored: bytes) -> bytes:
    text = stored if json_field is None else _field(stored, json_field)
    try:
        return SECRET_ENCODINGS[encoding](text)
    except ValueError:
        raise ValueError(f"the shared secret is not written in {encoding}") from None


def _field(stored: bytes, name: str) -> bytes:
    try:
        value = json.loads(stored)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise ValueError(f"the shared secret is no JSON object with a text named {name}")  # noqa: TRY004 - as the others
    return value.encode()


def _usable(listed: Any, accepted: tuple[str, ...]) -> VerificationKey | None:
    if not isinstance(listed, Mapping):
        return None
    # Members that are null, and an empty key_ops, count as absent: many serializers write them so.
    jwk = {name: value for name, value in listed.items() if value is not None and (name, value) != ("key_ops", [])}
    if not _is_meant_for_verifying(jwk):
        return None
    fitting, own = algorithms.of_jwk(jwk), algorithms.one_name(jwk.get("alg"))
    algorithm = next((name for name in accepted if name in fitting and own in (None, name)), None)
    if algorithm is None:
        return None
    try:
        if jwk["kty"] == "RSA" and not _has_good_size(base64_to_long(jwk["n"]).bit_length()):
            return None
        # Made once for each key set, because making a key takes longer than verifying a signature.
        key = construct(jwk, algorithm)
    except Exception:  # noqa: BLE001 - python-jose raises many types of errors; a broken key is left out
        return None
    return VerificationKey(jwk.get("kid"), algorithm, jwk.get("issuer"), key)


def _is_meant_for_verifying(jwk: Mapping[str, Any]) -> bool:
    """Check use, key_ops and kid (RFC 7517, 4.2 to 4.5). A private key in a public key set can no longer be trusted."""
    key_ops = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig"
        and isinstance(key_ops, list)
        and "verify" in key_ops
        and isinstance(jwk.get("kid", ""), str)
        and isinstance(jwk.get("issuer", ""), str)
        and "d" not in jwk
    )


def _has_good_size(bits: int) -> bool:
    return MIN_RSA_BITS <= bits <= MAX_RSA_BITS


def _algorithms_of_public(public: object) -> tuple[str, ...]:
    curves = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
    if isinstance(public, rsa.RSAPublicKey) and _has_good_size(public.key_size):
        return algorithms.RSA
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in curves:
        return (algorithms.EC[curves[public.curve.name]],)
    if isinstance(public, ed25519.Ed25519PublicKey):
        return (algorithms.OKP["Ed25519"],)
    return ()

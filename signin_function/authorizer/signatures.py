"""The keys that verify signatures: python-jose's, and those for RSA-PSS and Ed25519, which it does not have."""

from __future__ import annotations

import hmac
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jose import jwk
from jose.backends.base import Key
from jose.utils import base64url_decode

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def construct(key: Any, algorithm: str) -> Key:
    """
    Return python-jose's key for *key*: a JWK, a public key of cryptography, or the bytes of a shared secret.

    Raises:
        Exception: The key is broken: python-jose raises many types of errors. `JOSEError` if a secret is a PEM.
    """
    return jwk.construct(key, algorithm)


def is_same_key(one: Any, other: Any) -> bool:
    """Say whether *one* and *other* were made from the same key or secret; comparing secrets takes constant time."""
    mine, theirs = one.prepared_key, other.prepared_key
    if isinstance(mine, bytes) and isinstance(theirs, bytes):
        return hmac.compare_digest(mine, theirs)
    return bool(mine == theirs)


class RsaPssKey(Key):
    """An RSA key that verifies RSASSA-PSS (RFC 7518, 3.5: the salt is as long as the hash)."""

    def __init__(self, key: Any, algorithm: str) -> None:
        """Take *key* in the forms that python-jose's own RSA keys take."""
        super().__init__(key, algorithm)
        pkcs1: Any = jwk.construct(key, f"RS{algorithm[2:]}")
        self.prepared_key = pkcs1.prepared_key
        self._hash = _HASHES[algorithm[2:]]
        self._padding = padding.PSS(padding.MGF1(self._hash), self._hash.digest_size)

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Say whether *sig* over *msg* is this key's."""
        try:
            self.prepared_key.verify(sig, msg, self._padding, self._hash)
        except InvalidSignature:
            return False
        return True


class Ed25519Key(Key):
    """An Ed25519 key (RFC 8037), from a JWK or a key of cryptography."""

    def __init__(self, key: Any, algorithm: str) -> None:
        """Take a key of cryptography, or a JWK whose `x` holds the 32 bytes of the key."""
        super().__init__(key, algorithm)
        self.prepared_key = (
            key
            if isinstance(key, Ed25519PublicKey)
            else Ed25519PublicKey.from_public_bytes(base64url_decode(key["x"].encode("ascii")))
        )

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Say whether *sig* over *msg* is this key's."""
        try:
            self.prepared_key.verify(sig, msg)
        except InvalidSignature:
            return False
        return True


for _name in ("PS256", "PS384", "PS512"):
    jwk.register_key(_name, RsaPssKey)
jwk.register_key("EdDSA", Ed25519Key)

default_backend()  # python-jose calls it for each key. The first call loads modules, and here no issuer's answer waits.

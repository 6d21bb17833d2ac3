"""The signature algorithms by name, and the key that each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
EC = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
"""The one algorithm of each curve (RFC 7518, 3.4)."""
OKP = {"Ed25519": "EdDSA"}
"""RFC 8037, 3.1."""
HMAC = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The shortest secret that each accepts, in bytes (RFC 7518, 3.2)."""

OTHER_NAMES = {"Ed25519": "EdDSA"}
"""RFC 9864, 2.2 names EdDSA by its curve. Only one curve is accepted here, so both names mean the same algorithm."""

ASYMMETRIC = (*RSA, *EC.values(), *OKP.values())


def one_name(algorithm: Any) -> Any:
    """Return the name that is used here for *algorithm*, which may have two; anything else is returned unchanged."""
    return OTHER_NAMES.get(algorithm, algorithm) if isinstance(algorithm, str) else algorithm


def of_jwk(key: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the algorithms that a public *key*, a JWK, can be used with; none if its type or curve is unknown."""
    kind, curve = key.get("kty"), key.get("crv")
    if kind == "RSA":
        return RSA
    by_curve = EC if kind == "EC" else OKP if kind == "OKP" else {}
    return (by_curve[curve],) if isinstance(curve, str) and curve in by_curve else ()

"""An identity provider's token, the options that its users write for it, and the caller that it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authorizer.clock import Clock
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.tokens import NOW, Signer, rsa_signer

if TYPE_CHECKING:
    from authorizer.claims import Caller

TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
OTHER_TID = "9188040d-6c67-4c5b-b112-36a304b66dad"
APP = "6731de76-14a6-49ae-97bc-6eba6914391e"
OID = "690222be-ff1a-4d56-abd1-7e4f7d38e474"
POOL = "eu-west-1_AbCdEfGhI"
COGNITO_ISSUER = f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"
UUID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@dataclass(frozen=True)
class Shape:
    """An identity provider: the options that its users write, the claims of a token, and the caller expected of it."""

    options: dict[str, Any]
    claims: dict[str, Any]
    caller: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    signer: Signer = field(default_factory=rsa_signer)
    jwk: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    """Where the provider's documentation shows such a token."""


def decide(
    shape: Shape, claims: dict[str, Any] | None = None, options: dict[str, Any] | None = None, **header: Any
) -> Caller:
    """Verify a token of *shape* with changed *claims*, by its options with changed *options*, and without a fetch."""
    foreign = {"kty": "RSA", "use": "enc", "kid": "enc", "alg": "RSA-OAEP", "n": "x", "e": "AQAB"}
    jwks = {"keys": [foreign, {name: value for name, value in {**shape.signer.jwk, **shape.jwk}.items() if value}]}
    entry = {"name": "main", **shape.options, "jwks": jwks, **(options or {})}
    entry.pop("jwks_uri", None)
    settings = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())
    payload = {"iat": NOW, "exp": NOW + 3600, **shape.claims, **(claims or {})}
    given = {name: value for name, value in payload.items() if value is not None}
    return verify(shape.signer.token(given, **{**shape.header, **header}), settings.providers, NOW)

"""Read from a token which identity provider it is of, and what its preset needs. Nothing of it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authorizer.algorithms import HMAC
from authorizer.compact import parse
from authorizer.errors import TokenRefused
from authorizer.tenants import CLOUDS, issuers
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TENANT = "TENANT"
USUAL_CLOUD = next(iter(CLOUDS))
GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
ISSUERS: tuple[tuple[str, str], ...] = (
    ("cognito", r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/(?P<user_pool_id>[^/]+)"),
    ("auth0", r"https://(?P<domain>[^/]+\.auth0\.com)/"),
    ("okta", r"https://(?P<domain>[^/]+\.okta(?:preview|-emea)?\.com)/oauth2/(?P<authorization_server>[^/]+)"),
    ("firebase", r"https://securetoken\.google\.com/(?P<project_id>[^/]+)"),
    ("google", r"(?:https://)?accounts\.google\.com"),
    ("clerk", r"https://(?P<domain>[^/]+\.clerk\.accounts\.dev)"),
    ("supabase", r"https://(?P<project_ref>[a-z0-9]+)\.supabase\.co/auth/v1"),
    ("keycloak", r"(?P<issuer>https?://.+/realms/[^/]+)"),
)
"""By which issuers providers are told; one with a domain of its own is told by nothing, and is `oidc`."""


@dataclass(frozen=True)
class TokenSays:
    """What a token says of its provider, unverified: the preset, and values for its options."""

    preset: str
    options: Mapping[str, Any] = field(default_factory=dict)


def read(unverified_token: str) -> TokenSays:
    """
    Return what the token says.

    Raises:
        OperationError: It is no JWT. Nothing of it is in the text.
    """
    try:
        token = parse(unverified_token.strip().removeprefix("Bearer "))
    except TokenRefused:
        raise OperationError("That is no JWT: three parts of base64url, with dots between them.") from None
    claims, issuer = token.claims, str(token.claims.get("iss", ""))
    if token.header.get("alg") in HMAC and not re.fullmatch(dict(ISSUERS)["supabase"], issuer):
        return TokenSays("shared-secret", _given({"audience": _one(claims.get("aud"))}))
    for cloud in CLOUDS:
        if re.fullmatch("|".join(re.escape(form).replace(TENANT, GUID) for form in issuers(cloud, TENANT)), issuer):
            of_cloud = {} if cloud == USUAL_CLOUD else {"cloud": cloud}
            return TokenSays("entra", _given({"tenant": claims.get("tid"), **of_cloud, **_entra(claims)}))
    for preset, pattern in ISSUERS:
        found = re.fullmatch(pattern, issuer)
        if found:
            return TokenSays(preset, _given({**found.groupdict(), **_MORE[preset](claims)}))
    return TokenSays("oidc", _given({"issuer": issuer, "audience": _one(claims.get("aud"))}))


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}


def _one(audience: Any) -> Any:
    """Return the audience that is the application's: not the one by which the provider answers about its users."""
    listed = audience if isinstance(audience, list) else [audience]
    own = [one for one in listed if isinstance(one, str) and not one.endswith("/userinfo")]
    return own[0] if own else None


def _cognito(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {"client_id": claims.get("client_id") or _one(claims.get("aud")), "token_use": claims.get("token_use")}


def _okta(claims: Mapping[str, Any]) -> dict[str, Any]:
    is_access = "cid" in claims
    return {"client_id": claims.get("cid") or _one(claims.get("aud")), "token_use": "access" if is_access else "id"}


def _entra(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {"client_id": str(_one(claims.get("aud")) or "").removeprefix("api://")}


def _firebase(claims: Mapping[str, Any]) -> dict[str, Any]:
    said = claims.get("firebase")
    return {"tenant_id": said.get("tenant")} if isinstance(said, dict) else {}


_MORE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "cognito": _cognito,
    "auth0": lambda claims: {"audience": _one(claims.get("aud"))},
    "okta": _okta,
    "firebase": _firebase,
    "google": lambda claims: {"client_id": _one(claims.get("aud"))},
    "clerk": lambda claims: {"authorized_parties": claims.get("azp")},
    "supabase": lambda _: {},
    "keycloak": lambda claims: {"client_id": claims.get("azp")},
}

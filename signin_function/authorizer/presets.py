"""
What each identity provider's users need not know: from a domain and a client id to issuer, audience, keys and kind.

Each function takes the options that its users give and returns those that follow from them. Whatever the users
give themselves stays as they gave it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from authorizer.tenants import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.options import Options

OIDC_NAMES = ("name", "preferred_username", "nickname")
ACCESS_OR_ID = ("jwt", "at+jwt")

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")
_POOL = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])_[A-Za-z0-9]+")
_PROJECT = re.compile(r"[a-z0-9-]+")


def oidc(options: Options) -> dict[str, Any]:
    """Any OpenID Connect provider: its users give `issuer`, one or several, and `audience`."""
    options.texts("issuer", 'Write it as in the tokens\' "iss" claim, letter for letter.')
    return {}


def shared_secret(options: Options) -> dict[str, Any]:  # noqa: ARG001 - as the others
    """Take an application that signs its own tokens: its developers give `secret_arn`."""
    return {"algorithms": ["HS256"], "subject_claim": "id", "name_claims": ["full_name"]}


def cognito(options: Options) -> dict[str, Any]:
    """
    Return what follows from `user_pool_id`, `client_id` and `token_use` ("id", or "access").

    Access tokens name their client in `client_id` and have no `aud`.
    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    """
    pool, region = _matching(options, "user_pool_id", _POOL, "Write it as the console shows it: us-east-1_AbCdEfGhI.")
    issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool}"
    use = options.choice("token_use", ("id", "access"), "id")
    is_id = use == "id"
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "algorithms": ["RS256"],
        "audience": _client_ids(options),
        "audience_claim": "aud" if is_id else "client_id",
        "must": {"token_use": [use]},
        "name_claims": ["name", "cognito:username", "email"] if is_id else ["username"],
        "roles_claim": "cognito:groups",
    }


def auth0(options: Options) -> dict[str, Any]:
    """
    Return what follows from `domain`; `audience` is given too. Machines' subjects end in "@clients".

    Source: https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
    """
    return {
        "issuer": f"https://{_host(options, 'domain', 'tenant.eu.auth0.com')}/",
        "algorithms": ["RS256"],
        "machine_suffix": "@clients",
        "must_not": {"gty": ["client-credentials"]},
        "name_claims": ["name", "nickname", "email"],
        "roles_claim": "permissions",
    }


def okta(options: Options) -> dict[str, Any]:
    """
    Return what follows from `domain` and `authorization_server` ("default"). In access tokens `sub` is the login.

    Source: https://developer.okta.com/docs/reference/api/oidc/#access-token
    """
    server = options.text("authorization_server", "") if options.has("authorization_server") else "default"
    return {
        "issuer": f"https://{_host(options, 'domain', 'example.okta.com')}/oauth2/{server}",
        "algorithms": ["RS256"],
        "audience": "api://default",
        "subject_claim": "uid",
        "name_claims": ["name", "preferred_username"],
        "roles_claim": "groups",
    }


def entra(options: Options) -> dict[str, Any]:
    """
    Return what follows from `tenant` (one id, a list of ids, or "any") and `client_id`. Both token versions are taken.

    Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    tenants = _tenants(options)
    clients = _client_ids(options)
    keys_of = tenants[0] if len(tenants) == 1 and tenants[0] != "{tenantid}" else "common"
    v2 = [f"https://login.microsoftonline.com/{tenant}/v2.0" for tenant in tenants]
    v1 = [f"https://sts.windows.net/{tenant}/" for tenant in tenants]
    return {
        "issuer": v2 + v1,
        "jwks_uri": f"https://login.microsoftonline.com/{keys_of}/discovery/v2.0/keys",
        "algorithms": ["RS256"],
        "audience": clients + [f"api://{client}" for client in clients],
        "must_not": {"idtyp": ["app"]},
        "subject_claim": "oid",
        "name_claims": ["name", "preferred_username"],
        "id_scope": "https://login.microsoftonline.com/{tid}",
    }


def firebase(options: Options) -> dict[str, Any]:
    """
    Return what follows from `project_id`.

    Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
    """
    project, _ = _matching(options, "project_id", _PROJECT, "Write the Firebase project's id.")
    return {
        "issuer": f"https://securetoken.google.com/{project}",
        "jwks_uri": "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
        "algorithms": ["RS256"],
        "audience": project,
        "longest_subject": 128,
        "name_claims": ["name", "email"],
    }


def google(options: Options) -> dict[str, Any]:
    """
    Return what follows from `client_id`. Google spells its issuer in two ways, the one legitimate such pair.

    Source: https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
    """
    return {
        "issuer": ["https://accounts.google.com", "accounts.google.com"],
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "algorithms": ["RS256"],
        "audience": _client_ids(options),
        "name_claims": ["name", "email"],
    }


def clerk(options: Options) -> dict[str, Any]:
    """
    Return what follows from `domain` and `authorized_parties`, the origins of the application, as in `azp`.

    Source: https://clerk.com/docs/backend-requests/manual-jwt
    """
    issuer = f"https://{_host(options, 'domain', 'your-app.clerk.accounts.dev')}"
    parties = options.texts("authorized_parties", "Write your application's origins: https://app.example.com.")
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "algorithms": ["RS256"],
        "audience": list(parties),
        "audience_claim": "azp",
        "must_not": {"sts": ["pending"]},
    }


def supabase(options: Options) -> dict[str, Any]:
    """
    Return what follows from `project_ref`, and `secret_arn` if the project still signs with its JWT secret.

    The public anon key is a token under the same secret: it has no `sub`, and the role anon.
    Source: https://supabase.com/docs/guides/auth/jwts
    """
    project, _ = _matching(options, "project_ref", _PROJECT, "Write the project's reference id.")
    issuer = f"https://{project}.supabase.co/auth/v1"
    keys: dict[str, Any] = {"jwks_uri": f"{issuer}/.well-known/jwks.json", "algorithms": ["ES256", "RS256"]}
    return {
        **({"algorithms": ["HS256"]} if options.has("secret_arn") else keys),
        "issuer": issuer,
        "audience": "authenticated",
        "must": {"role": ["authenticated"]},
        "name_claims": ["user_metadata.full_name", "user_metadata.name", "email"],
    }


def keycloak(options: Options) -> dict[str, Any]:
    """
    Return what follows from `issuer` (the realm's address) and `client_id`, which is in `azp`: `aud` may be absent.

    Source: https://www.keycloak.org/docs/latest/server_admin/#_oidc
    """
    options.texts("issuer", "Write the realm's address: https://HOST/realms/REALM.")
    audience = {} if options.has("audience") else {"audience": _client_ids(options), "audience_claim": "azp"}
    return {
        **audience,
        "algorithms": ["RS256"],
        "must": {"typ": ["Bearer"]},
        "name_claims": ["name", "preferred_username"],
        "roles_claim": "realm_access.roles",
    }


PRESETS: dict[str, tuple[Callable[[Options], dict[str, Any]], set[str]]] = {
    "oidc": (oidc, set()),
    "shared-secret": (shared_secret, set()),
    "cognito": (cognito, {"user_pool_id", "client_id", "token_use"}),
    "auth0": (auth0, {"domain"}),
    "okta": (okta, {"domain", "authorization_server"}),
    "entra": (entra, {"tenant", "client_id"}),
    "firebase": (firebase, {"project_id"}),
    "google": (google, {"client_id"}),
    "clerk": (clerk, {"domain", "authorized_parties"}),
    "supabase": (supabase, {"project_ref"}),
    "keycloak": (keycloak, {"client_id"}),
}
"""Each preset, and the options that it alone knows."""


def _matching(options: Options, option: str, pattern: re.Pattern[str], mend: str) -> tuple[str, str]:
    """Return the whole of what was given, and the pattern's first group, if it has one."""
    match = pattern.fullmatch(options.text(option, mend))
    if not match:
        raise options.wrong(option, f"is not what it should be. {mend}")
    return match[0], match[1] if pattern.groups else ""


def _host(options: Options, option: str, example: str) -> str:
    host, _ = _matching(options, option, _HOST, f"Write a host without https:// and without a slash: {example}.")
    return host


def _client_ids(options: Options) -> list[str]:
    return list(options.texts("client_id", "Write the id of your application, or a list of several."))


def _tenants(options: Options) -> list[str]:
    mend = 'Write the tenant\'s id (a GUID), a list of them, or "any" to take users of every organisation.'
    tenants = options.texts("tenant", mend)
    if tenants == ("any",):
        return ["{tenantid}"]
    if not all(TENANT.fullmatch(tenant) for tenant in tenants):
        raise options.wrong("tenant", f"is no tenant's id. {mend}")
    return list(tenants)

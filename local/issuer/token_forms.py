"""
What a token of each identity provider looks like, by the name of its preset.

In texts "{domain}" stands for the option of that name, "{now}" for the time of the token, and "{region}" and the like
for what follows from options. Tests hold this table against the presets, and against the tokens that the providers
document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ADA = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
"""The id of the one user of providers whose ids are UUIDs."""
TENANT = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
"""The tenant of that user, where any may sign in."""
OID = "690222be-ff1a-4d56-abd1-7e4f7d38e474"
FIREBASE_ID = "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3"
HOUR = 3600


@dataclass(frozen=True)
class TokenForm:
    """
    A kind of token: its issuer, its audience and the claim that holds it, its further claims, and its `typ` header.

    `client_claim` says who asked for it. It lives for `seconds`, and `algorithm` signs it.
    """

    source: str
    """Where the provider's documentation shows such a token."""
    claims: Mapping[str, Any]
    issuer: str = "{issuer}"
    audience: str = "{audience}"
    audience_claim: str = "aud"
    subject_claim: str = "sub"
    client_claim: str = "azp"
    roles_claim: str = "roles"
    scope_claim: str = "scope"
    typ: str | None = "JWT"
    algorithm: str = "RS256"
    seconds: int = HOUR
    variant: Mapping[str, TokenForm] = field(default_factory=dict)
    """Other kinds, by the option `token_use`."""


_COGNITO = "https://cognito-idp.{region}.amazonaws.com/{user_pool_id}"
_COGNITO_DOCS = "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the"
_OKTA = "https://{domain}/oauth2/{authorization_server}"
_OKTA_DOCS = "https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/"

FORMS: dict[str, TokenForm] = {
    "oidc": TokenForm(
        source="https://openid.net/specs/openid-connect-core-1_0.html#IDToken",
        claims={"sub": "ada", "name": "Ada Lovelace", "nonce": "n-0S6_WzA2Mj"},
    ),
    "shared-secret": TokenForm(
        source="https://datatracker.ietf.org/doc/html/rfc7519",
        claims={"id": 42, "full_name": "Ada Lovelace"},
        subject_claim="id",
        algorithm="HS256",
    ),
    "cognito": TokenForm(
        source=f"{_COGNITO_DOCS}-id-token.html",
        issuer=_COGNITO,
        audience="{client_id}",
        roles_claim="cognito:groups",
        typ=None,
        claims={
            "sub": ADA,
            "cognito:groups": ["test-group-a"],
            "email_verified": True,
            "cognito:preferred_role": "arn:aws:iam::111122223333:role/my-test-role",
            "cognito:username": "adalovelace",
            "nonce": "abcdefg",
            "origin_jti": ADA,
            "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
            "token_use": "id",
            "auth_time": "{now}",
            "at_hash": "KAr5qw7rqHlVhPlQHOhVTw",
            "email": "ada@example.com",
        },
        variant={
            "access": TokenForm(
                source=f"{_COGNITO_DOCS}-access-token.html",
                issuer=_COGNITO,
                audience="{client_id}",
                audience_claim="client_id",
                roles_claim="cognito:groups",
                typ=None,
                claims={
                    "sub": ADA,
                    "device_key": ADA,
                    "cognito:groups": ["testgroup"],
                    "version": 2,
                    "origin_jti": ADA,
                    "event_id": ADA,
                    "token_use": "access",
                    "scope": "phone openid profile email",
                    "auth_time": "{now}",
                    "username": "adalovelace",
                },
            ),
        },
    ),
    "auth0": TokenForm(
        source="https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles",
        issuer="https://{domain}/",
        roles_claim="permissions",
        claims={"sub": "auth0|5f7c8ec7c33c6c004bbafe82", "azp": "{client_id}", "scope": "openid profile"},
    ),
    "okta": TokenForm(
        source=f"{_OKTA_DOCS}#access-token",
        issuer=_OKTA,
        audience="api://default",
        subject_claim="uid",
        client_claim="cid",
        roles_claim="groups",
        scope_claim="scp",
        typ=None,
        claims={
            "ver": 1,
            "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
            "cid": "{client_id}",
            "uid": "00ujmkLgagxeRrAg20g3",
            "scp": ["openid", "profile"],
            "sub": "ada.lovelace@example.com",
        },
        variant={
            "id": TokenForm(
                source=f"{_OKTA_DOCS}#id-token",
                issuer=_OKTA,
                audience="{client_id}",
                roles_claim="groups",
                typ=None,
                claims={
                    "ver": 1,
                    "sub": "00ujmkLgagxeRrAg20g3",
                    "jti": "ID.4eAWJOCMB3SX8XewDfVR",
                    "amr": ["pwd"],
                    "idp": "00ok1u7AsAkrwdZL3z0g3",
                    "auth_time": "{now}",
                    "at_hash": "cpqKfdQA5eH891Ff5oJr_Q",
                    "name": "Ada Lovelace",
                    "preferred_username": "ada.lovelace@example.com",
                },
            ),
        },
    ),
    "entra": TokenForm(
        source="https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
        issuer="{login}/{tenant}/v2.0",
        audience="{client_id}",
        subject_claim="oid",
        scope_claim="scp",
        claims={
            "nbf": "{now}",
            "azp": "{client_id}",
            "azpacr": "0",
            "name": "Ada Lovelace",
            "oid": OID,
            "preferred_username": "ada@example.com",
            "scp": "access_as_user",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": "{tenant}",
            "ver": "2.0",
        },
    ),
    "firebase": TokenForm(
        source="https://firebase.google.com/docs/rules/rules-and-auth#leverage_user_information_in_rules",
        issuer="https://securetoken.google.com/{project_id}",
        audience="{project_id}",
        claims={
            "auth_time": "{now}",
            "user_id": FIREBASE_ID,
            "sub": FIREBASE_ID,
            "email": "ada@example.com",
            "email_verified": False,
            "firebase": {
                "identities": {"email": ["ada@example.com"]},
                "sign_in_provider": "password",
                "tenant": "{tenant_id}",
            },
        },
    ),
    "google": TokenForm(
        source="https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload",
        issuer="https://accounts.google.com",
        audience="{client_id}",
        claims={
            "azp": "{client_id}",
            "sub": "10769150350006150715113082367",
            "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "hd": "example.com",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
        },
    ),
    "clerk": TokenForm(
        source="https://clerk.com/docs/guides/sessions/session-tokens",
        issuer="https://{domain}",
        audience="{authorized_parties}",
        audience_claim="azp",
        seconds=60,
        claims={
            "fva": [5, -1],
            "jti": "a1b2c3d4e5f67890abcd",
            "nbf": "{now}",
            "o": {"id": "org_123", "rol": "admin", "slg": "org-slug"},
            "pla": "u:free",
            "sid": "sess_2GbDB4enHdCa5vS1zpC3Xzg9tK9",
            "sub": "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr",
            "sts": "active",
            "v": 2,
        },
    ),
    "supabase": TokenForm(
        source="https://supabase.com/docs/guides/auth/jwt-fields",
        issuer="https://{project_ref}.supabase.co/auth/v1",
        audience="authenticated",
        algorithm="ES256",
        claims={
            "sub": ADA,
            "email": "ada@example.com",
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {"email": "ada@example.com", "full_name": "Ada Lovelace"},
            "role": "authenticated",
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": "{now}"}],
            "session_id": ADA,
            "is_anonymous": False,
        },
    ),
    "keycloak": TokenForm(
        source="https://www.keycloak.org/docs/latest/server_admin/#_oidc",
        roles_claim="realm_access.roles",
        seconds=300,
        claims={
            "auth_time": "{now}",
            "jti": "onrtac:3a8f",
            "aud": "account",
            "sub": f"f:{ADA}:ada",
            "typ": "Bearer",
            "azp": "{client_id}",
            "sid": ADA,
            "acr": "1",
            "allowed-origins": ["https://app.example.com"],
            "realm_access": {"roles": ["offline_access", "staff"]},
            "resource_access": {"account": {"roles": ["manage-account"]}},
            "scope": "openid email profile",
            "email_verified": False,
            "preferred_username": "ada",
        },
    ),
}

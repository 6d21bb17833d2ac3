"""Further tokens of identity providers that have a preset: other ways to sign in, other versions, less in them."""

from __future__ import annotations

from tests.shape import APP, OID, POOL, TID, UUID, Shape
from tests.tokens import NOW

CLERK = {
    "preset": "clerk",
    "domain": "happy-hippo-1.clerk.accounts.dev",
    "authorized_parties": ["https://app.example.com"],
}
ENTRA = {"preset": "entra", "tenant": TID, "client_id": APP}
FIREBASE = {"preset": "firebase", "project_id": "my-project"}
KEYCLOAK = {"preset": "keycloak", "issuer": "https://id.example.com/realms/main", "client_id": "chat"}
MORE = {
    "cognito access token with claims of one's own": Shape(
        {"preset": "cognito", "user_pool_id": POOL, "client_id": "1example", "token_use": "access"},
        {
            "sub": UUID,
            "iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}",
            "client_id": "1example",
            "token_use": "access",
            "scope": "openid",
            "username": UUID,
            "name": "Ada Lovelace",
        },
        {"subject": UUID, "name": "Ada Lovelace"},
        {"typ": None},
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html",
    ),
    "auth0, of an organization": Shape(
        {
            "preset": "auth0",
            "domain": "tenant.eu.auth0.com",
            "audience": "https://api.example.com",
            "name_claims": ["https://app.example.com/name"],
        },
        {
            "iss": "https://tenant.eu.auth0.com/",
            "sub": "google-oauth2|103547991597142817347",
            "aud": "https://api.example.com",
            "azp": "my_client_id",
            "org_id": "org_9ybsU1dN2dKfDkBi",
            "scope": "openid profile",
            "permissions": ["chat"],
            "https://app.example.com/name": "Ada Lovelace",
        },
        {"subject": "google-oauth2|103547991597142817347", "name": "Ada Lovelace"},
        source="https://auth0.com/docs/manage-users/organizations/using-tokens",
    ),
    "entra ID token of a guest": Shape(
        ENTRA,
        {
            "aud": APP,
            "iss": f"https://login.microsoftonline.com/{TID}/v2.0",
            "nbf": NOW,
            "email": "ada@elsewhere.example",
            "idp": "https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/",
            "nonce": "123523",
            "oid": OID,
            "preferred_username": "ada@elsewhere.example",
            "rh": "0.AR",
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "tid": TID,
            "uti": "fqiBqXLPj0eQa82S-IYFAA",
            "ver": "2.0",
        },
        {"subject": OID, "name": "ada", "keep_subject": True},
        jwk={"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "alg": None},
        source="https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference",
    ),
    "firebase, by phone": Shape(
        FIREBASE,
        {
            "iss": "https://securetoken.google.com/my-project",
            "aud": "my-project",
            "auth_time": NOW,
            "user_id": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3",
            "sub": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3",
            "phone_number": "+15555550100",
            "firebase": {"identities": {"phone": ["+15555550100"]}, "sign_in_provider": "phone"},
        },
        {"subject": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3", "name": ""},
        source="https://firebase.google.com/docs/rules/rules-and-auth",
    ),
    "firebase, by a token of one's own": Shape(
        FIREBASE,
        {
            "iss": "https://securetoken.google.com/my-project",
            "aud": "my-project",
            "sub": "ada-1",
            "name": "Ada Lovelace",
            "firebase": {"identities": {}, "sign_in_provider": "custom"},
        },
        {"subject": "ada-1", "name": "Ada Lovelace"},
        source="https://firebase.google.com/docs/auth/admin/create-custom-tokens",
    ),
    "google, on Android": Shape(
        {"preset": "google", "client_id": "1234987819200.apps.googleusercontent.com"},
        {
            "iss": "https://accounts.google.com",
            "azp": "1234987819200-android.apps.googleusercontent.com",
            "aud": "1234987819200.apps.googleusercontent.com",
            "sub": "10769150350006150715113082367",
            "email": "ada@gmail.com",
            "email_verified": True,
        },
        {"subject": "10769150350006150715113082367", "name": "ada", "keep_subject": True},
        source="https://developers.google.com/identity/sign-in/android/backend-auth",
    ),
    "clerk, version 1, with a name of one's own": Shape(
        CLERK,
        {
            "azp": "https://app.example.com",
            "exp": NOW + 60,
            "iss": "https://happy-hippo-1.clerk.accounts.dev",
            "nbf": NOW - 10,
            "org_id": "org_123",
            "org_permissions": [],
            "org_role": "org:admin",
            "org_slug": "org-slug",
            "sid": "sess_2GbDB4enHdCa5vS1zpC3Xzg9tK9",
            "sub": "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr",
            "full_name": "Ada Lovelace",
        },
        {"subject": "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr", "name": "Ada Lovelace"},
        source="https://clerk.com/docs/guides/sessions/customize-session-tokens",
    ),
    "keycloak, lightweight": Shape(
        KEYCLOAK,
        {
            "exp": NOW + 300,
            "jti": "onrtac:3a8f",
            "iss": "https://id.example.com/realms/main",
            "sub": UUID,
            "typ": "Bearer",
            "azp": "chat",
            "sid": UUID,
            "scope": "openid email profile",
        },
        {"subject": UUID, "name": ""},
        source="https://www.keycloak.org/docs/latest/server_admin/#_using_lightweight_access_token",
    ),
}

"""Tokens of identity providers that need no preset, as their documentation shows them, and the settings for each."""

from __future__ import annotations

from tests.shape import APP, OID, TID, Shape
from tests.tokens import NOW

B2C = "https://contoso.b2clogin.com"
CLAIMS_OF_B2C = {
    "ver": "1.0",
    "aud": APP,
    "sub": OID,
    "oid": OID,
    "name": "Ada Lovelace",
    "emails": ["ada@example.com"],
    "idp": "facebook.com",
    "nonce": "12345",
    "tfp": "B2C_1_signin",
    "nbf": NOW,
}
NEIGHBOURS = {
    "Entra External ID": Shape(
        {
            "issuer": f"https://{TID}.ciamlogin.com/{TID}/v2.0",
            "audience": APP,
            "subject_claim": "oid",
            "required_claim_names": ["scp"],
        },
        {
            "aud": APP,
            "iss": f"https://{TID}.ciamlogin.com/{TID}/v2.0",
            "azp": APP,
            "azpacr": "0",
            "name": "Ada Lovelace",
            "oid": OID,
            "preferred_username": "ada@example.com",
            "scp": "access_as_user",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TID,
            "ver": "2.0",
        },
        {"subject": OID, "name": "Ada Lovelace", "keep_subject": True},
        jwk={"issuer": "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0", "alg": None},
        source="https://learn.microsoft.com/entra/external-id/customers/concept-authentication-methods-customers",
    ),
    "Azure AD B2C": Shape(
        {
            "issuer": f"{B2C}/{TID}/v2.0/",
            "audience": APP,
            "jwks_uri": f"{B2C}/contoso.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys",
            "required_claim_values": {"tfp": ["B2C_1_signin"]},
        },
        {**CLAIMS_OF_B2C, "iss": f"{B2C}/{TID}/v2.0/"},
        {"subject": OID, "name": "Ada Lovelace", "keep_subject": True},
        jwk={"alg": None},
        source="https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview",
    ),
    "Azure AD B2C, policy in the issuer": Shape(
        {"issuer": f"{B2C}/tfp/{TID}/b2c_1_signin/v2.0/", "audience": APP},
        {**CLAIMS_OF_B2C, "iss": f"{B2C}/tfp/{TID}/b2c_1_signin/v2.0/"},
        {"subject": OID, "name": "Ada Lovelace", "keep_subject": True},
        jwk={"alg": None},
        source="https://learn.microsoft.com/azure/active-directory-b2c/configure-tokens",
    ),
    "WorkOS": Shape(
        {
            "issuer": "https://api.workos.com",
            "jwks_uri": "https://api.workos.com/sso/jwks/client_123456789",
            "any_audience": True,
            "required_claim_names": ["sid"],
        },
        {
            "iss": "https://api.workos.com",
            "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT",
            "org_id": "org_01HRDMC6CM357W30QMHMQ96Q0S",
            "role": "member",
            "roles": ["member"],
            "permissions": ["posts:read", "posts:write"],
            "entitlements": ["audit-logs"],
            "sid": "session_01HQSXZGF8FHF7A9ZZFCW4387R",
            "jti": "01HQSXZXPPFPKMDD32RKTFY6PV",
            "exp": NOW + 300,
        },
        {"subject": "user_01HBEQKA6K4QJAS93VPE39W1JT", "name": ""},
        source="https://workos.com/docs/reference/authkit/session-tokens",
    ),
    "Zitadel": Shape(
        {"issuer": "https://chat-abc123.zitadel.cloud", "audience": "229185823245467649"},
        {
            "aud": ["229185824168214529@chat", "229185823245467649"],
            "iss": "https://chat-abc123.zitadel.cloud",
            "jti": "229187201032355841",
            "nbf": NOW,
            "sub": "229185823245467777",
            "name": "Ada Lovelace",
            "urn:zitadel:iam:org:project:roles": {"chat": {"229185823077695489": "chat.zitadel.cloud"}},
        },
        {"subject": "229185823245467777", "name": "Ada Lovelace"},
        source="https://zitadel.com/docs/apis/openidoauth/claims",
    ),
    "Authentik": Shape(
        {"issuer": "https://auth.example.com/application/o/chat/", "audience": "aBcDeF0123456789"},
        {
            "iss": "https://auth.example.com/application/o/chat/",
            "sub": "1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014",
            "aud": "aBcDeF0123456789",
            "auth_time": NOW,
            "acr": "goauthentik.io/providers/oauth2/default",
            "amr": ["pwd"],
            "azp": "aBcDeF0123456789",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
            "given_name": "Ada Lovelace",
            "preferred_username": "ada",
            "nickname": "ada",
            "groups": ["chat"],
        },
        {"name": "Ada Lovelace"},
        source="https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
    ),
    "Ory": Shape(
        {
            "issuer": "https://happy-hippo-1.projects.oryapis.com",
            "audience": "https://chat.example.com",
            "name_claims": ["ext.name"],
        },
        {
            "aud": ["https://chat.example.com"],
            "client_id": "a1b2c3d4-0000-4000-8000-000000000000",
            "ext": {"name": "Ada Lovelace"},
            "iss": "https://happy-hippo-1.projects.oryapis.com",
            "jti": "5f0b0a0e-0000-4000-8000-000000000000",
            "nbf": NOW,
            "scp": ["openid", "offline_access"],
            "sub": "3f6e1c7a-0000-4000-8000-000000000000",
        },
        {"subject": "3f6e1c7a-0000-4000-8000-000000000000", "name": "Ada Lovelace"},
        source="https://www.ory.com/docs/oauth2-oidc/jwt-access-token",
    ),
}

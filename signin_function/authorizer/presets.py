"""
The identity providers that are known, one entry each.

An option in an entry of PROVIDERS replaces the default here. Tests compare the table in docs/identity-providers.md with
this one. `name_claims` are in the order in which people want to be shown, in the form that `names` reads.
"""

from __future__ import annotations

from authorizer import tenants
from authorizer.preset import (
    CLIENT_HINT,
    TENANT_HINT,
    Preset,
    PresetOption,
    entra_options,
    firebase_options,
    keycloak_options,
    okta_options,
    supabase_options,
)
from authorizer.providers import TokenPattern

OIDC_NAMES = ("name@", "given_name + family_name", "preferred_username@", "nickname", "email@")
ACCESS_OR_ID = ("jwt", "at+jwt")
PROFILE = (
    *("name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website"),
    *("gender", "birthdate", "zoneinfo", "locale", "address"),
)
"""Claims that users often write themselves (OpenID Connect Core 1.0, 5.1)."""

_HOST = r"[A-Za-z0-9.-]+(:[0-9]+)?"
_PROJECT = r"[a-z0-9-]+"
_ISSUER = PresetOption("issuer", 'Write it as in the tokens\' "iss" claim, letter for letter.', several=True)
_CLIENT = PresetOption("client_id", CLIENT_HINT, several=True)
_CLIENT_IF_KNOWN = PresetOption("client_id", CLIENT_HINT, several=True, optional=True)


def _domain(example: str) -> PresetOption:
    return PresetOption("domain", f"Write a host without https:// and without a slash: {example}.", _HOST)


PRESETS: dict[str, Preset] = {
    "oidc": Preset(
        source="https://openid.net/specs/openid-connect-core-1_0.html#IDToken",
        options=(_ISSUER,),
        defaults={},
        refused_token_patterns={
            "machines": (
                TokenPattern(equal_claims=("sub", "client_id")),
                TokenPattern(equal_claims=("sub", "azp")),
                TokenPattern(values={"gty": ("client-credentials",)}),
                TokenPattern(values={"idtyp": ("app",)}),
            ),
        },
        user_editable_claims=(*PROFILE, "preferred_username"),
    ),
    "shared-secret": Preset(
        source="https://datatracker.ietf.org/doc/html/rfc8725#section-3.12",
        options=(),
        defaults={"algorithms": ["HS256"], "subject_claim": "id", "name_claims": ["full_name"]},
        unverified_claims=(),  # the application itself says who somebody is
    ),
    "cognito": Preset(
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html",
        options=(
            PresetOption(
                "user_pool_id",
                "Write it as the console shows it: us-east-1_AbCdEfGhI.",
                r"(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])_[A-Za-z0-9]+",
            ),
            _CLIENT,
            PresetOption("token_use", "", choices=("id", "access")),
        ),
        defaults={
            "issuer": "https://cognito-idp.{region}.amazonaws.com/{user_pool_id}",
            "jwks_uri": "https://cognito-idp.{region}.amazonaws.com/{user_pool_id}/.well-known/jwks.json",
            "algorithms": ["RS256"],
            "audience": "{client_id}",
            "roles_claim": "cognito:groups",
        },
        variants=(
            "token_use",
            {
                "id": {
                    "required_claim_values": {"token_use": ["id"]},
                    "name_claims": [
                        *("name", "given_name + family_name", "preferred_username@", "email@", "cognito:username@"),
                    ],
                },
                "access": {
                    "required_claim_values": {"token_use": ["access"]},
                    "audience_claim": "client_id",  # they have no aud
                    "name_claims": ["name", "given_name + family_name", "username@"],
                },
            },
        ),
        refused_token_patterns={
            "machines": (
                TokenPattern(equal_claims=("sub", "client_id")),
                TokenPattern(values={"token_use": ("access",)}, absent=("username",)),
            ),
        },
        user_editable_claims=(*PROFILE, "preferred_username", "updated_at"),
    ),
    "auth0": Preset(
        source="https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles",
        options=(_domain("tenant.eu.auth0.com"), _CLIENT_IF_KNOWN),
        defaults={
            "issuer": "https://{domain}/",
            "algorithms": ["RS256"],
            "clients": "{client_id}",
            "client_claims": ["azp", "client_id", "aud"],  # access tokens by either profile, ID tokens
            "name_claims": ["name@", "given_name + family_name", "nickname", "email@"],
            "roles_claim": "permissions",
        },
        refused_token_patterns={
            "machines": (
                TokenPattern(suffixes={"sub": "@clients"}),
                TokenPattern(values={"gty": ("client-credentials",)}),
            )
        },
        user_editable_claims=(*PROFILE, "preferred_username", "user_metadata"),
    ),
    "okta": Preset(
        source="https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/#access-token",
        options=(
            _domain("example.okta.com"),
            _CLIENT,
            PresetOption("authorization_server", "Write its id: aus1….", optional=True),
            PresetOption("token_use", "", choices=("access", "id")),
        ),
        defaults={
            "algorithms": ["RS256"],
            "roles_claim": "groups",
            "name_claims": ["name@", "given_name + family_name", "preferred_username@", "sub@"],
        },
        variants=(
            "token_use",
            {
                "access": {
                    "audience": "api://default",  # of all applications in the organisation, so `cid` is checked
                    "clients": "{client_id}",
                    "client_claims": ["cid"],
                    "subject_claim": "uid",  # sub is the login, which may change
                    "required_claim_names": ["cid", "uid"],  # machine tokens have no uid, and ID tokens have neither
                },
                "id": {"audience": "{client_id}", "forbidden_claim_names": ["cid"]},
            },
        ),
        derive=okta_options,
        user_editable_claims=PROFILE,
    ),
    "entra": Preset(
        source="https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
        options=(
            PresetOption("tenant", TENANT_HINT, several=True),
            _CLIENT,
            PresetOption("cloud", "", choices=tuple(tenants.CLOUDS)),
        ),
        defaults={
            "algorithms": ["RS256"],
            "subject_claim": "oid",
            "client_claims": ["azp", "appid"],
            "name_claims": [
                *("name", "given_name + family_name", "preferred_username@", "unique_name@", "upn@", "email@"),
            ],
        },
        derive=entra_options,
        refused_token_patterns={
            "machines": (TokenPattern(values={"idtyp": ("app",)}), TokenPattern(equal_claims=("oid", "sub")))
        },
        user_editable_claims=PROFILE,
        unverified_claims=(),  # the tenant's owner writes them; see tenant_editable_claims
        # https://learn.microsoft.com/entra/identity-platform/claims-validation
        tenant_editable_claims=("email", "preferred_username", "unique_name", "upn"),
        guid_options=(
            *("tenant", "client_id", "audience", "issuer", "jwks_uri", "clients"),
            *("required_claim_values", "forbidden_claim_values", "required_claims", "required_roles"),
        ),
    ),
    "firebase": Preset(
        source="https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library",
        options=(
            PresetOption("project_id", "Write the Firebase project's id.", _PROJECT),
            PresetOption("tenant_id", "Write the id of the Identity Platform's tenant.", optional=True),
        ),
        defaults={
            "issuer": "https://securetoken.google.com/{project_id}",
            "jwks_uri": "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
            "algorithms": ["RS256"],
            "audience": "{project_id}",
            "max_subject_length": 128,
            "name_claims": ["name", "email@"],
        },
        derive=firebase_options,
        refused_token_patterns={"anonymous": (TokenPattern(values={"firebase.sign_in_provider": ("anonymous",)}),)},
        user_editable_claims=PROFILE,
    ),
    "google": Preset(
        source="https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken",
        options=(_CLIENT,),
        defaults={
            "issuer": ["https://accounts.google.com", "accounts.google.com"],  # Google documents both
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
            "algorithms": ["RS256"],
            "audience": "{client_id}",
            "name_claims": ["name", "given_name + family_name", "email@"],
        },
        # Anybody can get an ID token for any audience with a service account: https://cloud.google.com/docs/authentication/get-id-token
        refused_token_patterns={
            "machines": (
                TokenPattern(equal_claims=("azp", "sub")),
                TokenPattern(suffixes={"email": ".gserviceaccount.com"}),
            )
        },
        user_editable_claims=PROFILE,
    ),
    "clerk": Preset(
        source="https://clerk.com/docs/guides/sessions/session-tokens",
        options=(
            _domain("your-app.clerk.accounts.dev"),
            PresetOption(
                "authorized_parties", "Write your application's origins: https://app.example.com.", several=True
            ),
        ),
        defaults={
            "issuer": "https://{domain}",
            "jwks_uri": "https://{domain}/.well-known/jwks.json",
            "algorithms": ["RS256"],
            "audience": "{authorized_parties}",
            "audience_claim": "azp",  # session tokens have no aud
            "forbidden_claim_values": {"sts": ["pending"]},
            "name_claims": ["name@", "full_name", "first_name + last_name", "username@", "email@"],
        },
        refused_token_patterns={"machines": (TokenPattern(prefixes={"sub": "mch_"}),)},
        user_editable_claims=(*PROFILE, "full_name", "first_name", "last_name", "username", "unsafe_metadata"),
    ),
    "supabase": Preset(
        source="https://supabase.com/docs/guides/auth/jwt-fields",
        options=(PresetOption("project_ref", "Write the project's reference id.", _PROJECT),),
        defaults={
            "issuer": "https://{project_ref}.supabase.co/auth/v1",
            "audience": "authenticated",
            # The public anon key is a token under the same secret: it has no sub, and the role anon.
            "required_claim_values": {"role": ["authenticated"]},
            "name_claims": [
                *("user_metadata.full_name", "user_metadata.name", "user_metadata.preferred_username@"),
                *("user_metadata.user_name@", "email@"),
            ],
        },
        derive=supabase_options,
        refused_token_patterns={
            "anonymous": (TokenPattern(values={"is_anonymous": (True,)}),),
            # What others' applications get when a user allows them: https://supabase.com/docs/guides/auth/oauth-server/token-security
            "applications": (TokenPattern(present=("client_id",)),),
        },
        user_editable_claims=("user_metadata",),
    ),
    "keycloak": Preset(
        source="https://www.keycloak.org/docs/latest/server_admin/#_oidc",
        options=(
            PresetOption("issuer", "Write the realm's address: https://HOST/realms/REALM.", several=True),
            _CLIENT_IF_KNOWN,
        ),
        defaults={
            "algorithms": ["RS256"],
            "required_claim_values": {"typ": ["Bearer"]},
            "client_claims": ["azp"],
            "name_claims": ["name@", "given_name + family_name", "preferred_username@", "email@"],
            "roles_claim": "realm_access.roles",
        },
        derive=keycloak_options,
        refused_token_patterns={
            "machines": (
                TokenPattern(prefixes={"preferred_username": "service-account-"}),
                TokenPattern(present=("clientHost",)),
                TokenPattern(present=("client_id",), absent=("preferred_username",)),
                TokenPattern(present=("clientId",), absent=("preferred_username",)),
            ),
        },
        user_editable_claims=PROFILE,
    ),
}

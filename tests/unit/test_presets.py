"""Each identity provider's own tokens sign in with the few options that its users know, and its traps do not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.algorithms import ASYMMETRIC
from authorizer.clock import Clock
from authorizer.errors import CallerForbidden, SettingsError, TokenRefused
from authorizer.options import Options
from authorizer.presets import PRESETS
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.tokens import NOW, Signer, ec_signer, hmac_signer, rsa_signer

if TYPE_CHECKING:
    from authorizer.claims import Caller

TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
OTHER_TID = "9188040d-6c67-4c5b-b112-36a304b66dad"
APP = "6731de76-14a6-49ae-97bc-6eba6914391e"
POOL = "eu-west-1_AbCdEfGhI"


@dataclass(frozen=True)
class Shape:
    """An identity provider: what its users set, a token of its own, and whom that makes the caller."""

    options: dict[str, Any]
    claims: dict[str, Any]
    caller: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    signer: Signer = field(default_factory=rsa_signer)
    jwk: dict[str, Any] = field(default_factory=dict)


SHAPES = {
    "oidc": Shape(
        {"issuer": "https://issuer.example/", "audience": "app"},
        {"iss": "https://issuer.example/", "aud": "app", "sub": "ada", "name": "Ada Lovelace"},
        {"subject": "ada", "name": "Ada Lovelace", "id_scope": "https://issuer.example/"},
    ),
    "cognito ID token": Shape(
        {"preset": "cognito", "user_pool_id": POOL, "client_id": "1example23456789"},
        {
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "cognito:groups": ["test-group-a"],
            "email_verified": True,
            "cognito:username": "adalovelace",
            "iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}",
            "aud": "1example23456789",
            "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
            "token_use": "id",
            "auth_time": NOW,
            "at_hash": "KAr5qw7rqHlVhPlQHOhVTw",
            "origin_jti": "d2b1e1b2",
            "email": "ada@example.com",
        },
        {"subject": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "name": "adalovelace"},
        {"typ": None},
    ),
    "cognito access token": Shape(
        {"preset": "cognito", "user_pool_id": POOL, "client_id": ["other", "1example"], "token_use": "access"},
        {
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}",
            "client_id": "1example",
            "token_use": "access",
            "scope": "openid profile",
            "username": "adalovelace",
        },
        {"subject": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "name": "adalovelace"},
        {"typ": None},
    ),
    "auth0": Shape(
        {"preset": "auth0", "domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"},
        {
            "iss": "https://tenant.eu.auth0.com/",
            "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
            "aud": ["https://api.example.com", "https://tenant.eu.auth0.com/userinfo"],
            "azp": "my_client_id",
            "scope": "openid profile",
        },
        {"subject": "auth0|5f7c8ec7c33c6c004bbafe82", "name": ""},
        {"typ": "at+jwt"},
    ),
    "okta": Shape(
        {"preset": "okta", "domain": "example.okta.com"},
        {
            "ver": 1,
            "iss": "https://example.okta.com/oauth2/default",
            "aud": "api://default",
            "cid": "nmdP1fcyvdVO11AL7ECm",
            "uid": "00ujmkLgagxeRrAg20g3",
            "scp": ["openid", "profile"],
            "sub": "ada.lovelace@example.com",
        },
        {"subject": "00ujmkLgagxeRrAg20g3"},
        {"typ": None},
    ),
    "entra v2": Shape(
        {"preset": "entra", "tenant": TID, "client_id": APP},
        {
            "aud": APP,
            "iss": f"https://login.microsoftonline.com/{TID}/v2.0",
            "nbf": NOW,
            "azp": APP,
            "name": "Ada Lovelace",
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "preferred_username": "ada@example.com",
            "scp": "access_as_user",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TID,
            "ver": "2.0",
        },
        {
            "subject": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "name": "Ada Lovelace",
            "id_scope": f"https://login.microsoftonline.com/{TID}",
        },
        jwk={"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "use": "sig", "x5t": "x", "x5c": ["MIIC"]},
    ),
    "entra v1": Shape(
        {"preset": "entra", "tenant": [OTHER_TID, TID], "client_id": APP},
        {
            "aud": f"api://{APP}",
            "iss": f"https://sts.windows.net/{TID}/",
            "appid": APP,
            "name": "Ada Lovelace",
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TID,
            "ver": "1.0",
        },
        {
            "subject": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "id_scope": f"https://login.microsoftonline.com/{TID}",
        },
        jwk={"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
    ),
    "entra of any tenant": Shape(
        {"preset": "entra", "tenant": "any", "client_id": APP},
        {
            "aud": APP,
            "iss": f"https://login.microsoftonline.com/{TID}/v2.0",
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "tid": TID,
            "ver": "2.0",
        },
        {
            "subject": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "id_scope": f"https://login.microsoftonline.com/{TID}",
        },
        jwk={"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
    ),
    "firebase": Shape(
        {"preset": "firebase", "project_id": "my-project"},
        {
            "iss": "https://securetoken.google.com/my-project",
            "aud": "my-project",
            "auth_time": NOW,
            "user_id": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3",
            "sub": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3",
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "firebase": {"identities": {"email": ["ada@example.com"]}, "sign_in_provider": "password"},
        },
        {"subject": "K3sDlBcWZ9bWFtPaWQHkqcnNLzI3", "name": "Ada Lovelace"},
    ),
    "google": Shape(
        {"preset": "google", "client_id": "1234987819200.apps.googleusercontent.com"},
        {
            "iss": "https://accounts.google.com",
            "azp": "1234987819200.apps.googleusercontent.com",
            "aud": "1234987819200.apps.googleusercontent.com",
            "sub": "10769150350006150715113082367",
            "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "name": "Ada Lovelace",
        },
        {"subject": "10769150350006150715113082367", "id_scope": "https://accounts.google.com"},
    ),
    "google's other spelling": Shape(
        {"preset": "google", "client_id": "1234987819200.apps.googleusercontent.com"},
        {
            "iss": "accounts.google.com",
            "aud": "1234987819200.apps.googleusercontent.com",
            "sub": "10769150350006150715113082367",
        },
        {"subject": "10769150350006150715113082367", "id_scope": "https://accounts.google.com"},
    ),
    "clerk": Shape(
        {
            "preset": "clerk",
            "domain": "happy-hippo-1.clerk.accounts.dev",
            "authorized_parties": ["https://app.example"],
        },
        {
            "azp": "https://app.example",
            "exp": NOW + 60,
            "iss": "https://happy-hippo-1.clerk.accounts.dev",
            "nbf": NOW - 10,
            "sid": "sess_2GbDB4enHdCa5vS1zpC3Xzg9tK9",
            "sub": "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr",
            "sts": "active",
            "v": 2,
        },
        {"subject": "user_2GIpXOEpVyJw51rkZn9Kmnc6Sxr"},
    ),
    "supabase": Shape(
        {"preset": "supabase", "project_ref": "abcdefghijklmnopqrst"},
        {
            "iss": "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
            "aud": "authenticated",
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "role": "authenticated",
            "aal": "aal1",
            "email": "ada@example.com",
            "user_metadata": {"full_name": "Ada Lovelace"},
            "is_anonymous": False,
        },
        {"subject": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "name": "Ada Lovelace"},
        signer=ec_signer(),
        jwk={"alg": "ES256", "key_ops": ["verify"], "ext": True},
    ),
    "keycloak": Shape(
        {"preset": "keycloak", "issuer": "https://id.example/realms/main", "client_id": "chat"},
        {
            "exp": NOW + 300,
            "jti": "onrtac:3a8f",
            "iss": "https://id.example/realms/main",
            "aud": "account",
            "sub": "f:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:ada",
            "typ": "Bearer",
            "azp": "chat",
            "realm_access": {"roles": ["offline_access", "staff"]},
            "scope": "openid email profile",
            "preferred_username": "ada",
        },
        {"subject": "f:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:ada", "name": "ada"},
    ),
}


def decide(shape: Shape, claims: dict[str, Any] | None = None, **header: Any) -> Caller:
    """Verify a token of *shape* with *claims* changed, by the settings that its users give, and the key at hand."""
    foreign = {"kty": "RSA", "use": "enc", "kid": "enc", "alg": "RSA-OAEP", "n": "x", "e": "AQAB"}
    jwks = {"keys": [foreign, {**shape.signer.jwk, **shape.jwk}]}
    entry = {"name": "main", **shape.options, "jwks": jwks}
    settings = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())
    payload = {"iat": NOW, "exp": NOW + 3600, **shape.claims, **(claims or {})}
    given = {name: value for name, value in payload.items() if value is not None}
    return verify(shape.signer.token(given, **{**shape.header, **header}), settings.providers, NOW)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_token_of_the_provider_signs_in(shape: Shape) -> None:
    caller = decide(shape)

    assert {name: getattr(caller, name) for name in shape.caller} == shape.caller


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    ("claims", "header", "reason"),
    [
        pytest.param({"iss": "https://stranger.example"}, {}, "unknown_issuer", id="of another issuer"),
        pytest.param({"exp": NOW - 60}, {}, "token_expired", id="expired"),
        pytest.param({}, {"alg": "none"}, "wrong_algorithm", id="alg none"),
        pytest.param({}, {"alg": "HS256"}, "wrong_algorithm", id="HS256"),
        pytest.param({}, {"kid": "enc"}, "unknown_key", id="by a key for encryption"),
        pytest.param({"aud": "x", "azp": "x", "client_id": "x"}, {}, "wrong_audience", id="for another application"),
        pytest.param({"aud": None, "azp": None, "client_id": None}, {}, "wrong_audience", id="for nobody"),
    ],
)
def test_what_no_provider_s_token_may_be_is_refused(
    shape: Shape, claims: dict[str, Any], header: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenRefused) as caught:
        decide(shape, claims, **header)
    assert caught.value.reason.code == reason


@pytest.mark.parametrize(
    ("name", "claims", "header", "reason"),
    [
        pytest.param("cognito ID token", {"token_use": "access"}, {}, "wrong_type", id="Cognito: an access token"),
        pytest.param("cognito access token", {"token_use": "id"}, {}, "wrong_type", id="Cognito: an ID token"),
        pytest.param("cognito ID token", {"token_use": None}, {}, "wrong_type", id="Cognito: no token_use"),
        pytest.param(
            "cognito ID token",
            {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"},
            {},
            "unknown_issuer",
            id="Cognito: another pool",
        ),
        pytest.param(
            "auth0", {"iss": "https://tenant.eu.auth0.com"}, {}, "unknown_issuer", id="Auth0: without the slash"
        ),
        pytest.param("auth0", {"sub": "abc@clients"}, {}, "wrong_type", id="Auth0: a machine"),
        pytest.param("auth0", {"gty": "client-credentials"}, {}, "wrong_type", id="Auth0: a machine by its grant"),
        pytest.param("auth0", {}, {"typ": "id+jwt"}, "wrong_type", id="Auth0: another typ"),
        pytest.param("okta", {"uid": None}, {}, "invalid_subject", id="Okta: a machine, which has no uid"),
        pytest.param(
            "okta", {"iss": "https://example.okta.com"}, {}, "unknown_issuer", id="Okta: the org's own server"
        ),
        pytest.param("entra v2", {"tid": OTHER_TID}, {}, "invalid_claim", id="Entra: another tenant's tid"),
        pytest.param("entra v2", {"idtyp": "app"}, {}, "wrong_type", id="Entra: a machine"),
        pytest.param("entra v2", {"oid": None}, {}, "invalid_subject", id="Entra: no oid"),
        pytest.param(
            "entra v2",
            {"iss": f"https://login.microsoftonline.com/{OTHER_TID}/v2.0", "tid": OTHER_TID},
            {},
            "unknown_issuer",
            id="Entra: a tenant that is not listed",
        ),
        pytest.param(
            "entra of any tenant",
            {"tid": OTHER_TID},
            {},
            "invalid_claim",
            id="Entra of any tenant: tid and issuer differ",
        ),
        pytest.param(
            "entra of any tenant",
            {"iss": "https://login.microsoftonline.com/common/v2.0", "tid": "common"},
            {},
            "unknown_issuer",
            id="Entra of any tenant: no tenant",
        ),
        pytest.param("firebase", {"sub": ""}, {}, "invalid_subject", id="Firebase: an empty sub"),
        pytest.param("firebase", {"sub": "x" * 129}, {}, "invalid_subject", id="Firebase: a sub over 128"),
        pytest.param(
            "google", {"iss": "http://accounts.google.com"}, {}, "unknown_issuer", id="Google: a third spelling"
        ),
        pytest.param("clerk", {"sts": "pending"}, {}, "wrong_type", id="Clerk: a session that is pending"),
        pytest.param("clerk", {"exp": NOW - 60}, {}, "token_expired", id="Clerk: after its minute"),
        pytest.param("supabase", {"sub": None, "role": "anon"}, {}, "wrong_type", id="Supabase: the anon key"),
        pytest.param("supabase", {"sub": None}, {}, "invalid_subject", id="Supabase: no sub"),
        pytest.param("supabase", {"role": "service_role"}, {}, "wrong_type", id="Supabase: the service's key"),
        pytest.param("keycloak", {"typ": "Refresh"}, {}, "wrong_type", id="Keycloak: a refresh token"),
        pytest.param("keycloak", {"typ": "ID"}, {}, "wrong_type", id="Keycloak: an ID token"),
    ],
)
def test_trap_is_refused(name: str, claims: dict[str, Any], header: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        decide(SHAPES[name], claims, **header)
    assert caught.value.reason.code == reason


def test_key_of_another_tenant_in_entra_s_set_is_refused() -> None:
    shape = SHAPES["entra of any tenant"]
    other = {"issuer": f"https://login.microsoftonline.com/{OTHER_TID}/v2.0"}

    with pytest.raises(TokenRefused, match="unknown_key"):
        decide(Shape(shape.options, shape.claims, shape.caller, jwk=other))


def test_same_person_in_two_tenants_is_two_users() -> None:
    shape = SHAPES["entra of any tenant"]
    elsewhere = {"iss": f"https://login.microsoftonline.com/{OTHER_TID}/v2.0", "tid": OTHER_TID}

    assert decide(shape).id_scope != decide(shape, elsewhere).id_scope


def test_keycloak_s_audience_may_be_used_instead_of_the_client() -> None:
    shape = SHAPES["keycloak"]
    by_audience = Shape({**shape.options, "audience": "account"}, {**shape.claims, "azp": "other"}, shape.caller)

    assert decide(by_audience).name == "ada"


@pytest.mark.parametrize(
    ("name", "roles"), [("keycloak", "staff"), ("cognito ID token", "test-group-a")], ids=["Keycloak", "Cognito"]
)
def test_roles_are_where_the_provider_puts_them(name: str, roles: str) -> None:
    shape = SHAPES[name]

    decide(Shape({**shape.options, "required_roles": roles}, shape.claims, shape.caller))
    with pytest.raises(CallerForbidden, match="missing_role"):
        decide(Shape({**shape.options, "required_roles": "boss"}, shape.claims, shape.caller))


@pytest.mark.parametrize(
    ("preset", "options", "follows"),
    [
        (
            "cognito",
            {"user_pool_id": POOL, "client_id": "x"},
            f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}/.well-known/jwks.json",
        ),
        ("entra", {"tenant": TID, "client_id": "x"}, f"https://login.microsoftonline.com/{TID}/discovery/v2.0/keys"),
        ("entra", {"tenant": "any", "client_id": "x"}, "https://login.microsoftonline.com/common/discovery/v2.0/keys"),
        ("google", {"client_id": "x"}, "https://www.googleapis.com/oauth2/v3/certs"),
        (
            "firebase",
            {"project_id": "x"},
            "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
        ),
        (
            "clerk",
            {"domain": "clerk.app.example", "authorized_parties": "https://app.example"},
            "https://clerk.app.example/.well-known/jwks.json",
        ),
        ("supabase", {"project_ref": "abc"}, "https://abc.supabase.co/auth/v1/.well-known/jwks.json"),
    ],
)
def test_keys_are_fetched_where_the_provider_publishes_them(preset: str, options: dict[str, str], follows: str) -> None:
    assert PRESETS[preset][0](Options("x", options))["jwks_uri"] == follows


RS256, EVERY = ["RS256"], [*ASYMMETRIC]


@pytest.mark.parametrize(
    ("name", "algorithms", "names", "roles"),
    [
        ("oidc", EVERY, ["name", "preferred_username", "nickname"], "roles"),
        ("cognito ID token", RS256, ["name", "cognito:username", "email"], "cognito:groups"),
        ("cognito access token", RS256, ["username"], "cognito:groups"),
        ("auth0", RS256, ["name", "nickname", "email"], "permissions"),
        ("okta", RS256, ["name", "preferred_username"], "groups"),
        ("entra v2", RS256, ["name", "preferred_username"], "roles"),
        ("firebase", RS256, ["name", "email"], "roles"),
        ("google", RS256, ["name", "email"], "roles"),
        ("clerk", RS256, ["name", "preferred_username", "nickname"], "roles"),
        ("supabase", ["ES256", "RS256"], ["user_metadata.full_name", "user_metadata.name", "email"], "roles"),
        ("keycloak", RS256, ["name", "preferred_username"], "realm_access.roles"),
    ],
)
def test_algorithms_names_and_roles_are_the_provider_s(
    name: str, algorithms: list[str], names: list[str], roles: str
) -> None:
    entry = {"name": "main", **SHAPES[name].options}
    [provider] = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock()).providers.all

    assert provider.algorithms == tuple(algorithms)
    assert provider.name_claims == tuple(names)
    assert provider.entrance.roles_claim == roles


def test_okta_may_have_another_authorization_server() -> None:
    entry = {"name": "main", "preset": "okta", "domain": "example.okta.com", "authorization_server": "aus9"}
    [provider] = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock()).providers.all

    assert provider.issuers == ("https://example.okta.com/oauth2/aus9",)


def test_supabase_project_with_a_secret_signs_in_with_it() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"
    entry = {"name": "main", "preset": "supabase", "project_ref": "abc", "secret_arn": arn}
    [provider] = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock()).providers.all

    assert provider.algorithms == ("HS256",)
    assert provider.issuers == ("https://abc.supabase.co/auth/v1",)
    assert hmac_signer().algorithm in provider.algorithms


def test_whatever_follows_can_be_overridden() -> None:
    shape = SHAPES["okta"]
    by_login = Shape({**shape.options, "subject_claim": "sub", "name_claims": ["sub"]}, shape.claims, shape.caller)

    assert decide(by_login).subject == "ada.lovelace@example.com"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"preset": "cognito", "client_id": "x"}, "user_pool_id is missing", id="Cognito: no pool"),
        pytest.param(
            {"preset": "cognito", "client_id": "x", "user_pool_id": "AbC"},
            "us-east-1_AbCdEfGhI",
            id="Cognito: half a pool",
        ),
        pytest.param({"preset": "cognito", "user_pool_id": POOL}, "client_id is missing", id="Cognito: no client"),
        pytest.param(
            {"preset": "cognito", "user_pool_id": POOL, "client_id": "x", "token_use": "both"},
            "Write one of: id, access",
            id="Cognito: both kinds of token",
        ),
        pytest.param(
            {"preset": "auth0", "domain": "https://t.auth0.com/", "audience": "x"}, "domain is not", id="a URL"
        ),
        pytest.param({"preset": "auth0", "domain": "t.auth0.com"}, "audience is missing", id="Auth0: no audience"),
        pytest.param(
            {"preset": "entra", "tenant": "contoso", "client_id": "x"}, "is no tenant's id", id="Entra: a name"
        ),
        pytest.param({"preset": "entra", "client_id": "x"}, "tenant is missing", id="Entra: no tenant"),
        pytest.param({"preset": "firebase", "project_id": "My Project"}, "project_id is not", id="Firebase: a title"),
        pytest.param({"preset": "google"}, "client_id is missing", id="Google: no client"),
        pytest.param(
            {"preset": "clerk", "domain": "x.example"}, "authorized_parties is missing", id="Clerk: no origin"
        ),
        pytest.param({"preset": "supabase", "project_ref": "https://x"}, "project_ref is not", id="Supabase: a URL"),
        pytest.param({"preset": "keycloak", "client_id": "x"}, "issuer is missing", id="Keycloak: no realm"),
        pytest.param(
            {"preset": "keycloak", "issuer": "http://id.example/realms/x", "client_id": "x"},
            "https URL",
            id="Keycloak: http",
        ),
        pytest.param(
            {"preset": "keycloak", "issuer": "https://id.example/realms/x"},
            "client_id is missing",
            id="Keycloak: no client",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.from_environ({"PROVIDERS": json.dumps([{"name": "main", **options}])}, Clock())

"""Each identity provider's own tokens sign in with the few options that its users know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.algorithms import ASYMMETRIC
from authorizer.clock import Clock
from authorizer.errors import CallerForbidden, SettingsError, TokenRefused
from authorizer.options import ProviderOptions
from authorizer.presets import PRESETS
from authorizer.settings import Settings
from tests.shape import POOL, TID, Shape, decide
from tests.shapes import SHAPES
from tests.tokens import NOW, hmac_signer

if TYPE_CHECKING:
    from authorizer.providers import Provider


def provider(**options: Any) -> Provider:
    [only] = Settings.from_environ({"PROVIDERS": json.dumps([{"name": "main", **options}])}, Clock()).providers.all
    return only


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_token_of_the_provider_signs_in(shape: Shape) -> None:
    caller = decide(shape)

    assert {name: getattr(caller, name) for name in shape.caller} == shape.caller


def test_every_preset_has_a_token_with_its_source() -> None:
    shown = {shape.options.get("preset", "oidc") for shape in SHAPES.values()}

    assert shown == set(PRESETS) - {"shared-secret"}
    assert all(shape.source.startswith("https://") for shape in SHAPES.values())


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
    of_this_one = {
        name: value for name, value in claims.items() if name not in ("azp", "client_id") or name in shape.claims
    }
    with pytest.raises(TokenRefused) as caught:
        decide(shape, of_this_one, **header)
    assert caught.value.reason.code == reason


def test_keycloak_s_audience_may_be_used_instead_of_the_client() -> None:
    mapped = SHAPES["keycloak"]
    by_audience = {name: value for name, value in mapped.options.items() if name != "client_id"}
    shape = Shape({**by_audience, "audience": "chat-api"}, mapped.claims, mapped.caller)

    assert decide(shape, {"aud": ["account", "chat-api"], "azp": "other"}).name == "ada"


def test_keycloak_s_audience_may_be_used_beside_the_client() -> None:
    both = {"audience": "chat-api"}

    assert decide(SHAPES["keycloak"], {"aud": "chat-api"}, both).name == "ada"
    with pytest.raises(TokenRefused, match="wrong_audience"):
        decide(SHAPES["keycloak"], {"aud": "chat-api", "azp": "other"}, both)


@pytest.mark.parametrize(
    ("name", "roles"), [("keycloak", "staff"), ("cognito ID token", "test-group-a")], ids=["Keycloak", "Cognito"]
)
def test_roles_are_where_the_provider_puts_them(name: str, roles: str) -> None:
    decide(SHAPES[name], options={"required_roles": roles})
    with pytest.raises(CallerForbidden, match="missing_role"):
        decide(SHAPES[name], options={"required_roles": "boss"})


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
        (
            "entra",
            {"tenant": TID, "client_id": "x", "cloud": "china"},
            f"https://login.partner.microsoftonline.cn/{TID}/discovery/v2.0/keys",
        ),
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
    assert PRESETS[preset].fill_in(ProviderOptions("x", options)).raw("jwks_uri") == follows


RS256, EVERY = ("RS256",), ASYMMETRIC


@pytest.mark.parametrize(
    ("name", "algorithms", "roles"),
    [
        ("oidc", EVERY, "roles"),
        ("cognito ID token", RS256, "cognito:groups"),
        ("cognito access token", RS256, "cognito:groups"),
        ("auth0", RS256, "permissions"),
        ("okta", RS256, "groups"),
        ("entra v2", RS256, "roles"),
        ("firebase", RS256, "roles"),
        ("google", RS256, "roles"),
        ("clerk", RS256, "roles"),
        ("supabase", ("ES256", "RS256"), "roles"),
        ("keycloak", RS256, "realm_access.roles"),
    ],
)
def test_algorithms_and_roles_are_the_provider_s(name: str, algorithms: tuple[str, ...], roles: str) -> None:
    made = provider(**SHAPES[name].options)

    assert (made.algorithms, made.access_requirements.roles_claim) == (algorithms, roles)


def test_okta_may_have_another_authorization_server() -> None:
    made = provider(**{**SHAPES["okta"].options, "authorization_server": "aus9"})

    assert made.issuers == ("https://example.okta.com/oauth2/aus9",)


def test_supabase_project_with_a_secret_signs_in_with_it() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"
    made = provider(preset="supabase", project_ref="abc", secret_arn=arn)

    assert made.algorithms == ("HS256",)
    assert made.issuers == ("https://abc.supabase.co/auth/v1",)
    assert hmac_signer().algorithm in made.algorithms


def test_whatever_follows_can_be_overridden() -> None:
    assert decide(SHAPES["okta"], options={"subject_claim": "sub"}).subject == "ada.lovelace@example.com"


def test_demand_of_one_s_own_takes_none_of_the_preset_s_away() -> None:
    more = {"required_claim_values": {"email_verified": True}, "forbidden_claim_values": {"custom:left": True}}

    assert decide(SHAPES["cognito ID token"], options=more).name == "ada"
    for claims in ({"token_use": "access"}, {"email_verified": False}, {"custom:left": True}):
        with pytest.raises(TokenRefused, match="wrong_type"):
            decide(SHAPES["cognito ID token"], claims, more)


def test_demand_of_one_s_own_lets_no_tenant_of_firebase_in() -> None:
    # Two tenants may give one id to two people.
    with pytest.raises(TokenRefused, match="wrong_type"):
        decide(SHAPES["firebase"], {"firebase": {"tenant": "t"}}, {"forbidden_claim_names": ["x"]})
    with pytest.raises(TokenRefused, match="wrong_type"):
        decide(
            SHAPES["firebase"],
            {"firebase": {"tenant": "b"}},
            {"tenant_id": "a", "required_claim_values": {"firebase.tenant": ["a", "b"]}},
        )


@pytest.mark.parametrize("must", ["service_role", ["anon", "service_role"]])
def test_demand_that_contradicts_the_preset_s_stops_the_start(must: Any) -> None:
    with pytest.raises(SettingsError, match=r"required_claim_values\.role is never authenticated, as it has to be"):
        decide(SHAPES["supabase"], options={"required_claim_values": {"role": must}})


def test_what_must_not_be_adds_to_the_preset_s() -> None:
    more = {"forbidden_claim_values": {"sts": "left"}}

    assert decide(SHAPES["clerk"], {"sts": "active"}, more).provider == "main"
    for status in ("pending", "left"):
        with pytest.raises(TokenRefused, match="wrong_type"):
            decide(SHAPES["clerk"], {"sts": status}, more)


GUIDS = [
    pytest.param({"tenant": TID.upper()}, {}, id="the tenant"),
    pytest.param({"tenant": [TID.upper()]}, {}, id="a list of tenants"),
    pytest.param({"client_id": SHAPES["entra v2"].options["client_id"].upper()}, {}, id="the client"),
    pytest.param({"audience": SHAPES["entra v2"].claims["aud"].upper()}, {}, id="the audience"),
    pytest.param({"issuer": f"https://login.microsoftonline.com/{TID.upper()}/v2.0"}, {}, id="the issuer"),
    pytest.param({"required_claims": {"tid": TID.upper()}}, {}, id="a claim that is required"),
    pytest.param({"required_roles": [TID.upper()], "roles_claim": "groups"}, {"groups": [TID]}, id="a group"),
]


@pytest.mark.parametrize(("options", "claims"), GUIDS)
def test_entra_s_guids_may_be_written_in_capitals_in_settings(options: dict[str, Any], claims: dict[str, Any]) -> None:
    assert decide(SHAPES["entra v2"], claims, options) == decide(SHAPES["entra v2"])


def test_name_of_an_api_with_a_guid_in_capitals_is_taken_as_it_is_written_too() -> None:
    name = f"api://{TID.upper()}/chat"

    assert decide(SHAPES["entra v1"], {"aud": name}, {"audience": name}) == decide(SHAPES["entra v1"])
    assert decide(SHAPES["entra v1"], {"aud": name}, {"audience": ["x", name]}) == decide(SHAPES["entra v1"])


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param({"tid": TID.upper()}, "invalid_claim", id="the tenant"),
        pytest.param({"iss": f"https://sts.windows.net/{TID.upper()}/"}, "unknown_issuer", id="the issuer's tenant"),
    ],
)
def test_guids_of_a_token_are_taken_letter_for_letter(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused, match=reason):
        decide(SHAPES["entra v2"], claims)


def test_guid_of_a_token_s_user_is_left_as_it_is() -> None:
    oid = SHAPES["entra v2"].claims["oid"].upper()

    assert decide(SHAPES["entra v2"], {"oid": oid}).subject == oid


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
        pytest.param({"preset": "okta", "domain": "example.okta.com"}, "client_id is missing", id="Okta: no client"),
        pytest.param(
            {"preset": "entra", "tenant": "contoso", "client_id": "x"}, "is no tenant's id", id="Entra: a name"
        ),
        pytest.param({"preset": "entra", "client_id": "x"}, "tenant is missing", id="Entra: no tenant"),
        pytest.param(
            {"preset": "entra", "tenant": TID, "client_id": "x", "cloud": "germany"},
            "Write one of: global, us-government, china",
            id="Entra: a cloud that is gone",
        ),
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
        pytest.param(
            {"preset": "keycloak", "issuer": "https://id.example/realms/x", "audience": "account"},
            "client_id is missing: all tokens of a realm are for account",
            id="Keycloak: everybody's audience",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        provider(**options)

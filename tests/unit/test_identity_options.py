"""Two people never become one user by settings, and nobody says of themselves who they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.clock import Clock
from authorizer.errors import SettingsError, TokenRefused
from authorizer.settings import Settings
from tests.shape import APP, OTHER_TID, POOL, TID, Shape, decide
from tests.shapes import SHAPES

if TYPE_CHECKING:
    from authorizer.providers import Provider

A, B = "https://a.example/", "https://b.example/"
LISTED = {"name": "main", "issuer": [A, B], "audience": "app", "jwks_uri": "https://a.example/keys"}
ENTRA = {"name": "main", "preset": "entra", "tenant": TID, "client_id": APP}
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"


def settings(*entries: dict[str, Any]) -> Settings:
    """Return the settings of *entries*; what is None in them is left out."""
    given = [{name: value for name, value in entry.items() if value is not None} for entry in entries]
    return Settings.from_environ({"PROVIDERS": json.dumps(given)}, Clock())


def providers(*entries: dict[str, Any]) -> tuple[Provider, ...]:
    return settings(*entries).providers.all


@pytest.mark.parametrize(
    "tenant",
    [pytest.param("any", id="any"), pytest.param([TID, OTHER_TID], id="two"), pytest.param(["any"], id="[any]")],
)
@pytest.mark.parametrize("subject", ["oid", "email"])
def test_same_id_in_two_tenants_is_two_users(tenant: Any, subject: str) -> None:
    shape = SHAPES["entra v2"]
    options = {"tenant": tenant, "subject_claim": subject}
    elsewhere = {"iss": f"https://login.microsoftonline.com/{OTHER_TID}/v2.0", "tid": OTHER_TID, "email": "a@b.example"}

    here, there = decide(shape, {"email": "a@b.example"}, options), decide(shape, elsewhere, options)
    assert here.subject == there.subject
    assert not here.keep_subject
    assert not there.keep_subject
    assert here.namespace != there.namespace


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({**ENTRA, "tenant": "any"}, id="Entra: any tenant"),
        pytest.param({**ENTRA, "tenant": [TID, OTHER_TID]}, id="Entra: two tenants"),
        pytest.param(
            {**ENTRA, "tenant": [TID, OTHER_TID], "issuers_share_users": True}, id="Entra: two that are called one"
        ),
        pytest.param({**ENTRA, "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, id="Entra: an issuer"),
        pytest.param(LISTED, id="two issuers"),
        pytest.param({**LISTED, "issuer": "https://id.example/{tenantid}"}, id="any tenant's issuer"),
    ],
)
def test_plain_is_refused_where_several_can_match(entry: dict[str, Any]) -> None:
    assert not providers(entry)[0].keep_subject
    with pytest.raises(SettingsError, match="keep_subject is true, and tokens of several issuers or tenants"):
        providers({**entry, "keep_subject": True})


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(ENTRA, id="Entra: one tenant, two versions"),
        pytest.param({**ENTRA, "tenant": [TID, TID.upper()]}, id="Entra: one tenant, written twice"),
        pytest.param({"name": "main", "preset": "google", "client_id": "x"}, id="Google: two spellings"),
        pytest.param({**LISTED, "issuers_share_users": True}, id="two names of one issuer"),
    ],
)
def test_one_namespace_with_several_issuers_stays_plain(entry: dict[str, Any]) -> None:
    assert providers(entry)[0].keep_subject


def test_users_of_several_issuers_are_set_apart_by_their_own() -> None:
    two = Shape({"issuer": [A, B], "audience": "app"}, {"iss": A, "aud": "app", "sub": "ada"}, {})

    assert [decide(two, {"iss": issuer}).namespace for issuer in (A, B)] == [A, B]
    assert decide(two, {"iss": B}, {"issuers_share_users": True}).namespace == A


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"namespace": "mine"}, 'namespace does not keep apart.*put "{iss}"', id="a namespace for all of them"
        ),
        pytest.param(
            {"jwks_uri": None, "issuer": "https://id.example/{tenantid}"},
            "issuer stands for many",
            id="no keys for all",
        ),
        pytest.param(
            {"issuers_share_users": "yes"}, "issuers_share_users is neither true nor false", id="a text for true"
        ),
        pytest.param(
            {"preset": "shared-secret", "jwks_uri": None, "secret_arn": ARN}, "issuer names several", id="shared-secret"
        ),
    ],
)
def test_several_issuers_that_would_be_one_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        providers({**LISTED, **changes})


def test_tenant_may_stand_in_an_issuer_twice() -> None:
    both = "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0"
    shape = Shape(
        {"issuer": both, "audience": "app", "namespace": "x/{tid}"}, {"aud": "app", "sub": "ada", "tid": TID}, {}
    )

    assert decide(shape, {"iss": both.replace("{tenantid}", TID)}).namespace == f"x/{TID}"
    with pytest.raises(TokenRefused, match="unknown_issuer"):
        decide(shape, {"iss": f"https://{TID}.ciamlogin.com/{OTHER_TID}/v2.0"})


def test_tenants_cannot_have_the_same_users() -> None:
    with pytest.raises(SettingsError, match="namespace does not keep apart"):
        providers({**ENTRA, "tenant": "any", "namespace": "mine", "issuers_share_users": True})


def test_keys_of_several_issuers_are_asked_of_the_first() -> None:
    assert providers({**LISTED, "jwks_uri": None, "issuers_share_users": True})[0].issuers == (A, B)


def test_operators_are_told_that_the_keys_of_the_first_issuer_sign_for_the_users_of_all() -> None:
    assert "only the first is asked for keys" in settings({**LISTED, "jwks_uri": None}).notes[0]
    assert settings(LISTED).notes == settings({**LISTED, "jwks_uri": None, "issuers_share_users": True}).notes == ()


def test_realms_of_keycloak_may_be_listed() -> None:
    realms = {**LISTED, "preset": "keycloak", "client_id": "chat", "audience": None}

    assert providers(realms)[0].issuers == (A, B)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"namespace": A}, id="another's issuer"),
        pytest.param(
            {"namespace": "{iss}", "issuer": [B, A + "x"], "jwks_uri": B + "keys"}, id="one of its own issuers"
        ),
    ],
)
def test_two_providers_that_share_a_scope_are_refused(other: dict[str, Any]) -> None:
    first = {"name": "a", "issuer": A, "audience": "app", "keep_subject": False}
    if other["namespace"] == "{iss}":
        first["namespace"] = B

    with pytest.raises(SettingsError, match="two have the same namespace"):
        providers(first, {"name": "b", "issuer": B, "audience": "app", **other})


OIDC = {"name": "main", "issuer": A, "audience": "app"}
SUPABASE = {"name": "main", "preset": "supabase", "project_ref": "abc"}
COGNITO = {"name": "main", "preset": "cognito", "user_pool_id": POOL, "client_id": "x"}


@pytest.mark.parametrize(
    ("entry", "option"),
    [
        pytest.param({**OIDC, "subject_claim": "name"}, "subject_claim", id="a name"),
        pytest.param({**OIDC, "subject_claim": "preferred_username"}, "subject_claim", id="a username"),
        pytest.param({**OIDC, "subject_claim": "email"}, "subject_claim", id="an address"),
        pytest.param(
            {**OIDC, "subject_claim": "email", "required_claims": {"email_verified": [True, False]}},
            "subject_claim",
            id="an address, verified or not",
        ),
        pytest.param({**OIDC, "required_claims": {"email": "ada@example.com"}}, "required_claims", id="whose address"),
        pytest.param({**COGNITO, "subject_claim": "preferred_username"}, "subject_claim", id="Cognito: a username"),
        pytest.param({**SUPABASE, "subject_claim": "user_metadata.id"}, "subject_claim", id="Supabase: the subject"),
        pytest.param(
            {**SUPABASE, "required_roles": "x", "roles_claim": "user_metadata.roles"},
            "roles_claim",
            id="Supabase: roles",
        ),
        pytest.param(
            {**SUPABASE, "required_claims": {"user_metadata.staff": True}}, "required_claims", id="Supabase: a claim"
        ),
        pytest.param(
            {**OIDC, "required_claim_values": {"nickname": "staff"}}, "required_claim_values", id="what must be"
        ),
        pytest.param(
            {**OIDC, "required_claim_values": {"email": "ada@example.com"}},
            "required_claim_values",
            id="whose address it must be",
        ),
        pytest.param(
            {**SUPABASE, "required_claim_values": {"user_metadata.staff": True}},
            "required_claim_values",
            id="Supabase: what must be",
        ),
        pytest.param(
            {**SUPABASE, "forbidden_claim_values": {"user_metadata.banned": True}},
            "forbidden_claim_values",
            id="Supabase: a ban",
        ),
        pytest.param(
            {**SUPABASE, "required_claim_names": "user_metadata.staff"},
            "required_claim_names",
            id="Supabase: what must be there",
        ),
        pytest.param(
            {**SUPABASE, "forbidden_claim_names": ["user_metadata.banned"]},
            "forbidden_claim_names",
            id="Supabase: what must not",
        ),
        pytest.param(
            {**SUPABASE, "user_roles": "x", "user_roles_claim": "user_metadata.r"},
            "user_roles_claim",
            id="Supabase: AWS",
        ),
    ],
)
def test_what_users_write_themselves_decides_nothing(entry: dict[str, Any], option: str) -> None:
    with pytest.raises(SettingsError, match=rf"{option} is "):
        providers(entry)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            {**OIDC, "subject_claim": "email", "required_claims": {"email_verified": True}}, id="an address, verified"
        ),
        pytest.param(
            {**OIDC, "subject_claim": "email", "required_claim_values": {"email_verified": True}}, id="one that must be"
        ),
        pytest.param({**OIDC, "required_claim_names": ["name", "email"]}, id="the kind of token that has a profile"),
        pytest.param(
            {**SUPABASE, "roles_claim": "app_metadata.roles", "required_roles": "x"}, id="Supabase: app_metadata"
        ),
        pytest.param(
            {"name": "main", "preset": "shared-secret", "secret_arn": ARN, "subject_claim": "email"},
            id="an application's own word",
        ),
    ],
)
def test_what_the_provider_vouches_for_decides(entry: dict[str, Any]) -> None:
    assert len(providers(entry)) == 1


@pytest.mark.parametrize("claim", ["email", "preferred_username", "unique_name", "upn"])
@pytest.mark.parametrize("tenant", ["any", [TID, OTHER_TID]], ids=["any", "two"])
def test_owner_of_another_tenant_meets_no_demand(claim: str, tenant: Any) -> None:
    # Whoever owns a tenant writes what address its users have.
    several = {**ENTRA, "tenant": tenant}
    for demand in (
        {"required_claims": {claim: "ada@example.com"}},
        {"required_claim_values": {claim: "ada@example.com"}},
        {"required_roles": "ada@example.com", "roles_claim": claim},
        {"user_roles": "hosts", "user_roles_claim": claim},
    ):
        with pytest.raises(SettingsError, match=f"is {claim}, which the owner of any tenant can write"):
            providers({**several, **demand})
        assert providers({**ENTRA, **demand})
    assert providers({**several, "required_claims": {claim: "ada@example.com", "tid": TID}})

"""Who else gets an identity provider's tokens: machines, anonymous users, other applications. None of them signs in."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.errors import SettingsError, TokenRefused
from authorizer.presets import PRESETS
from tests.shape import COGNITO_ISSUER, OID, OTHER_TID, TID, Shape, decide
from tests.shapes import SHAPES
from tests.tokens import NOW


@pytest.mark.parametrize(
    ("name", "claims", "header", "reason"),
    [
        pytest.param("oidc", {"client_id": "ada"}, {}, "wrong_type", id="a machine, by RFC 9068"),
        pytest.param("oidc", {"azp": "ada"}, {}, "wrong_type", id="a machine, by azp"),
        pytest.param("cognito ID token", {"token_use": "access"}, {}, "wrong_type", id="Cognito: an access token"),
        pytest.param("cognito access token", {"token_use": "id"}, {}, "wrong_type", id="Cognito: an ID token"),
        pytest.param("cognito ID token", {"token_use": None}, {}, "wrong_type", id="Cognito: no token_use"),
        pytest.param(
            "cognito ID token", {"iss": COGNITO_ISSUER[:-1]}, {}, "unknown_issuer", id="Cognito: another pool"
        ),
        pytest.param(
            "auth0", {"iss": "https://tenant.eu.auth0.com"}, {}, "unknown_issuer", id="Auth0: without the slash"
        ),
        pytest.param("auth0", {}, {"typ": "id+jwt"}, "wrong_type", id="Auth0: another typ"),
        pytest.param(
            "auth0, by RFC 9068", {"client_id": "other"}, {}, "wrong_audience", id="Auth0: another application"
        ),
        pytest.param("okta", {"cid": "other"}, {}, "wrong_audience", id="Okta: another application"),
        pytest.param("okta", {"cid": None}, {}, "wrong_type", id="Okta: no application"),
        pytest.param("okta", {"uid": None}, {}, "wrong_type", id="Okta: a machine, which has no uid"),
        pytest.param(
            "okta", {"iss": "https://example.okta.com"}, {}, "unknown_issuer", id="Okta: the org's own server"
        ),
        pytest.param("entra v2", {"tid": OTHER_TID}, {}, "invalid_claim", id="Entra: another tenant's tid"),
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
        pytest.param("firebase", {"firebase": {"tenant": "t"}}, {}, "wrong_type", id="Firebase: a tenant's user"),
        pytest.param(
            "firebase, of a tenant",
            {"firebase": {"tenant": "other"}},
            {},
            "wrong_type",
            id="Firebase: another tenant's",
        ),
        pytest.param(
            "firebase, of a tenant",
            {"firebase": {}},
            {},
            "wrong_type",
            id="Firebase: the project's own, not a tenant's",
        ),
        pytest.param(
            "google", {"iss": "http://accounts.google.com"}, {}, "unknown_issuer", id="Google: a third spelling"
        ),
        pytest.param("clerk", {"sts": "pending"}, {}, "wrong_type", id="Clerk: a session that is pending"),
        pytest.param("clerk", {"exp": NOW - 60}, {}, "token_expired", id="Clerk: after its minute"),
        pytest.param(
            "supabase", {"sub": None, "role": "anon", "aud": None}, {}, "wrong_type", id="Supabase: the anon key"
        ),
        pytest.param("supabase", {"sub": None}, {}, "invalid_subject", id="Supabase: no sub"),
        pytest.param("supabase", {"role": "service_role"}, {}, "wrong_type", id="Supabase: the service's key"),
        pytest.param("keycloak", {"typ": "Refresh"}, {}, "wrong_type", id="Keycloak: a refresh token"),
        pytest.param("keycloak", {"typ": "ID", "aud": "chat"}, {}, "wrong_type", id="Keycloak: an ID token"),
    ],
)
def test_trap_is_refused(name: str, claims: dict[str, Any], header: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        decide(SHAPES[name], claims, **header)
    assert caught.value.reason.code == reason


STRANGERS = [
    pytest.param("oidc", {"sub": "s6BhdRkqt3", "client_id": "s6BhdRkqt3"}, "machines", id="OpenID Connect: a machine"),
    pytest.param("oidc", {"gty": "client-credentials"}, "machines", id="OpenID Connect: a machine by its grant"),
    pytest.param("oidc", {"idtyp": "app"}, "machines", id="OpenID Connect: a machine of Entra's kind"),
    pytest.param(
        "cognito access token",
        {"sub": "1example", "username": None},
        "machines",
        id="Cognito: a machine, which is its client",
    ),
    pytest.param("cognito access token", {"username": None}, "machines", id="Cognito: a machine without a username"),
    pytest.param("auth0", {"sub": "abc@clients"}, "machines", id="Auth0: a machine"),
    pytest.param("auth0", {"gty": "client-credentials"}, "machines", id="Auth0: a machine by its grant"),
    pytest.param("entra v2", {"idtyp": "app"}, "machines", id="Entra: a machine"),
    pytest.param("entra v2", {"sub": OID}, "machines", id="Entra: a machine without idtyp"),
    pytest.param("entra v1", {"sub": OID}, "machines", id="Entra: a machine with a token of version 1"),
    pytest.param(
        "firebase", {"firebase": {"sign_in_provider": "anonymous"}}, "anonymous", id="Firebase: an anonymous user"
    ),
    pytest.param(
        "google",
        {"azp": "107", "sub": "107", "email": None},
        "machines",
        id="Google: anybody's service account, which names the audience that it likes",
    ),
    pytest.param(
        "google",
        {"azp": None, "email": "x@p.iam.gserviceaccount.com"},
        "machines",
        id="Google: a service account by its address",
    ),
    pytest.param("clerk", {"sub": "mch_2GIpXOEpVyJw51rkZn9Kmnc6Sxr"}, "machines", id="Clerk: a machine"),
    pytest.param("supabase", {"is_anonymous": True}, "anonymous", id="Supabase: an anonymous user"),
    pytest.param("supabase", {"client_id": "9a8b7c6d"}, "applications", id="Supabase: another application's token"),
    pytest.param(
        "keycloak", {"preferred_username": "service-account-chat"}, "machines", id="Keycloak: a service account"
    ),
    pytest.param(
        "keycloak",
        {"preferred_username": None, "client_id": "chat"},
        "machines",
        id="Keycloak: a service account without a username",
    ),
    pytest.param(
        "keycloak",
        {"preferred_username": None, "clientId": "chat"},
        "machines",
        id="Keycloak: a service account of an older version",
    ),
    pytest.param("keycloak", {"clientHost": "192.0.2.1"}, "machines", id="Keycloak: a service account by its host"),
]


@pytest.mark.parametrize(("name", "claims", "who"), STRANGERS)
def test_stranger_is_refused_unless_let_in(name: str, claims: dict[str, Any], who: str) -> None:
    with pytest.raises(TokenRefused, match="wrong_type"):
        decide(SHAPES[name], claims)

    assert decide(SHAPES[name], claims, {"also_accept": who}).provider == "main"


def test_every_kind_of_token_that_may_be_accepted_is_tried() -> None:
    tried = {(SHAPES[str(one.values[0])].options.get("preset", "oidc"), one.values[2]) for one in STRANGERS}

    assert tried == {(name, who) for name, preset in PRESETS.items() for who in preset.refused_token_patterns}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "keycloak",
            "also_accept names a kind of token that is not known here. Write some of: machines.",
            id="another",
        ),
        pytest.param("okta", "Leave it out: this preset refuses none.", id="nobody"),
    ],
)
def test_kind_of_token_that_is_not_known_cannot_be_accepted(name: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        decide(SHAPES[name], options={"also_accept": "anonymous"})


def test_key_of_another_tenant_in_entra_s_set_is_refused() -> None:
    other = {"issuer": f"https://login.microsoftonline.com/{OTHER_TID}/v2.0"}
    for name in ("entra of any tenant", "entra v1, one tenant of a list", "entra v1"):
        shape = SHAPES[name]

        with pytest.raises(TokenRefused, match="unknown_key"):
            decide(Shape(shape.options, shape.claims, shape.caller, jwk=other))


def test_clients_may_be_named_where_they_need_not_be() -> None:
    assert decide(SHAPES["entra v1"], options={"clients": SHAPES["entra v1"].claims["appid"]}).provider == "main"
    with pytest.raises(TokenRefused, match="wrong_audience"):
        decide(SHAPES["entra v1"], options={"clients": TID})

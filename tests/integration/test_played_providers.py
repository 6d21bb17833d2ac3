"""Tokens that the local issuer makes as a provider would: the authorizer takes them by the provider's own settings."""

from __future__ import annotations

import base64
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.algorithms import HMAC
from authorizer.clock import Clock
from authorizer.keys import SECRET_ENCODINGS, secret_decoder, secret_key
from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS, Settings
from authorizer.verifier import verify
from local.http.server import Server
from local.issuer.issuer import Issuer
from local.issuer.providers import StoredSecret, new_secret, play
from local.issuer.token_forms import FORMS
from tests.shapes import SHAPES
from tests.shapes_without_preset import NEIGHBOURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authorizer.claims import Caller
    from tests.shape import Shape

ALL = {**SHAPES, **NEIGHBOURS}
# The kinds of token that the table has: other kinds of the same provider are taken as well, and are not made here.
AS_DOCUMENTED = {
    "oidc": "oidc",
    "cognito ID token": "cognito",
    "cognito access token": "cognito",
    "auth0": "auth0",
    "okta": "okta",
    "okta ID token": "okta",
    "entra v2": "entra",
    "firebase": "firebase",
    "google": "google",
    "clerk": "clerk",
    "supabase": "supabase",
    "keycloak": "keycloak",
}
OWN = {"preset": "auth0", "domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"}


class Played:
    """An issuer on loopback that plays one provider, and what the authorizer says of its tokens."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.server = Server(self.issuer)

    def token(self, options: dict[str, Any], **claims: Any) -> str:
        found = play({"name": "main", **options}, f"{self.server.url}/.well-known/jwks.json", {})
        assert found is not None
        self.entry, played = found
        self.issuer.providers = [played]
        self.issuer.publish(played.algorithm)
        return self.issuer.token(claims)

    def caller(self, options: dict[str, Any], **claims: Any) -> Caller:
        token = self.token(options, **claims)
        settings = Settings.from_environ({"PROVIDERS": json.dumps([self.entry])}, Clock())
        return verify(token, settings.providers, time.time())


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played()
    with closing(made.server):
        yield made


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    return read


def test_there_is_a_token_for_every_preset() -> None:
    assert set(FORMS) == set(PRESETS)
    for name, form in FORMS.items():
        choices = next((option.choices for option in PRESETS[name].options if option.name == "token_use"), ())
        assert set(form.variant) <= set(choices)
        assert len(choices) == (len(form.variant) + 1 if choices else 0)


@pytest.mark.parametrize("name", ALL)
def test_token_is_taken_by_the_provider_s_own_settings(played: Played, name: str) -> None:
    caller = played.caller(ALL[name].options)
    assert caller.subject


@pytest.mark.parametrize("name", ALL)
def test_token_names_the_provider_as_issuer_and_no_address_of_this_machine(played: Played, name: str) -> None:
    token = played.token(ALL[name].options)
    assert "127.0.0.1" not in json.dumps(part(token, 1))


@pytest.mark.parametrize(("name", "preset"), AS_DOCUMENTED.items())
def test_token_has_the_claims_that_the_provider_documents(played: Played, name: str, preset: str) -> None:
    shape: Shape = ALL[name]
    token = played.token(shape.options)
    assert {*shape.claims, "iat", "exp"} == set(part(token, 1))
    assert part(token, 0).get("typ") == shape.header.get("typ", "JWT")
    assert part(token, 0)["alg"] == shape.signer.algorithm
    form = FORMS[preset]
    assert form.variant.get(shape.options.get("token_use", ""), form).source == shape.source


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"required_scopes": ["chat", "read"]}, id="scopes"),
        pytest.param({"required_roles": ["staff", "boss"]}, id="roles"),
        pytest.param({"required_roles": ["staff"], "roles_claim": "realm_access.roles"}, id="roles within a claim"),
        pytest.param({"required_claims": {"org_id": "org_1"}}, id="a claim"),
        pytest.param({"required_claims": {"org": ["org_1", "org_2"], "app.paid": True}}, id="claims within claims"),
        pytest.param({"required_claim_values": {"kind": ["session"]}}, id="a claim that tells the kind"),
        pytest.param({"required_claim_names": ["https://app.example.com/id"]}, id="that a claim is there"),
        pytest.param({"forbidden_claim_names": ["scope"]}, id="that a claim is not there"),
        pytest.param({"client_id": ["web", "phone"]}, id="a client of several"),
        pytest.param({"clients": ["web"], "client_claims": ["appid"]}, id="a client in another claim"),
        pytest.param({"subject_claim": "https://app.example.com/id"}, id="another subject"),
        pytest.param({"audience_claim": "https://app.example.com/for"}, id="another claim for the audience"),
        pytest.param({"token_types": ["sign-in+jwt"]}, id="a type"),
        pytest.param({"max_lifetime_seconds": 300}, id="a short life"),
        pytest.param({"audience": ["https://api.example.com", "other"]}, id="one of several audiences"),
        pytest.param({"pem": "a key of theirs"}, id="a key in PEM"),
        pytest.param({"jwks": {"keys": []}}, id="a key set"),
        *(
            pytest.param({"algorithms": [algorithm]}, id=algorithm)
            for algorithm in ("RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
        ),
    ],
)
def test_token_meets_what_the_settings_demand(played: Played, options: dict[str, Any]) -> None:
    assert played.caller({**OWN, **options}).subject


def test_name_is_in_the_claim_that_the_settings_name(played: Played) -> None:
    assert played.caller({**OWN, "name_claims": ["https://app.example.com/name"]}).name == "Ada Lovelace"
    assert played.caller({**OWN, "name_claims": ["profile.first"]}).name == "Ada Lovelace"


def test_claims_of_the_request_come_before_the_provider_s(played: Played) -> None:
    assert played.caller(OWN, sub="auth0|bob", name="Bob").subject == "auth0|bob"


def test_life_is_the_provider_s_own(played: Played) -> None:
    claims = part(played.token(SHAPES["clerk"].options), 1)
    assert claims["exp"] - claims["iat"] == 60
    claims = part(played.token({**OWN, "max_lifetime_seconds": 120}), 1)
    assert claims["exp"] - claims["iat"] == 120


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"preset": "nobody"}, id="an unknown preset"),
        pytest.param({"preset": "auth0", "audience": "x"}, id="no domain"),
        pytest.param({"audience": "x"}, id="no issuer"),
        pytest.param({"preset": "cognito", "client_id": "x"}, id="no user pool"),
        pytest.param({"preset": ["auth0"]}, id="a list as preset"),
    ],
)
def test_what_no_token_can_be_made_of_is_left_to_the_authorizer(options: dict[str, Any]) -> None:
    assert play({"name": "main", **options}, "http://127.0.0.1:1/", {}) is None


@pytest.mark.parametrize("encoding", SECRET_ENCODINGS)
@pytest.mark.parametrize("field", [None, "key"])
@pytest.mark.parametrize("algorithm", HMAC)
def test_secret_is_read_as_the_authorizer_reads_it(encoding: str, field: str | None, algorithm: str) -> None:
    text = new_secret([field] if field else [])
    options = {"secret_encoding": encoding, **({"secret_json_field": field} if field else {})}
    read = StoredSecret("arn", text).read(options)
    assert read == secret_decoder(encoding, field)(text.encode())
    assert len(read) >= HMAC[algorithm]
    assert secret_key(read, algorithm).algorithm == algorithm


OPTION_NAMES = st.sampled_from(
    sorted({*OPTIONS, *(name for preset in PRESETS.values() for name in preset.option_names)})
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["sub", "a.b", "{issuer}", "{now}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(OPTION_NAMES, JSON_VALUES), st.sampled_from(sorted(PRESETS)), st.booleans())
@settings(deadline=None, derandomize=True)
def test_no_options_stop_the_stack_here_as_the_authorizer_is_to_say_what_is_wrong(
    options: dict[str, Any],
    preset: str,
    with_secret: bool,  # noqa: FBT001 - a parameter
) -> None:
    secret = StoredSecret("arn", new_secret(["key"]))
    entry = {**options, "preset": options.get("preset", preset), **({"secret_arn": "theirs"} if with_secret else {})}
    found = play(entry, "http://127.0.0.1:1/", {"theirs": secret})
    if found:
        assert json.dumps(found[1].claims_at(0))


@pytest.mark.parametrize("encoding", SECRET_ENCODINGS)
def test_secret_that_two_entries_read_in_ways_that_no_text_has_does_not_stop_the_stack(encoding: str) -> None:
    assert StoredSecret("arn", new_secret(["key"])).read({"secret_encoding": encoding})

"""Random settings, presets and tokens: exactly those tokens are accepted that the oracle (second_opinion) accepts."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from authorizer.algorithms import ASYMMETRIC
from authorizer.clock import Clock
from authorizer.errors import CallerForbidden, SettingsError, TokenRefused
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set
from authorizer.providers import Provider, Providers
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.anything import likely, thoroughly
from tests.second_opinion import objections, unique_value
from tests.shape import Shape
from tests.shapes import SHAPES
from tests.tokens import NOW, Signer, ed25519_signer, hmac_signer, rsa_signer, tampered

if TYPE_CHECKING:
    from authorizer.claims import Caller

OURS = ed25519_signer()
KEYS = FixedKeys(key_set({"keys": [dict(OURS.jwk)]}, ASYMMETRIC))
PATHS = ("a", "a.b", "a.b.c", "https://x.example/claims.id", "user.app.example.roles")
VALUES: tuple[Any, ...] = ("x", ["x"], ["y", "x"], True, 1, None, "y", [], {"b": "x"})

some_path = st.sampled_from(PATHS)
some_terms = st.dictionaries(some_path, st.sampled_from(["x", ["x", "y"], True, [1, "x"]]), max_size=1)
some_options = st.fixed_dictionaries(
    {},
    optional={
        "subject_claim": some_path,
        "audience_claim": some_path,
        "required_claim_values": some_terms,
        "forbidden_claim_values": some_terms,
        "required_claims": some_terms,
        "required_scopes": st.just("chat"),
        "required_roles": st.sampled_from(["x", ["x", "y"]]),
        "roles_claim": some_path,
        "user_roles": st.just(["x", "y"]),
        "user_roles_claim": some_path,
        "name_claims": st.lists(some_path, min_size=1, max_size=2),
        "max_lifetime_seconds": st.sampled_from([60, 3600]),
        "max_subject_length": st.sampled_from([1, 3]),
        "clock_skew_seconds": st.sampled_from([0, 300]),
        "keep_subject": st.booleans(),
    },
)


@st.composite
def nested(draw: st.DrawFn) -> dict[str, Any]:
    """Return a path's value, within as many claims as the path is taken apart into."""
    names = draw(some_path).split(".")
    value: Any = draw(st.sampled_from(VALUES))
    while names:
        size = draw(st.integers(1, len(names)))
        value, names = {".".join(names[-size:]): value}, names[:-size]
    return dict(value)


times = (
    st.integers(NOW - 400, NOW + 400)
    | st.integers(NOW - 60, NOW + 4000)
    | st.sampled_from([None, True, "soon", 1e300, NOW + 0.5])
)
some_changes = st.tuples(
    st.lists(nested(), max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "exp": times,
            "nbf": times,
            "iat": times,
            "aud": likely("app", ["x"]),
            "sub": st.sampled_from(["ada", 7, "", " ", True, 1.5, ["ada"], "a\nb", "x" * 256]),
            "azp": st.sampled_from(["x", None, ["x"]]),
            "tid": st.sampled_from(["x", None]),
            "iss": st.sampled_from(["https://issuer.example/", "https://stranger.example", 7]),
            "scope": st.sampled_from(["chat", "openid chat", "chatter", 7]),
            "scp": st.sampled_from([["chat"], "chat", {}]),
        },
    ),
)


@functools.lru_cache(maxsize=1000)
def provider_of(entry: str) -> Provider:
    """Return what settings make of *entry*, with a key of ours: whose signature it is, is not what is tested."""
    [only] = Settings.from_environ({"PROVIDERS": f"[{entry}]"}, Clock()).providers.all
    return only._replace(keys=KEYS, algorithms=("EdDSA",))


def told(shape: Shape, options: dict[str, Any]) -> Provider:
    try:
        return provider_of(json.dumps({"name": "main", **shape.options, **options}))
    except SettingsError:
        assume(False)  # noqa: FBT003 - hypothesis's own
        raise


def outcome(provider: Provider, token: str) -> Caller | str:
    try:
        return verify(token, Providers((provider,)), NOW)
    except TokenRefused as refused:
        return refused.reason.code
    except CallerForbidden as forbidden:
        return forbidden.reason.value


OWN = Shape(
    {"preset": "shared-secret", "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"},
    {"id": "ada"},
    {},
)
some_shape = st.sampled_from([*SHAPES.values(), OWN])


@thoroughly
@given(some_shape, some_options, some_changes)
@example(SHAPES["oidc"], {"subject_claim": "a.b"}, ([{"a": {"b": "x"}}, {"a.b": "x"}], {}))
@example(SHAPES["oidc"], {}, ([], {"exp": NOW - 59}))
@example(OWN, {}, ([], {"exp": NOW + 2_000_000}))
@example(OWN, {"name_claims": ["a.b"]}, ([{"a": {"b": "Ada"}}], {"exp": NOW + 2_000_000}))
@example(SHAPES["oidc"], {"forbidden_claim_values": {"a.b": [1, "x"]}}, ([{"a": {"b": 1}}, {"a.b": True}], {}))
def test_second_opinion_accepts_the_same_tokens(
    shape: Shape, options: dict[str, Any], changes: tuple[list[dict[str, Any]], dict[str, Any]]
) -> None:
    provider = told(shape, options)
    claims = {"iat": NOW, "exp": NOW + 3600, **shape.claims, **changes[1]}
    for one in changes[0]:
        claims |= one

    got = outcome(provider, OURS.token(claims, typ=shape.header.get("typ", "JWT")))

    against = objections(provider, claims, NOW)
    if isinstance(got, str):
        assert against, f"{got}, without a reason"
    else:
        assert against == []
        assert got.subject == str(unique_value(claims, provider.subject_claim))
        assert got.role in ("", *provider.user_roles.names)


STRANGERS: dict[str, tuple[Signer, dict[str, Any]]] = {
    "a stranger's key under our key's name": (rsa_signer(kid="ed-1"), {"alg": "EdDSA"}),
    "a stranger's key by its own algorithm": (rsa_signer(kid="ed-1"), {}),
    "our public key as a secret": (hmac_signer(json.dumps(dict(OURS.jwk)).encode()), {}),
    "our public key as a secret, under its name": (hmac_signer(OURS.jwk["x"].encode()), {"alg": "Ed25519"}),
    "none": (hmac_signer(), {"alg": "none"}),
    "another curve's name": (OURS, {"alg": "Ed448"}),
    "another name for our key": (OURS, {"kid": "ed-2"}),
}


@thoroughly
@given(some_shape, some_options, some_changes, st.sampled_from(sorted(STRANGERS)))
def test_no_token_is_accepted_with_another_signature(
    shape: Shape, options: dict[str, Any], changes: tuple[list[dict[str, Any]], dict[str, Any]], stranger: str
) -> None:
    signer, header = STRANGERS[stranger]
    claims = {"iat": NOW, "exp": NOW + 3600, **shape.claims, **changes[1]}

    got = outcome(told(shape, options), signer.token(claims, **{"typ": None, "kid": "ed-1", **header}))

    assert isinstance(got, str)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_signature_is_all_that_a_turned_bit_spoils(shape: Shape, algorithm: str) -> None:
    token = OURS.token({"iat": NOW, "exp": NOW + 3600, **shape.claims}, alg=algorithm, typ=None)

    assert not isinstance(outcome(told(shape, {}), token), str)
    assert outcome(told(shape, {}), tampered(token)) == "bad_signature"

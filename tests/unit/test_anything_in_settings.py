"""Random settings, key sets and secrets: each can be used, or is an error that says what is wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authorizer.algorithms import ASYMMETRIC, HMAC
from authorizer.clock import Clock
from authorizer.errors import SettingsError
from authorizer.https import is_allowed, lifetime_of
from authorizer.keys import SECRET_ENCODINGS, KeySet, key_set, key_set_of_pem, secret_decoder, secret_key
from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS, Settings
from tests.anything import ENORMOUS, anything, encoded, likely, octets, thoroughly
from tests.tokens import AUDIENCE, ISSUER, ec_signer, ed25519_signer, rsa_signer

CLOCK = Clock()
TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
ENTRY = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [dict(ec_signer().jwk)]}}

given_options = st.fixed_dictionaries(
    {
        "name": likely("main"),
        "preset": st.sampled_from(sorted(PRESETS)),
        "issuer": likely(ISSUER, [ISSUER, "urn:x"], "urn:x"),
    },
    optional={
        "jwks": likely(ENTRY["jwks"]),
        "algorithms": likely(["Ed25519", "ES256"]),
        "subject_claim": likely("https://x.example/claims.id"),
        "audience": likely(AUDIENCE),
        "client_id": likely("app"),
        "user_pool_id": likely("eu-west-1_AbC"),
        "domain": likely("issuer.example"),
        "tenant": likely("any", TID),
        "project_id": likely("project"),
        "project_ref": likely("project"),
        "authorized_parties": likely("https://app.example"),
    },
).flatmap(
    lambda entry: st.dictionaries(
        st.sampled_from(sorted(OPTIONS - {"secret_arn"})) | st.text(max_size=3), anything, max_size=2
    ).map(lambda changes: {**entry, **changes})
)


def settings_or_error(**environ: str) -> None:
    """Read settings; whatever is wrong with them is a SettingsError."""
    try:
        read = Settings.from_environ(environ, CLOCK)
    except SettingsError as error:
        assert next(iter(environ)) in str(error)  # noqa: PT017 - either outcome is good, any other is not
    else:
        assert read.providers.all


@thoroughly
@given(st.lists(given_options, min_size=1, max_size=2).map(json.dumps) | anything.map(json.dumps) | st.text())
@example(json.dumps([ENTRY, ENTRY]))
@example(json.dumps([{**ENTRY, "jwks": None, "pem": "\ud800"}]))
def test_anything_as_providers_is_settings_or_their_error(text: str) -> None:
    settings_or_error(PROVIDERS=text)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:secretsmanager:-:123456789012:secret:x",
        f"arn:aws:secretsmanager:{'a' * 64}-1:123456789012:secret:x",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:\ud800",
    ],
    ids=["a region that is a dash", "a region that is very long", "half a surrogate pair"],
)
def test_odd_arn_is_a_setting_like_any_other(arn: str) -> None:
    settings_or_error(PROVIDERS=json.dumps([{"name": "own", "preset": "shared-secret", "secret_arn": arn}]))


@thoroughly
@given(st.text() | st.integers().map(str))
@example("²")
def test_anything_as_the_longest_token_is_a_number_or_an_error(text: str) -> None:
    settings_or_error(LONGEST_TOKEN=text, PROVIDERS=json.dumps([ENTRY]))


jwks = [dict(signer.jwk) for signer in (rsa_signer(), ec_signer(), ed25519_signer())]
some_jwk = st.sampled_from(jwks).flatmap(
    lambda key: st.dictionaries(
        st.sampled_from(["kty", "crv", "alg", "use", "key_ops", "kid", "issuer", "n", "e", "x", "y", "d"]),
        anything | octets.map(lambda raw: raw.decode("latin-1")) | st.just("Ed25519"),
        max_size=2,
    ).map(lambda changes: {**key, **changes})
)


@thoroughly
@given(anything | st.fixed_dictionaries({"keys": anything | st.lists(some_jwk | anything)}))
def test_any_json_as_a_key_set_is_one_or_a_value_error(document: Any) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(key_set(document, ASYMMETRIC), KeySet)


@thoroughly
@given(st.text() | octets.map(lambda raw: raw.decode("latin-1")))
@example("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----")
def test_any_text_as_a_pem_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are cryptography's own
        key_set_of_pem(text, ASYMMETRIC)


@thoroughly
@given(
    octets | st.dictionaries(st.just("jwt"), anything).map(encoded) | st.text(min_size=48).map(str.encode),
    st.sampled_from(sorted(SECRET_ENCODINGS)),
    st.sampled_from([None, "jwt", ""]),
    st.sampled_from(sorted(HMAC)),
)
@example(b'{"jwt": "\\ud800"}', "raw", "jwt", "HS256")
@example(b"-----BEGIN CERTIFICATE-----\n" + bytes(32), "raw", None, "HS256")
def test_any_bytes_as_a_secret_are_a_key_or_a_value_error(
    stored: bytes, encoding: str, json_field: str | None, algorithm: str
) -> None:
    try:
        key = secret_key(secret_decoder(encoding, json_field)(stored), algorithm)
    except ValueError:
        return
    assert key.algorithm == algorithm


@thoroughly
@given(st.text() | st.text().map("https://{}".format) | st.text().map("http://127.0.0.1{}".format))
@example("https://\ud800")
@example("http://127.0.0.1:99999999999")
@example("http://[::1%25\ud800]")
def test_any_text_may_be_an_address_or_not(text: str) -> None:
    assert is_allowed(text) in {True, False}


@thoroughly
@given(
    st.text() | st.integers().map("max-age={}".format) | st.from_regex(r"max-age=[^,]*, no-(store|cache)"),
    st.text() | st.integers().map(str),
)
@example("max-age=²", "²")
@example("max-age=1", "9" * 5000)
def test_any_cache_control_and_age_are_a_lifetime_or_none(text: str, age: str) -> None:
    lifetime = lifetime_of(text, age)

    assert lifetime is None or lifetime >= 0


def nested(depth: int) -> Any:
    """Return a list in a list in a list."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


enormous = pytest.mark.parametrize("text", ENORMOUS.values(), ids=ENORMOUS)


@enormous
def test_enormous_setting_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError, match="PROVIDERS"):
        Settings.from_environ({"PROVIDERS": text}, CLOCK)
    with pytest.raises(SettingsError, match="LONGEST_TOKEN"):
        Settings.from_environ({"PROVIDERS": json.dumps([ENTRY]), "LONGEST_TOKEN": text}, CLOCK)


@enormous
def test_enormous_secret_in_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        secret_decoder("raw", "jwt")(text.encode())


@pytest.mark.parametrize("member", ["kty", "crv", "alg", "use", "key_ops", "kid", "issuer", "n", "e"])
def test_key_with_a_deep_member_harms_no_other(member: str) -> None:
    deep = {**jwks[0], "kid": "deep", member: nested(900)}

    assert "ec-1" in [key.kid for key in key_set({"keys": [deep, jwks[1]]}, ASYMMETRIC).keys]


def test_enormous_cache_control_is_a_lifetime() -> None:
    assert lifetime_of("max-age=" + "9" * 5000) == 999_999_999

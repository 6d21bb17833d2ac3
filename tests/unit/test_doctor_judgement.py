"""What the doctor says of a token that is refused: a good token, then one change at a time."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from authorizer.clock import Clock
from authorizer.errors import TokenRefused
from authorizer.providers import AccessRequirements, Providers, TokenProfile
from authorizer.settings import Settings
from authorizer.verifier import verify
from operations.doctor.judgement import Judgement, judge
from tests.shapes import SHAPES
from tests.tokens import AUDIENCE, ISSUER, NOW, claims, rsa_signer, tampered
from tests.verifying import EC, PROFILE, RSA, OutOfReach, keys_of, provider, signed_by

LENGTH = 8192


def judged(token: str, **changes: Any) -> Judgement:
    return judge(token, Settings(Providers((provider(**changes),)), accept_base64=False, max_token_length=LENGTH), NOW)


def test_good_token_has_a_caller_and_nothing_to_mend() -> None:
    good = judged(signed_by(RSA))

    assert good.caller is not None
    assert (good.caller.subject, good.reason, good.mend) == ("ada", "", "")


@pytest.mark.parametrize(
    ("token", "what", "found", "wanted"),
    [
        pytest.param("a.b", "the parts between dots", "2", "3", id="two parts"),
        pytest.param("a.b.c.d.e", "the parts between dots", "5", "3", id="an encrypted token"),
        pytest.param(
            f'"{signed_by(RSA)}"', "the encoding of a part", "characters other than", "base64url", id="with quotes"
        ),
        pytest.param(
            RSA.token(b'{"sub": "a", "sub": "b"}'), "header or claims", "a name is there twice", "unique", id="twice"
        ),
        pytest.param(
            base64.b64encode(signed_by(RSA).encode()).decode(),
            "the parts between dots",
            "a JWT in base64 as a whole",
            "AcceptBase64Tokens=true",
            id="base64",
        ),
        pytest.param("x" * 9000, "the length in characters", "9000", "8192", id="too long"),
        pytest.param(signed_by(RSA, iss=ISSUER[:-1]), "iss", ISSUER[:-1], "differ in the slash at the end", id="slash"),
        pytest.param(signed_by(RSA, iss=ISSUER.upper()), "iss", ISSUER.upper(), "in capitals", id="capitals"),
        pytest.param(signed_by(RSA, iss="http://issuer.example/"), "iss", "http:", "http and https", id="http"),
        pytest.param(signed_by(RSA, iss="https://other"), "iss", "https://other", ISSUER, id="another issuer"),
        pytest.param(signed_by(RSA, iss=None), "iss", "nothing", ISSUER, id="no issuer"),
        pytest.param(RSA.token(claims(), typ="secevent+jwt"), "typ", "secevent+jwt", "at+jwt or jwt", id="typ"),
        pytest.param(RSA.token(claims(), alg="none"), "alg", "none", "ES256 or", id="alg none"),
        pytest.param(RSA.token(claims(), kid="new"), "kid", "kid new", "ec-1 (ES256) or rsa-1 (RS256)", id="kid"),
        pytest.param(RSA.token(claims(), crit=["exp"]), "parameters", '["crit"]', "none of these", id="crit"),
        pytest.param(tampered(signed_by(RSA)), "the signature", "by another key", "that it names", id="tampered"),
        pytest.param(signed_by(RSA, exp=NOW - 500), "exp", "expired 500 s ago", "valid now", id="expired"),
        pytest.param(signed_by(RSA, nbf=NOW + 120), "nbf", "valid in 120 s", "valid now", id="not valid yet"),
        pytest.param(signed_by(RSA, iat=NOW + 90), "iat", "valid in 90 s", "valid now", id="issued in the future"),
        pytest.param(signed_by(RSA, exp=None), "exp", "nothing", "a number of seconds", id="no end"),
        pytest.param(signed_by(RSA, aud="other"), "aud", '["other"]', AUDIENCE, id="another audience"),
        pytest.param(signed_by(RSA, aud=None), "aud", "[]", AUDIENCE, id="no audience"),
        pytest.param(signed_by(RSA, sub=""), "sub", '""', "a text with a visible character", id="nobody"),
    ],
)
def test_first_check_that_fails_is_named(token: str, what: str, found: str, wanted: str) -> None:
    bad = judged(token)

    assert what in bad.what
    assert found in bad.found
    assert wanted in bad.wanted
    assert bad.mend


@pytest.mark.parametrize(
    ("changes", "reason", "found", "wanted"),
    [
        pytest.param({"clients": ("web",), "client_claims": ("azp",)}, "wrong_audience", "nothing", "web", id="client"),
        pytest.param({"min_remaining_seconds": 7200}, "ends_too_soon", "3,600 s", "7,200 s at least", id="too soon"),
        pytest.param({"max_lifetime": 60}, "lives_too_long", "3600", "60", id="too long"),
        pytest.param(
            {"token_profile": PROFILE._replace(required_claim_values={"use": ("id",)})},
            "wrong_type",
            "nothing",
            "id",
            id="not said what it must",
        ),
        pytest.param(
            {"token_profile": TokenProfile(PROFILE.token_types, forbidden_claim_values={"name": ("Ada Lovelace",)})},
            "wrong_type",
            "Ada Lovelace",
            "another value",
            id="said what it must not",
        ),
        pytest.param(
            {"access_requirements": AccessRequirements(scopes=("chat",))}, "missing_scope", "[]", "chat", id="scope"
        ),
        pytest.param(
            {"access_requirements": AccessRequirements(roles=("staff",))}, "missing_role", "nothing", "staff", id="role"
        ),
        pytest.param(
            {"access_requirements": AccessRequirements(claims={"plan": ("paid",)})},
            "missing_claim",
            "nothing",
            "paid",
            id="claim",
        ),
        pytest.param(
            {"guests": True, "min_remaining_seconds": 7200},
            "invitation_ends",
            "3,600 s",
            "7,200 s at least",
            id="a guest",
        ),
        pytest.param({"keys": OutOfReach()}, "unavailable", "out of reach", "keys", id="no keys to be had"),
        pytest.param({"keys": keys_of(EC)}, "unknown_key", "kid rsa-1", "ec-1 (ES256)", id="keys of another"),
    ],
)
def test_what_a_setting_demands_is_named(changes: dict[str, Any], reason: str, found: str, wanted: str) -> None:
    bad = judged(signed_by(RSA), **changes)

    assert bad.reason == reason
    assert found in bad.found
    assert wanted in bad.wanted


def test_machine_is_called_one() -> None:
    shape = SHAPES["auth0"]
    machine = {"iat": NOW, "exp": NOW + 60, **shape.claims, "sub": "abc@clients"}
    entry = {"name": "main", **shape.options, "jwks": {"keys": [dict(rsa_signer().jwk)]}}
    settings = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())

    assert "a token of machines" in judge(shape.signer.token(machine), settings, NOW).found


def test_error_itself_tells_nothing_of_the_token() -> None:
    with pytest.raises(TokenRefused) as refused:
        verify(signed_by(RSA, aud="a secret audience"), Providers((provider(),)), NOW)

    assert refused.value.found == ["a secret audience"]
    assert (str(refused.value), repr(refused.value)) == ("wrong_audience", "TokenRefused('wrong_audience')")

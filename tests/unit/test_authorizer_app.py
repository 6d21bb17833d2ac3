"""What API Gateway gets from the authorizer: policies whose context holds all that the handler needs, and no more."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from authorizer import app
from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.errors import ForbiddenReason, Reason
from authorizer.settings import Settings
from tests.tokens import AUDIENCE, ISSUER, NOW, claims, rsa_signer

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/v1/POST/signin"
PROVIDER = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [dict(rsa_signer().jwk)]}}


CLOCK = Clock(wall_clock=lambda: NOW)


def authorizer(**changes: Any) -> Authorizer:
    environ = {"PROVIDERS": json.dumps([{**PROVIDER, **changes}])}
    return Authorizer(Settings.from_environ(environ, CLOCK), CLOCK)


def event(*authorization: str) -> dict[str, Any]:
    return {"methodArn": ARN, "multiValueHeaders": {"Authorization": list(authorization)}}


def bearer(**changes: Any) -> dict[str, Any]:
    return event(f"Bearer {rsa_signer().token(claims(**changes))}")


def test_good_token_is_allowed_to_call_this_method_and_names_the_caller() -> None:
    policy = authorizer().decide(bearer())

    assert policy == {
        "principalId": "main",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ARN}],
        },
        "context": {
            "provider": "main",
            "namespace": ISSUER,
            "keep_subject": True,
            "scope": ISSUER,
            "plain": True,
            "subject": "ada",
            "name": "Ada Lovelace",
            "role": "",
            "expires": NOW + 3600,
        },
    }


@pytest.mark.parametrize("keep_subject", [True, False])
def test_handler_of_before_finds_the_two_renamed_fields_by_their_old_names(keep_subject: bool) -> None:  # noqa: FBT001 - what is tested
    context = authorizer(namespace="mine", keep_subject=keep_subject).decide(bearer())["context"]

    assert (context["scope"], context["plain"]) == ("mine", keep_subject)


def test_bad_token_is_denied_with_its_reason() -> None:
    policy = authorizer().decide(bearer(exp=NOW - 60))

    [statement] = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", ARN)
    assert policy["context"] == {"reason": "token_expired", "description": "The token has expired."}


def test_good_token_of_a_forbidden_user_is_an_allow_without_a_user() -> None:
    policy = authorizer(required_scopes="chat").decide(bearer())

    [statement] = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert policy["context"] == {"forbidden": "missing_scope"}


@pytest.mark.parametrize(
    ("request_", "metric", "dimensions"),
    [
        pytest.param(event(), "NoToken", {}, id="no token"),
        pytest.param(bearer(exp=NOW - 60), "TokenRefused", {"reason": "token_expired"}, id="a bad token"),
        pytest.param(bearer(), "CallerForbidden", {"reason": "missing_scope"}, id="a user who may not enter"),
    ],
)
def test_each_refusal_is_counted_in_cloudwatch_s_embedded_format(
    capsys: pytest.CaptureFixture[str], request_: dict[str, Any], metric: str, dimensions: dict[str, str]
) -> None:
    with contextlib.suppress(Exception):
        authorizer(required_scopes="chat").decide(request_)

    [counted] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    [told] = counted["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == "ChimeSignin"
    assert [metric] == [one["Name"] for one in told["Metrics"]]
    assert {name: counted[name] for name in told["Dimensions"][0]} == {"service": "authorizer", **dimensions}
    assert counted[metric] == [1.0]


def test_missing_token_is_unauthorized_in_api_gateway_s_own_words() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer().decide(event())


def test_every_reason_can_stand_in_a_template_that_does_not_escape() -> None:
    texts = [reason.code + reason.description for reason in Reason] + [reason.value for reason in ForbiddenReason]
    for text in texts:
        assert text.isprintable()
        assert not set(text) & set("\"\\'")


def test_every_reason_has_a_code_of_its_own() -> None:
    assert len({reason.code for reason in Reason}) == len(Reason)


def test_start_tells_of_a_setting_that_is_ignored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = {
        "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app",
        "secret_until": "2020-01-01T00Z",
    }
    monkeypatch.setenv("PROVIDERS", json.dumps([{**PROVIDER, **secret}]))

    app._authorizer.__wrapped__()  # noqa: SLF001 - what Lambda's start calls, without its memory

    [warned] = [record for record in caplog.records if record.getMessage() == "odd setting"]
    assert warned.levelname == "WARNING"
    assert "PROVIDERS[0].secret_until is over" in str(vars(warned))
    assert "secret:app" not in str(vars(warned))

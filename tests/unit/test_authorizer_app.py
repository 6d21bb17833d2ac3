"""What API Gateway gets from the authorizer: policies whose context holds all that the handler needs, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.app import Authorizer
from authorizer.errors import Reason
from authorizer.settings import Settings
from tests.tokens import AUDIENCE, ISSUER, NOW, claims, rsa_signer

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/v1/POST/signin"
PROVIDER = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [dict(rsa_signer().jwk)]}}


def authorizer() -> Authorizer:
    environ = {"PROVIDERS": json.dumps([PROVIDER])}
    return Authorizer(Settings.from_environ(environ, lambda: NOW), lambda: NOW)


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
            "scope": ISSUER,
            "plain": True,
            "subject": "ada",
            "name": "Ada Lovelace",
            "expires": NOW + 3600,
        },
    }


def test_bad_token_is_denied_with_its_reason() -> None:
    policy = authorizer().decide(bearer(exp=NOW - 60))

    [statement] = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", ARN)
    assert policy["context"] == {"reason": "token_expired", "description": "The token has expired."}


def test_missing_token_is_unauthorized_in_api_gateway_s_own_words() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer().decide(event())


def test_every_reason_can_stand_in_a_template_that_does_not_escape() -> None:
    for reason in Reason:
        text = reason.code + reason.description
        assert text.isprintable()
        assert not set(text) & set("\"\\'")


def test_every_reason_has_a_code_of_its_own() -> None:
    assert len({reason.code for reason in Reason}) == len(Reason)

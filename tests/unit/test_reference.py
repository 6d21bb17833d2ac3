"""tests/reference.py: what it finds in statements that contradict AWS's service authorization reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNEL = "arn:aws:chime:us-east-1:123456789012:app-instance/37e9754f/channel/*"
ONESELF = "arn:aws:chime:us-east-1:123456789012:app-instance/37e9754f/user/${aws:PrincipalTag/UserUUID}"
GOOD: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["chime:SendChannelMessage", "chime:ListChannelMessages"],
    "Resource": [ONESELF, CHANNEL],
}


def found(change: Mapping[str, Any]) -> str:
    return "; ".join(reference.findings({**GOOD, **change}))


def test_statement_that_aws_understands_is_left_alone() -> None:
    assert found({}) == ""


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param({"Action": "chime:SendMessage"}, "chime:SendMessage is no action", id="no such action"),
        pytest.param({"Action": "chim:Connect"}, "chim:Connect is no action", id="no such service"),
        pytest.param(
            {"Resource": [ONESELF]}, "SendChannelMessage is allowed on no channel", id="half of what it is on"
        ),
        pytest.param({"Resource": "*"}, "need not be allowed on all", id="everything, where AWS knows resources"),
        pytest.param(
            {"Action": "chime:GetMeeting", "Resource": "arn:aws:chime::123456789012:meeting/*"},
            "chime:GetMeeting is allowed on no meeting",
            id="an ARN without its region",
        ),
        pytest.param(
            {"Action": "chime:GetMeeting", "Resource": "arn:aws:chime:*::meeting/*"},
            "chime:GetMeeting is allowed on no meeting",
            id="an ARN without its account",
        ),
        pytest.param(
            {"Resource": [ONESELF, CHANNEL, CHANNEL.replace("channel", "chanel")]},
            "chanel/* is nothing that these actions know",
            id="a resource too many",
        ),
        pytest.param(
            {"Action": "chime:CreateMeeting", "Resource": "arn:aws:chime:*:123456789012:meeting/*"},
            "chime:CreateMeeting knows no resource",
            id="a resource, where AWS knows none",
        ),
        pytest.param(
            {"Condition": {"StringEquals": {"kms:ViaService": "x"}}}, "knows no key kms:ViaService", id="another's key"
        ),
        pytest.param({"Effect": "Deny", "NotAction": "chime:Conect"}, "chime:Conect is no action", id="in a Deny"),
        pytest.param(
            {
                "Action": "logs:PutLogEvents",
                "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/x",
            },
            "allowed on no log-stream",
            id="a log group without its streams",
        ),
    ],
)
def test_what_aws_does_not_understand_is_found(change: dict[str, Any], finding: str) -> None:
    assert finding in found(change)


def test_condition_on_a_key_that_has_a_name_in_it_is_understood() -> None:
    asked = {
        "StringLike": {"aws:RequestTag/UserUUID": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["UserUUID"]},
    }
    role = {"Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::123456789012:role/UserRole"}

    assert found({**role, "Condition": asked}) == ""


@pytest.mark.parametrize("exception", reference.EXCEPTIONS)
def test_exception_is_about_what_would_be_found_else(exception: str, monkeypatch: pytest.MonkeyPatch) -> None:
    action = exception.partition(" ")[0]
    monkeypatch.delitem(reference.EXCEPTIONS, exception)

    assert reference.EXCEPTIONS.get(exception) is None
    assert exception in json.dumps(reference.findings({**GOOD, "Action": action}))

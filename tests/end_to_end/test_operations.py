"""What the operators' commands say before they change anything, and when they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloudformation.deployment import STACK_NAME
from tests.end_to_end.operators import commands, finish, owner, start

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client

PROFILES = """
[profile old-sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = operator
[sso-session company]
sso_region = us-east-1
sso_start_url = https://example.com/start
"""


@pytest.mark.parametrize("command", commands(), ids=lambda command: command[0])
def test_every_command_finds_its_stack_in_the_same_way(stack: LocalStack, command: tuple[str, ...]) -> None:
    status, printed = finish(start(stack, *command, variables={"AWS_SAM_STACK_NAME": None, "ENV": "prod"}))

    assert status == 1
    assert "There is no stack chime-signin in us-east-1" in printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(
            {"AWS_DEFAULT_REGION": None}, "must specify a region. Write region in samconfig.toml", id="no region"
        ),
        pytest.param({"AWS_DEFAULT_REGION": "not a region!"}, "Write region in samconfig.toml", id="no such region"),
        pytest.param(
            {"AWS_PROFILE": "prdo"}, "(prdo) could not be found. aws configure list-profiles", id="no profile"
        ),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "Unable to locate credentials. Sign in as you do to deploy",
            id="no credentials",
        ),
        pytest.param({"AWS_SECRET_ACCESS_KEY": None}, "Partial credentials found", id="half of the credentials"),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN123456789"}, "AWS does not accept your credentials", id="a wrong key"
        ),
        pytest.param({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS does not accept your credentials", id="a wrong secret"),
        pytest.param({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Check this machine's network", id="no network"),
        pytest.param({"AWS_SAM_STACK_NAME": "nobody"}, "There is no stack nobody in us-east-1", id="no such stack"),
        pytest.param(
            {"AWS_SAM_STACK_NAME": None}, "There is no stack chime-signin-dev in us-east-1", id="dev by itself"
        ),
        pytest.param({"ENV": "prdo"}, "samconfig.toml has no environment prdo", id="no such environment"),
        pytest.param({"ENV": "prod"}, "Set only one of them", id="two stacks at once"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence_with_a_hint(
    stack: LocalStack, variables: dict[str, str | None], words: str
) -> None:
    status, printed = finish(start(stack, "revoked", variables=variables))

    assert status == 1
    assert words in printed
    assert len(printed.splitlines()) == 1
    assert "Traceback" not in printed


def test_session_that_has_ended_says_how_to_sign_in(stack: LocalStack, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(PROFILES)
    keys = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    profile = {"AWS_CONFIG_FILE": str(file), "AWS_PROFILE": "old-sso"}

    status, printed = finish(start(stack, "revoked", variables={**keys, **profile}))

    assert status == 1
    assert "aws sso login" in printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "Your credentials have expired. Sign in"),
        ("AccessDenied", "docs/permissions.md has it under Operators"),
        ("Throttling", "Run it again in a minute"),
    ],
)
def test_refusal_of_aws_s_is_one_sentence_with_a_hint(stack: LocalStack, client: Client, code: str, words: str) -> None:
    client.fault("DescribeStacks", error=code, status=400, times=-1)

    status, printed = finish(start(stack, "revoked"))

    assert status == 1
    assert words in printed
    assert len(printed.splitlines()) == 1


def test_stack_that_is_not_deployed_with_push_is_told_to_be(stack: LocalStack) -> None:
    status, printed = finish(start(stack, "push-role"))

    assert status == 1
    assert "Deploy it with PushNotificationsAppArn first" in printed


def test_stack_stays_unless_its_name_is_typed(stack: LocalStack) -> None:
    for typed in ("", "yes\n", "local2\n"):
        status, printed = finish(start(stack, "delete", typed=typed))

        assert status == 1
        assert "Nothing was deleted. To confirm it, type the stack's name, or say CONFIRM=local." in printed
    assert owner(stack, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]

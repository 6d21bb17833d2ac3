"""What operators do to a stack, and what its users notice of it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.cloudformation.deployment import REGION, STACK_NAME
from operations.commands import command_line
from tests.end_to_end.conftest import ROOT, Answer, Client, aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.stack import LocalStack

PAUSE = "1"
"""Seconds. The functions cache no list here, so this need only be long enough for times in whole seconds to differ."""


def commands() -> list[tuple[str, ...]]:
    """
    Return each command that operates a stack, from the parser, with ada where it takes a user.

    The others, `prepare` and `doctor`, say in words of their own what they look at.
    """
    [choices] = [action.choices for action in command_line()._actions if isinstance(action.choices, dict)]  # noqa: SLF001 - argparse gives them in no other way
    return [
        (name, *("ada" for action in made._actions if action.dest in ("user", "users")))  # noqa: SLF001 - likewise
        for name, made in choices.items()
        if made.get_default("run")
    ]


def owner(stack: LocalStack, service: str) -> Any:
    return aws(stack, service, stack.endpoint.admin_credentials())


def environment(stack: LocalStack, variables: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return the account owner's environment, with *variables* changed (None: unset)."""
    keys = stack.endpoint.admin_credentials()
    usual = {
        **os.environ,
        "AWS_SAM_STACK_NAME": STACK_NAME,
        "AWS_ENDPOINT_URL": stack.urls["aws"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_MAX_ATTEMPTS": "1",
    }
    return {name: value for name, value in {**usual, **(variables or {})}.items() if value is not None}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "operations", *arguments]


def start(
    stack: LocalStack, *arguments: str, typed: str = "", variables: Mapping[str, str | None] | None = None
) -> subprocess.Popen[str]:
    """Start the command in the `environment` of the account's owner, with *typed* typed."""
    running = subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env=environment(stack, variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdin
    running.stdin.write(typed)
    running.stdin.close()
    running.stdin = None
    return running


def finish(running: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the command's exit status and all that it printed."""
    printed, errors = running.communicate(timeout=60)
    return running.returncode, printed + errors


def revoke(stack: LocalStack, *users: str) -> None:
    status, printed = finish(start(stack, "revoke", *users, "--pause", PAUSE))
    assert status == 0, printed


def restore(stack: LocalStack, *users: str) -> None:
    status, printed = finish(start(stack, "restore", *users))
    assert status == 0, printed


def signed_in(client: Client, user: str, **claims: Any) -> dict[str, Any]:
    answer = client.sign_in(client.token(sub=user, **claims))
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def may_act(stack: LocalStack, session: dict[str, Any]) -> bool:
    """Tell whether a user's credentials may describe the user. Any error other than a Deny is raised."""
    chime = aws(stack, "chime-sdk-identity", session["ChimeCredentials"])
    try:
        chime.describe_app_instance_user(AppInstanceUserArn=session["ChimeAppInstanceUserArn"])
    except ClientError as error:
        if "explicit deny" not in str(error):
            raise
        return False
    return True


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.body["error"], answer.body["reason"]) == (403, "forbidden", "revoked")
    assert "ChimeCredentials" not in answer.body

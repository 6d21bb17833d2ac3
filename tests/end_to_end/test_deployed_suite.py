"""The tests of deployed stacks (`make e2e`), run against the local one, so that they are tested themselves."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from local.deployment import REGION, STACK_NAME
from tests.end_to_end.conftest import ROOT, aws

if TYPE_CHECKING:
    from local.stack import Stack
    from tests.end_to_end.conftest import Client


def make_e2e(stack: Stack, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run what `make e2e` runs, as somebody does who may deploy."""
    keys = stack.endpoint.root_credentials()
    environment = {
        **os.environ,
        "AWS_SAM_STACK_NAME": STACK_NAME,
        "E2E_SIGNIN_URL": f"{stack.urls['api']}/signin",
        "AWS_ENDPOINT_URL": stack.urls["aws"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        **variables,
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--confcutdir=tests/deployed",
        "tests/deployed",
    ]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def users(stack: Stack) -> list[str]:
    """Return the ids of the AppInstance's users."""
    chime = aws(stack, "chime-sdk-identity", stack.endpoint.root_credentials())
    [instance] = chime.list_app_instances()["AppInstances"]
    found = chime.list_app_instance_users(AppInstanceArn=instance["AppInstanceArn"])["AppInstanceUsers"]
    return [user["AppInstanceUserArn"].rpartition("/")[2] for user in found]


def test_stack_passes_and_is_left_as_it_was(stack: Stack, client: Client) -> None:
    token = client.token(sub="ada")
    print_it = shlex.join([sys.executable, "-c", f"print({token!r})"])

    done = make_e2e(stack, E2E_TOKEN_COMMAND=print_it)

    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    assert users(stack) == []


def test_user_who_was_there_before_stays(stack: Stack, client: Client) -> None:
    token = client.token(sub="bob")
    assert client.sign_in(token).status == 200

    done = make_e2e(stack, E2E_TOKEN=token)

    assert done.returncode == 0, done.stdout
    assert users(stack) == ["bob"]


def test_without_a_token_refusals_are_tested_and_the_rest_is_said_to_be_skipped(stack: Stack) -> None:
    done = make_e2e(stack)

    assert done.returncode == 0, done.stdout
    assert "give E2E_TOKEN" in done.stdout


def test_stack_that_is_broken_fails(stack: Stack, client: Client) -> None:
    client.fault("AssumeRole", error="AccessDenied", times=-1)

    done = make_e2e(stack, E2E_TOKEN=client.token(sub="ada"))

    assert done.returncode == 1
    assert "test_sign_in" in done.stdout

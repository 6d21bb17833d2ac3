"""The tests of deployed stacks (`make test-deployed`), run against the local one, so that they are tested, too."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from local.cloudformation.deployment import REGION, STACK_NAME
from tests.end_to_end.conftest import ROOT, aws

if TYPE_CHECKING:
    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client


def make_e2e(stack: LocalStack, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run what `make test-deployed` runs, as somebody does who may deploy."""
    keys = stack.endpoint.admin_credentials()
    usual = {
        **os.environ,
        "AWS_SAM_STACK_NAME": STACK_NAME,
        "E2E_SIGNIN_URL": f"{stack.urls['api']}/signin",
        "AWS_ENDPOINT_URL": stack.urls["aws"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
    }
    environment = {name: value for name, value in {**usual, **variables}.items() if value is not None}
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


def users(stack: LocalStack) -> list[str]:
    """Return the ids of the AppInstance's users."""
    chime = aws(stack, "chime-sdk-identity", stack.endpoint.admin_credentials())
    [instance] = chime.list_app_instances()["AppInstances"]
    found = chime.list_app_instance_users(AppInstanceArn=instance["AppInstanceArn"])["AppInstanceUsers"]
    return [user["AppInstanceUserArn"].rpartition("/")[2] for user in found]


def test_stack_passes_and_is_left_as_it_was(stack: LocalStack, client: Client) -> None:
    token = client.token(sub="ada")
    print_it = shlex.join([sys.executable, "-c", f"print({token!r})"])

    done = make_e2e(stack, E2E_TOKEN_COMMAND=print_it)

    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    assert users(stack) == []


def test_user_who_was_there_before_stays(stack: LocalStack, client: Client) -> None:
    token = client.token(sub="bob")
    assert client.sign_in(token).status == 200

    done = make_e2e(stack, E2E_TOKEN=token)

    assert done.returncode == 0, done.stdout
    assert users(stack) == ["bob"]


def test_without_a_token_refusals_are_tested_and_the_rest_is_said_to_be_skipped(stack: LocalStack) -> None:
    done = make_e2e(stack)

    assert done.returncode == 0, done.stdout
    assert "give E2E_TOKEN" in done.stdout


def test_stack_is_the_one_that_env_means(stack: LocalStack, client: Client) -> None:
    address = {"SigninUrl": {"Value": f"{stack.urls['api']}/signin"}}
    something = {
        "Nothing": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "x", "Type": "String", "Value": "x"}}
    }
    template = json.dumps({"Resources": something, "Outputs": address})
    aws(stack, "cloudformation", stack.endpoint.admin_credentials()).create_stack(
        StackName="chime-signin", TemplateBody=template
    )
    named = {"AWS_SAM_STACK_NAME": None, "E2E_SIGNIN_URL": None}

    prod = make_e2e(stack, **named, ENV="prod", E2E_TOKEN=client.token(sub="ada"))
    dev = make_e2e(stack, **named)

    assert prod.returncode == 0, prod.stdout
    assert "skipped" not in prod.stdout
    assert dev.returncode == 2
    assert "There is no stack chime-signin-dev in us-east-1" in dev.stdout + dev.stderr


def test_stack_that_is_broken_fails(stack: LocalStack, client: Client) -> None:
    client.fault("AssumeRole", error="AccessDenied", times=-1)

    done = make_e2e(stack, E2E_TOKEN=client.token(sub="ada"))

    assert done.returncode == 1
    assert "test_sign_in" in done.stdout

"""
Tests against a deployed stack, with the AWS account of whoever runs them: `make test-deployed`.

| variable | what |
|---|---|
| `ENV` | which stack of samconfig.toml: dev unless it is set |
| `AWS_SAM_STACK_NAME` | or the stack, in the region of your AWS configuration |
| `E2E_TOKEN` | a token of a user who may sign in; without one, only refusals are tested |
| `E2E_TOKEN_COMMAND` | or a command that prints one |
| `E2E_SIGNIN_URL` | an address to test instead of the stack's output SigninUrl, as of the local stack |

The user who signs in and one more are created in the AppInstance, and deleted again; a user who was there before stays.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from operations.aws import aws_errors_as_operation_errors, session
from operations.cloudformation import stack
from operations.errors import OperationError
from operations.target import target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True)
class SignedIn:
    """The answer to a sign-in that worked, and clients that act as that user."""

    headers: Any
    body: dict[str, Any]

    @property
    def arn(self) -> str:
        """The user."""
        return str(self.body["ChimeAppInstanceUserArn"])

    def client(self, service: str) -> Any:
        """Return a client with the user's credentials."""
        given = self.body["ChimeCredentials"]
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.body["ChimeRegion"],
        ).client(service)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def aws() -> Any:
    """Return a session with the credentials of whoever runs this, for the stack's account and region."""
    if "E2E_SIGNIN_URL" in os.environ:
        return boto3.Session()
    with _or_stop():
        meant = target(os.environ)
        return session(meant.region, meant.profile)


@pytest.fixture(scope="session")
def signin_url(aws: Any) -> str:
    """Return where to sign in: the stack's SigninUrl."""
    if "E2E_SIGNIN_URL" in os.environ:
        return os.environ["E2E_SIGNIN_URL"]
    with _or_stop():
        found = stack(aws, target(os.environ).stack)
    if not found.signin_url:
        pytest.exit(
            f"{found} It has no output SigninUrl: its deployment has failed, or is still under way.", returncode=2
        )
    return found.signin_url


@pytest.fixture(scope="session")
def token() -> str:
    """Return a token of a user who may sign in."""
    if os.environ.get("E2E_TOKEN"):
        return os.environ["E2E_TOKEN"]
    if not os.environ.get("E2E_TOKEN_COMMAND"):
        pytest.skip("Nobody signs in: give E2E_TOKEN, or E2E_TOKEN_COMMAND that prints one")
    command = shlex.split(os.environ["E2E_TOKEN_COMMAND"])
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def signed_in(aws: Any, signin_url: str, token: str) -> Iterator[SignedIn]:
    """Sign in; afterwards delete the user, if it was not there before."""
    begins = _next_second(signin_url)
    answer = urllib3.request(
        "POST", signin_url, headers={"Authorization": f"Bearer {token}"}, retries=False, timeout=30
    )
    assert answer.status == 200, answer.data
    made = SignedIn(answer.headers, answer.json())
    yield made
    _delete_if_new(aws, made, begins)


@pytest.fixture(scope="session")
def operator(aws: Any, signed_in: SignedIn) -> Any:
    """Return a client for the AppInstance with the credentials of whoever runs this."""
    return aws.client("chime-sdk-identity", region_name=signed_in.body["ChimeRegion"])


@pytest.fixture(scope="session")
def somebody_else(signed_in: SignedIn, operator: Any) -> Iterator[str]:
    """Return the ARN of another user of the AppInstance, who is there while the tests run."""
    arn = operator.create_app_instance_user(
        AppInstanceArn=signed_in.body["ChimeAppInstanceArn"],
        AppInstanceUserId=f"e2e-{uuid.uuid4()}",
        Name="Somebody else",
        ClientRequestToken=str(uuid.uuid4()),
    )["AppInstanceUserArn"]
    yield arn
    operator.delete_app_instance_user(AppInstanceUserArn=arn)


@contextmanager
def _or_stop() -> Iterator[None]:
    """End all tests with a sentence if the stack cannot be found."""
    try:
        with aws_errors_as_operation_errors():
            yield
    except OperationError as error:
        pytest.exit(str(error), returncode=2)


def _next_second(url: str) -> datetime:
    """Wait for the service's next full second, and return it: users who exist already were created before it."""
    now = parsedate_to_datetime(urllib3.request("OPTIONS", url, retries=False, timeout=30).headers["Date"])
    time.sleep(1)
    return now + timedelta(seconds=1)


def _delete_if_new(aws: Any, signed_in: SignedIn, begins: datetime) -> None:
    chime = aws.client("chime-sdk-identity", region_name=signed_in.body["ChimeRegion"])
    user = chime.describe_app_instance_user(AppInstanceUserArn=signed_in.arn)["AppInstanceUser"]
    if user["CreatedTimestamp"] >= begins:
        chime.delete_app_instance_user(AppInstanceUserArn=signed_in.arn)

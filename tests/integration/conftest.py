"""A fresh local AWS for each test, over HTTP on loopback, and real clients of it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from local.aws.endpoint import AwsEndpoint
from local.http.server import Server
from signin.aws import shared_session
from tests.integration.clients import HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator

ANYONE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
# One attempt, because a retry would hide the first answer. No parameter validation, because botocore's would hide ours.
ONCE = Config(retries={"total_max_attempts": 1}, parameter_validation=False, connect_timeout=5, read_timeout=60)
SESSION: Any = boto3.Session()


def policy(*statements: Any) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True)
class Aws:
    """The endpoint, its address, and ways to call it."""

    endpoint: AwsEndpoint
    url: str

    def client(self, service: str, credentials: dict[str, Any] | None = None, region: str = "us-east-1") -> Any:
        """Return a boto3 client with *credentials*, by default those of the stack's owner."""
        signed_by = credentials or self.endpoint.admin_credentials()
        return SESSION.client(
            service,
            region,
            endpoint_url=self.url,
            aws_access_key_id=signed_by["AccessKeyId"],
            aws_secret_access_key=signed_by["SecretAccessKey"],
            aws_session_token=signed_by.get("SessionToken"),
            config=ONCE,
        )

    def role(self, name: str, *may: Any, trusts: Any = ANYONE, **settings: Any) -> str:
        """
        Create a role, for which the endpoint gives credentials under *name*.

        *may* are the statements of its policy, by default one that allows everything. *trusts* is the statement of its
        trust policy, by default one that lets anyone assume it.
        """
        iam, document = self.client("iam"), policy(trusts)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **settings)["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=policy(*(may or [EVERYTHING])))
        self.endpoint.roles[name] = role["Arn"]
        return str(role["Arn"])

    def as_role(self, name: str, service: str, region: str = "us-east-1") -> Any:
        """Return a boto3 client with the credentials that Lambda gives to a function with that role."""
        return self.client(service, self.endpoint.credentials(name), region)

    def local(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call a control path, and return status and JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        response = HTTP.request(method, f"{self.url}/local/{path}", body=data)
        return response.status, json.loads(response.data)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with closing(AwsEndpoint()) as endpoint:
        yield endpoint


@pytest.fixture
def server(endpoint: AwsEndpoint) -> Iterator[Server]:
    """The HTTP server of the local AWS."""
    with closing(Server(endpoint)) as running:
        yield running


@pytest.fixture
def aws(endpoint: AwsEndpoint, server: Server) -> Aws:
    return Aws(endpoint, server.url)


@pytest.fixture
def default_aws(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The local AWS, in the environment variables from which botocore takes address and credentials in a function."""
    owner = aws.endpoint.admin_credentials()
    # Cleared, because the shared session keeps the credentials of the test before.
    shared_session.cache_clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", owner["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", owner["SecretAccessKey"])
    return aws

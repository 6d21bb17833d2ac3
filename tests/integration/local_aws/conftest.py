"""A fresh local AWS for each test, over HTTP on loopback, and real clients of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore.config import Config

from local.aws.endpoint import AwsEndpoint
from local.web import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

ANYONE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"},
    ],
}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# One attempt each, or a retry would hide the first answer; no checks of botocore's own, or they would hide ours.
ONCE = Config(retries={"total_max_attempts": 1}, parameter_validation=False, connect_timeout=5, read_timeout=60)
SESSION: Any = boto3.Session()


@dataclass(frozen=True)
class Aws:
    """The endpoint, its address, and ways to talk to it."""

    endpoint: AwsEndpoint
    url: str

    def client(self, service: str, credentials: dict[str, Any] | None = None, region: str = "us-east-1") -> Any:
        """A boto3 client with *credentials* (the stack owner's by default)."""
        signed_by = credentials or self.endpoint.root_credentials()
        return SESSION.client(
            service,
            region,
            endpoint_url=self.url,
            aws_access_key_id=signed_by["AccessKeyId"],
            aws_secret_access_key=signed_by["SecretAccessKey"],
            aws_session_token=signed_by.get("SessionToken"),
            config=ONCE,
        )

    def role(self, name: str, **settings: Any) -> str:
        """Create a role that anyone may assume and that may do everything; its credentials are had under *name*."""
        policy = json.dumps(ANYONE)
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy, **settings)["Role"]
        self.client("iam").put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
        self.endpoint.roles[name] = role["Arn"]
        return str(role["Arn"])

    def local(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call a control path; status and JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        response = urllib3.request(method, f"{self.url}/local/{path}", body=data)
        return response.status, json.loads(response.data)


@pytest.fixture
def aws() -> Iterator[Aws]:
    endpoint = AwsEndpoint()
    server = Server(endpoint)
    yield Aws(endpoint, server.url)
    server.close()
    endpoint.close()


@pytest.fixture
def chime(aws: Aws) -> Any:
    return aws.client("chime-sdk-identity")


@pytest.fixture
def app_instance(chime: Any) -> str:
    """An AppInstance's ARN."""
    return str(chime.create_app_instance(Name="Demo")["AppInstanceArn"])

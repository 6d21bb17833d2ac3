"""The local stack, and a client of it that speaks HTTP as a browser or a phone would."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore.config import Config

from local.stack import LocalStack, StackOptions
from tests.api_document import check

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENT = urllib3.Timeout(total=60)


@dataclass(frozen=True)
class Answer:
    """What came back, with the body read as JSON."""

    status: int
    headers: Any
    body: Any


@dataclass(frozen=True)
class Client:
    """Talks to a stack at `urls`; `logs` holds what its functions logged."""

    urls: dict[str, str]
    logs: list[bytes] = field(default_factory=list)

    def token(self, **claims: Any) -> str:
        """Return a token of the local issuer."""
        token: str = self.control("POST", "issuer", "/token", claims)["access_token"]
        return token

    def sign_in(self, token: str, path: str = "/signin", **headers: str) -> Answer:
        """Sign in with *token*."""
        return self.call("POST", path, [("Authorization", f"Bearer {token}"), *headers.items()])

    def call(self, method: str, path: str, headers: Any = (), body: bytes | None = None) -> Answer:
        """Call the API, whose answer must be as described; *headers* are pairs, and may hold a name twice."""
        pairs = urllib3.HTTPHeaderDict()
        for name, value in headers:
            pairs.add(name, value)
        url = urllib3.util.parse_url(self.urls["api"] + path)  # which resolves dots, as `request` does
        response = urllib3.request(method, str(url), headers=pairs, body=body, timeout=PATIENT, retries=False)
        return described(method, url.request_uri, response.status, response.headers, response.data)

    def control(self, method: str, side: str, path: str, body: Any = None) -> Any:
        """Call the issuer or the AWS endpoint, outside AWS's own protocols."""
        data = None if body is None else json.dumps(body).encode()
        response = urllib3.request(method, self.urls[side] + path, body=data, timeout=PATIENT, retries=False)
        assert response.status in (200, 201, 204), response.data
        return json.loads(response.data) if response.data else None

    def fault(self, operation: str, **fault: Any) -> None:
        """Set a fault for the next calls of an AWS operation."""
        self.control("POST", "aws", "/local/faults", {"operation": operation, **fault})

    def calls(self) -> list[dict[str, Any]]:
        """Return the AWS calls that were received."""
        received: list[dict[str, Any]] = self.control("GET", "aws", "/local/calls")
        return received


def described(method: str, path: str, status: int, headers: Any, data: bytes) -> Answer:
    """Return an answer of the API, after a look whether docs/openapi.yaml describes it."""
    body = json.loads(data) if data else None
    check(method, path, status, headers, body)
    return Answer(status, headers, body)


def aws(stack_or_client: Any, service: str, credentials: dict[str, str]) -> Any:
    """Return a boto3 client with *credentials*, in the form of the contract."""
    session: Any = boto3.Session()
    return session.client(
        service,
        region_name="us-east-1",
        endpoint_url=stack_or_client.urls["aws"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        # The service has to refuse wrong parameters, not botocore, and a retry would repeat the call.
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def logs() -> list[bytes]:
    return []


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=logs.append)) as running:
        yield running


@pytest.fixture
def client(stack: LocalStack, logs: list[bytes]) -> Iterator[Client]:
    made = Client(stack.urls, logs)
    made.control("DELETE", "aws", "/local/calls")
    yield made
    made.control("DELETE", "aws", "/local/faults")


@contextmanager
def command_line_stack(*arguments: str) -> Iterator[Client]:
    """Run the stack as the command that people type, on free ports."""
    command = [sys.executable, "-m", "local", "--json", *arguments]
    ports = ["--port", "0", "--issuer-port", "0", "--aws-port", "0"]
    with subprocess.Popen([*command, *ports], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout
        try:
            yield Client(json.loads(running.stdout.readline()))
        finally:
            running.terminate()
            assert running.wait(timeout=60) == 0

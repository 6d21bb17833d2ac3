"""Both functions under AWS's own runtime, at every level that they can be told to log at: nothing secret is written."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import urllib3

from local.api_gateway.app import Gateway
from local.http.server import Server
from local.lambda_runtime.process import environment
from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import aws
from tests.runtime_api import Runtime
from tests.tokens import hmac_signer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's runtime is for Linux alone")

SECRET = "a-shared-secret-of-more-than-32-bytes-xyzzy"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
SUBJECT, NAME = "subject-xyzzy", "Name Xyzzy"
PROVIDER = {"name": "main", "preset": "shared-secret", "secret_arn": SECRET_ARN}
PARAMETERS = {"Providers": json.dumps([PROVIDER]), "SharedSecretArn": SECRET_ARN}
DEBUG = {"POWERTOOLS_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOGGER_SAMPLE_RATE": "1", "POWERTOOLS_DEBUG": "true"}
LAMBDA_DEBUG = {"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
EVENTS = {"INFO": {"token accepted", "signed in", "not signed in"}, "WARNING": {"not signed in"}, "ERROR": set()}


@dataclass(frozen=True)
class Ran:
    """What went in and came out, by what it is, and what the functions wrote."""

    secrets: Mapping[str, str]
    log: str

    def lines(self) -> list[dict[str, Any]]:
        """Return those lines of the log that are JSON."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


def run(folder: Path, level: str, by_hand: Mapping[str, str]) -> Ran:
    """Sign somebody in, then fail to, under AWS's runtime and *level*, with variables that somebody set *by_hand*."""
    options = StackOptions(parameters={**PARAMETERS, "LogLevel": level}, log=lambda _: None)
    with ExitStack() as running:
        stack = running.enter_context(LocalStack(options))
        root = stack.endpoint.admin_credentials()
        tags = [{"Key": "_custom_id_", "Value": "AbCdEf"}]
        aws(stack, "secretsmanager", root).create_secret(Name="app", SecretString=SECRET, Tags=tags)
        runtimes, secrets = {}, {"the shared secret": SECRET, "the subject": SUBJECT, "the name": NAME}
        for logical_id, function in stack.deployment.functions.items():
            variables = {
                **environment(function, stack.endpoint.credentials(function.role), stack.urls["aws"]),
                **by_hand,
            }
            secrets |= {
                f"{logical_id}'s {name}": variables[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            }
            made = Runtime(replace(function), variables, folder / logical_id)
            runtimes[logical_id] = running.enter_context(made)
        gateway = Gateway(stack.deployment.api, lambda name, event, seconds: runtimes[name].invoke(event, seconds))
        url = running.enter_context(closing(Server(gateway))).url
        secrets |= sign_in(url, stack)
        return Ran(secrets, "".join(runtime.log for runtime in runtimes.values()))


def sign_in(url: str, stack: LocalStack) -> dict[str, str]:
    """Sign in, and once more while STS refuses; return what is secret of both."""
    token = hmac_signer(SECRET.encode()).token({"exp": int(time.time()) + 600, "id": SUBJECT, "full_name": NAME})
    headers = {"Authorization": f"Bearer {token}"}
    answer = urllib3.request("POST", f"{url}/signin", headers=headers, timeout=60, retries=False)
    assert answer.status == 200, answer.data
    fault = {"operation": "AssumeRole", "error": "AccessDenied", "status": 403, "times": 1}
    urllib3.request("POST", f"{stack.urls['aws']}/local/faults", json=fault, timeout=60)
    assert urllib3.request("POST", f"{url}/signin", headers=headers, timeout=60, retries=False).status == 502
    given = json.loads(answer.data)["ChimeCredentials"]
    segments = {f"segment {at} of the token": part for at, part in enumerate(token.split("."))}
    return segments | {name: given[name] for name in ("SecretAccessKey", "SessionToken")}


@pytest.mark.parametrize(
    ("level", "by_hand"),
    [
        pytest.param("INFO", {}, id="INFO"),
        pytest.param("WARNING", {}, id="WARNING"),
        pytest.param("ERROR", {}, id="ERROR"),
        pytest.param("INFO", DEBUG, id="Powertools told DEBUG by hand"),
        pytest.param("INFO", LAMBDA_DEBUG, id="Lambda told DEBUG by hand"),
        pytest.param("INFO", DEBUG | LAMBDA_DEBUG, id="both told DEBUG by hand"),
        pytest.param(
            "INFO", DEBUG | LAMBDA_DEBUG | {"AWS_LAMBDA_LOG_FORMAT": "Text"}, id="both told DEBUG by hand, as text"
        ),
    ],
)
def test_functions_log_from_their_level_on_and_nothing_secret(
    tmp_path: Path, level: str, by_hand: Mapping[str, str]
) -> None:
    ran = run(tmp_path, level, by_hand)

    assert {line.get("message") for line in ran.lines()} & EVENTS["INFO"] == EVENTS[level]
    assert not [line for line in ran.lines() if str(line.get("logger")).startswith("botocore")]
    # Metrics come at every level.
    counted = {
        metric["Name"]
        for line in ran.lines()
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert {"SignIns", "Failures"} <= counted
    found = {what for what, text in ran.secrets.items() if text in ran.log or quote(text, safe="") in ran.log}
    assert found == set()

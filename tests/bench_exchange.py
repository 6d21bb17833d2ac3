"""Measure the exchange beside the two calls that it makes, each of which takes 40 ms and more."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Any

import boto3

from signin.app import SignIn
from signin.sessions import Terms
from signin.settings import Settings
from tests.end_to_end.conftest import Client, command_line_stack

if TYPE_CHECKING:
    from collections.abc import Callable

UPSTREAM_MILLISECONDS = 40
RUNS = 200
DECISION = 1.1
"""How many times as long as the slower of its two calls a warm sign-in may take."""


def main(say: Callable[[str], None]) -> None:
    """Measure and print; the local AWS runs in a process of its own, lest the two wait for one interpreter."""
    with command_line_stack() as client:
        answer = client.sign_in(client.token(sub="ada", name="Ada Lovelace")).body
        _use_function_s_credentials(client)
        role_arn = _role_arn(answer["ChimeCredentials"])
        for operation in ("AssumeRole", "DescribeAppInstanceUser"):
            client.fault(operation, delay_ms=UPSTREAM_MILLISECONDS, times=-1)
        times = _interleaved(_contenders(answer, role_arn))
    _print(times, say)


def _contenders(answer: dict[str, Any], role_arn: str) -> dict[str, Callable[[], object]]:
    instance, user = answer["ChimeAppInstanceArn"], answer["ChimeAppInstanceUserArn"]
    sign_in = SignIn(
        Settings(instance, Terms(role_arn, 3600), source_identity=False, allowed_origins=frozenset()), time.time
    )
    context = {"provider": "main", "scope": "s", "plain": "true", "subject": "ada", "name": "Ada Lovelace", "role": ""}
    event = {"requestContext": {"authorizer": {**context, "expires": str(int(time.time()) + 3600)}}}
    session: Any = boto3.Session()
    sts, chime = session.client("sts"), session.client("chime-sdk-identity")
    tags = [{"Key": "UserUUID", "Value": "ada"}]

    def whole() -> None:
        assert sign_in.answer(event)["statusCode"] == 200

    return {
        "a warm sign-in, the whole handler": whole,
        "AssumeRole alone": lambda: sts.assume_role(RoleArn=role_arn, RoleSessionName="chime_ada", Tags=tags),
        "DescribeAppInstanceUser alone": lambda: chime.describe_app_instance_user(AppInstanceUserArn=user),
    }


def _interleaved(contenders: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(-5, RUNS):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            if run >= 0:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def _print(times: dict[str, list[float]], say: Callable[[str], None]) -> None:
    title = f"milliseconds, each call delayed by {UPSTREAM_MILLISECONDS}"
    say(f"{title:<50}{'median':>9}{'p10':>9}{'p90':>9}{'runs':>6}")
    medians = []
    for name, taken in times.items():
        deciles = statistics.quantiles(taken, n=10)
        medians.append(statistics.median(taken))
        say(f"{name:<50}{medians[-1]:>9.1f}{deciles[0]:>9.1f}{deciles[-1]:>9.1f}{len(taken):>6}")
    ratio = medians[0] / max(medians[1:])
    say(f"A sign-in takes {ratio:.2f} times as long as the slower call; at most {DECISION} is the decision.\n")


def _use_function_s_credentials(client: Client) -> None:
    given = client.control("POST", "aws", "/local/credentials", {"role": "SigninFunctionRole"})
    os.environ.update(
        AWS_ENDPOINT_URL=client.urls["aws"],
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID=given["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"],
        AWS_SESSION_TOKEN=given["SessionToken"],
    )


def _role_arn(credentials: dict[str, str]) -> str:
    session: Any = boto3.Session()
    sts = session.client(
        "sts",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    # arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION
    assumed: list[str] = sts.get_caller_identity()["Arn"].split("/")
    return assumed[0].replace(":sts:", ":iam:").replace("assumed-role", "role") + f"/{assumed[1]}"

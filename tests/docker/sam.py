"""The SAM CLI: build the functions, and run what was built in Docker against a `Cloud`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import yaml

from tests.environment import with_reach
from tests.ports import lasting_free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.docker.cloud import Cloud

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".aws-sam" / "build"
TEMPLATE = BUILT / "template-docker.yaml"
IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
SAM = str(Path(sys.executable).with_name("sam"))


class SamError(Exception):
    """The SAM CLI or the function failed; the text is all that was printed."""


def image_flags() -> list[str]:
    """
    Return the flags that `sam local` needs for the Lambda image, after providing one if it cannot be pulled here.

    A program named by LAMBDA_RUNTIME_IMAGE, or ../shared/bin/lambda-runtime-image, starts Docker and makes the image.

    Raises:
        SamError: There is no Docker here.
    """
    if _succeeds("docker", "image", "inspect", IMAGE):
        return ["--skip-pull-image"]
    program = os.environ.get("LAMBDA_RUNTIME_IMAGE") or shutil.which(ROOT.parent / "shared/bin/lambda-runtime-image")
    if program:
        subprocess.run([program], env=with_reach(), check=True)
        return ["--skip-pull-image"]
    if not _succeeds("docker", "info"):
        raise SamError("This needs Docker, and its engine does not answer.")
    return []


def build() -> None:
    """
    Build functions and layers into .aws-sam.

    Raises:
        SamError: It failed.
    """
    _run([SAM, "build"], environment())


def prepare(cloud: Cloud) -> None:
    """
    Write, beside the built template, one for these runs: its functions have the settings of *cloud*.

    `--env-vars` would pass only what template.yaml declares, and where AWS is has no place there.
    """
    document = yaml.safe_load((BUILT / "template.yaml").read_text())
    resources = document["Resources"]
    for logical_id, function in list(resources.items()):
        if function["Type"] == "AWS::Serverless::Function":
            function["Properties"]["Environment"] = {"Variables": cloud.settings(logical_id)}
            resources |= _apart(logical_id, function)
    TEMPLATE.write_text(yaml.safe_dump(document, sort_keys=False))


def _apart(logical_id: str, function: dict[str, Any]) -> dict[str, Any]:
    """
    Return the function twice: once with its routes that ask the authorizer, once with those that do not.

    SAM CLI 1.170.0 makes one route of all methods that a function has on a path, and whether that one asks the
    authorizer is left to chance (the order of a set). API Gateway knows each method by itself.
    """
    events = function["Properties"].get("Events", {})
    free = {name: event for name, event in events.items() if "Auth" in event["Properties"]}
    if not free:
        return {logical_id: function}
    guarded = {name: event for name, event in events.items() if name not in free}
    return {
        name: {**function, "Properties": {**function["Properties"], "Events": chosen}}
        for name, chosen in ((logical_id, guarded), (f"{logical_id}WithoutAuthorizer", free))
    }


def invoke(function: str, event: Mapping[str, Any], cloud: Cloud, flags: list[str]) -> dict[str, Any]:
    """
    Return what the built *function* makes of *event*, in a container, with the credentials of its role.

    Raises:
        SamError: The function raised: `sam local invoke` itself counts that as success.
    """
    command = [SAM, "local", "invoke", function, "--template-file", str(TEMPLATE), "--event", "-", *flags]
    done = _run(command, environment(cloud.credentials(function)), json.dumps(event))
    printed = done.stdout.strip().splitlines()
    answer = json.loads(printed[-1]) if printed else None
    if not isinstance(answer, dict) or "errorType" in answer:
        raise SamError(f"{function} failed.\n{done.stdout}\n{done.stderr}")
    return answer


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what the SAM CLI sees: nothing of an AWS account, this project's programs first, and *variables*."""
    kept = with_reach()
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "SAM_CLI_TELEMETRY": "0", **(variables or {})}


def _run(command: list[str], variables: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=ROOT, env=variables, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SamError(f"{' '.join(command)} failed.\n{done.stdout}\n{done.stderr}")
    return done


def _succeeds(*command: str) -> bool:
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def start_api(cloud: Cloud, flags: list[str], port: int, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start `sam local start-api` on *port*, printing to *output* (None: where this process does)."""
    # Both functions get the same credentials; the authorizer's own are needed for shared secrets only.
    command = [SAM, "local", "start-api", "--template-file", str(TEMPLATE), "--port", str(port)]
    return subprocess.Popen(
        interruptible([*command, "--warm-containers", "LAZY", *flags]),
        cwd=ROOT, env=environment(cloud.credentials("SigninFunction")),
        stdin=subprocess.DEVNULL, stdout=output, stderr=output,
    )  # fmt: skip


def interruptible(command: list[str]) -> list[str]:
    """
    Return the command that runs *command* so that SIGINT ends it.

    A shell without job control lets what it starts in the background ignore SIGINT, and whatever that starts does too.
    """
    restore = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
    )
    return [sys.executable, "-I", "-c", restore, *command]


class Api:
    """The built functions behind `sam local start-api`, from the moment it is made until it is closed."""

    def __init__(self, cloud: Cloud, flags: list[str], log: Path) -> None:
        """
        Start it on any free port, and wait until it answers. What it prints goes to the file *log*.

        Raises:
            SamError: It ended before it answered.
        """
        self._port = lasting_free_port()
        with log.open("wb") as output:
            self._process = start_api(cloud, flags, self._port, output)
        while not self._answers():
            if self._process.poll() is not None:
                raise SamError(f"sam local start-api ended.\n{log.read_text()}")
            time.sleep(0.1)

    def call(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], Any]:
        """Return status, headers (their names in lower case) and JSON body (None if there is none) of the answer."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        with closing(connection):
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            body = response.read()
        named = {name.lower(): value for name, value in response.getheaders()}
        return response.status, named, json.loads(body) if body else None

    def close(self) -> None:
        """Stop it, and wait until its containers are gone."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port)).close()
        except OSError:
            return False
        return True

"""The contenders as programs: a driver that stands for Lambda's runtime, with the handler that it loads."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from benchmarks.measure import CannotMeasureError
from benchmarks.upstream import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.upstream import Upstream

BUILT = ROOT / ".aws-sam" / "build"
CONTENDERS = Path(__file__).with_name("contenders")
SDK_V2, SDK_V3 = CONTENDERS / "node-sdk-v2", CONTENDERS / "node-sdk-v3"
PLAIN_BOTO3 = ROOT / ".build" / "bench" / "boto3"
BUNDLED = ROOT / ".build" / "bench" / "node-sdk-v3.js"
ROOMS_DEMO = CONTENDERS / "rooms-demo" / "whole.js"
ROOMS_DEMO_BUNDLED = ROOT / ".build" / "bench" / "rooms-demo.js"
LAMBDA_S_PYTHON = (3, 13)
NODE_V2 = "Node.js, SDK v2, as the original loads it"
NODE_V3 = "Node.js, SDK v3, its two clients"
BOTO3 = "Python, plain boto3"


@dataclass(frozen=True)
class Program:
    """A command that answers events as the drivers do; the descriptor for its answers is added as last argument."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    @contextmanager
    def running(self) -> Iterator[Callable[[Any], dict[str, Any]]]:
        """
        Start it, and give what sends it an event: the answer has the handler's `milliseconds`, and its `answer`.

        The process ends with the context.
        """
        read, write = os.pipe()
        command = [*self.command, str(write)]
        with (
            os.fdopen(read, "rb") as answers,
            subprocess.Popen(
                command, env=dict(self.environment), cwd=ROOT, pass_fds=(write,),
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            ) as process,
        ):  # fmt: skip
            os.close(write)
            assert process.stdin
            requests = process.stdin
            yield lambda event: _asked(event, requests, answers)

    def cold(self, event: Any, check: Callable[[Any], None]) -> float:
        """Return the milliseconds from the process's start to its answer to *event*, which *check* accepts."""
        start = time.perf_counter()
        with self.running() as ask:
            answer = ask(event)["answer"]
            milliseconds = (time.perf_counter() - start) * 1000
        check(answer)
        return milliseconds


def _asked(event: Any, requests: IO[bytes], answers: IO[bytes]) -> dict[str, Any]:
    requests.write(json.dumps(event).encode() + b"\n")
    requests.flush()
    line = answers.readline()
    if not line:
        raise CannotMeasureError("A contender ended without an answer: see what it wrote above.")
    answer: dict[str, Any] = json.loads(line)
    return answer


def ours(upstream: Upstream, function: str, built: Path = BUILT) -> Program:
    """Return our *function* (Authorizer, Signin or Rooms) as `sam build` made it: its code first, then its layer."""
    folders = [built / f"{function}Function", built / f"{function}Layer" / "python"]
    for folder in folders:
        _needed(folder)
    environment = {
        **upstream.environments[f"{function}Function"],
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        # As on Lambda's file system: what was shipped without bytecode stays without.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Program((*python_driver(), f"{function.lower()}.app.handler"), environment)


def plain_boto3(upstream: Upstream, handler: str = "handler") -> Program:
    """Return a handler of contenders/plain_boto3.py, with all of boto3; its first run writes its bytecode."""
    path = os.pathsep.join(map(str, (CONTENDERS, _needed(PLAIN_BOTO3))))
    environment = {**upstream.environments["SigninFunction"], "PYTHONPATH": path}
    return Program((*python_driver(), f"plain_boto3.{handler}"), environment)


def node(upstream: Upstream, handler: Path, function: str = "SigninFunction") -> Program:
    """Return the *handler* in Node.js, in the environment of our *function*."""
    environment = {
        **upstream.environments[function],
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
        "NODE_NO_WARNINGS": "1",  # both SDKs warn of their age or Node's
    }
    return Program(("node", str(CONTENDERS / "driver.js"), str(_needed(handler))), environment)


def originals(upstream: Upstream) -> dict[str, Program]:
    """Return the ways that sign-in went before, by their names."""
    return {
        NODE_V2: node(upstream, SDK_V2 / "whole.js"),
        NODE_V3: node(upstream, SDK_V3 / "handler.js"),
        BOTO3: plain_boto3(upstream),
    }


def improved_originals(upstream: Upstream) -> dict[str, Program]:
    """Return what can be had from Node.js with some care."""
    return {
        "Node.js, SDK v2, its two clients alone": node(upstream, SDK_V2 / "lean.js"),
        "Node.js, SDK v3, bundled and minified": node(upstream, BUNDLED),
    }


def python_driver() -> tuple[str, ...]:
    """Return the interpreter, Lambda's version if there is one here, and the driver."""
    return python(), "-P", str(CONTENDERS / "driver.py")


@functools.cache
def python() -> str:
    """Return a CPython 3.13, whose bytecode the artifacts hold: $PYTHON313, on the PATH or pyenv's; or else ours."""
    candidates = [os.environ.get("PYTHON313", ""), "python3.13", sys.executable, *_pyenvs()]
    return next((found for candidate in candidates if (found := _lambda_s(candidate))), sys.executable)


def python_note() -> str:
    """Return what a reader has to know of the interpreter."""
    if _lambda_s(python()):
        return "Python is CPython 3.13, as in Lambda: it uses the bytecode that the layers bring."
    return "**There is no CPython 3.13 here: ours ran on another, for which the layers have no bytecode.**"


def _lambda_s(candidate: str) -> str:
    """Return the path of the interpreter itself, not of what starts it, if it is a CPython of Lambda's version."""
    code = "import sys; print(*sys.version_info[:2], sys.implementation.name, sys.executable)"
    try:
        said = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    major, minor, name, path = said.strip().split(" ", 3)
    return path if (int(major), int(minor), name) == (*LAMBDA_S_PYTHON, "cpython") else ""


def _pyenvs() -> list[str]:
    return [str(path) for path in sorted((Path.home() / ".pyenv/versions").glob("3.13.*/bin/python"))]


def _needed(path: Path) -> Path:
    if not path.exists():
        raise CannotMeasureError(f"{path.relative_to(ROOT)} is missing: start this by `make bench`.")
    return path


def check_allowed(answer: Any) -> None:
    """Accept the authorizer's Allow."""
    if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
        raise CannotMeasureError(f"A contender refused a good token: {answer}")


def check_answered(answer: Any) -> None:
    """Accept a 200."""
    if answer["statusCode"] != 200:
        raise CannotMeasureError(f"A contender failed: {answer}")


def check_signed_in(answer: Any) -> None:
    """Accept a 200 with credentials and the user."""
    check_answered(answer)
    body = json.loads(answer["body"])
    if not (body["ChimeCredentials"]["SessionToken"] and body["ChimeAppInstanceUserArn"].endswith("/user/ada")):
        raise CannotMeasureError(f"A contender signed somebody else in: {answer}")

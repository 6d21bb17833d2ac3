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
from benchmarks.trust import Trusting, system_store, trusting
from benchmarks.upstream import ROOT, SCRATCH
from tests.docker.events import authorizer_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.upstream import Upstream

BUILT = ROOT / ".aws-sam" / "build"
CONTENDERS = Path(__file__).with_name("contenders")
SDK_V2, SDK_V3, VERIFIERS = (CONTENDERS / name for name in ("node-sdk-v2", "node-sdk-v3", "node-verifiers"))
PACKAGES = SCRATCH / "python"
BUNDLED, BUNDLED_VERIFIER = SCRATCH / "node-sdk-v3.js", SCRATCH / "node-verifiers.js"
ROOMS_DEMO, ROOMS_DEMO_BUNDLED = CONTENDERS / "rooms-demo" / "whole.js", SCRATCH / "rooms-demo.js"
LAMBDA_PYTHON = (3, 13)


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

    def started(self, event: Any) -> float:
        """Return the milliseconds from the process's start until its handler is given *event*."""
        start = time.perf_counter()
        with self.running() as ask:
            own: float = ask(event)["milliseconds"]
            return (time.perf_counter() - start) * 1000 - own


def _asked(event: Any, requests: IO[bytes], answers: IO[bytes]) -> dict[str, Any]:
    requests.write(json.dumps(event).encode() + b"\n")
    requests.flush()
    line = answers.readline()
    if not line:
        raise CannotMeasureError("A contender ended without an answer: see what it wrote above.")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise CannotMeasureError(f"A contender failed: {answer['error']}")
    return answer


def ours(upstream: Upstream, function: str, built: Path = BUILT) -> Program:
    """Return our *function* (Authorizer, Signin or Rooms) as `sam build` made it: its code first, then its layer."""
    shipped = [_trusting(upstream, built / name) for name in (f"{function}Function", f"{function}Layer")]
    folders = [shipped[0].folder, shipped[1].folder / "python"]
    environment = {
        **upstream.environments[f"{function}Function"],
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        # As on Lambda's file system: what was shipped without bytecode stays without.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if function == "Authorizer" and not any(part.directories for part in shipped):
        environment |= system_store_of(upstream)
    return Program((*python_driver(), f"{function.lower()}.app.handler"), environment)


def trusted(upstream: Upstream, function: str) -> list[str]:
    """Return the files and directories of ours that certificates are in, to each of which the authority was added."""
    shipped = {name: _trusting(upstream, BUILT / name) for name in (f"{function}Function", f"{function}Layer")}
    return [f"{name}/{path}" for name, part in shipped.items() for path in (*part.bundles, *part.directories)]


def python_contender(upstream: Upstream, handler: str) -> Program:
    """Return a handler of contenders/*.py, with whole packages; its first run writes their bytecode."""
    packages = _trusting(upstream, PACKAGES).folder
    environment = {
        **_told(upstream),
        "PYTHONPATH": os.pathsep.join(map(str, (CONTENDERS, packages))),
        **system_store_of(upstream),
    }
    return Program((*python_driver(), handler), environment)


def node(upstream: Upstream, handler: Path, function: str = "SigninFunction") -> Program:
    """Return the *handler* in Node.js, in the environment of our *function*."""
    environment = {
        **_told(upstream, function),
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
        "NODE_NO_WARNINGS": "1",  # both SDKs warn of their age or Node's
        **extra_certificates(upstream),
    }
    return Program(("node", str(CONTENDERS / "driver.js"), str(_needed(handler))), environment)


def extra_certificates(upstream: Upstream) -> dict[str, str]:
    """Return the variable by which Node.js trusts the authority, too; its other certificates are part of Node.js."""
    if not upstream.trust:
        return {}
    file = upstream.trust.folder / "authority.pem"
    file.write_bytes(upstream.trust.authority.certificate)
    return {"NODE_EXTRA_CA_CERTS": str(file)}


def _told(upstream: Upstream, function: str = "SigninFunction") -> dict[str, str]:
    """Return the environment of a contender, be it an authorizer or what stands in place of our *function*."""
    issuer = {name.upper(): value for name, value in upstream.issuer.items()}
    return {**upstream.environments[function], **issuer}


def system_store_of(upstream: Upstream) -> dict[str, str]:
    """Return the variable by which a program trusts this machine's bundle, with the authority in it."""
    if not upstream.trust:
        return {}
    return {"SSL_CERT_FILE": str(system_store(python(), upstream.trust.authority, upstream.trust.folder))}


_copies: dict[tuple[Path, Path], Trusting] = {}


def _trusting(upstream: Upstream, shipped: Path) -> Trusting:
    """Return *shipped*, or with TLS a copy of it that trusts the authority: one for all that ask in a run."""
    _needed(shipped)
    if not upstream.trust:
        return Trusting(shipped, (), ())
    copy = upstream.trust.folder / shipped.name
    if (shipped, copy) not in _copies:
        _copies[shipped, copy] = trusting(shipped, copy, upstream.trust.authority)
    return _copies[shipped, copy]


def python_driver() -> tuple[str, ...]:
    """Return the interpreter, Lambda's version if there is one here, and the driver."""
    return python(), "-P", str(CONTENDERS / "driver.py")


@functools.cache
def python() -> str:
    """Return a CPython 3.13, whose bytecode the artifacts hold: $PYTHON313, on the PATH or pyenv's; or else ours."""
    candidates = [os.environ.get("PYTHON313", ""), "python3.13", sys.executable, *_pyenvs()]
    return next((found for candidate in candidates if (found := _path_if_as_lambdas(candidate))), sys.executable)


def python_note() -> str:
    """Return what a reader has to know of the interpreter."""
    if _path_if_as_lambdas(python()):
        return "Python is CPython 3.13, as in Lambda: it uses the bytecode that the layers bring."
    return "**There is no CPython 3.13 here: ours ran on another, for which the layers have no bytecode.**"


def _path_if_as_lambdas(candidate: str) -> str:
    """Return the path of the interpreter itself, not of what starts it, if it is a CPython of Lambda's version."""
    code = "import sys; print(*sys.version_info[:2], sys.implementation.name, sys.executable)"
    try:
        said = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    major, minor, name, path = said.strip().split(" ", 3)
    return path if (int(major), int(minor), name) == (*LAMBDA_PYTHON, "cpython") else ""


def _pyenvs() -> list[str]:
    return [str(path) for path in sorted((Path.home() / ".pyenv/versions").glob("3.13.*/bin/python"))]


def _needed(path: Path) -> Path:
    if not path.exists():
        raise CannotMeasureError(f"{path.relative_to(ROOT)} is missing: start this by `make bench`.")
    return path


def milliseconds_of(ask: Callable[[Any], dict[str, Any]], event: Any, check: Callable[[Any], None]) -> float:
    """Have *event* answered by a program that is up, check the answer, and return what the program's driver timed."""
    answer = ask(event)
    check(answer["answer"])
    milliseconds: float = answer["milliseconds"]
    return milliseconds


def check_allowed(answer: Any) -> None:
    """Accept the authorizer's Allow."""
    if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
        raise CannotMeasureError(f"A contender refused a good token: {answer}")


def check_refusals(name: str, ask: Callable[[Any], dict[str, Any]], upstream: Upstream) -> None:
    """
    Ask the authorizer of that *name* about a good token, and about *upstream*'s wrong ones.

    Raises:
        CannotMeasureError: It refused the good one, or allowed another: who believes is not measured with who verifies.
    """
    check_allowed(ask(authorizer_event(upstream.token))["answer"])
    allowed = [what for what, token in upstream.wrong_tokens.items() if _allows(ask, token)]
    if allowed:
        raise CannotMeasureError(f"{name} allowed a token {', '.join(allowed)}.")


def _allows(ask: Callable[[Any], dict[str, Any]], token: str) -> bool:
    try:
        check_allowed(ask(authorizer_event(token))["answer"])
    except CannotMeasureError:
        return False
    return True


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

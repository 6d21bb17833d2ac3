"""What sign-in calls, in a process of its own: the local stack's issuer and its AWS, both behind `replay`."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from benchmarks.measure import CannotMeasureError
from benchmarks.replay import Replay
from benchmarks.trust import Authority, authority
from local.issuer.issuer import AUDIENCE, JWKS, Issuer
from local.lambda_runtime.process import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.stack import LocalStack

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / ".build" / "bench"
DELAY = 0.04
"""Seconds that each call of AWS takes, and each fetch from the issuer."""
CLAIMS = {"sub": "ada", "name": "Ada Lovelace", "expires_in": 86400}
PARAMETERS = {"Meetings": "open"}


@dataclass(frozen=True)
class Trust:
    """Who signed the servers' certificate, and a *folder* for what trusts it, which ends with them."""

    authority: Authority
    folder: Path


@dataclass(frozen=True)
class Upstream:
    """
    What runs: the *environments* of the functions, by logical id, the *issuer* and a *token* of the issuer that lasts.

    *wrong_tokens* are tokens that nobody may accept, by what is wrong with them.
    *trust* is None if neither the issuer nor AWS uses TLS; else both use nothing else. *issuer* holds what whoever
    verifies tokens is told: `issuer`, `audience` and `jwks_uri`. *aws* is where AWS is without delay and TLS.
    """

    environments: Mapping[str, Mapping[str, str]]
    issuer: Mapping[str, str]
    token: str
    wrong_tokens: Mapping[str, str]
    aws: str
    trust: Trust | None
    control: tuple[IO[bytes], IO[bytes]]

    def opened(self) -> int:
        """
        Return how many connections were opened so far; with *trust* each of them after a TLS handshake.

        Raises:
            CannotMeasureError: A handshake failed, since the client did not trust the certificate or spoke without TLS.
        """
        return self._counted("opened")

    def late(self) -> int:
        """
        Return how many answers took longer than the delay so far, because this machine was too slow for them.

        Raises:
            CannotMeasureError: A handshake failed, as above.
        """
        return self._counted("late")

    def _counted(self, what: str) -> int:
        requests, answers = self.control
        requests.write(b"\n")
        requests.flush()
        counted = json.loads(answers.readline())
        for server, connections in counted.items():
            if connections["refused"]:
                raise CannotMeasureError(f"A contender refused the certificate of {server}, or asked without TLS.")
        return sum(connections[what] for connections in counted.values())


@contextmanager
def upstream(delay: float = DELAY, *, tls: bool = False) -> Iterator[Upstream]:
    """Run it, each call delayed by *delay* seconds; with *tls* both the issuer and AWS use TLS."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=SCRATCH, prefix="trust-") as folder:
        trust = Trust(authority(Path(folder)), Path(folder)) if tls else None
        certificate = [str(trust.authority.server)] if trust else []
        command = [sys.executable, "-m", "benchmarks.upstream", str(delay), *certificate]
        needs = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
        with subprocess.Popen(command, cwd=ROOT, env=needs, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            assert running.stdin
            assert running.stdout
            said = running.stdout.readline()
            if not said:
                raise CannotMeasureError("What sign-in calls did not start: see what it wrote above.")
            yield Upstream(**json.loads(said), trust=trust, control=(running.stdin, running.stdout))
            running.stdin.close()


def busy_note(late: int) -> str:
    """Return what a reader has to know of so many *late* answers, as a paragraph that follows others."""
    if not late:
        return ""
    return f"\n\n**This machine was busy: {late} answers of the stand-in for AWS came later than they should.**"


def main(delay: float, certificate: Path | None) -> None:
    """Say in a line of JSON what runs, and how many connections there were at each line that is read, until the end."""
    from local.stack import LocalStack, StackOptions  # noqa: PLC0415 - takes seconds, and only this process needs it

    with (
        LocalStack(StackOptions(parameters=PARAMETERS)) as stack,
        Replay(stack.servers["aws"].port, delay, certificate) as aws,
        Replay(stack.servers["issuer"].port, delay, certificate) as keys,
    ):
        stack.issuer.url = keys.url  # in its discovery document and its tokens
        issuer = {"issuer": keys.url, "audience": AUDIENCE, "jwks_uri": keys.url + JWKS}
        token = stack.issuer.token(CLAIMS)
        said = {"environments": _environments(stack, aws.url, issuer), "issuer": issuer, "token": token}
        said["wrong_tokens"] = _wrong_tokens(stack.issuer, token)
        _say({**said, "aws": stack.urls["aws"]})
        for _ in sys.stdin:
            _say({"AWS": aws.connections(), "the issuer": keys.connections()})


def _wrong_tokens(issuer: Issuer, token: str) -> dict[str, str]:
    changes: dict[str, dict[str, Any]] = {
        "of another issuer": {"iss": "https://another.example"},
        "for another audience": {"aud": "another"},
        "that has expired": {"expires_in": -3600},
        "without an expiry": {"exp": None},
    }
    wrong = {what: issuer.token({**CLAIMS, **changed}) for what, changed in changes.items()}
    header, claims, signature = token.split(".")
    unsigned = json.dumps({**json.loads(base64.urlsafe_b64decode(f"{header}==")), "alg": "none"}).encode()
    none = base64.urlsafe_b64encode(unsigned).rstrip(b"=").decode()
    forged = {"whose signature is another's": f"{header}.{claims}.{'A' * len(signature)}"}
    return {**wrong, **forged, "without a signature": f"{none}.{claims}."}


def _environments(stack: LocalStack, aws: str, issuer: Mapping[str, str]) -> dict[str, dict[str, str]]:
    environments = {
        name: environment(function, stack.endpoint.credentials(function.role), aws)
        for name, function in stack.deployment.functions.items()
    }
    for variables in environments.values():
        if "PROVIDERS" in variables:
            [provider] = json.loads(variables["PROVIDERS"])
            # With the address of the keys, as the others have it: nobody looks for it in a discovery document.
            variables["PROVIDERS"] = json.dumps([{**provider, **issuer}])
    return environments


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

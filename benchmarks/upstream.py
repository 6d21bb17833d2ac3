"""What sign-in calls, in a process of its own: the local stack with its issuer, and AWS behind `replay`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks.replay import Replay
from local.lambda_runtime.process import environment
from local.stack import LocalStack, StackOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
DELAY = 0.04
"""Seconds that each call of AWS takes, and the fetch of the keys (its discovery takes none)."""
# With rooms. One person opens them all, again and again, which the limit of openings would end.
PARAMETERS = {"Meetings": "open", "MeetingOptions": '{"openings": 100, "openings_seconds": 1}'}


@dataclass(frozen=True)
class Upstream:
    """What runs: the environments of all functions, by logical id, a token that lasts, and where AWS is undelayed."""

    environments: Mapping[str, Mapping[str, str]]
    token: str
    aws: str


@contextmanager
def upstream(delay: float = DELAY) -> Iterator[Upstream]:
    """Run it, each call delayed by *delay* seconds."""
    command = [sys.executable, "-m", "benchmarks.upstream", str(delay)]
    needs = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    with subprocess.Popen(command, cwd=ROOT, env=needs, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        yield Upstream(**json.loads(running.stdout.readline()))
        running.stdin.close()


def main(delay: float) -> None:
    """Say in a line of JSON what runs, and run until the input ends."""
    with LocalStack(StackOptions(parameters=PARAMETERS)) as stack, Replay(stack.servers["aws"].port, delay) as aws:
        functions = stack.deployment.functions
        said: dict[str, Any] = {
            "environments": {
                name: environment(function, stack.endpoint.credentials(function.role), aws.url)
                for name, function in functions.items()
            },
            "token": stack.issuer.token({"sub": "ada", "name": "Ada Lovelace", "expires_in": 86400}),
            "aws": stack.urls["aws"],
        }
        fault = {"delay_ms": round(delay * 1000), "times": -1}
        urllib3.request("POST", f"{stack.urls['issuer']}/local/faults", json=fault)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]))

"""
Send requests that docs/openapi.yaml allows, and others, to the local stack, and hold the answers against that file.

`make fuzz-api SECONDS=30 SEED=7`. Schemathesis (https://schemathesis.readthedocs.io) makes them: first with a good
token of a host, and for a third of the time without one. It has a venv of its own, and prints its seed. An answer that
is not as described, a 5xx, a wrong request that is accepted or a call that needs no token fails the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.stack import LocalStack, StackOptions
from tests.tokens import AUDIENCE, ISSUER, claims, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv" / "schemathesis" / "bin" / "schemathesis"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
SIGNER = rsa_signer()
ROOMS = ["stand-up", "a*", "0*"]
"""Few, because an account has 250 meetings at most. Of other rooms the answer is 403."""


def main(seconds: int, seed: str) -> int:
    """Run, and return the exit status: 1 if anything was found."""
    found = False
    with (
        LocalStack(StackOptions(parameters=_parameters(), log=_ignore)) as stack,
        tempfile.TemporaryDirectory() as folder,
    ):
        for what, share, arguments in (
            ("With a good token", 2 * seconds // 3, ("--header", f"Authorization: Bearer {_token()}")),
            ("Without a token, and with wrong ones", seconds // 3, ("--warnings", "off")),
        ):
            print(f"── {what}", flush=True)  # noqa: T201 - a command's output
            command = _command(stack.urls["api"], max(share, 1), seed)
            found |= subprocess.run([*command, *arguments], cwd=folder, check=False).returncode != 0
    return int(found)


def _command(url: str, seconds: int, seed: str) -> list[str]:
    options = {
        "--url": url,
        "--max-time": str(seconds),
        "--phases": "examples,coverage,fuzzing",
        "--generation-database": "none",
        **({"--seed": seed} if seed else {}),
    }
    pairs = [part for pair in options.items() for part in pair]
    return [str(PROGRAM), "--config-file", str(SETTINGS), "run", str(ROOT / "docs" / "openapi.yaml"), *pairs]


def _parameters() -> dict[str, str]:
    provider = {
        "name": "main",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "jwks": {"keys": [SIGNER.jwk]},
        "roles_claim": "roles",
        "host_roles": ["host"],
        "rooms_claim": "rooms",
    }
    # As many rooms as may be, so that few calls are throttled.
    options = {"openings": 100, "openings_seconds": 1}
    return {"Providers": json.dumps([provider]), "Meetings": "open", "MeetingOptions": json.dumps(options)}


def _token() -> str:
    now = int(time.time())
    return SIGNER.token(claims(iat=now, exp=now + 3600, roles=["host"], rooms=ROOMS))


_ignore: Callable[[bytes], None] = lambda _: None  # noqa: E731 - the functions' logs say nothing about the answers


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))

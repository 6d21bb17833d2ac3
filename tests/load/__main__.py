"""
Two hundred clients sign in while Chime takes ten requests a second: `make load`.

New and returning users are mixed. Each client retries after the Retry-After of the answer until it is signed in. Exits
1 if a client is never signed in or gets another user's id, or if an answer other than 200 has no Retry-After.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from tests.end_to_end.conftest import command_line_stack

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Client

CLIENTS = 200
RETURNING = 100
QUOTA = 10
"""Of each of Chime's operations, a second."""
ARRIVE_WITHIN = 5.0
GIVE_UP = 150.0
"""Seconds."""


@dataclass
class Outcome:
    """What the clients met, all together."""

    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def main() -> int:
    """Run, print, and return the exit status."""
    outcome = Outcome()
    with command_line_stack() as client:
        for number in range(RETURNING):
            assert client.sign_in(token_of(client, number)).status == 200
        for operation in ("DescribeAppInstanceUser", "CreateAppInstanceUser"):
            client.fault(operation, error="ThrottledClientException", status=429, times=-1, beyond_per_second=QUOTA)
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda number: sign_in(client, number, outcome), range(CLIENTS)))
        took = time.monotonic() - began
        calls = Counter((call["operation"], call["status"]) for call in client.calls())
    say(outcome, took, calls)
    return 1 if outcome.problems else 0


def token_of(client: Client, number: int) -> str:
    """Return a token of the user *number*."""
    return client.token(sub=f"user-{number}", name=f"User {number}")


def sign_in(client: Client, number: int, outcome: Outcome) -> None:
    """Sign one user in, as often as it takes."""
    time.sleep(random.uniform(0, ARRIVE_WITHIN))  # noqa: S311 - arrivals, not secrets
    token, began = token_of(client, number), time.monotonic()
    while time.monotonic() - began < GIVE_UP:
        answer = client.sign_in(token)
        with outcome.lock:
            outcome.statuses[answer.status] += 1
        if answer.status == 200:
            _check(answer.body["ChimeUserId"], number, outcome)
            outcome.waited.append(time.monotonic() - began)
            return
        if not answer.headers.get("Retry-After", "").isdigit():
            outcome.problems.append(f"user-{number}: {answer.status} without Retry-After")
        time.sleep(int(answer.headers.get("Retry-After", "1")) * random.uniform(1, 1.5))  # noqa: S311 - likewise
    outcome.problems.append(f"user-{number} never got in")


def _check(user_id: str, number: int, outcome: Outcome) -> None:
    if user_id != f"user-{number}":
        outcome.problems.append(f"user-{number} became {user_id}")


def say(outcome: Outcome, took: float, calls: Counter[tuple[str, int]]) -> None:
    """Print the figures."""
    seconds = statistics.quantiles(outcome.waited or [0, 0], n=10)
    waited = outcome.waited or [0.0]
    by_call = {f"{name} {status}": count for (name, status), count in sorted(calls.items(), key=str) if name}
    lines = [
        f"{CLIENTS} clients, {RETURNING} of them known, come within {ARRIVE_WITHIN:.0f} s.",
        f"Chime takes {QUOTA} calls of each operation a second.",
        f"Signed in: {len(outcome.waited)} in {took:.1f} s.",
        f"Seconds until in: median {statistics.median(waited):.1f}, p90 {seconds[-1]:.1f}, most {max(waited):.1f}.",
        f"Answers: {dict(sorted(outcome.statuses.items()))}",
        f"Calls of AWS: {by_call}",
        *outcome.problems,
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())

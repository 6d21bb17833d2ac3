"""
A storm: two hundred users come back and two hundred are new, while Chime takes ten calls a second: `make load`.

It is played twice: with full sign-ins by those who come back, and with renewals (`?renewal=true`), which make no call
of Chime. Each client retries after the Retry-After of the answer until it is signed in. Exits 1 if a client is never
signed in or gets another user's id, if an answer other than 200 has no Retry-After, or if renewals call Chime.
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

RETURNING = 200
NEW = 200
QUOTA = 10
"""Of each of Chime's operations, a second."""
OPERATIONS = ("DescribeAppInstanceUser", "CreateAppInstanceUser")
ARRIVE_WITHIN = 5.0
GIVE_UP = 150.0
"""Seconds."""


@dataclass
class Outcome:
    """
    What the clients of one storm met, all together.

    `calls` counts AWS's calls by operation and status; `described` has the numbers of the users whom Chime described.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    took: float = 0.0
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    described: set[int] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)


def main() -> int:
    """Run, print, and return the exit status."""
    with command_line_stack() as client:
        before = Outcome()
        with ThreadPoolExecutor(16) as clients:
            list(clients.map(lambda number: sign_in(client, number, "/signin", before), range(RETURNING)))
        for operation in OPERATIONS:
            client.fault(operation, error="ThrottledClientException", status=429, times=-1, beyond_per_second=QUOTA)
        full = storm(client, "/signin", first_new=RETURNING)
        renewed = storm(client, "/signin?renewal=true", first_new=RETURNING + NEW)
    renewed.problems += [
        f"user-{number} renewed, and Chime was called" for number in renewed.described & set(range(RETURNING))
    ]
    full.problems += before.problems
    say(full, renewed)
    return 1 if full.problems or renewed.problems else 0


def storm(client: Client, path: str, first_new: int) -> Outcome:
    """Let those who come back sign in at *path*, and as many new users, whose numbers begin at *first_new*."""
    outcome, began = Outcome(), time.monotonic()
    client.control("DELETE", "aws", "/local/calls")
    paths = dict.fromkeys(range(RETURNING), path) | dict.fromkeys(range(first_new, first_new + NEW), "/signin")
    with ThreadPoolExecutor(len(paths)) as clients:
        list(clients.map(lambda number: arrive(client, number, paths[number], outcome), paths))
    outcome.took = time.monotonic() - began
    calls = client.calls()
    outcome.calls = Counter((call["operation"], call["status"]) for call in calls if call["operation"])
    outcome.described = {
        int(call["parameters"]["AppInstanceUserArn"].rpartition("-")[2])
        for call in calls
        if call["operation"] == "DescribeAppInstanceUser"
    }
    return outcome


def token_of(client: Client, number: int) -> str:
    """Return a token of the user *number*."""
    return client.token(sub=f"user-{number}", name=f"User {number}")


def arrive(client: Client, number: int, path: str, outcome: Outcome) -> None:
    """Sign one user in, who comes at any time."""
    time.sleep(random.uniform(0, ARRIVE_WITHIN))  # noqa: S311 - arrivals, not secrets
    sign_in(client, number, path, outcome)


def sign_in(client: Client, number: int, path: str, outcome: Outcome) -> None:
    """Sign one user in, as often as it takes."""
    token, began = token_of(client, number), time.monotonic()
    while time.monotonic() - began < GIVE_UP:
        answer = client.sign_in(token, path)
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


def say(full: Outcome, renewed: Outcome) -> None:
    """Print the figures of both storms, side by side."""
    left, right = figures(full), figures(renewed)
    lines = [
        f"{RETURNING} users come back and {NEW} are new, all within {ARRIVE_WITHIN:.0f} s.",
        f"Chime takes {QUOTA} calls of each operation a second.",
        f"{'Those who come back make':<40}{'full sign-ins':>14}{'renewals':>14}",
        *(f"{name:<40}{figure:>14}{right[name]:>14}" for name, figure in left.items()),
        *full.problems,
        *renewed.problems,
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def figures(outcome: Outcome) -> dict[str, object]:
    """Return the figures of one storm, by what they are."""
    waited = outcome.waited or [0.0]
    calls = {
        f"{operation}{', throttled' if throttled else ''}": sum(
            count
            for (name, status), count in outcome.calls.items()
            if name == operation and (status == 429) is throttled
        )
        for operation in OPERATIONS
        for throttled in (False, True)
    }
    return {
        "signed in": len(outcome.waited),
        "seconds, all of it": f"{outcome.took:.1f}",
        "seconds until in, median": f"{statistics.median(waited):.1f}",
        "seconds until in, most": f"{max(waited):.1f}",
        **{f"answers of {status}": outcome.statuses[status] for status in (200, 429, 503)},
        **calls,
    }


if __name__ == "__main__":
    sys.exit(main())

"""The question: how long a first sign-in takes, in fresh processes of both functions, beside what they replace."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import COLUMNS, Times, interleaved, ratio, timed
from benchmarks.programs import (
    BUILT,
    NODE_V2,
    NODE_V3,
    check_allowed,
    check_signed_in,
    improved_originals,
    originals,
    ours,
    python,
    python_note,
)
from benchmarks.report import Table
from benchmarks.upstream import DELAY, upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

ROUNDS = 25
TARGETS = {NODE_V2: 0.7, NODE_V3: 1.0}
"""How many times as long as these both of our functions together may take."""
_HTTP = "import json, ssl, http.client, logging"
_POWERTOOLS = "import aws_lambda_powertools.logging, aws_lambda_powertools.metrics"
_CLIENTS = """\
from botocore.session import get_session
session = get_session()
for service in ("sts", "chime-sdk-identity"):
    session.create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")"""
ALL_OF_AUTHORIZER = "… and Powertools: all that the authorizer loads of others"
ALL_OF_HANDLER = "… and Powertools: all that the handler loads of others"
PARTS = {
    "Python that does nothing": ("Authorizer", "pass"),
    "Python that loads JSON, TLS, HTTP and logging": ("Authorizer", _HTTP),
    "… and python-jose over cryptography": ("Authorizer", f"{_HTTP}, jose.jwk"),
    ALL_OF_AUTHORIZER: ("Authorizer", f"{_HTTP}, jose.jwk\n{_POWERTOOLS}"),
    "Python that makes botocore's two clients": ("Signin", _CLIENTS),
    ALL_OF_HANDLER: ("Signin", f"{_CLIENTS}\n{_POWERTOOLS}"),
}
"""What is in a cold start, and cannot be left out: in whose layer, and the code."""
AUTHORIZER, HANDLER = "ours, the authorizer", "ours, the handler"
BOTH = "ours, one after the other"


def tables() -> list[Table]:
    """Measure."""
    with upstream() as running:
        times = interleaved(_contenders(running), ROUNDS)
    parts = {name: times.pop(name) for name in PARTS}
    together = one_after_the_other(times[AUTHORIZER], times[HANDLER])
    return [_table({BOTH: together, **times}), _table_of_parts(parts, together, times[NODE_V2])]


def both(running: Upstream, built: Path = BUILT) -> tuple[Contender, Contender, Any]:
    """Return a cold start of the authorizer, one of the handler, as they were *built*, and the event of the second."""
    authorizer, handler = ours(running, "Authorizer", built), ours(running, "Signin", built)
    asked = authorizer_event(running.token)
    with authorizer.running() as ask:
        event = signin_event(running.token, ask(asked)["answer"]["context"])
    return partial(authorizer.cold, asked, check_allowed), partial(handler.cold, event, check_signed_in), event


def one_after_the_other(authorizer: Times, handler: Times) -> Times:
    """Return what a user waits for."""
    return Times([sum(pair) for pair in zip(authorizer.runs, handler.runs, strict=True)])


def _contenders(running: Upstream) -> dict[str, Contender]:
    authorizer, handler, event = both(running)
    believing = originals(running) | improved_originals(running)
    return {
        AUTHORIZER: authorizer,
        HANDLER: handler,
        **{name: partial(program.cold, event, check_signed_in) for name, program in believing.items()},
        **{name: _part(ours(running, function), code) for name, (function, code) in PARTS.items()},
        "Node.js that does nothing": timed(partial(subprocess.run, ["node", "-e", ""], check=True)),
    }


def _part(program: Program, code: str) -> Contender:
    # Without the end of the process, which nobody waits for.
    command = [python(), "-P", "-c", f"{code}\nimport os\nos._exit(0)"]
    return timed(partial(subprocess.run, command, env=dict(program.environment), check=True))


def _table(times: dict[str, Times]) -> Table:
    mine = times[BOTH].median
    rows = [[name, *taken.cells(digits=0), f"{mine / taken.median:.2f}"] for name, taken in times.items()]
    kept = [f"Of “{name}” they take {ratio(mine, times[name].median, most)}." for name, most in TARGETS.items()]
    note = f"""\
From the process's start to the answer. Ours are what `sam build` made, in the functions' own environment; the handler
starts when the authorizer has answered, as on AWS, so both together are what a user waits for. The others are one
function: AssumeRole, then CreateAppInstanceUser, and no token is verified. Each call takes 40 ms, and so does the key
set; discovery, and opening a connection, take none. The SDKs are as npm and PyPI deliver them; plain boto3 has its
bytecode, too. {python_note()}
Last column: both of ours as a multiple of the row.

{" ".join(kept)}"""
    return Table("Cold sign-in, milliseconds", note, ("", *COLUMNS, "both of ours / this"), rows)


def _table_of_parts(parts: Mapping[str, Times], together: Times, original: Times) -> Table:
    waiting = 1000 * DELAY
    floor = parts[ALL_OF_AUTHORIZER].median + parts[ALL_OF_HANDLER].median + waiting
    bare = 2 * parts["Python that does nothing"].median + waiting
    note = f"""\
Processes that load and end; “…” is what the row above loads, in the same process. What both functions load of others,
and the {waiting:.0f} ms of AWS's slower call, make {floor:.0f} ms: the floor with these libraries, which is \
{floor / original.median:.2f} of “{NODE_V2}”.
Ours take {together.median / floor:.2f} of that. What the issuer takes is in neither: cryptography takes longer to load.
Two Pythons that load nothing, and AWS's call, make {bare:.0f} ms."""
    rows = [[name, *taken.cells(digits=0)] for name, taken in parts.items()]
    return Table("What a cold sign-in consists of, milliseconds", note, ("", *COLUMNS), rows)

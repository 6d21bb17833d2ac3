"""How long a first sign-in takes, in fresh processes of both functions, beside what they replace."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import COLUMNS, Times, compared, interleaved, timed
from benchmarks.programs import (
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
    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

ROUNDS = 25
GOALS = {NODE_V2: 0.7, NODE_V3: 1.0}
"""How many times as long as these both of our functions together may take."""
_HTTP = "import json, ssl, http.client, logging"
_POWERTOOLS = "import aws_lambda_powertools.logging, aws_lambda_powertools.metrics"
_CLIENTS = """\
from botocore.session import get_session
session = get_session()
for service in ("sts", "chime-sdk-identity"):
    session.create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")"""
OTHERS_OF_AUTHORIZER, OTHERS_OF_HANDLER = "the authorizer's libraries alone", "the handler's libraries alone"
LIBRARIES = {
    OTHERS_OF_AUTHORIZER: ("Authorizer", f"{_HTTP}, jose.jwk\n{_POWERTOOLS}"),
    OTHERS_OF_HANDLER: ("Signin", f"{_CLIENTS}\n{_POWERTOOLS}"),
}
"""What each function loads that is not ours: in whose layer it is, and the code that loads it."""
AUTHORIZER, HANDLER = "ours, the authorizer", "ours, the handler"
BOTH = "ours, one after the other"


def tables() -> list[Table]:
    """Measure."""
    with upstream() as running:
        times = interleaved(_contenders(running), ROUNDS)
    together = Times([sum(pair) for pair in zip(times[AUTHORIZER].runs, times[HANDLER].runs, strict=True)])
    return [_table({BOTH: together, **times})]


def _both(running: Upstream) -> tuple[Contender, Contender, Any]:
    """Return a cold start of the authorizer, one of the handler, and the event of the second."""
    authorizer, handler = ours(running, "Authorizer"), ours(running, "Signin")
    asked = authorizer_event(running.token)
    with authorizer.running() as ask:
        event = signin_event(running.token, ask(asked)["answer"]["context"])
    return partial(authorizer.cold, asked, check_allowed), partial(handler.cold, event, check_signed_in), event


def _contenders(running: Upstream) -> dict[str, Contender]:
    authorizer, handler, event = _both(running)
    believing = originals(running) | improved_originals(running)
    return {
        AUTHORIZER: authorizer,
        HANDLER: handler,
        **{name: partial(program.cold, event, check_signed_in) for name, program in believing.items()},
        **{name: _loading(ours(running, function), code) for name, (function, code) in LIBRARIES.items()},
        "Node.js that does nothing": timed(partial(subprocess.run, ["node", "-e", ""], check=True)),
    }


def _loading(program: Program, code: str) -> Contender:
    # Without the shutdown of the interpreter, because no client waits for that.
    command = [python(), "-P", "-c", f"{code}\nimport os\nos._exit(0)"]
    return timed(partial(subprocess.run, command, env=dict(program.environment), check=True))


def _table(times: dict[str, Times]) -> Table:
    mine = times[BOTH].median
    floor = times[OTHERS_OF_AUTHORIZER].median + times[OTHERS_OF_HANDLER].median + 1000 * DELAY
    reason = (
        f"the libraries alone and AWS's call take {floor:.0f} ms, {floor / times[NODE_V2].median:.2f} of the first."
    )
    goals = [f"than “{name}”: {compared(mine, times[name].median, goal, reason)}" for name, goal in GOALS.items()]
    rows = [[name, *taken.cells(digits=0), f"{mine / taken.median:.2f}"] for name, taken in times.items()]
    note = f"""\
From the process's start to the answer. Ours are what `sam build` made, in the functions' own environment; the handler
starts when the authorizer has answered, as on AWS, so a user waits for both together. The others are one function:
AssumeRole, then CreateAppInstanceUser, and no token is verified. Each call of AWS takes {1000 * DELAY:.0f} ms, as does
the key set; discovery, and opening a connection, take none. “Alone” is a process that loads those libraries and ends.
{python_note()} Last column: both of ours as a multiple of the row.

Both of ours take longer {"; ".join(goals)}"""
    return Table("Cold sign-in, milliseconds", note, ("", *COLUMNS, "both of ours / this"), rows)

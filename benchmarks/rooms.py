"""How long it takes to enter a room, open or new, beside Amazon's own demo, and how many calls of AWS that is."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks.measure import COLUMNS, CannotMeasureError, Times, interleaved
from benchmarks.programs import (
    BUNDLED_VERIFIER,
    ROOMS_DEMO,
    ROOMS_DEMO_BUNDLED,
    VERIFIERS,
    check_allowed,
    check_answered,
    milliseconds_of,
    node,
    ours,
    python_note,
)
from benchmarks.report import Table
from benchmarks.upstream import DELAY, busy_note, upstream
from tests.docker.events import authorizer_event, rooms_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

    Measure = Callable[[Any, Callable[[Any], None]], float]
    """Have an event answered by a program, the answer checked, and the milliseconds told."""

ROUNDS = {"cold": 15, "warm": 50}
OURS, BEST = "ours", "Node.js, best: jose 5; the demo's two clients; both bundled and minified"
USUAL = "Node.js, usual: jsonwebtoken with jwks-rsa; the demo as it stands"
DEMO = "Amazon's demo as it stands, which looks at no token"
AUTHORIZERS = {OURS: "ours", BEST: "jose", USUAL: "jsonwebtoken"}
FUNCTIONS = {OURS: "ours", BEST: "two clients", USUAL: "as it stands", DEMO: "as it stands"}
"""Which authorizer and which function of rooms each of the four has."""
OPEN, NEW = "an open room", "a new room"

Name = tuple[str, str]
"""Which room is entered (or, of an authorizer, none), and by whose authorizer or function."""


class Door:
    """One contender's way into rooms. It knows the room that it opened last, so that it can enter an open one."""

    def __init__(self, measure: Measure, event: Callable[[str], Any]) -> None:
        """Take how a program is asked, and which event asks it for a room of that name."""
        self._measure, self._event = measure, event
        self._rooms, self._meeting = 0, ""

    def enter_new(self) -> float:
        """Enter a room that nobody has entered."""
        before, self._meeting = self._meeting, ""
        self._rooms += 1
        taken = self._enter()
        if self._meeting == before:
            raise CannotMeasureError("A contender gave a new room the meeting of another.")
        return taken

    def enter_open(self) -> float:
        """Enter the room that was opened last, by a request that is of the same person."""
        return self._enter()

    def _enter(self) -> float:
        return self._measure(self._event(f"room-{self._rooms}"), self._check)

    def _check(self, answer: Any) -> None:
        check_answered(answer)
        entered = json.loads(answer["body"])
        meeting = entered["Meeting"]["MeetingId"]
        if not entered["Attendee"]["JoinToken"] or (self._meeting and meeting != self._meeting):
            raise CannotMeasureError(f"A contender entered another meeting: {answer}")
        self._meeting = meeting


def tables() -> list[Table]:
    """Measure, cold and warm in a stack of their own each: an account has 250 meetings at most, here too."""
    with upstream(tls=True) as running:
        cold = _table("cold", running, _contenders(running, lambda program: program.cold))
    with upstream(tls=True) as running, ExitStack() as started:
        contenders = _contenders(running, lambda program: warm(started.enter_context(program.running())))
        return [cold, _table("warm", running, contenders)]


def warm(ask: Callable[[Any], dict[str, Any]]) -> Measure:
    """Return the measure of a program that is up, and that *ask* sends an event."""
    return partial(milliseconds_of, ask)


def _contenders(running: Upstream, measure: Callable[[Program], Measure]) -> dict[Name, Contender]:
    asked = authorizer_event(running.token)
    authorizers = {
        "ours": ours(running, "Authorizer"),
        "jose": node(running, BUNDLED_VERIFIER),
        "jsonwebtoken": node(running, VERIFIERS / "usual.js"),
    }
    with authorizers["ours"].running() as ask:
        event = rooms_event(running.token, ask(asked)["answer"]["context"])
    doors = {"ours": Door(measure(ours(running, "Rooms")), partial(at_ours, event))}
    for name, handler in {"two clients": ROOMS_DEMO_BUNDLED, "as it stands": ROOMS_DEMO}.items():
        doors[name] = Door(measure(node(running, handler, "RoomsFunction")), partial(_at_the_demo, name))
    for door in doors.values():
        door.enter_new()  # so that there is an open room in the first round
    return {
        **{("", name): partial(measure(program), asked, check_allowed) for name, program in authorizers.items()},
        **{(OPEN, name): door.enter_open for name, door in doors.items()},
        **{(NEW, name): door.enter_new for name, door in doors.items()},
    }


def at_ours(event: dict[str, Any], room: str) -> dict[str, Any]:
    """Return *event*, which asks our function for a room, for the *room* of that name. Each has a person of its own."""
    context = event["requestContext"]
    # Who has opened another room within five minutes needs one call more, and may open only five.
    person = {"authorizer": context["authorizer"] | {"subject": f"user-of-{room}"}}
    return event | {"pathParameters": {"name": room}, "requestContext": context | person}


def _at_the_demo(contender: str, room: str) -> Any:
    # The contenders' rooms are in one table, and a title is its key.
    title = f"{room} of {contender}"
    return {"queryStringParameters": {"title": title, "name": "Ada Lovelace", "region": "us-east-1"}}


def _table(kind: str, running: Upstream, contenders: Mapping[Name, Contender]) -> Table:
    calls = {name: calls_of_aws(running, contender) for name, contender in contenders.items()}
    late = running.late()
    times = interleaved(contenders, ROUNDS[kind])
    late = running.late() - late  # raises if a contender refused a certificate
    digits = 0 if kind == "cold" else 1
    rows = [_row((room, name), times, calls, digits) for room in (OPEN, NEW) for name in FUNCTIONS]
    columns = ("", *COLUMNS[:3], "authorizer + function", "calls of AWS", "ours / this", "our function / this one")
    return Table(f"Entering a room, {kind}, milliseconds", f"{_note(kind)}{busy_note(late)}", columns, rows)


def _row(name: Name, times: Mapping[Name, Times], calls: Mapping[Name, int], digits: int) -> list[str]:
    room, contender = name
    parts = [("", AUTHORIZERS[contender])] if contender in AUTHORIZERS else []
    function = (room, FUNCTIONS[contender])
    together = _together(times, *parts, function)
    both_of_ours = _together(times, ("", "ours"), (room, "ours")).median
    return [
        f"{room}: {contender}",
        *together.cells(digits=digits)[:3],
        " + ".join(f"{times[part].median:,.{digits}f}" for part in (*parts, function)),
        str(sum(calls[part] for part in (*parts, function))),
        f"{both_of_ours / together.median:.2f}",
        f"{times[room, 'ours'].median / times[function].median:.2f}",
    ]


def _together(times: Mapping[Name, Times], *parts: Name) -> Times:
    """Return what all *parts* took, one after the other."""
    return Times([sum(runs) for runs in zip(*(times[part].runs for part in parts), strict=True)])


def calls_of_aws(running: Upstream, contender: Contender) -> int:
    """Return how many calls AWS got from *contender*. What opens a connection ahead of its use is none."""
    url = f"{running.aws}/local/calls"
    urllib3.request("DELETE", url)
    contender()
    return sum(1 for call in urllib3.request("GET", url).json() if call["operation"])


def _note(kind: str) -> str:
    if kind == "warm":
        return f"""\
The time of the handlers alone, as their processes tell it, {ROUNDS[kind]} times; all of them stay up and take turns,
with TLS, on connections that stay open."""
    return f"""\
From a process's start to its answer, the function's after the authorizer's, as on AWS: a user waits for both. Medians
of {ROUNDS[kind]} runs, all rows by turns, with TLS. Ours are what `sam build` made. Amazon's demo (`demos/serverless`
of amazon-chime-sdk-js) lets everybody in under any name, and two who open a room at once are in two meetings. Its rows
do the work that its users copy: GetItem, for a new room CreateMeeting and PutItem, then CreateAttendee; “as it stands”
loads and makes all that its file of handlers does. Each call of AWS takes {1000 * DELAY:.0f} ms, DynamoDB's too; the
key set, which is none of AWS's, likewise. {python_note()}
Whoever opens a room has opened no other within five minutes. The last columns: ours as a multiple of the row, both
functions and the function of rooms alone."""

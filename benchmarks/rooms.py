"""How long it takes to enter a room, open or new, beside Amazon's own demo; and how many calls of AWS that is."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks.measure import COLUMNS, CannotMeasureError, Times, interleaved
from benchmarks.programs import ROOMS_DEMO, ROOMS_DEMO_BUNDLED, check_allowed, check_answered, node, ours, python_note
from benchmarks.report import Table
from benchmarks.upstream import DELAY, upstream
from tests.docker.events import authorizer_event, rooms_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

    Measure = Callable[[Any, Callable[[Any], None]], float]
    """Have an event answered by a program, the answer checked, and the milliseconds told."""

ROUNDS = {"cold": 15, "warm": 50}
AUTHORIZER, ROOMS, BOTH = "ours, the authorizer", "ours, the function of rooms", "ours, one after the other"
DEMO, DEMO_AT_BEST = "Amazon's demo, as it stands", "Amazon's demo, its two clients, bundled and minified"
OPEN, NEW = "an open room", "a new room"

Name = tuple[str, str]
"""Which room is entered (or, for the authorizer, none), and by which contender."""


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
        return [
            cold,
            _table(
                "warm", running, _contenders(running, lambda program: warm(started.enter_context(program.running())))
            ),
        ]


def warm(ask: Callable[[Any], dict[str, Any]]) -> Measure:
    """Return the measure of a program that is up, and that *ask* sends an event."""

    def measured(event: Any, check: Callable[[Any], None]) -> float:
        answer = ask(event)
        check(answer["answer"])
        milliseconds: float = answer["milliseconds"]
        return milliseconds

    return measured


def _contenders(running: Upstream, measure: Callable[[Program], Measure]) -> dict[Name, Contender]:
    authorizer, asked = ours(running, "Authorizer"), authorizer_event(running.token)
    with authorizer.running() as ask:
        context = ask(asked)["answer"]["context"]

    doors = {ROOMS: Door(measure(ours(running, "Rooms")), partial(at_ours, rooms_event(running.token, context)))}
    for name, handler in {DEMO: ROOMS_DEMO, DEMO_AT_BEST: ROOMS_DEMO_BUNDLED}.items():
        doors[name] = Door(measure(node(running, handler, "RoomsFunction")), partial(_at_the_demo, name))
    for door in doors.values():
        door.enter_new()  # so that there is an open room in the first round
    return {
        ("", AUTHORIZER): partial(measure(authorizer), asked, check_allowed),
        **{(OPEN, name): door.enter_open for name, door in doors.items()},
        **{(NEW, name): door.enter_new for name, door in doors.items()},
    }


def at_ours(event: dict[str, Any], room: str) -> dict[str, Any]:
    """Return *event*, which asks our function for a room, for the *room* of that name."""
    return event | {"pathParameters": {"name": room}}


def _at_the_demo(contender: str, room: str) -> Any:
    # The contenders' rooms are in one table, and a title is its key.
    title = f"{room} of {contender}"
    return {"queryStringParameters": {"title": title, "name": "Ada Lovelace", "region": "us-east-1"}}


def _table(kind: str, running: Upstream, contenders: Mapping[Name, Contender]) -> Table:
    calls = {name: calls_of_aws(running, contender) for name, contender in contenders.items()}
    times = interleaved(contenders, ROUNDS[kind])
    running.opened()  # or stop, if one of them refused a certificate
    authorizer = ("", AUTHORIZER)
    for room in (OPEN, NEW):
        pairs = zip(times[authorizer].runs, times[room, ROOMS].runs, strict=True)
        times[room, BOTH] = Times([sum(pair) for pair in pairs])
        calls[room, BOTH] = calls[authorizer] + calls[room, ROOMS]
    order = [authorizer, *((room, name) for room in (OPEN, NEW) for name in (BOTH, ROOMS, DEMO, DEMO_AT_BEST))]
    rows = [_row(name, kind, times, calls[name]) for name in order]
    columns = ("", *COLUMNS, "calls of AWS", "both of ours / this")
    return Table(f"Entering a room, {kind}, milliseconds", _note(kind), columns, rows)


def _row(name: Name, kind: str, times: Mapping[Name, Times], calls: int) -> list[str]:
    room, contender = name
    both = f"{times[room, BOTH].median / times[name].median:.2f}" if room else ""
    title = f"{room}: {contender}" if room else contender
    return [title, *times[name].cells(digits=0 if kind == "cold" else 1), str(calls), both]


def calls_of_aws(running: Upstream, contender: Contender) -> int:
    """Return how many calls AWS got from *contender*. What opens a connection ahead of its use is none."""
    url = f"{running.aws}/local/calls"
    urllib3.request("DELETE", url)
    contender()
    return sum(1 for call in urllib3.request("GET", url).json() if call["operation"])


def _note(kind: str) -> str:
    if kind == "warm":
        return (
            "With TLS, the time of the handlers alone, as their processes tell it; all of them stay up and take turns."
        )
    return f"""\
With TLS, from the process's start to the answer. Ours are what `sam build` made: the function of rooms starts when the
authorizer has verified the token, so a user waits for both. Amazon's demo (`demos/serverless` of amazon-chime-sdk-js)
verifies no token, and lets everybody in under any name; two who open a room at once are in two meetings. Its row is the
work that its users copy: GetItem, for a new room CreateMeeting and PutItem, then CreateAttendee. “As it stands” loads
and makes what its file of handlers does. Each call of AWS takes {1000 * DELAY:.0f} ms, DynamoDB's too, as does the key
set. {python_note()} Last column: both of ours as a multiple of the row."""

"""The handler of rooms: API Gateway's proxy event in, an answer out."""

from __future__ import annotations

import functools
import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from rooms import joined
from rooms.answers import ERRORS
from rooms.closing import Closing
from rooms.entitlements import entitlements
from rooms.entrance import Entrance, Visitor
from rooms.meetings import ChimeMeetings
from rooms.names import room_name
from rooms.settings import Settings
from rooms.table import RoomsTable
from signin import answers, snapshot, telemetry
from signin.edge import Edge, new_deadline
from signin.environment import log_level
from signin.errors import Rejected
from signin.identity import app_instance_user_id
from signin.revocation import RevocationList, RevokedUsers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signin.aws import AwsAdapter
    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline

METHODS = ("POST", "DELETE")
THREADS = 4
CONNECT_SECONDS = 2.0


class Rooms:
    """Lets callers into rooms and out again, one at a time, by settings that were checked at start."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        new_deadline: Callable[[], Deadline] = new_deadline,
    ) -> None:
        """Do each by *settings* within a *new_deadline*. *clock* returns seconds since the epoch."""
        self._edge = Edge(settings.allowed_origins, ERRORS, METHODS, "not joined", new_deadline)
        self._executor = ThreadPoolExecutor(THREADS)
        self._guests = settings.guests
        self._table = RoomsTable(settings.table)
        self._meetings = ChimeMeetings(settings.region, settings.meeting_settings)
        self._revocation_list = RevocationList(settings.revoked_users) if settings.revoked_users else None
        revoked_users = self._revoked_users(settings.revoked_users_seconds)
        self._entrance = Entrance(
            table=self._table,
            meetings=self._meetings,
            revoked_users=revoked_users,
            opening_limit=settings.opening_limit,
            features=settings.meeting_settings.features,
            stack=settings.stack,
            hosted=settings.hosted,
            clock=clock,
        )
        self._closing = Closing(self._table, self._meetings, revoked_users, clock)

    def connect(self) -> None:
        """Open the connections that the first caller will use."""
        opening = [self._executor.submit(adapter.connect) for adapter in self._adapters()]
        wait(opening, timeout=CONNECT_SECONDS)

    def disconnect(self) -> None:
        """Close the connections. The next caller, or `connect`, opens others."""
        for adapter in self._adapters():
            adapter.close()

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a proxy *event* of one of the three routes, or to a preflight. Raises nothing."""
        return self._edge.answer(event, functools.partial(self._answer, event))

    def _answer(
        self, event: Mapping[str, Any], caller: VerifiedCaller, deadline: Deadline, request_id: str
    ) -> dict[str, Any]:
        parameters = event.get("pathParameters") or {}
        visitor = Visitor(app_instance_user_id(caller), entitlements(event), room_name(parameters.get("name")))
        if event["httpMethod"] == "POST":
            if caller.guest and not self._guests:
                raise Rejected("no_guest_role")  # as at the sign-in: without `Guests` nobody is let in as a guest
            entered = deadline.timed("total", lambda: self._entrance(visitor, deadline))
            joined.record(entered, deadline, request_id)
            return joined.answer(entered)
        leaves = event["resource"].endswith("/me")
        way_out = self._closing.leave if leaves else self._closing.end
        deadline.timed("total", lambda: way_out(visitor, deadline))
        joined.record_way_out("left" if leaves else "ended", visitor, deadline, request_id)
        return answers.no_content()

    def _adapters(self) -> list[AwsAdapter]:
        adapters: list[AwsAdapter | None] = [self._table, self._meetings, self._revocation_list]
        return [adapter for adapter in adapters if adapter]

    def _revoked_users(self, seconds: float) -> RevokedUsers | None:
        return RevokedUsers(self._revocation_list, self._executor, seconds) if self._revocation_list else None


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `Rooms.answer`."""
    return _started().answer(event)


@functools.cache
def _started() -> Rooms:
    telemetry.log_from(log_level(os.environ))
    rooms = Rooms(Settings.from_environ(os.environ), clock=time.time)
    rooms.connect()
    return rooms


# In Lambda this happens at start, so that wrong settings stop the function, and because a start gets more processor
# time than an event does.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _started()
    gc.freeze()  # what a start made stays, so that the garbage collector need not look through it
    gc.enable()
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    telemetry.load()  # so that it is in the snapshot
    snapshot.prepare(_started().disconnect, _started().connect)

"""
Open the WebSockets of calls: a meeting's SignalingUrl, with an attendee's JoinToken as the second subprotocol.

Who is refused gets a WebSocket that is closed at once with a code, as on AWS: the SDK asks for that by
`X-Amzn-Chime-Send-Close-On-Error=1` in the query, because browsers tell their pages nothing of a handshake that failed.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from moto.core.exceptions import ServiceException
from werkzeug.wrappers import Response

from local.aws.meetings import backends
from local.http.websocket import UPGRADE, WebSocketUpgrade, asked_subprotocols
from local.signaling.endings import ATTENDEE_UNAVAILABLE, MEETING_ENDED, NO_CALLS, Ending

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from local.chime.chimesdkmeetings import meetings, models
    from local.chime.chimesdkmeetings.features import Capabilities
    from local.http.websocket import WebSocket
    from local.signaling.calls import Calls

PREFIX = "/control/"
"""Before the meeting's id in the path of a SignalingUrl."""

SUBPROTOCOL = "_aws_wt_session"
CONTENT = "#content"
"""What the SDK adds to an attendee's id and JoinToken for a second connection, with which they share a screen."""

REMEMBERED = 1000
"""Of how many meetings that have ended a client is still told that they have."""

_SECONDS_BETWEEN_ENDS = 1.0


@dataclass(frozen=True)
class Admitted:
    """An attendee who was admitted, as calls know one."""

    attendee: meetings.Attendee
    backend: models.ChimeSDKMeetingsBackend

    @property
    def meeting_id(self) -> str:
        """The id of the meeting."""
        return self.attendee.meeting_id

    @property
    def attendee_id(self) -> str:
        """The id within it."""
        return self.attendee.attendee_id

    @property
    def external_user_id(self) -> str:
        """Who that is for the application."""
        return self.attendee.external_user_id

    @property
    def capabilities(self) -> Capabilities:
        """What they may send and receive now."""
        return self.attendee.capabilities

    def connected(self) -> bool:
        """Note an audio connection, from which the service knows when a meeting ends by itself."""
        try:
            self.backend.connected(self.attendee)
        except ServiceException:
            return False
        return True

    def disconnected(self) -> None:
        """Note the end of one."""
        self.backend.disconnected(self.attendee)


class MeetingConnections:
    """The open WebSockets of calls, from construction to `close`."""

    def __init__(self) -> None:
        """Listen to what happens to meetings. Calls are loaded for the first client, because that takes a second."""
        self._backends = backends()
        self._calls: Calls | None = None
        self._loading = threading.Lock()
        self._ended: dict[str, meetings.Meeting] = {}
        for backend in self._backends:
            backend.on_end.append(self._end_meeting)
            backend.on_attendee_removed.append(self._remove_attendee)

    def answer(self, request: Request) -> Response:
        """Answer a request under `PREFIX` with a WebSocket."""
        marker, token, *_ = *asked_subprotocols(request.environ), "", ""
        if UPGRADE in request.environ and marker != SUBPROTOCOL:
            return Response(f"The subprotocols have to be {SUBPROTOCOL} and a JoinToken.\n", 400)
        serve = partial(self._serve, request.path.removeprefix(PREFIX), token)
        return WebSocketUpgrade(request.environ, serve, subprotocol=SUBPROTOCOL)

    def close(self) -> None:
        """End the calls."""
        with self._loading:
            if self._calls:
                self._calls.close()

    async def _serve(self, meeting_id: str, token: str, websocket: WebSocket) -> None:
        calls = self._calls or await asyncio.to_thread(self._load)
        admitted = self._admit(meeting_id, token.removesuffix(CONTENT))
        refusal = admitted if isinstance(admitted, Ending) else None if calls else NO_CALLS
        if refusal:
            await websocket.refuse(refusal.close_code, refusal.reason)
        elif calls and isinstance(admitted, Admitted):
            await _serve_admitted(calls, admitted, CONTENT if token.endswith(CONTENT) else "", websocket)

    def _admit(self, meeting_id: str, token: str) -> Admitted | Ending:
        for backend in self._backends:
            if attendee := backend.attendee_of(meeting_id, token):
                return Admitted(attendee, backend)
        # Inferred: issue #766 of amazon-chime-sdk-js says that AWS once answered so only if somebody had joined before.
        ended = self._ended.get(meeting_id)
        return MEETING_ENDED if ended and ended.attendee_with(token) else ATTENDEE_UNAVAILABLE

    def _load(self) -> Calls | None:
        with self._loading:
            if self._calls is None and find_spec("aiortc"):
                from local.signaling.calls import Calls  # noqa: PLC0415 - only `make run MEETINGS=1` installs what it needs

                self._calls = Calls()
            return self._calls

    def _end_meeting(self, meeting: meetings.Meeting) -> None:
        self._ended[meeting.meeting_id] = meeting
        for forgotten in list(self._ended)[:-REMEMBERED]:
            self._ended.pop(forgotten, None)
        if self._calls:
            self._calls.end_meeting(meeting.meeting_id)

    def _remove_attendee(self, attendee: meetings.Attendee) -> None:
        if self._calls:
            self._calls.remove_attendee(attendee.meeting_id, attendee.attendee_id)


async def _serve_admitted(calls: Calls, admitted: Admitted, modality: str, websocket: WebSocket) -> None:
    # A meeting may end while nobody calls the service, which otherwise looks at the clock then.
    ending = asyncio.create_task(_end_meetings_when_due(admitted.backend))
    try:
        await calls.serve(admitted, websocket, modality)
    finally:
        ending.cancel()


async def _end_meetings_when_due(backend: models.ChimeSDKMeetingsBackend) -> None:
    while True:
        await asyncio.sleep(_SECONDS_BETWEEN_ENDS)
        backend.end_due_meetings()

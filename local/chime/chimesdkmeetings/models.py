"""
The state of Chime SDK meetings, and the seams for whoever carries signaling and media.

A client joins with the meeting's id and its attendee's join token, and without a region: the one backend whose
`attendee_of` knows them is the meeting's. `connected` and `disconnected` tell it of audio connections, from which it
knows when a meeting ends by itself. `on_end` and `on_attendee_removed` tell the other side whom to disconnect.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict, BaseBackend

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    BadRequestError,
    ChimeError,
    ConflictError,
    LimitExceededError,
    NotFoundError,
)
from .behaviours import Behaviours
from .clock import MovableClock
from .features import check_capabilities, check_features, default_capabilities, most_attendees
from .meetings import Attendee, Meeting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .features import Capabilities

Failure = dict[str, str]
"""ExternalUserId of who could not be created, with ErrorCode and ErrorMessage."""

MOST_MEETINGS = 250
"""
At once in an account, in all regions together, unless AWS raises it: the FAQ of amazon-chime-sdk-js,
https://github.com/aws/amazon-chime-sdk-js/pull/530.
"""


class ChimeSDKMeetingsBackend(BaseBackend):
    """The meetings of one account in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start without meetings."""
        super().__init__(region_name, account_id)
        self.behaviours = Behaviours()
        self.clock = MovableClock()
        self.on_end: list[Callable[[Meeting], None]] = []
        """Called with each meeting that has ended; its attendees are not reported one by one. They must not block."""
        self.on_attendee_removed: list[Callable[[Attendee], None]] = []
        """Called with each attendee that DeleteAttendee removed. They must not block."""
        self._lock = threading.Lock()
        self._meetings: dict[str, Meeting] = {}
        self._ended: list[Meeting] = []
        self._by_token: dict[str, Meeting] = {}

    def create_meeting(self, parameters: dict[str, Any]) -> Meeting:
        """
        Return a new meeting, or the one that a request with the same ClientRequestToken created.

        The same token with other parameters returns that meeting too, as AWS does:
        https://github.com/aws/amazon-chime-sdk-js/issues/2433.

        Raises:
            BadRequestError: The features do not go together, or PrimaryMeetingId is not the id of an open meeting. That
                the latter is this error is inferred: the model lists no NotFoundException for CreateMeeting.
            ConflictError: A request with this token was made at the same time (see `behaviours`).
            LimitExceededError: There are MOST_MEETINGS.
        """
        self._check_features(parameters)
        elsewhere = self._open_elsewhere()
        with self._state():
            return self._create(parameters, elsewhere)

    def create_meeting_with_attendees(
        self, parameters: dict[str, Any]
    ) -> tuple[Meeting, list[Attendee], list[Failure]]:
        """
        Create a meeting and its first attendees at once; return it, them, and who could not be created.

        Raises:
            ChimeError: As `create_meeting`, and as `create_attendees`. There is no new meeting then.
        """
        self._check_features(parameters)
        _check_items(parameters["Attendees"], parameters.get("MeetingFeatures") or {})
        elsewhere = self._open_elsewhere()
        with self._state():
            meeting = self._create(parameters, elsewhere)
            return meeting, *self._add_all(meeting, parameters["Attendees"])

    def get_meeting(self, meeting_id: str) -> Meeting:
        """
        Return the meeting.

        Raises:
            NotFoundError: There is none with this id, it has ended, or it is too new (see `behaviours`).
        """
        with self._state():
            return self._meeting(meeting_id)

    def delete_meeting(self, meeting_id: str) -> None:
        """
        End the meeting.

        Raises:
            NotFoundError: As `get_meeting`. That DeleteMeeting answers so for a meeting that has ended is inferred from
                the errors that the model lists.
        """
        with self._state():
            self._end(self._meeting(meeting_id))

    def create_attendee(
        self, meeting_id: str, external_user_id: str, capabilities: Capabilities | None = None
    ) -> Attendee:
        """
        Return a new attendee, or the one who has this ExternalUserId (see `behaviours`), whose capabilities stay.

        Raises:
            NotFoundError: As `get_meeting`.
            BadRequestError: An attendee of this meeting cannot have these capabilities.
            LimitExceededError: The meeting has all the attendees that it can have.
        """
        with self._state():
            meeting = self._meeting(meeting_id)
            if capabilities is not None:
                check_capabilities(capabilities, meeting.features)
            return self._add(meeting, external_user_id, capabilities)

    def create_attendees(self, meeting_id: str, items: list[dict[str, Any]]) -> tuple[list[Attendee], list[Failure]]:
        """
        Create attendees, each from an ExternalUserId and perhaps Capabilities; return them, and who could not be.

        Raises:
            NotFoundError: As `get_meeting`.
            BadRequestError: An attendee of this meeting cannot have the capabilities of one of them. The model says of
                such a request that it is rejected, so none is created.
        """
        with self._state():
            meeting = self._meeting(meeting_id)
            _check_items(items, meeting.features)
            return self._add_all(meeting, items)

    def get_attendee(self, meeting_id: str, attendee_id: str) -> Attendee:
        """
        Return the attendee.

        Raises:
            NotFoundError: As `get_meeting`, or the meeting has no such attendee.
        """
        with self._state():
            return self._attendee(meeting_id, attendee_id)

    def list_attendees(self, meeting_id: str) -> list[Attendee]:
        """
        Return all attendees who were not deleted, in the order of their creation. This order is inferred.

        Raises:
            NotFoundError: As `get_meeting`.
        """
        with self._state():
            return list(self._meeting(meeting_id).attendees.values())

    def update_attendee_capabilities(self, meeting_id: str, attendee_id: str, capabilities: Capabilities) -> Attendee:
        """
        Replace the capabilities of an attendee, and return the attendee.

        Raises:
            NotFoundError: As `get_attendee`.
            BadRequestError: An attendee of this meeting cannot have these capabilities.
        """
        with self._state():
            attendee = self._attendee(meeting_id, attendee_id)
            check_capabilities(capabilities, self._meetings[meeting_id].features)
            attendee.capabilities = capabilities
            return attendee

    def update_other_capabilities(self, meeting_id: str, excluded: set[str], capabilities: Capabilities) -> None:
        """
        Replace the capabilities of all attendees but the *excluded* ones, which are ids.

        That BatchUpdateAttendeeCapabilitiesExcept ignores an excluded id that no attendee has is inferred.

        Raises:
            NotFoundError: As `get_meeting`.
            BadRequestError: An attendee of this meeting cannot have these capabilities.
        """
        with self._state():
            meeting = self._meeting(meeting_id)
            check_capabilities(capabilities, meeting.features)
            for attendee in meeting.attendees.values():
                if attendee.attendee_id not in excluded:
                    attendee.capabilities = capabilities

    def delete_attendee(self, meeting_id: str, attendee_id: str) -> None:
        """
        Remove the attendee, who is disconnected.

        Raises:
            NotFoundError: As `get_attendee`.
        """
        with self._state():
            attendee = self._attendee(meeting_id, attendee_id)
            self._meetings[meeting_id].remove(attendee_id, self.clock.now())
        for call in tuple(self.on_attendee_removed):
            call(attendee)

    def attendee_of(self, meeting_id: str, join_token: str) -> Attendee | None:
        """Return the attendee who may join an open meeting with this token, or None."""
        with self._state():
            meeting = self._meetings.get(meeting_id)
            return meeting.attendee_with(join_token) if meeting is not None else None

    def connected(self, attendee: Attendee) -> None:
        """
        Note that an audio connection of the attendee began.

        Raises:
            NotFoundError: The meeting has ended, or the attendee was removed: the connection must not begin.
        """
        with self._state():
            meeting = self._meetings.get(attendee.meeting_id)
            if meeting is None or attendee.attendee_id not in meeting.attendees:
                raise NotFoundError(f"Attendee <{attendee.attendee_id}> not found")
            meeting.connect(attendee.attendee_id, self.clock.now())

    def disconnected(self, attendee: Attendee) -> None:
        """Note that an audio connection of the attendee ended. Nothing happens if the meeting has ended."""
        with self._state():
            meeting = self._meetings.get(attendee.meeting_id)
            if meeting is not None:
                meeting.disconnect(attendee.attendee_id, self.clock.now())

    def end_due_meetings(self) -> None:
        """End the meetings whose time is over. Every other method does it first; call it where none is called."""
        with self._state():
            pass

    def open_meetings(self) -> list[Meeting]:
        """Return the meetings that have not ended, in the order of their creation."""
        with self._state():
            return list(self._meetings.values())

    @contextmanager
    def _state(self) -> Iterator[None]:
        """Hold the lock, with the meetings ended whose time is over; afterwards tell of all that ended."""
        ended: list[Meeting] = []
        try:
            with self._lock:
                try:
                    self._end_due()
                    yield
                finally:
                    ended, self._ended = self._ended, ended
        finally:
            # Without the lock, because whoever is called has locks of its own.
            for meeting in ended:
                for call in tuple(self.on_end):
                    call(meeting)

    def _end_due(self) -> None:
        now = self.clock.now()
        for meeting in list(self._meetings.values()):
            if meeting.meeting_id in self._meetings and now >= meeting.ends_at(self.behaviours):
                self._end(meeting)

    def _end(self, meeting: Meeting) -> None:
        del self._meetings[meeting.meeting_id]
        self._ended.append(meeting)
        for other in list(self._meetings.values()):
            if other.primary_meeting_id == meeting.meeting_id:
                self._end(other)

    def _check_features(self, parameters: dict[str, Any]) -> None:
        features = parameters.get("MeetingFeatures") or {}
        check_features(features, requires_max_count=self.behaviours.requires_max_count)

    def _open_elsewhere(self) -> int:
        # Counted without this backend's lock, because two that hold their own and wait for the other's wait for ever.
        backends = tuple(chimesdkmeetings_backends[self.account_id].values())
        return sum(len(backend.open_meetings()) for backend in backends if backend is not self)

    def _create(self, parameters: dict[str, Any], elsewhere: int) -> Meeting:
        token = parameters["ClientRequestToken"]
        known = self._known(token)
        if known is not None:
            return known
        self._check_primary(parameters.get("PrimaryMeetingId"))
        if len(self._meetings) + elsewhere >= MOST_MEETINGS:
            raise LimitExceededError(f"There are {MOST_MEETINGS} meetings in this account.")
        meeting = Meeting(self.region_name, self.account_id, parameters, self.clock.now())
        self._meetings[meeting.meeting_id] = self._by_token[token] = meeting
        return meeting

    def _add(self, meeting: Meeting, external_user_id: str, capabilities: Capabilities | None) -> Attendee:
        old = meeting.attendees_named(external_user_id, ignore_case=self.behaviours.ignores_case_of_users)
        if old and self.behaviours.returns_old_attendee:
            return old[0]
        if len(meeting.attendees) >= most_attendees(meeting.features):
            raise LimitExceededError(f"Meeting <{meeting.meeting_id}> has all the attendees that it can have.")
        granted = capabilities or default_capabilities(meeting.features)
        attendee = Attendee(meeting.meeting_id, external_user_id, granted)
        meeting.attendees[attendee.attendee_id] = attendee
        return attendee

    def _add_all(self, meeting: Meeting, items: list[dict[str, Any]]) -> tuple[list[Attendee], list[Failure]]:
        attendees: list[Attendee] = []
        failures: list[Failure] = []
        for item in items:
            try:
                if meeting.meeting_id not in self._meetings:
                    raise NotFoundError(f"Meeting <{meeting.meeting_id}> not found")
                attendees.append(self._add(meeting, item["ExternalUserId"], item.get("Capabilities")))
            except ChimeError as error:
                failures.append(_failure(item, error))
        return attendees, failures

    def _meeting(self, meeting_id: str) -> Meeting:
        meeting = self._meetings.get(meeting_id)
        if meeting is None or self._age(meeting) < self.behaviours.not_found_seconds:
            raise NotFoundError(f"Meeting <{meeting_id}> not found")
        return meeting

    def _attendee(self, meeting_id: str, attendee_id: str) -> Attendee:
        attendee = self._meeting(meeting_id).attendees.get(attendee_id)
        if attendee is None:
            raise NotFoundError(f"Attendee <{attendee_id}> not found")
        return attendee

    def _known(self, token: str) -> Meeting | None:
        known = self._by_token.get(token)
        if known is None or (known.meeting_id not in self._meetings and self.behaviours.forgets_token_at_end):
            return None
        if self._age(known) < self.behaviours.conflict_seconds:
            raise ConflictError("Another request with this ClientRequestToken is being made.")
        return known

    def _check_primary(self, meeting_id: str | None) -> None:
        if meeting_id is None:
            return
        primary = self._meetings.get(meeting_id)
        if primary is None or primary.primary_meeting_id is not None:
            raise BadRequestError("PrimaryMeetingId is not the id of an open meeting that is itself no replica.")

    def _age(self, meeting: Meeting) -> float:
        return (self.clock.now() - meeting.created).total_seconds()


def _check_items(items: list[dict[str, Any]], features: dict[str, Any]) -> None:
    for item in items:
        if item.get("Capabilities") is not None:
            check_capabilities(item["Capabilities"], features)


def _failure(item: dict[str, Any], error: ChimeError) -> Failure:
    # Which codes the Errors of BatchCreateAttendee have is inferred: those of the same errors of CreateAttendee.
    return {"ExternalUserId": item["ExternalUserId"], "ErrorCode": error.Code, "ErrorMessage": error.message}


# In the twelve regions that botocore lists for the service.
chimesdkmeetings_backends = BackendDict(ChimeSDKMeetingsBackend, "chime-sdk-meetings")

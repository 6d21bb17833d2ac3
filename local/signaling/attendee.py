"""What calls ask of the service that creates meetings and attendees."""

from __future__ import annotations

from typing import Protocol


class AdmittedAttendee(Protocol):
    """Someone who may join a meeting, and who is told of their own media. What it does must not block."""

    @property
    def meeting_id(self) -> str:
        """The id of the meeting."""

    @property
    def attendee_id(self) -> str:
        """The id within it."""

    @property
    def external_user_id(self) -> str:
        """Who that is for the application."""

    def connected(self) -> bool:
        """Note that a connection for media begins, and tell whether it may."""

    def disconnected(self) -> None:
        """Note that it has ended."""

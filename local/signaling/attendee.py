"""What calls ask of the service that creates meetings and attendees, and what an attendee may send and receive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


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

    @property
    def capabilities(self) -> Mapping[str, str]:
        """For "Audio", "Video" and "Content" one of "SendReceive", "Send", "Receive" and "None"; they may change."""

    def connected(self) -> bool:
        """Note that a connection for media begins, and tell whether it may."""

    def disconnected(self) -> None:
        """Note that it has ended."""


@dataclass(frozen=True)
class Rights:
    """
    What one connection of an attendee may send and receive now; *modality* marks a shared screen.

    That what is not allowed is dropped without a word, and that the sound of a shared screen is content, is inferred.
    """

    attendee: AdmittedAttendee
    modality: str = ""

    def sends(self, kind: Literal["audio", "video"]) -> bool:
        """Tell whether it may send that."""
        return self.attendee.capabilities[self._medium(kind)] in {"SendReceive", "Send"}

    def receives(self, kind: Literal["audio", "video"], sender: Rights) -> bool:
        """Tell whether it may receive that of *sender*."""
        return self.attendee.capabilities[sender._medium(kind)] in {"SendReceive", "Receive"}

    def _medium(self, kind: str) -> str:
        return "Content" if self.modality else kind.title()

"""What an attendee may send and receive, and which combinations Chime accepts."""

from __future__ import annotations

from typing import NamedTuple

BOTH = "SendReceive"
RECEIVE = "Receive"
NONE = "None"
NO_VIDEO = "None"
"""The resolution of a meeting without video or without content."""


class Features(NamedTuple):
    """What a meeting has: the highest resolutions of `video` and `content`, and the most `attendees`."""

    video: str = "HD"
    content: str = "FHD"
    attendees: int = 250

    def parameter(self) -> dict[str, dict[str, object]]:
        """Return them as CreateMeeting's MeetingFeatures."""
        return {
            "Video": {"MaxResolution": self.video},
            "Content": {"MaxResolution": self.content},
            "Attendee": {"MaxCount": self.attendees},
        }

    def capabilities(self, *, listens: bool) -> dict[str, str]:
        """
        Return the capabilities of an attendee who *listens* only, or else speaks.

        Without video there is none to send or receive, and Chime refuses content to who cannot receive video.
        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_AttendeeCapabilities.html
        """
        wanted = RECEIVE if listens else BOTH
        video = NONE if self.video == NO_VIDEO else wanted
        content = NONE if NO_VIDEO in (self.video, self.content) else wanted
        return {"Audio": wanted, "Video": video, "Content": content}

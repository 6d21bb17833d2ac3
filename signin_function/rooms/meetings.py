"""The meetings and attendees of Amazon Chime SDK."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rooms.errors import MeetingMissing, NoRoomLeft, RoomFull
from signin.aws import AwsAdapter, aws_errors_translated
from signin.errors import Rejected, Throttled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rooms.capabilities import Features

LIMIT_EXCEEDED = "LimitExceeded"
CONFLICT = "Conflict"
NOT_FOUND = "NotFound"
"""The code that means a meeting that has ended, or an attendee who was removed."""
PERHAPS_MISSING = {"Forbidden", NOT_FOUND}
"""The codes with which Chime may refuse an attendee of a meeting that has ended [inferred]; GetMeeting tells."""
PAGE = 100
MAX_PAGES = 10
"""A meeting has 250 attendees at most, so that more pages than this are no answer of Chime's."""


class MeetingSettings(NamedTuple):
    """What each new meeting is like. `network_type` is Ipv4Only or DualStack."""

    media_region: str
    features: Features
    network_type: str = "Ipv4Only"


@dataclass(frozen=True, slots=True)
class RoomAttendee:
    """An attendee as Chime has it, with the secret `join_token` by which they enter."""

    attendee_id: str
    external_user_id: str
    capabilities: Mapping[str, str]
    join_token: str = field(repr=False)

    def answer(self) -> dict[str, Any]:
        """Return it as the AWS SDK for JavaScript gives it."""
        return {
            "AttendeeId": self.attendee_id,
            "ExternalUserId": self.external_user_id,
            "JoinToken": self.join_token,
            "Capabilities": dict(self.capabilities),
        }


class ChimeMeetings(AwsAdapter):
    """Meetings that are controlled from *region*, each made by *settings*."""

    def __init__(self, region: str, settings: MeetingSettings) -> None:
        """Open no connection yet."""
        super().__init__("chime-sdk-meetings", region=region)
        self._settings = settings

    def create(self, external_id: str, request_token: str) -> dict[str, Any]:
        """
        Return the meeting that this *request_token* gives, as the AWS SDK for JavaScript would.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_CreateMeeting.html

        Raises:
            NoRoomLeft: The account has as many meetings as it may have.
            Unavailable: Chime was asked for the same meeting by somebody else at this instant (Conflict), or fails.
            SigninError: Chime throttles or refuses.
        """
        with _limit_means(NoRoomLeft), _conflict_is_transient(), aws_errors_translated("CreateMeeting"):
            answer = self._client.create_meeting(
                ClientRequestToken=request_token,
                ExternalMeetingId=external_id,
                MediaRegion=self._settings.media_region,
                MeetingFeatures=self._settings.features.parameter(),
                MediaPlacementNetworkType=self._settings.network_type,
            )
            meeting: dict[str, Any] = answer["Meeting"]
            if not meeting["MeetingId"]:
                raise ValueError("a meeting without an id")
            return meeting

    def exists(self, meeting_id: str) -> bool:
        """
        Tell whether Chime still has the meeting.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_GetMeeting.html

        Raises:
            SigninError: Chime throttles, fails or refuses.
        """
        try:
            with aws_errors_translated("GetMeeting"):
                self._client.get_meeting(MeetingId=meeting_id)
        except Rejected as error:
            if error.code == NOT_FOUND:
                return False
            raise
        return True

    def end(self, meeting_id: str) -> None:
        """
        End the meeting, for all its attendees. A meeting that has ended already is no error.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_DeleteMeeting.html

        Raises:
            SigninError: Chime throttles, fails or refuses.
        """
        with _missing_is_gone(), aws_errors_translated("DeleteMeeting"):
            self._client.delete_meeting(MeetingId=meeting_id)

    def enter(self, meeting_id: str, external_user_id: str, capabilities: Mapping[str, str]) -> RoomAttendee:
        """
        Return the attendee of that user, new or not, as Chime decides. It may have other *capabilities* than these.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_CreateAttendee.html

        Raises:
            MeetingMissing: There is no such meeting.
            RoomFull: The meeting has as many attendees as it may have.
            Rejected: Chime answers with somebody else's attendee, or refuses.
            SigninError: Chime throttles or fails.
        """
        with _missing_means_the_meeting(), _limit_means(RoomFull), aws_errors_translated("CreateAttendee"):
            answer = self._client.create_attendee(
                MeetingId=meeting_id, ExternalUserId=external_user_id, Capabilities=dict(capabilities)
            )
            attendee = _attendee(answer["Attendee"])
        # Chime calls this id case-insensitive, so that for `ada` it could answer with the attendee of `Ada`.
        if attendee.external_user_id != external_user_id:
            raise Rejected("another_attendee")
        return attendee

    def change(self, meeting_id: str, attendee: RoomAttendee, capabilities: Mapping[str, str]) -> RoomAttendee:
        """
        Return *attendee* with other *capabilities*.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_UpdateAttendeeCapabilities.html

        Raises:
            MeetingMissing: There is no such meeting, or no such attendee.
            Rejected: Chime answers with other capabilities, or refuses.
            SigninError: Chime throttles or fails.
        """
        with (
            _missing_means_the_meeting(),
            _conflict_is_transient(),
            aws_errors_translated("UpdateAttendeeCapabilities"),
        ):
            answer = self._client.update_attendee_capabilities(
                MeetingId=meeting_id, AttendeeId=attendee.attendee_id, Capabilities=dict(capabilities)
            )
            changed: dict[str, str] = answer["Attendee"]["Capabilities"]
        # Fail closed: a listener must not get the token of an attendee who can still speak.
        if changed != capabilities:
            raise Rejected("other_capabilities")
        return replace(attendee, capabilities=changed)

    def attendees(self, meeting_id: str, external_user_id: str) -> list[str]:
        """
        Return the ids of that user's attendees. There are none if the meeting has ended.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_ListAttendees.html

        Raises:
            SigninError: Chime throttles, fails or refuses.
        """
        found: list[str] = []
        with _missing_is_gone(), aws_errors_translated("ListAttendees"):
            page: dict[str, Any] = {}
            for _ in range(MAX_PAGES):
                more = {"NextToken": page["NextToken"]} if page else {}
                page = self._client.list_attendees(MeetingId=meeting_id, MaxResults=PAGE, **more)
                found += [
                    each["AttendeeId"] for each in page["Attendees"] if each["ExternalUserId"] == external_user_id
                ]
                if not page.get("NextToken"):
                    break
        return found

    def remove(self, meeting_id: str, attendee_id: str) -> None:
        """
        Remove the attendee, which disconnects them. One who is gone already is no error.

        Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_meeting-chime_DeleteAttendee.html

        Raises:
            SigninError: Chime throttles, fails or refuses.
        """
        with _missing_is_gone(), aws_errors_translated("DeleteAttendee"):
            self._client.delete_attendee(MeetingId=meeting_id, AttendeeId=attendee_id)


def _attendee(answer: Mapping[str, Any]) -> RoomAttendee:
    return RoomAttendee(
        attendee_id=answer["AttendeeId"],
        external_user_id=answer["ExternalUserId"],
        capabilities=answer.get("Capabilities") or {},
        join_token=answer["JoinToken"],
    )


@contextmanager
def _limit_means(meaning: type[NoRoomLeft | RoomFull]) -> Iterator[None]:
    """Raise *meaning* for LimitExceeded, which `signin.aws` takes for throttling, as botocore does."""
    try:
        yield
    except Throttled as error:
        if error.code == LIMIT_EXCEEDED:
            raise meaning(error.code) from error
        raise


@contextmanager
def _conflict_is_transient() -> Iterator[None]:
    """Have a Conflict retried: somebody else changes the same thing at this instant."""
    try:
        yield
    except Rejected as error:
        if error.code == CONFLICT:
            raise Unavailable(error.code) from error
        raise


@contextmanager
def _missing_means_the_meeting() -> Iterator[None]:
    try:
        yield
    except Rejected as error:
        if error.code in PERHAPS_MISSING:
            raise MeetingMissing(error.code) from error
        raise


@contextmanager
def _missing_is_gone() -> Iterator[None]:
    try:
        yield
    except Rejected as error:
        if error.code != NOT_FOUND:
            raise

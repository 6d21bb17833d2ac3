"""When meetings end by themselves, who is told, and the behaviours that nobody has proved of AWS."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.exceptions import ServiceException

from local.chime.chimesdkmeetings.clock import MovableClock
from tests.integration.local_aws.meetings import HALL, backend_in, create, join, refusal

if TYPE_CHECKING:
    from local.aws.endpoint import AwsEndpoint
    from tests.integration.conftest import Aws

MINUTE = 60
HOUR = 60 * MINUTE


@pytest.fixture(autouse=True)
def backend(endpoint: AwsEndpoint) -> Any:  # noqa: ARG001 - it empties moto's state
    """What carries signalling and media sees of the meetings in us-east-1; its time stands still until it is moved."""
    backend = backend_in("us-east-1")
    backend.clock = MovableClock(lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - moto's times have no time zone
    return backend


@pytest.fixture
def hall(meetings: Any) -> str:
    """The id of a meeting."""
    return create(meetings)


def enter(backend: Any, meetings: Any, meeting: str, user: str) -> Any:
    """Return the attendee, with an audio connection."""
    attendee = backend.attendee_of(meeting, join(meetings, meeting, user)["JoinToken"])
    backend.connected(attendee)
    return attendee


def is_open(aws: Aws, meeting: str, *, after: float = 0) -> bool:
    """Tell whether the meeting is still open after so many seconds."""
    status, listed = aws.local("POST", "meetings/clock", {"advance_seconds": after})
    assert status == 200
    return meeting in [each["meetingId"] for each in listed]


def test_meeting_without_a_connection_ends_after_five_minutes(aws: Aws, meetings: Any, hall: str) -> None:
    join(meetings, hall)
    assert is_open(aws, hall, after=5 * MINUTE - 1)
    assert not is_open(aws, hall, after=1)
    assert refusal(meetings.get_meeting, MeetingId=hall)[:2] == ("NotFoundException", 404)
    assert refusal(meetings.create_attendee, MeetingId=hall, ExternalUserId="bob")[:2] == ("NotFoundException", 404)


def test_meeting_with_one_connection_ends_after_thirty_minutes(
    aws: Aws, meetings: Any, backend: Any, hall: str
) -> None:
    enter(backend, meetings, hall, "ada")
    assert is_open(aws, hall, after=30 * MINUTE - 1)
    assert not is_open(aws, hall, after=1)


def test_meeting_with_one_connection_may_stay_open(aws: Aws, meetings: Any, backend: Any, hall: str) -> None:
    aws.local("POST", "meetings/behaviours", {"ends_with_one_connection": False})
    enter(backend, meetings, hall, "ada")
    assert is_open(aws, hall, after=24 * HOUR - 1)
    assert not is_open(aws, hall, after=1)


def test_meeting_with_two_connections_ends_after_a_day(aws: Aws, meetings: Any, backend: Any, hall: str) -> None:
    enter(backend, meetings, hall, "ada")
    enter(backend, meetings, hall, "bob")
    assert is_open(aws, hall, after=24 * HOUR - 1)
    assert not is_open(aws, hall, after=1)


def test_second_connection_of_the_same_attendee_is_not_company(
    aws: Aws, meetings: Any, backend: Any, hall: str
) -> None:
    ada = enter(backend, meetings, hall, "ada")
    assert is_open(aws, hall, after=20 * MINUTE)
    backend.connected(ada)
    backend.disconnected(ada)
    assert not is_open(aws, hall, after=10 * MINUTE)


def test_time_is_counted_from_the_last_change(aws: Aws, meetings: Any, backend: Any, hall: str) -> None:
    ada, bob = (enter(backend, meetings, hall, user) for user in ("ada", "bob"))
    assert is_open(aws, hall, after=HOUR)
    backend.disconnected(bob)
    assert is_open(aws, hall, after=30 * MINUTE - 1)
    backend.disconnected(ada)
    assert is_open(aws, hall, after=5 * MINUTE - 1)
    assert not is_open(aws, hall, after=1)


def test_removed_attendee_is_no_connection(aws: Aws, meetings: Any, backend: Any, hall: str) -> None:
    ada = enter(backend, meetings, hall, "ada")
    meetings.delete_attendee(MeetingId=hall, AttendeeId=ada.attendee_id)
    assert is_open(aws, hall, after=5 * MINUTE - 1)
    backend.disconnected(ada)
    assert not is_open(aws, hall, after=1)


def test_attendee_who_left_still_counts(meetings: Any, backend: Any) -> None:
    small = create(meetings, MeetingFeatures={"Attendee": {"MaxCount": 1}})
    backend.disconnected(enter(backend, meetings, small, "ada"))
    refused = refusal(meetings.create_attendee, MeetingId=small, ExternalUserId="bob")
    assert refused[:2] == ("LimitExceededException", 400)


def test_replica_ends_with_its_primary_meeting(aws: Aws, meetings: Any, hall: str) -> None:
    replica = create(meetings, ClientRequestToken="second", PrimaryMeetingId=hall)
    assert meetings.get_meeting(MeetingId=replica)["Meeting"]["PrimaryMeetingId"] == hall
    meetings.delete_meeting(MeetingId=hall)
    assert not is_open(aws, replica)


def test_replica_without_a_connection_stays_open_as_long_as_its_primary_meeting(
    aws: Aws, meetings: Any, backend: Any, hall: str
) -> None:
    replica = create(meetings, ClientRequestToken="second", PrimaryMeetingId=hall)
    ada, _ = (enter(backend, meetings, hall, user) for user in ("ada", "bob"))
    assert is_open(aws, replica, after=HOUR)
    backend.disconnected(ada)
    assert is_open(aws, replica, after=30 * MINUTE - 1)
    assert not is_open(aws, replica, after=1)


def test_replica_has_no_replica(meetings: Any, hall: str) -> None:
    replica = create(meetings, ClientRequestToken="second", PrimaryMeetingId=hall)
    asked = {**HALL, "ClientRequestToken": "third", "PrimaryMeetingId": replica}
    assert refusal(meetings.create_meeting, **asked)[:2] == ("BadRequestException", 400)


def test_who_joins_is_known_by_their_token(meetings: Any, backend: Any, hall: str) -> None:
    ada, bob = join(meetings, hall, "ada"), join(meetings, hall, "bob")
    assert backend.attendee_of(hall, ada["JoinToken"]).attendee_id == ada["AttendeeId"]
    assert backend.attendee_of(hall, bob["JoinToken"]).attendee_id == bob["AttendeeId"]


def test_token_of_another_meeting_is_nobodys(meetings: Any, backend: Any, hall: str) -> None:
    other = create(meetings, ClientRequestToken="second")
    assert backend.attendee_of(hall, join(meetings, other)["JoinToken"]) is None


@pytest.mark.parametrize("token", ["", "nonsense", "\N{SNOWMAN}"])
def test_made_up_token_is_nobodys(meetings: Any, backend: Any, hall: str, token: str) -> None:
    join(meetings, hall)
    assert backend.attendee_of(hall, token) is None


def test_token_ends_with_its_attendee(meetings: Any, backend: Any, hall: str) -> None:
    ada = join(meetings, hall)
    attendee = backend.attendee_of(hall, ada["JoinToken"])
    meetings.delete_attendee(MeetingId=hall, AttendeeId=ada["AttendeeId"])
    assert backend.attendee_of(hall, ada["JoinToken"]) is None
    with pytest.raises(ServiceException, match="NotFoundException"):
        backend.connected(attendee)


def test_token_ends_with_its_meeting(meetings: Any, backend: Any, hall: str) -> None:
    ada = join(meetings, hall)
    attendee = backend.attendee_of(hall, ada["JoinToken"])
    meetings.delete_meeting(MeetingId=hall)
    assert backend.attendee_of(hall, ada["JoinToken"]) is None
    with pytest.raises(ServiceException, match="NotFoundException"):
        backend.connected(attendee)


def test_end_is_told(aws: Aws, meetings: Any, backend: Any) -> None:
    told: list[str] = []
    backend.on_end.append(lambda meeting: told.append(meeting.meeting_id))
    deleted = create(meetings, ClientRequestToken="deleted")
    meetings.delete_meeting(MeetingId=deleted)
    assert told == [deleted]
    forgotten = create(meetings, ClientRequestToken="forgotten")
    is_open(aws, forgotten, after=5 * MINUTE)
    assert told == [deleted, forgotten]


def test_end_is_told_also_if_it_is_found_by_who_asks_for_the_meeting(meetings: Any, backend: Any, hall: str) -> None:
    told: list[str] = []
    backend.on_end.append(lambda meeting: told.append(meeting.meeting_id))
    backend.clock.advance(5 * MINUTE)
    assert refusal(meetings.get_meeting, MeetingId=hall)[:2] == ("NotFoundException", 404)
    assert told == [hall]


def test_who_is_told_of_an_end_may_ask_back(meetings: Any, backend: Any, hall: str) -> None:
    left: list[Any] = []
    backend.on_end.append(lambda _: left.append(backend.open_meetings()))
    meetings.delete_meeting(MeetingId=hall)
    assert left == [[]]


def test_removal_is_told(meetings: Any, backend: Any, hall: str) -> None:
    told: list[str] = []
    backend.on_attendee_removed.append(lambda attendee: told.append(attendee.attendee_id))
    ada, _ = join(meetings, hall), join(meetings, hall, "bob")
    meetings.delete_attendee(MeetingId=hall, AttendeeId=ada["AttendeeId"])
    assert told == [ada["AttendeeId"]]


def test_meetings_are_listed_with_who_is_connected(aws: Aws, meetings: Any, backend: Any, hall: str) -> None:
    ada = enter(backend, meetings, hall, "ada")
    bob = join(meetings, hall, "bob")["AttendeeId"]
    other = create(aws.client("chime-sdk-meetings", region="eu-central-1"))
    attendees = [
        {"attendeeId": ada.attendee_id, "externalUserId": "ada", "connected": True},
        {"attendeeId": bob, "externalUserId": "bob", "connected": False},
    ]
    status, listed = aws.local("GET", "meetings")
    assert status == 200
    assert sorted(listed, key=lambda each: str(each["region"])) == [
        {"meetingId": other, "region": "eu-central-1", "attendees": []},
        {"meetingId": hall, "region": "us-east-1", "attendees": attendees},
    ]


def test_new_meeting_is_found_at_once(meetings: Any, hall: str) -> None:
    assert meetings.get_meeting(MeetingId=hall)
    assert join(meetings, hall)


def test_new_meeting_may_not_be_found_for_a_second(aws: Aws, meetings: Any) -> None:
    aws.local("POST", "meetings/behaviours", {"not_found_seconds": 60})
    hall = create(meetings)
    not_found = ("NotFoundException", 404, f"Meeting <{hall}> not found")
    assert refusal(meetings.get_meeting, MeetingId=hall) == not_found
    assert refusal(meetings.create_attendee, MeetingId=hall, ExternalUserId="ada") == not_found
    assert is_open(aws, hall, after=59)
    assert refusal(meetings.get_meeting, MeetingId=hall) == not_found
    assert is_open(aws, hall, after=1)
    assert meetings.get_meeting(MeetingId=hall)
    assert join(meetings, hall)


def test_attendees_who_come_with_a_new_meeting_are_created_at_once(aws: Aws, meetings: Any) -> None:
    aws.local("POST", "meetings/behaviours", {"not_found_seconds": 60})
    answer = meetings.create_meeting_with_attendees(**HALL, Attendees=[{"ExternalUserId": "ada"}])
    assert [each["ExternalUserId"] for each in answer["Attendees"]] == ["ada"]


def test_same_request_at_the_same_time_may_conflict(aws: Aws, meetings: Any) -> None:
    aws.local("POST", "meetings/behaviours", {"conflict_seconds": 60})
    hall = create(meetings)
    assert refusal(meetings.create_meeting, **HALL)[:2] == ("ConflictException", 409)
    assert create(meetings, ClientRequestToken="second") != hall
    assert is_open(aws, hall, after=60)
    assert create(meetings) == hall


def test_request_token_is_remembered_after_the_end(meetings: Any, hall: str) -> None:
    meetings.delete_meeting(MeetingId=hall)
    assert create(meetings) == hall
    assert refusal(meetings.get_meeting, MeetingId=hall)[:2] == ("NotFoundException", 404)
    answer = meetings.create_meeting_with_attendees(**HALL, Attendees=[{"ExternalUserId": "ada"}])
    assert (answer["Attendees"], [each["ErrorCode"] for each in answer["Errors"]]) == ([], ["NotFound"])


def test_request_token_may_be_forgotten_at_the_end(aws: Aws, meetings: Any, hall: str) -> None:
    aws.local("POST", "meetings/behaviours", {"forgets_token_at_end": True})
    assert create(meetings) == hall
    meetings.delete_meeting(MeetingId=hall)
    again = create(meetings)
    assert again != hall
    assert meetings.get_meeting(MeetingId=again)


def test_behaviours_are_shown_changed_and_reset(aws: Aws) -> None:
    defaults = {
        "returns_old_attendee": True,
        "ignores_case_of_users": True,
        "not_found_seconds": 0,
        "conflict_seconds": 0,
        "forgets_token_at_end": False,
        "ends_with_one_connection": True,
        "requires_max_count": True,
    }
    assert aws.local("GET", "meetings/behaviours") == (200, defaults)
    changed = {**defaults, "not_found_seconds": 1.5, "forgets_token_at_end": True}
    assert aws.local("POST", "meetings/behaviours", {"not_found_seconds": 1.5}) == (
        200,
        {**defaults, "not_found_seconds": 1.5},
    )
    assert aws.local("POST", "meetings/behaviours", {"forgets_token_at_end": True}) == (200, changed)
    assert aws.local("DELETE", "meetings/behaviours") == (200, defaults)


def test_behaviours_hold_in_every_region(aws: Aws) -> None:
    aws.local("POST", "meetings/behaviours", {"not_found_seconds": HOUR})
    meetings = aws.client("chime-sdk-meetings", region="eu-central-1")
    assert refusal(meetings.get_meeting, MeetingId=create(meetings))[:2] == ("NotFoundException", 404)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        pytest.param("behaviours", [], "body", id="no object"),
        pytest.param("behaviours", {"unknown": 1}, "unknown", id="an unknown behaviour"),
        pytest.param("behaviours", {"returns_old_attendee": 1}, "returns_old_attendee", id="a number for yes or no"),
        pytest.param("behaviours", {"not_found_seconds": True}, "not_found_seconds", id="yes or no for a number"),
        pytest.param("behaviours", {"not_found_seconds": -1}, "not_found_seconds", id="a time before"),
        pytest.param("clock", {}, "body", id="no time"),
        pytest.param("clock", {"advance_seconds": 1, "more": 1}, "body", id="more than a time"),
        pytest.param("clock", {"advance_seconds": -1}, "advance_seconds", id="a time back"),
        pytest.param("clock", {"advance_seconds": "1"}, "advance_seconds", id="a time as text"),
        pytest.param("clock", {"advance_seconds": 1e300}, "advance_seconds", id="a time beyond time"),
    ],
)
def test_control_refuses(aws: Aws, path: str, body: Any, field: str) -> None:
    status, answer = aws.local("POST", f"meetings/{path}", body)
    assert (status, answer["error"], answer["field"]) == (400, "bad_request", field)
    assert aws.local("GET", "meetings/behaviours")[1]["returns_old_attendee"] is True

"""Many at once, into one room: one meeting, and everybody as themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rooms.names import digest
from rooms.table import Outdated, RoomsTable
from tests.integration.rooms.conftest import TABLE, asked

if TYPE_CHECKING:
    from rooms.app import Rooms
    from tests.integration.rooms.conftest import Hall

MANY = 50


def enter_together(rooms: Rooms, room: str = "stand-up", many: int = MANY) -> tuple[set[str], list[str]]:
    """Let that many people enter at once, and return the meetings that they are in, and as whom."""
    with ThreadPoolExecutor(many) as people:
        answers = list(people.map(lambda number: asked(rooms, f"user-{number}", room), range(many)))
    assert {answer.status for answer in answers} == {200}, [a.body for a in answers if a.status != 200][:1]
    return {answer.meeting_id for answer in answers}, [answer.attendee["ExternalUserId"] for answer in answers]


BEHAVIOURS = [
    pytest.param({}, id="as documented"),
    pytest.param({"forgets_token_at_end": True}, id="with a token that is forgotten"),
    pytest.param({"returns_old_attendee": False}, id="with a new attendee each time"),
]


@pytest.mark.parametrize("behaviours", BEHAVIOURS)
def test_people_who_open_a_room_together_are_in_one_meeting(hall: Hall, behaviours: dict[str, bool]) -> None:
    hall.behave(**behaviours)

    meetings, people = enter_together(hall.rooms())

    assert len(meetings) == len(hall.open_meetings()) == 1
    assert people == [f"user-{number}" for number in range(MANY)]


@pytest.mark.parametrize("behaviours", BEHAVIOURS)
def test_people_who_enter_what_has_just_ended_are_in_one_new_meeting(hall: Hall, behaviours: dict[str, bool]) -> None:
    hall.behave(**behaviours)
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.pass_seconds(60)
    hall.meetings.delete_meeting(MeetingId=first.meeting_id)

    meetings, people = enter_together(rooms)

    assert len(meetings) == len(hall.open_meetings()) == 1
    assert meetings != {first.meeting_id}
    assert people == [f"user-{number}" for number in range(MANY)]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        pytest.param("CreateMeeting", {"error": "ConflictException"}, id="CreateMeeting conflicts"),
        pytest.param("CreateMeeting", {"error": "ThrottlingException", "status": 429}, id="CreateMeeting throttled"),
        pytest.param("CreateMeeting", {"error": "ConnectionDropped"}, id="CreateMeeting cut off"),
        pytest.param("CreateAttendee", {"error": "NotFoundException"}, id="a meeting that is not found yet"),
        pytest.param("CreateAttendee", {"error": "ThrottlingException", "status": 429}, id="CreateAttendee throttled"),
        pytest.param("UpdateItem", {"error": "InternalServerError", "status": 500}, id="the table down"),
        pytest.param("PutItem", {"error": "ThrottlingException", "status": 400}, id="the table throttled"),
        pytest.param("GetItem", {"delay_ms": 300}, id="the table slow"),
    ],
)
def test_no_fault_makes_two_meetings_of_one_room(hall: Hall, operation: str, fault: dict[str, object]) -> None:
    hall.fault(operation, **fault, times=10)

    meetings, _ = enter_together(hall.rooms(), many=20)

    assert len(meetings) == len(hall.open_meetings()) == 1


def test_one_person_with_many_devices_has_opened_one_room(hall: Hall) -> None:
    rooms = hall.rooms()
    with ThreadPoolExecutor(12) as devices:
        statuses = list(devices.map(lambda _: asked(rooms, "ada").status, range(12)))

    assert statuses == [200] * 12
    assert [asked(rooms, "ada", f"room-{number}").status for number in range(5)] == [200] * 4 + [429]


def test_openings_at_once_pass_no_limit(hall: Hall) -> None:
    rooms = hall.rooms()
    with ThreadPoolExecutor(12) as devices:
        statuses = list(devices.map(lambda number: asked(rooms, "eve", f"room-{number}").status, range(12)))

    assert sorted(statuses) == [200] * 5 + [429] * 7
    assert len(hall.open_meetings()) == 5


def test_handler_that_stops_half_way_leaves_nothing_that_the_next_one_cannot_go_on_from(hall: Hall) -> None:
    rooms = hall.rooms()
    for operation in ("PutItem", "CreateMeeting", "UpdateItem", "CreateAttendee"):
        hall.fault(operation, error="BadRequestException", status=400)
        assert asked(rooms, "ada", f"room-{operation}").status == 502

        assert asked(rooms, "bob", f"room-{operation}").status == 200
    assert len(hall.open_meetings()) == 4


def test_intent_that_nobody_finished_is_replaced_after_ten_seconds(hall: Hall) -> None:
    rooms = hall.rooms()
    hall.fault("CreateMeeting", error="BadRequestException", status=400)
    asked(rooms, "ada")
    before = hall.item("stand-up")["uuid"]
    hall.later += 10

    assert asked(rooms, "bob").status == 200
    assert hall.item("stand-up")["uuid"] != before


def test_meeting_that_comes_after_a_host_ended_the_room_is_not_taken(hall: Hall) -> None:
    rooms = hall.rooms()
    hall.fault("CreateMeeting", error="BadRequestException", status=400)
    asked(rooms, "ada")
    slow = hall.item("stand-up")["uuid"]["S"]

    ended = asked(rooms, "bob", method="DELETE", host="true")

    assert ended.status == 204
    with pytest.raises(Outdated):
        RoomsTable(TABLE).opened(digest("stand-up"), slow, {"MeetingId": "too-late"})


def test_meeting_that_the_room_did_not_take_is_ended(hall: Hall) -> None:
    # Two stacks with one table have different request tokens. So for one intent Chime gives each another meeting, as if
    # it had forgotten the token.
    stacks = [hall.rooms(), hall.rooms(STACK_ID="arn:aws:cloudformation:us-east-1:123456789012:stack/test/2")]
    hall.fault("UpdateItem", delay_ms=400, times=2)

    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(asked, stacks, ["ada", "bob"]))

    assert [answer.status for answer in answers] == [200, 200]
    assert {answer.meeting_id for answer in answers} == {each["meetingId"] for each in hall.open_meetings()}
    assert len(hall.open_meetings()) == 1

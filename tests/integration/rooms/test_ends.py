"""How hosts end a room, and how somebody leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.rooms.conftest import asked

if TYPE_CHECKING:
    from tests.integration.rooms.conftest import Hall


def test_who_is_no_host_ends_nothing(hall: Hall) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")

    refused = asked(rooms, "ada", method="DELETE")

    assert (refused.status, refused.body["reason"]) == (403, "not_a_host")
    assert len(hall.open_meetings()) == 1


def test_host_ends_no_room_that_the_token_does_not_list(hall: Hall) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")

    refused = asked(rooms, "bob", method="DELETE", host="true", rooms='["lunch"]')

    assert (refused.status, refused.body["reason"]) == (403, "room_not_allowed")
    assert len(hall.open_meetings()) == 1


def test_host_ends_a_room_which_stays_closed_to_others_for_a_minute(hall: Hall) -> None:
    rooms = hall.rooms()
    ada = asked(rooms, "ada")

    ended = asked(rooms, "bob", method="DELETE", host="true")
    closed = asked(rooms, "ada")
    hall.later += 60
    again = asked(rooms, "ada")

    assert (ended.status, ended.body, hall.open_meetings()[0]["meetingId"]) == (204, None, again.meeting_id)
    assert (closed.status, closed.body["error"]) == (404, "not_open")
    assert closed.headers["Retry-After"] == "60"
    assert (again.status, again.meeting_id == ada.meeting_id) == (200, False)


def test_host_opens_at_once_what_a_host_ended(hall: Hall) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")
    asked(rooms, "bob", method="DELETE", host="true")

    assert asked(rooms, "bob", host="true").status == 200


def test_ending_what_is_not_open_is_no_error(hall: Hall) -> None:
    rooms = hall.rooms()

    assert asked(rooms, "bob", method="DELETE", host="true").status == 204
    asked(rooms, "ada")
    assert [asked(rooms, "bob", method="DELETE", host="true").status for _ in range(2)] == [204, 204]


def test_ending_goes_on_where_it_failed(hall: Hall) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")
    hall.fault("DeleteMeeting", error="BadRequestException", status=400)

    assert asked(rooms, "bob", method="DELETE", host="true").status == 502
    assert len(hall.open_meetings()) == 1
    assert asked(rooms, "bob", method="DELETE", host="true").status == 204
    assert hall.open_meetings() == []


def test_room_that_was_opened_anew_keeps_the_meeting_that_may_go_on(hall: Hall) -> None:
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.fault("DeleteMeeting", error="BadRequestException", status=400)
    asked(rooms, "bob", method="DELETE", host="true")

    second = asked(rooms, "bob", host="true")

    assert set(hall.item("stand-up")["earlier"]["M"]) == {first.meeting_id}
    assert asked(rooms, "bob", method="DELETE", host="true").status == 204
    assert first.meeting_id != second.meeting_id
    assert hall.open_meetings() == []


def test_leaving_gives_up_one_s_own_seat_alone(hall: Hall) -> None:
    hall.behave(returns_old_attendee=False)
    rooms = hall.rooms()
    bob = asked(rooms, "bob")
    for _ in range(2):
        asked(rooms, "ada")

    left = asked(rooms, "ada", method="DELETE", me=True)

    seats = hall.meetings.list_attendees(MeetingId=bob.meeting_id)["Attendees"]
    assert (left.status, left.body) == (204, None)
    assert [seat["ExternalUserId"] for seat in seats] == ["bob"]


@pytest.mark.parametrize("others", [0, 130], ids=["alone", "among more than a page of others"])
def test_seat_is_found_on_every_page(hall: Hall, others: int) -> None:
    rooms = hall.rooms()
    first = asked(rooms, "bob")
    for number in range(others):
        hall.meetings.create_attendee(MeetingId=first.meeting_id, ExternalUserId=f"user-{number}")
    asked(rooms, "ada")

    assert asked(rooms, "ada", method="DELETE", me=True).status == 204
    assert hall.operations().count("DeleteAttendee") == 1


def test_leaving_a_room_that_is_not_open_is_no_error(hall: Hall) -> None:
    rooms = hall.rooms()
    assert asked(rooms, "ada", method="DELETE", me=True).status == 204

    ada = asked(rooms, "ada")
    hall.meetings.delete_meeting(MeetingId=ada.meeting_id)

    assert asked(rooms, "ada", method="DELETE", me=True).status == 204

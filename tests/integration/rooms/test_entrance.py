"""Who enters which meeting, and as whom, and what begins again by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rooms.names import digest, openings_key
from tests.integration.rooms.conftest import LIST, TABLE, asked

if TYPE_CHECKING:
    from tests.integration.rooms.conftest import Hall

SPEAKER = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
LISTENER = {"Audio": "Receive", "Video": "Receive", "Content": "Receive"}


def test_first_opens_the_room_and_the_second_enters_it(hall: Hall) -> None:
    rooms = hall.rooms()
    ada = asked(rooms, "ada")
    opening = hall.operations()
    hall.forget_calls()
    bob = asked(rooms, "bob")

    assert (ada.status, bob.status) == (200, 200)
    assert ada.meeting_id == bob.meeting_id
    assert (ada.attendee["ExternalUserId"], bob.attendee["ExternalUserId"]) == ("ada", "bob")
    assert ada.attendee["JoinToken"] != bob.attendee["JoinToken"]
    assert ada.attendee["Capabilities"] == SPEAKER
    assert opening == ["GetItem", "PutItem", "PutItem", "CreateMeeting", "UpdateItem", "CreateAttendee"]
    assert hall.operations() == ["GetItem", "CreateAttendee"]


def test_meeting_is_as_the_options_say_and_the_answer_is_as_chime_s(hall: Hall) -> None:
    options = {"media_region": "eu-west-1", "video": "fhd", "content": "none", "max_attendees": 7}

    ada = asked(hall.rooms(MEETING_OPTIONS=json.dumps(options)), "ada")

    stored = hall.meetings.get_meeting(MeetingId=ada.meeting_id)["Meeting"]
    assert ada.body["Meeting"] == stored
    assert stored["MediaRegion"] == "eu-west-1"
    assert stored["MeetingFeatures"] == {
        "Video": {"MaxResolution": "FHD"},
        "Content": {"MaxResolution": "None"},
        "Attendee": {"MaxCount": 7},
    }
    assert ada.attendee["Capabilities"] == SPEAKER | {"Content": "None"}


def test_nobody_s_name_is_in_what_chime_and_the_table_keep(hall: Hall) -> None:
    ada = asked(hall.rooms(), "ada.lovelace@example.com", "board-of-acme")

    items = json.dumps(hall.table.scan(TableName=TABLE)["Items"])
    assert ada.attendee["JoinToken"] not in items
    assert "acme" not in items + ada.body["Meeting"]["ExternalMeetingId"]
    assert "lovelace" not in items


@pytest.mark.parametrize("user", ["a", "A", "ab", "hash-x", "a" * 58])
def test_attendee_is_the_caller_whatever_their_id(hall: Hall, user: str) -> None:
    caller = asked(hall.rooms(), user, keep_subject="false" if user == "hash-x" else "true")

    id_in_chime = caller.attendee["ExternalUserId"]
    assert id_in_chime.startswith("hash-") if user == "hash-x" else id_in_chime == ("_" + user)[-max(2, len(user)) :]


def test_somebody_whose_id_differs_in_case_alone_is_not_let_in_as_the_other(hall: Hall) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")

    refused = asked(rooms, "Ada")
    hall.behave(ignores_case_of_users=False)
    let_in = asked(rooms, "Ada")

    assert (refused.status, refused.body["error"]) == (502, "upstream_error")
    assert "JoinToken" not in json.dumps(refused.body)
    assert let_in.attendee["ExternalUserId"] == "Ada"


@pytest.mark.parametrize("old", [True, False], ids=["the old attendee", "a new one"])
def test_same_person_again_is_the_same_person(hall: Hall, old: bool) -> None:  # noqa: FBT001
    hall.behave(returns_old_attendee=old)
    rooms = hall.rooms()

    first, second = asked(rooms, "ada"), asked(rooms, "ada")

    assert first.meeting_id == second.meeting_id
    assert second.attendee["ExternalUserId"] == "ada"
    assert (first.attendee["AttendeeId"] == second.attendee["AttendeeId"]) is old


@pytest.mark.parametrize("old", [True, False], ids=["the old attendee", "a new one"])
@pytest.mark.parametrize("video", ["none", "hd", "fhd"])
@pytest.mark.parametrize("content", ["none", "fhd", "uhd"])
def test_capabilities_are_those_of_now(hall: Hall, old: bool, video: str, content: str) -> None:  # noqa: FBT001
    hall.behave(returns_old_attendee=old)
    rooms = hall.rooms(MEETING_OPTIONS=json.dumps({"video": video, "content": content}))

    spoke = asked(rooms, "ada")
    listens = asked(rooms, "ada", listens="true")
    speaks = asked(rooms, "ada")

    shown = hall.meetings.get_attendee(MeetingId=speaks.meeting_id, AttendeeId=speaks.attendee["AttendeeId"])
    assert [each.status for each in (spoke, listens, speaks)] == [200, 200, 200]
    assert spoke.attendee["Capabilities"] == speaks.attendee["Capabilities"] == shown["Attendee"]["Capabilities"]
    assert spoke.attendee["Capabilities"]["Audio"] == "SendReceive"
    assert set(listens.attendee["Capabilities"].values()) <= {"Receive", "None"}


def test_who_may_not_enter_is_told_so_and_nothing_is_called(hall: Hall) -> None:
    rooms = hall.rooms()

    refused = asked(rooms, "ada", rooms='["lunch", "team-*"]')
    allowed = asked(rooms, "ada", "team-7", rooms='["lunch", "team-*"]')

    assert (refused.status, refused.body["reason"]) == (403, "room_not_allowed")
    assert allowed.status == 200


@pytest.mark.parametrize("room", [None, "", "x", "a/b", "..", "%2e%2e", "caf\u00e9"])
def test_what_is_no_name_is_answered_and_nothing_is_called(hall: Hall, room: str | None) -> None:
    refused = asked(hall.rooms(), "ada", room)

    assert (refused.status, refused.body["error"]) == (400, "bad_request")
    assert hall.operations() == []


@pytest.mark.parametrize(("guests", "status"), [(None, 502), ("false", 502), ("true", 200)])
def test_guests_enter_rooms_only_where_there_are_guests(hall: Hall, guests: str | None, status: int) -> None:
    if guests is not None:
        hall.variables["GUESTS"] = guests

    answered = asked(hall.rooms(), "vera", guest="true", rooms='["stand-up"]')

    assert (answered.status, bool(hall.operations())) == (status, status == 200)


def test_names_are_compared_as_they_were_sent(hall: Hall) -> None:
    rooms = hall.rooms()

    assert len({asked(rooms, "ada", room).meeting_id for room in ("stand-up", "Stand-up", "stand-up2")}) == 3


def test_hosts_alone_open_a_hosted_room(hall: Hall) -> None:
    rooms = hall.rooms(MEETINGS="hosted")

    before = asked(rooms, "ada")
    host = asked(rooms, "bob", host="true")
    after = asked(rooms, "ada")

    assert (before.status, before.body["error"], before.headers["Retry-After"]) == (404, "not_open", "5")
    assert (host.status, after.status) == (200, 200)
    assert host.meeting_id == after.meeting_id


def test_whoever_enters_goes_on_with_what_a_host_began(hall: Hall) -> None:
    rooms = hall.rooms(MEETINGS="hosted")
    hall.fault("CreateMeeting", error="BadRequestException", status=400)
    assert asked(rooms, "bob", host="true").status == 502

    assert asked(rooms, "ada").status == 200


def test_full_room_lets_nobody_in_and_nobody_out(hall: Hall) -> None:
    rooms = hall.rooms(MEETING_OPTIONS='{"max_attendees": 2}')
    ada, bob = asked(rooms, "ada"), asked(rooms, "bob")

    full = asked(rooms, "eve")
    asked(rooms, "bob", method="DELETE", me=True)
    then = asked(rooms, "eve")

    assert ada.meeting_id == bob.meeting_id == then.meeting_id
    assert (full.status, full.body["error"]) == (409, "room_full")


def test_account_that_has_all_its_meetings_is_an_outage_that_is_waited_out(hall: Hall) -> None:
    hall.fault("CreateMeeting", error="LimitExceededException", status=400, times=-1)

    refused = asked(hall.rooms(), "ada")

    assert (refused.status, refused.body["error"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) >= 60


def test_one_person_opens_five_rooms_in_five_minutes(hall: Hall) -> None:
    rooms = hall.rooms()

    statuses = [asked(rooms, "eve", f"room-{number}").status for number in range(6)]
    refused = asked(rooms, "eve", "room-6")
    entered = asked(rooms, "eve", "room-0")
    somebody_else = asked(rooms, "ada", "room-6")
    hall.later += 300
    later = asked(rooms, "eve", "room-7")

    assert statuses == [200] * 5 + [429]
    assert (refused.body["error"], refused.headers["Retry-After"]) == ("throttled", "300")
    assert [each.status for each in (entered, somebody_else, later)] == [200, 200, 200]


def test_only_who_opened_something_of_late_costs_a_further_call(hall: Hall) -> None:
    rooms = hall.rooms()
    counting = []
    for room, later in (("room-1", 0), ("room-2", 0), ("room-3", 299), ("room-4", 300)):
        hall.later += later
        hall.forget_calls()
        assert asked(rooms, "eve", room).status == 200
        counting.append(hall.operations().index("CreateMeeting"))

    assert counting == [3, 4, 4, 3]


def test_opening_that_is_tried_again_after_five_minutes_counts_again(hall: Hall) -> None:
    then, now = f"{hall.now - 301:.3f}", f"{hall.now:.3f}"
    tried = {digest("room-1", ""): {"N": then}} | {f"opening-{number}": {"N": now} for number in range(4)}
    item = {"id": {"S": openings_key("eve")}, "openings": {"M": tried}, "opened_at": {"N": now}}
    hall.table.put_item(TableName=TABLE, Item=item)
    rooms = hall.rooms()

    assert [asked(rooms, "eve", room).status for room in ("room-1", "room-2")] == [200, 429]


@pytest.mark.parametrize("openings", [{"S": "none"}, {"M": {"x": {"S": "today"}}}], ids=["a text", "no time"])
def test_openings_that_were_spoilt_by_hand_open_no_room(hall: Hall, openings: dict[str, Any]) -> None:
    hall.table.put_item(TableName=TABLE, Item={"id": {"S": openings_key("eve")}, "openings": openings})

    refused = asked(hall.rooms(), "eve")

    assert (refused.status, refused.body["error"]) == (502, "upstream_error")


def test_openings_that_say_nothing_of_the_latest_count(hall: Hall) -> None:
    now = f"{hall.now:.3f}"
    openings = {"M": {f"opening-{number}": {"N": now} for number in range(4)}}
    hall.table.put_item(TableName=TABLE, Item={"id": {"S": openings_key("eve")}, "openings": openings})
    rooms = hall.rooms()

    assert [asked(rooms, "eve", room).status for room in ("room-1", "room-2")] == [200, 429]


def test_revoked_user_gets_no_attendee(hall: Hall) -> None:
    hall.aws.client("ssm").put_parameter(Name=LIST, Value='["eve"]', Type="String")
    rooms = hall.rooms(REVOKED_USERS_PARAMETER=LIST)
    asked(rooms, "ada")

    refused = asked(rooms, "eve")

    assert (refused.status, refused.body["reason"]) == (403, "revoked")
    assert [seat["externalUserId"] for seat in hall.open_meetings()[0]["attendees"]] == ["ada"]


def test_meeting_that_ended_by_itself_is_replaced(hall: Hall) -> None:
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.pass_seconds(24 * 3600)
    hall.forget_calls()

    second = asked(rooms, "ada")

    assert second.meeting_id != first.meeting_id
    assert "GetMeeting" not in hall.operations()  # our clock says that it is over


@pytest.mark.parametrize("error", ["NotFoundException", "ForbiddenException"])
def test_meeting_that_ended_early_is_confirmed_and_replaced(hall: Hall, error: str) -> None:
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.meetings.delete_meeting(MeetingId=first.meeting_id)
    hall.pass_seconds(11)
    hall.forget_calls()
    hall.fault("CreateAttendee", error=error)

    second = asked(rooms, "bob")

    assert (second.status, second.meeting_id == first.meeting_id) == (200, False)
    assert hall.operations().count("GetMeeting") == 1


def test_refusal_that_is_no_end_of_the_meeting_replaces_nothing(hall: Hall) -> None:
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.later += 11
    hall.fault("CreateAttendee", error="ForbiddenException")

    assert asked(rooms, "bob").status == 502
    assert asked(rooms, "bob").meeting_id == first.meeting_id


def test_meeting_that_is_too_new_to_be_found_is_waited_for(hall: Hall) -> None:
    hall.fault("CreateAttendee", error="NotFoundException", times=3)

    assert asked(hall.rooms(), "ada").status == 200
    assert hall.operations().count("CreateMeeting") == 1
    assert hall.operations().count("CreateAttendee") == 4


def test_token_that_chime_remembers_for_too_long_blocks_no_room(hall: Hall) -> None:
    hall.behave(forgets_token_at_end=False)
    rooms = hall.rooms()
    first = asked(rooms, "ada")
    hall.meetings.delete_meeting(MeetingId=first.meeting_id)
    hall.pass_seconds(11)

    assert asked(rooms, "ada").status == 200


def spoil(hall: Hall, **changes: Any) -> None:
    hall.table.put_item(TableName=TABLE, Item=hall.item("stand-up") | changes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"meeting": {"S": "no JSON"}}, id="no JSON"),
        pytest.param({"meeting": {"S": "[]"}}, id="a list"),
        pytest.param({"meeting": {"S": '{"MeetingId": 7}'}}, id="an id that is a number"),
        pytest.param({"uuid": {"N": "7"}}, id="a number for a text"),
        pytest.param({"ends_at": {"S": "tomorrow"}}, id="a text for a time"),
        pytest.param({"earlier": {"L": []}}, id="a list for a map"),
    ],
)
def test_item_that_was_spoilt_by_hand_lets_nobody_in(hall: Hall, changes: dict[str, Any]) -> None:
    rooms = hall.rooms()
    asked(rooms, "ada")
    spoil(hall, **changes)

    refused = asked(rooms, "ada")
    hall.table.delete_item(TableName=TABLE, Key={"id": {"S": digest("stand-up")}})

    assert (refused.status, refused.body["error"]) == (502, "upstream_error")
    assert asked(rooms, "ada").status == 200

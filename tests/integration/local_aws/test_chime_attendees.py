"""Chime SDK meetings through boto3: attendees, and what they are capable of."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from local.chime.chimesdkmeetings.features import MOST_ATTENDEES
from tests.integration.local_aws.meetings import HALL, NOBODY, create, join, refusal

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ALL = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
LISTENING = {"Audio": "Receive", "Video": "Receive", "Content": "Receive"}


@pytest.fixture
def hall(meetings: Any) -> str:
    """The id of a meeting."""
    return create(meetings)


def names(attendees: list[Any]) -> list[str]:
    return [attendee["ExternalUserId"] for attendee in attendees]


def test_attendee_has_the_capabilities_that_were_asked_for(meetings: Any, hall: str) -> None:
    assert join(meetings, hall, Capabilities=LISTENING)["Capabilities"] == LISTENING


def test_two_attendees_differ_in_id_and_join_token(meetings: Any, hall: str) -> None:
    ada, bob = join(meetings, hall), join(meetings, hall, "bob")
    assert ada["AttendeeId"] != bob["AttendeeId"]
    assert ada["JoinToken"] != bob["JoinToken"]


def test_same_user_gets_the_attendee_whose_capabilities_stay(meetings: Any, hall: str) -> None:
    assert join(meetings, hall, Capabilities=LISTENING) == join(meetings, hall, Capabilities=ALL)


def test_same_user_in_other_letters_gets_the_same_attendee(meetings: Any, hall: str) -> None:
    assert join(meetings, hall, "Ada") == join(meetings, hall, "ada")


def test_same_user_may_get_another_attendee(aws: Aws, meetings: Any, hall: str) -> None:
    aws.local("POST", "meetings/behaviours", {"returns_old_attendee": False})
    first, second = join(meetings, hall), join(meetings, hall)
    assert first["AttendeeId"] != second["AttendeeId"]
    assert names([first, second]) == ["ada", "ada"]


def test_case_of_users_may_count(aws: Aws, meetings: Any, hall: str) -> None:
    aws.local("POST", "meetings/behaviours", {"ignores_case_of_users": False})
    assert join(meetings, hall, "Ada")["AttendeeId"] != join(meetings, hall, "ada")["AttendeeId"]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"ExternalUserId": "x"}, id="a short id"),
        pytest.param({"ExternalUserId": "x" * 65}, id="a long id"),
        pytest.param({"ExternalUserId": "ada\N{SNOWMAN}"}, id="a character that is not in the pattern"),
        pytest.param({"ExternalUserId": "aws:ada"}, id="a reserved prefix"),
        pytest.param({"MeetingId": "hall"}, id="no id of a meeting"),
        pytest.param({"Capabilities": {"Audio": "Send", "Video": "Send"}}, id="a capability missing"),
        pytest.param({"Capabilities": {**ALL, "Audio": "Nothing"}}, id="no such capability"),
    ],
)
def test_attendee_is_refused_with(meetings: Any, hall: str, changed: Any) -> None:
    asked = {"MeetingId": hall, "ExternalUserId": "ada", **changed}
    assert refusal(meetings.create_attendee, **asked)[:2] == ("BadRequestException", 400)
    assert meetings.list_attendees(MeetingId=hall)["Attendees"] == []


def test_operations_on_a_meeting_that_is_none(meetings: Any) -> None:
    meeting, attendee = {"MeetingId": NOBODY}, {"AttendeeId": NOBODY}
    answers = {
        refusal(meetings.create_attendee, **meeting, ExternalUserId="ada"),
        refusal(meetings.batch_create_attendee, **meeting, Attendees=[{"ExternalUserId": "ada"}]),
        refusal(meetings.get_attendee, **meeting, **attendee),
        refusal(meetings.list_attendees, **meeting),
        refusal(meetings.delete_attendee, **meeting, **attendee),
        refusal(meetings.update_attendee_capabilities, **meeting, **attendee, Capabilities=ALL),
        refusal(
            meetings.batch_update_attendee_capabilities_except,
            **meeting,
            ExcludedAttendeeIds=[attendee],
            Capabilities=ALL,
        ),
    }
    assert answers == {("NotFoundException", 404, f"Meeting <{NOBODY}> not found")}


def test_batch_creates_all(meetings: Any, hall: str) -> None:
    asked = [{"ExternalUserId": "ada"}, {"ExternalUserId": "bob", "Capabilities": LISTENING}]
    answer = meetings.batch_create_attendee(MeetingId=hall, Attendees=asked)
    assert [(each["ExternalUserId"], each["Capabilities"]) for each in answer["Attendees"]] == [
        ("ada", ALL),
        ("bob", LISTENING),
    ]
    assert answer["Errors"] == []
    assert meetings.list_attendees(MeetingId=hall)["Attendees"] == answer["Attendees"]


def test_batch_with_one_capability_that_is_not_possible_creates_nobody(meetings: Any, hall: str) -> None:
    asked = [{"ExternalUserId": "ada"}, {"ExternalUserId": "bob", "Capabilities": {**ALL, "Video": "Send"}}]
    refused = refusal(meetings.batch_create_attendee, MeetingId=hall, Attendees=asked)
    assert refused[:2] == ("BadRequestException", 400)
    assert meetings.list_attendees(MeetingId=hall)["Attendees"] == []


def test_batch_says_who_did_not_fit_in(meetings: Any) -> None:
    small = create(meetings, MeetingFeatures={"Attendee": {"MaxCount": 1}})
    asked = [{"ExternalUserId": "ada"}, {"ExternalUserId": "bob"}]
    answer = meetings.batch_create_attendee(MeetingId=small, Attendees=asked)
    assert names(answer["Attendees"]) == ["ada"]
    assert [(each["ExternalUserId"], each["ErrorCode"]) for each in answer["Errors"]] == [("bob", "LimitExceeded")]


@pytest.mark.parametrize("user", ["x", "ada\N{SNOWMAN}", "AWS:ada"])
def test_batch_with_an_id_that_is_none_creates_nobody(meetings: Any, hall: str, user: str) -> None:
    asked = [{"ExternalUserId": "bob"}, {"ExternalUserId": user}]
    refused = refusal(meetings.batch_create_attendee, MeetingId=hall, Attendees=asked)
    assert refused[:2] == ("BadRequestException", 400)
    assert meetings.list_attendees(MeetingId=hall)["Attendees"] == []


@pytest.mark.parametrize("number", [0, 101])
def test_batch_has_a_size(meetings: Any, hall: str, number: int) -> None:
    asked = [{"ExternalUserId": f"user{index}"} for index in range(number)]
    refused = refusal(meetings.batch_create_attendee, MeetingId=hall, Attendees=asked)
    assert refused[:2] == ("BadRequestException", 400)


def test_meeting_is_created_with_its_attendees(meetings: Any) -> None:
    asked = {**HALL, "Attendees": [{"ExternalUserId": "ada"}, {"ExternalUserId": "bob"}]}
    answer = meetings.create_meeting_with_attendees(**asked)
    assert names(answer["Attendees"]) == ["ada", "bob"]
    assert answer["Errors"] == []
    meeting = answer["Meeting"]["MeetingId"]
    assert meetings.list_attendees(MeetingId=meeting)["Attendees"] == answer["Attendees"]
    assert meetings.get_meeting(MeetingId=meeting)["Meeting"] == answer["Meeting"]


def test_meeting_is_not_created_with_attendees_that_are_not_possible(aws: Aws, meetings: Any) -> None:
    asked = {**HALL, "Attendees": [{"ExternalUserId": "ada", "Capabilities": {**ALL, "Video": "None"}}]}
    assert refusal(meetings.create_meeting_with_attendees, **asked)[:2] == ("BadRequestException", 400)
    assert aws.local("GET", "meetings") == (200, [])


@pytest.mark.parametrize(
    ("features", "most"),
    [
        pytest.param({}, MOST_ATTENDEES, id="as every meeting"),
        pytest.param({"Attendee": {"MaxCount": 3}}, 3, id="as it was created"),
        pytest.param({"Video": {"MaxResolution": "FHD"}, "Attendee": {"MaxCount": 25}}, 25, id="in high resolution"),
    ],
)
def test_meeting_has_as_many_attendees_at_most(meetings: Any, features: Any, most: int) -> None:
    meeting = create(meetings, MeetingFeatures=features)
    users = [f"user{number}" for number in range(most)]
    for begin in range(0, most, 100):
        asked = [{"ExternalUserId": user} for user in users[begin : begin + 100]]
        assert meetings.batch_create_attendee(MeetingId=meeting, Attendees=asked)["Errors"] == []
    refused = refusal(meetings.create_attendee, MeetingId=meeting, ExternalUserId="more")
    assert refused[:2] == ("LimitExceededException", 400)
    assert join(meetings, meeting, "user0")["ExternalUserId"] == "user0"


@pytest.mark.parametrize(
    "features", [{"Video": {"MaxResolution": "FHD"}}, {"Content": {"MaxResolution": "UHD"}}], ids=["video", "content"]
)
def test_high_resolution_may_mean_25_by_itself(aws: Aws, meetings: Any, features: Any) -> None:
    aws.local("POST", "meetings/behaviours", {"requires_max_count": False})
    meeting = create(meetings, MeetingFeatures=features)
    asked = [{"ExternalUserId": f"user{number}"} for number in range(26)]
    answer = meetings.batch_create_attendee(MeetingId=meeting, Attendees=asked)
    assert (len(answer["Attendees"]), names(answer["Errors"])) == (25, ["user25"])


def test_deleted_attendee_makes_room(meetings: Any) -> None:
    small = create(meetings, MeetingFeatures={"Attendee": {"MaxCount": 1}})
    meetings.delete_attendee(MeetingId=small, AttendeeId=join(meetings, small)["AttendeeId"])
    assert join(meetings, small, "bob")["ExternalUserId"] == "bob"


def test_attendees_are_listed_by_pages(meetings: Any, hall: str) -> None:
    for user in ("ada", "bob", "carol"):
        join(meetings, hall, user)
    first = meetings.list_attendees(MeetingId=hall, MaxResults=2)
    second = meetings.list_attendees(MeetingId=hall, MaxResults=2, NextToken=first["NextToken"])
    assert (names(first["Attendees"]), names(second["Attendees"])) == (["ada", "bob"], ["carol"])
    assert "NextToken" not in second


@pytest.mark.parametrize("changed", [{"NextToken": "nonsense"}, {"MaxResults": 0}, {"MaxResults": 101}])
def test_page_is_refused_with(meetings: Any, hall: str, changed: Any) -> None:
    assert refusal(meetings.list_attendees, MeetingId=hall, **changed)[:2] == ("BadRequestException", 400)


def test_capabilities_are_changed(meetings: Any, hall: str) -> None:
    ada = {"MeetingId": hall, "AttendeeId": join(meetings, hall)["AttendeeId"]}
    assert meetings.update_attendee_capabilities(**ada, Capabilities=LISTENING)["Attendee"]["Capabilities"] == LISTENING
    assert meetings.get_attendee(**ada)["Attendee"]["Capabilities"] == LISTENING


def test_capabilities_of_all_others_are_changed(meetings: Any, hall: str) -> None:
    ada, *_ = (join(meetings, hall, user) for user in ("ada", "bob", "carol"))
    meetings.batch_update_attendee_capabilities_except(
        MeetingId=hall, ExcludedAttendeeIds=[{"AttendeeId": ada["AttendeeId"]}], Capabilities=LISTENING
    )
    listed = meetings.list_attendees(MeetingId=hall)["Attendees"]
    assert [each["Capabilities"] for each in listed] == [ALL, LISTENING, LISTENING]


@pytest.mark.parametrize(
    ("video", "content", "granted"),
    [
        pytest.param("HD", "FHD", ALL, id="video and content"),
        pytest.param("None", "FHD", {**ALL, "Video": "Receive"}, id="no video, which content needs to be received"),
        pytest.param("HD", "None", {**ALL, "Content": "None"}, id="no content"),
        pytest.param("None", "None", {**ALL, "Video": "None", "Content": "None"}, id="audio alone"),
    ],
)
def test_capabilities_that_nobody_asked_for_fit_the_meeting(
    meetings: Any, video: str, content: str, granted: Any
) -> None:
    features = {"Video": {"MaxResolution": video}, "Content": {"MaxResolution": content}}
    assert join(meetings, create(meetings, MeetingFeatures=features))["Capabilities"] == granted


POSSIBLE = {
    # By the meeting's video and content: pairs of video and content capability, as AttendeeCapabilities' page has it.
    ("HD", "FHD"): {
        (video, content)
        for video in ("SendReceive", "Receive")
        for content in ("SendReceive", "Send", "Receive", "None")
    }
    | {(video, content) for video in ("Send", "None") for content in ("Send", "None")},
    ("HD", "None"): {(video, "None") for video in ("SendReceive", "Send", "Receive", "None")},
    ("None", "FHD"): {("None", "Send"), ("None", "None")},
    ("None", "None"): {("None", "None")},
}


@pytest.mark.parametrize(("video", "content"), POSSIBLE)
def test_capabilities_that_a_meeting_allows(meetings: Any, video: str, content: str) -> None:
    features = {"Video": {"MaxResolution": video}, "Content": {"MaxResolution": content}}
    meeting = create(meetings, MeetingFeatures=features)
    ada = {"MeetingId": meeting, "AttendeeId": join(meetings, meeting)["AttendeeId"]}
    values = ("SendReceive", "Send", "Receive", "None")
    for pair in itertools.product(values, values):
        asked = {"Audio": "None", "Video": pair[0], "Content": pair[1]}
        if pair in POSSIBLE[video, content]:
            assert meetings.update_attendee_capabilities(**ada, Capabilities=asked)["Attendee"]["Capabilities"] == asked
        else:
            refused = refusal(meetings.update_attendee_capabilities, **ada, Capabilities=asked)
            assert refused[:2] == ("BadRequestException", 400)
            refused = refusal(meetings.create_attendee, MeetingId=meeting, ExternalUserId="bob", Capabilities=asked)
            assert refused[:2] == ("BadRequestException", 400)
            all_but_ada = {"MeetingId": meeting, "ExcludedAttendeeIds": [{"AttendeeId": ada["AttendeeId"]}]}
            refused = refusal(meetings.batch_update_attendee_capabilities_except, **all_but_ada, Capabilities=asked)
            assert refused[:2] == ("BadRequestException", 400)

"""Chime SDK meetings through boto3: meetings and their attendees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from local.chime import register

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

NOBODY = "11111111-2222-3333-4444-555555555555"
HALL = {"ClientRequestToken": "first", "MediaRegion": "eu-central-1", "ExternalMeetingId": "hall"}


@pytest.fixture
def meetings(aws: Aws) -> Any:
    return aws.client("chime-sdk-meetings")


def create(meetings: Any, **more: Any) -> str:
    """Return the id of a meeting."""
    return str(meetings.create_meeting(**{**HALL, **more})["Meeting"]["MeetingId"])


def join(meetings: Any, meeting: str, user: str = "ada", **more: Any) -> Any:
    return meetings.create_attendee(MeetingId=meeting, ExternalUserId=user, **more)["Attendee"]


def refusal(call: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer: dict[str, Any] = {**refused.value.response}
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], str(answer["Message"])


def test_meeting_is_as_it_was_created(aws: Aws, meetings: Any) -> None:
    meeting = meetings.create_meeting(**HALL, MeetingHostId="ada")["Meeting"]
    identifier, host = meeting.pop("MeetingId"), aws.url.removeprefix("http://")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier)
    placement = meeting.pop("MediaPlacement")
    assert placement["SignalingUrl"] == f"wss://{host}/control/{identifier}"
    assert meeting == {
        "MeetingHostId": "ada",
        "ExternalMeetingId": "hall",
        "MediaRegion": "eu-central-1",
        "MeetingArn": f"arn:aws:chime:us-east-1:123456789012:meeting/{identifier}",
    }


def test_meeting_is_found_again(meetings: Any) -> None:
    created = meetings.create_meeting(**HALL)["Meeting"]
    assert meetings.get_meeting(MeetingId=created["MeetingId"])["Meeting"] == created


def test_media_are_nowhere_but_at_the_address_that_was_called(aws: Aws, meetings: Any) -> None:
    placement = meetings.create_meeting(**HALL)["Meeting"]["MediaPlacement"]
    hosts = {re.split("[/?]", url.partition("://")[2] or url)[0] for url in placement.values()}
    assert hosts == {aws.url.removeprefix("http://")}


def test_meeting_has_its_own_region_in_its_arn(aws: Aws) -> None:
    other = aws.client("chime-sdk-meetings", region="il-central-1")
    arn = other.create_meeting(**HALL)["Meeting"]["MeetingArn"]
    assert arn.startswith("arn:aws:chime:il-central-1:123456789012:meeting/")


def test_meeting_of_one_region_is_not_in_another(aws: Aws, meetings: Any) -> None:
    identifier = create(meetings)
    other = aws.client("chime-sdk-meetings", region="eu-central-1")
    assert refusal(other.get_meeting, MeetingId=identifier)[:2] == ("NotFoundException", 404)


def test_region_without_the_service_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'eu-west-1'"):
        aws.client("chime-sdk-meetings", region="eu-west-1").create_meeting(**HALL)


def test_attendee_is_as_they_were_created(meetings: Any) -> None:
    identifier = create(meetings)
    attendee = join(meetings, identifier)
    assert attendee["ExternalUserId"] == "ada"
    assert attendee["Capabilities"] == {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
    assert meetings.get_attendee(MeetingId=identifier, AttendeeId=attendee["AttendeeId"])["Attendee"] == {**attendee}


def test_join_token_can_stand_in_a_header(meetings: Any) -> None:
    assert re.fullmatch(r"[-_A-Za-z0-9]{160}", join(meetings, create(meetings))["JoinToken"])


def test_nothing_is_left_of_a_deleted_meeting(meetings: Any) -> None:
    identifier = create(meetings)
    attendee = join(meetings, identifier)["AttendeeId"]
    meetings.delete_meeting(MeetingId=identifier)
    not_found = ("NotFoundException", 404, f"Meeting <{identifier}> not found")
    assert refusal(meetings.get_meeting, MeetingId=identifier) == not_found
    assert refusal(meetings.delete_meeting, MeetingId=identifier) == not_found
    assert refusal(meetings.create_attendee, MeetingId=identifier, ExternalUserId="bob") == not_found
    assert refusal(meetings.get_attendee, MeetingId=identifier, AttendeeId=attendee) == not_found
    assert refusal(meetings.delete_attendee, MeetingId=identifier, AttendeeId=attendee) == not_found


def test_deleted_attendee_is_gone(meetings: Any) -> None:
    identifier = create(meetings)
    attendee = join(meetings, identifier)["AttendeeId"]
    meetings.delete_attendee(MeetingId=identifier, AttendeeId=attendee)
    not_found = ("NotFoundException", 404, f"Attendee <{attendee}> not found")
    assert refusal(meetings.get_attendee, MeetingId=identifier, AttendeeId=attendee) == not_found
    assert refusal(meetings.delete_attendee, MeetingId=identifier, AttendeeId=attendee) == not_found


def test_error_has_the_id_of_its_request(meetings: Any) -> None:
    with pytest.raises(ClientError) as refused:
        meetings.get_meeting(MeetingId=NOBODY)
    answer: dict[str, Any] = {**refused.value.response}
    assert answer["RequestId"]
    assert answer["Code"] == "NotFound"


def test_service_is_there_under_mock_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    register()
    with moto.mock_aws():
        meetings: Any = boto3.client("chime-sdk-meetings", "eu-central-1")
        meeting = meetings.create_meeting(**HALL)["Meeting"]
        attendee = join(meetings, meeting["MeetingId"])
        assert meetings.get_attendee(MeetingId=meeting["MeetingId"], AttendeeId=attendee["AttendeeId"])
        assert ".invalid/control/" in meeting["MediaPlacement"]["SignalingUrl"]

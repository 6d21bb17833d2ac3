"""Chime SDK meetings through boto3: meetings and their attendees."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from local.chime import register
from local.chime.chimesdkmeetings.models import MOST_MEETINGS
from local.chime.chimesdkmeetings.responses import MEDIA_REGIONS
from tests.integration.clients import HTTP
from tests.integration.local_aws.meetings import HALL, NOBODY, backend_in, create, join, refusal

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

FULL_HD = {"Video": {"MaxResolution": "FHD"}, "Attendee": {"MaxCount": 25}}


def test_meeting_is_as_it_was_created(aws: Aws, meetings: Any) -> None:
    meeting = meetings.create_meeting(**HALL, MeetingHostId="ada")["Meeting"]
    identifier, host = meeting.pop("MeetingId"), aws.url.removeprefix("http://")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier)
    placement = meeting.pop("MediaPlacement")
    assert placement["SignalingUrl"] == f"ws://{host}/control/{identifier}"
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


def test_same_request_token_gives_the_same_meeting(meetings: Any) -> None:
    assert create(meetings) == create(meetings)


def test_same_request_token_gives_the_same_meeting_whatever_else_differs(meetings: Any) -> None:
    assert create(meetings) == create(meetings, ExternalMeetingId="other", MediaRegion="us-west-2")


def test_another_request_token_gives_another_meeting_of_the_same_name(meetings: Any) -> None:
    assert create(meetings) != create(meetings, ClientRequestToken="second")


def test_many_at_once_with_one_request_token_are_in_one_meeting(meetings: Any) -> None:
    at_once = threading.Barrier(8)

    def enter(user: int) -> str:
        at_once.wait()
        return create(meetings, ExternalMeetingId=f"hall{user}")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(enter, range(8)))) == 1


def test_account_has_a_limit_in_all_regions_and_a_deleted_meeting_makes_room(aws: Aws, meetings: Any) -> None:
    elsewhere = aws.client("chime-sdk-meetings", region="eu-central-1")
    first = create(elsewhere)
    for number in range(MOST_MEETINGS - 1):
        backend_in("us-east-1").create_meeting({**HALL, "ClientRequestToken": f"token{number}"})
    more = {**HALL, "ClientRequestToken": "more"}
    assert refusal(meetings.create_meeting, **more)[:2] == ("LimitExceededException", 400)
    assert refusal(elsewhere.create_meeting, **more)[:2] == ("LimitExceededException", 400)
    elsewhere.delete_meeting(MeetingId=first)
    assert create(meetings, ClientRequestToken="more")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"MediaRegion": "us-gov-east-1"}, id="a region without media"),
        pytest.param({"MediaRegion": "nowhere"}, id="no region"),
        pytest.param({"ExternalMeetingId": "x"}, id="a short name"),
        pytest.param({"ExternalMeetingId": "x" * 65}, id="a long name"),
        pytest.param({"ExternalMeetingId": "hall;"}, id="a character that is not in the pattern"),
        pytest.param({"ExternalMeetingId": "AWS:hall"}, id="a reserved prefix"),
        pytest.param({"MeetingHostId": "aws:ada"}, id="a reserved prefix of the host"),
        pytest.param({"ClientRequestToken": "a b"}, id="a space in the token"),
        pytest.param({"ClientRequestToken": "x" * 65}, id="a long token"),
        pytest.param({"TenantIds": ["aaaab"]}, id="four equal characters in a tenant's id"),
        pytest.param({"TenantIds": ["a b"]}, id="a space in a tenant's id"),
        pytest.param({"TenantIds": []}, id="no tenant"),
        pytest.param({"TenantIds": [f"tenant{number}" for number in range(6)]}, id="six tenants"),
        pytest.param({"PrimaryMeetingId": NOBODY}, id="no such primary meeting"),
        pytest.param({"MediaPlacementNetworkType": "Ipv6Only"}, id="no such network"),
        pytest.param({"MeetingFeatures": {"Video": {"MaxResolution": "UHD"}}}, id="no such resolution"),
        pytest.param({"MeetingFeatures": {"Attendee": {"MaxCount": 0}}}, id="no attendees"),
        pytest.param({"MeetingFeatures": {"Attendee": {"MaxCount": 251}}}, id="too many attendees"),
        pytest.param({"MeetingFeatures": {"Video": {"MaxResolution": "FHD"}}}, id="FHD video for 250"),
        pytest.param({"MeetingFeatures": {"Content": {"MaxResolution": "UHD"}}}, id="UHD content for 250"),
        pytest.param({"MeetingFeatures": {**FULL_HD, "Attendee": {"MaxCount": 26}}}, id="FHD video for 26"),
    ],
)
def test_meeting_is_refused_with(meetings: Any, changed: Any) -> None:
    assert refusal(meetings.create_meeting, **{**HALL, **changed})[:2] == ("BadRequestException", 400)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="no more than it must have"),
        pytest.param({"TenantIds": ["aaab", "b_-!@#$9"]}, id="tenants"),
        pytest.param({"MeetingFeatures": FULL_HD}, id="FHD video for 25"),
        pytest.param({"MeetingFeatures": {"Audio": {"EchoReduction": "AVAILABLE"}}}, id="echo reduction"),
        pytest.param({"MediaPlacementNetworkType": "DualStack"}, id="two networks"),
        pytest.param({"ExternalMeetingId": "Ärzte & Kunden #1"}, id="a name of many characters"),
    ],
)
def test_meeting_can_have(meetings: Any, changed: Any) -> None:
    meeting = meetings.create_meeting(**{**HALL, **changed})["Meeting"]
    shown = {name: value for name, value in changed.items() if name != "MediaPlacementNetworkType"}
    assert shown.items() <= meeting.items()


@pytest.mark.parametrize("parameter", ["NotificationsConfiguration", "Tags"])
def test_what_is_not_played_is_said(meetings: Any, parameter: str) -> None:
    asked = {
        "NotificationsConfiguration": {"SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:topic"},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    call = {**HALL, parameter: asked[parameter]}
    assert refusal(meetings.create_meeting, **call)[:2] == ("NotImplementedException", 501)


def test_media_regions_are_those_of_the_model() -> None:
    model: Any = get_service_model("chime-sdk-meetings").operation_model("CreateMeeting").input_shape
    regions = re.findall(r"<code>([a-z0-9-]+)</code>", model.members["MediaRegion"].documentation)
    assert {region for region in regions if "-gov-" not in region} == MEDIA_REGIONS


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


ON_MEETINGS = "arn:aws:chime:us-east-1:123456789012:meeting/*"


def test_creating_a_meeting_is_on_no_resource(aws: Aws) -> None:
    aws.role("Rooms", {"Effect": "Allow", "Action": "chime:*", "Resource": ON_MEETINGS})
    rooms = aws.as_role("Rooms", "chime-sdk-meetings")
    attendees = [{"ExternalUserId": "ada"}]
    assert refusal(rooms.create_meeting, **HALL)[:2] == ("AccessDeniedException", 403)
    assert refusal(rooms.create_meeting_with_attendees, **HALL, Attendees=attendees)[:2] == (
        "AccessDeniedException",
        403,
    )
    aws.role("Openers", {"Effect": "Allow", "Action": "chime:Create*", "Resource": "*"})
    openers = aws.as_role("Openers", "chime-sdk-meetings")
    assert create(openers)
    assert openers.create_meeting_with_attendees(**HALL, Attendees=attendees)["Attendees"]


def of_a_meeting(client: Any, meeting: str, attendee: str) -> dict[str, Any]:
    """Return by operation a call of each that is on a meeting; the ones that delete come last."""
    of, who = {"MeetingId": meeting}, {"AttendeeId": attendee}
    capabilities = {"Audio": "None", "Video": "None", "Content": "None"}
    return {
        "GetMeeting": lambda: client.get_meeting(**of),
        "CreateAttendee": lambda: client.create_attendee(**of, ExternalUserId="bob"),
        "BatchCreateAttendee": lambda: client.batch_create_attendee(**of, Attendees=[{"ExternalUserId": "eve"}]),
        "GetAttendee": lambda: client.get_attendee(**of, **who),
        "ListAttendees": lambda: client.list_attendees(**of),
        "UpdateAttendeeCapabilities": lambda: client.update_attendee_capabilities(
            **of, **who, Capabilities=capabilities
        ),
        "BatchUpdateAttendeeCapabilitiesExcept": lambda: client.batch_update_attendee_capabilities_except(
            **of, ExcludedAttendeeIds=[who], Capabilities=capabilities
        ),
        "DeleteAttendee": lambda: client.delete_attendee(**of, **who),
        "DeleteMeeting": lambda: client.delete_meeting(**of),
    }


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param("arn:aws:chime:us-east-1:123456789012:meeting/{}x", id="another meeting"),
        pytest.param("arn:aws:chime:eu-central-1:123456789012:meeting/{}", id="another region"),
        pytest.param("arn:aws:chime:us-east-1:123456789012:app-instance/{}", id="no meeting"),
    ],
)
def test_operation_on_a_meeting_is_refused_to_who_may_on(aws: Aws, meetings: Any, resource: str) -> None:
    hall = create(meetings)
    ada = join(meetings, hall)["AttendeeId"]
    aws.role("Rooms", {"Effect": "Allow", "Action": "chime:*", "Resource": resource.format(hall)})
    for operation, call in of_a_meeting(aws.as_role("Rooms", "chime-sdk-meetings"), hall, ada).items():
        code, status, message = refusal(call)
        assert (code, status) == ("AccessDeniedException", 403)
        assert f"chime:{operation} on resource: arn:aws:chime:us-east-1:123456789012:meeting/{hall}" in message


def test_each_operation_on_a_meeting_is_allowed_by_its_own_action(aws: Aws, meetings: Any) -> None:
    hall = create(meetings)
    ada = join(meetings, hall)["AttendeeId"]
    for operation in of_a_meeting(None, hall, ada):
        aws.role(operation, {"Effect": "Allow", "Action": f"chime:{operation}", "Resource": ON_MEETINGS})
        rooms = aws.as_role(operation, "chime-sdk-meetings")
        calls = of_a_meeting(rooms, hall, ada)
        calls.pop(operation)()
        assert {refusal(call)[0] for call in calls.values()} == {"AccessDeniedException"}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("start_meeting_transcription", {"MeetingId": NOBODY, "TranscriptionConfiguration": {}}),
        ("stop_meeting_transcription", {"MeetingId": NOBODY}),
        ("tag_resource", {"ResourceARN": ON_MEETINGS, "Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_resource", {"ResourceARN": ON_MEETINGS, "TagKeys": ["a"]}),
        ("list_tags_for_resource", {"ResourceARN": ON_MEETINGS}),
    ],
)
def test_operation_that_is_not_played_says_so(meetings: Any, operation: str, parameters: Any) -> None:
    assert refusal(getattr(meetings, operation), **parameters)[:2] == ("NotImplementedException", 501)


@pytest.mark.parametrize(
    "error", sorted({shape.name for shape in get_service_model("chime-sdk-meetings").error_shapes})
)
def test_every_error_can_be_set_as_a_fault(aws: Aws, meetings: Any, error: str) -> None:
    aws.local("POST", "faults", {"operation": "CreateAttendee", "error": error})
    with pytest.raises(getattr(meetings.exceptions, error)) as failed:
        join(meetings, NOBODY)
    shape = next(shape for shape in get_service_model("chime-sdk-meetings").error_shapes if shape.name == error)
    status = failed.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == shape.metadata["error"]["httpStatusCode"]


def test_browsers_may_read_the_answers(aws: Aws) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = HTTP.request("OPTIONS", f"{aws.url}/meetings", headers=asked)
    assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (200, "*")
    unsigned = HTTP.request("POST", f"{aws.url}/meetings", headers={"Origin": "https://app.example"}, body=b"{}")
    assert (unsigned.status, unsigned.headers["Access-Control-Allow-Origin"]) == (403, "*")

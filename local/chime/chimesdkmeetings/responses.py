"""
Chime SDK meetings over HTTP. Operations without a method here are not implemented, and moto answers that.

TenantIds are checked and kept. On AWS they only work together with a proxy that adds a header to what clients send:
https://docs.aws.amazon.com/chime-sdk/latest/dg/app-keys-tenant-ids.html. Here nothing asks for that header.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random

from ..chime_responses import ChimeResponse, page_of  # noqa: TID252 - relative, because both are imported below `moto`
from ..chimesdkidentity.exceptions import BadRequestError  # noqa: TID252 - as above
from .models import ChimeSDKMeetingsBackend, chimesdkmeetings_backends

if TYPE_CHECKING:
    from moto.core.common_types import TYPE_RESPONSE

    from .meetings import Meeting

MEDIA_REGIONS = frozenset(
    {
        "af-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-south-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Where media can be: the documentation of MediaRegion in botocore's model, without GovCloud."""

_NOT_IMPLEMENTED = ("NotificationsConfiguration", "Tags")
"""Parameters of implemented operations that ask for something that is not implemented."""

# The pattern stands in the documentation of these, not in the model itself.
_EXTERNAL_ID = re.compile(r"[-_&@+=,(){}\[\]/«».:|'\"#a-zA-Z0-9À-ÿ\s]*", re.ASCII)
_EXTERNAL_IDS = ("ExternalMeetingId", "ExternalUserId", "MeetingHostId")
_RESERVED_PREFIX = "aws:"


class ChimeSDKMeetingsResponse(ChimeResponse[ChimeSDKMeetingsBackend]):
    """The service over HTTP: one method for each operation, named after it."""

    def __init__(self) -> None:
        """Serve Chime SDK meetings."""
        super().__init__("chime-sdk-meetings", chimesdkmeetings_backends)

    def create_meeting(self) -> ActionResult:
        """CreateMeeting."""
        return ActionResult({"Meeting": self._described(self.backend.create_meeting(self._parameters()))})

    def create_meeting_with_attendees(self) -> ActionResult:
        """CreateMeetingWithAttendees."""
        meeting, attendees, failures = self.backend.create_meeting_with_attendees(self._parameters())
        return ActionResult({"Meeting": self._described(meeting), "Attendees": attendees, "Errors": failures})

    def get_meeting(self) -> ActionResult:
        """GetMeeting."""
        return ActionResult({"Meeting": self._described(self.backend.get_meeting(self._parameters()["MeetingId"]))})

    def delete_meeting(self) -> ActionResult:
        """DeleteMeeting."""
        self.backend.delete_meeting(self._parameters()["MeetingId"])
        return EmptyResult()

    def create_attendee(self) -> ActionResult:
        """CreateAttendee."""
        parameters = self._parameters()
        attendee = self.backend.create_attendee(
            parameters["MeetingId"], parameters["ExternalUserId"], parameters.get("Capabilities")
        )
        return ActionResult({"Attendee": attendee})

    def batch_create_attendee(self) -> ActionResult:
        """BatchCreateAttendee."""
        parameters = self._parameters()
        attendees, failures = self.backend.create_attendees(parameters["MeetingId"], parameters["Attendees"])
        return ActionResult({"Attendees": attendees, "Errors": failures})

    def get_attendee(self) -> ActionResult:
        """GetAttendee."""
        parameters = self._parameters()
        return ActionResult({"Attendee": self.backend.get_attendee(parameters["MeetingId"], parameters["AttendeeId"])})

    def list_attendees(self) -> ActionResult:
        """ListAttendees."""
        parameters = self._parameters()
        page, next_token = page_of(self.backend.list_attendees(parameters["MeetingId"]), parameters)
        return ActionResult({"Attendees": page, "NextToken": next_token})

    def update_attendee_capabilities(self) -> ActionResult:
        """UpdateAttendeeCapabilities."""
        parameters = self._parameters()
        attendee = self.backend.update_attendee_capabilities(
            parameters["MeetingId"], parameters["AttendeeId"], parameters["Capabilities"]
        )
        return ActionResult({"Attendee": attendee})

    def batch_update_attendee_capabilities_except(self) -> ActionResult:
        """BatchUpdateAttendeeCapabilitiesExcept."""
        parameters = self._parameters()
        excluded = {item["AttendeeId"] for item in parameters["ExcludedAttendeeIds"]}
        self.backend.update_other_capabilities(parameters["MeetingId"], excluded, parameters["Capabilities"])
        return EmptyResult()

    def delete_attendee(self) -> ActionResult:
        """DeleteAttendee."""
        parameters = self._parameters()
        self.backend.delete_attendee(parameters["MeetingId"], parameters["AttendeeId"])
        return EmptyResult()

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """
        Serialise as the other Chime services; an error's body has the id of the request, too.

        Source: an answer of AWS, quoted in https://github.com/aws/amazon-chime-sdk-js/issues/1569.
        """
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, ServiceException):
            body = json.dumps({**json.loads(body), "RequestId": str(mock_random.uuid4())})
        return status, headers, body

    def _described(self, meeting: Meeting) -> dict[str, Any]:
        """
        Return the meeting with its media at the host and port at which this request arrived.

        Under `mock_aws` there is no such server, so they are at a name that never exists (RFC 6761, 6.4): a client must
        not connect to the real AWS.
        """
        host = self.headers.get("X-Forwarded-Host") or f"signal.{self.region}.app-chime.invalid"
        return meeting.described(host, secure=self.headers.get("X-Forwarded-Proto") != "http")

    def _parameters(self) -> dict[str, Any]:
        parameters = self.valid_parameters()
        for name in _EXTERNAL_IDS:
            _check_external_id(name, parameters.get(name))
        for item in parameters.get("Attendees") or []:
            _check_external_id("ExternalUserId", item["ExternalUserId"])
        if "MediaRegion" in parameters and parameters["MediaRegion"] not in MEDIA_REGIONS:
            raise BadRequestError(f"MediaRegion has to be one of {', '.join(sorted(MEDIA_REGIONS))}.")
        requested = [name for name in _NOT_IMPLEMENTED if parameters.get(name)]
        if requested:
            raise NotImplementedError(f"{', '.join(requested)} is not available.")
        return parameters


def _check_external_id(name: str, value: str | None) -> None:
    if value is None:
        return
    if not _EXTERNAL_ID.fullmatch(value) or value.lower().startswith(_RESERVED_PREFIX):
        # Without the value, which the model marks as sensitive.
        raise BadRequestError(f"{name} has a character that it may not have, or begins with aws:, which is reserved.")

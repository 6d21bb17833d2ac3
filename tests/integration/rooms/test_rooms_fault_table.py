"""Each call of rooms and each of its faults, once and always: the answer to the client."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from signin import aws as signin_aws
from signin.deadline import SECONDS as DEPLOYED_SECONDS
from tests.deadlines import real
from tests.integration.rooms.conftest import LIST, asked
from tests.integration.test_fault_table import READ_SECONDS, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from rooms.app import Rooms
    from tests.integration.rooms.conftest import Answer, Hall

SECONDS, FEW_SECONDS = 60.0, 3.0
"""The deadline of what is to succeed, and that of what hangs for good."""

ANY_CALL = [
    Fault("InternalFailure", 500, once=200, always=503),
    Fault("SomethingNew", 418, once=502, always=502),
    Fault("ConnectionDropped", None, once=200, always=503),
    Fault(None, None, once=200, always=200, delay_ms=50),  # slow
    Fault(None, None, once=200, always=503, delay_ms=2 * int(1000 * READ_SECONDS)),  # hangs
]
CHIME = [
    *ANY_CALL,
    Fault("MalformedAnswer", None, once=502, always=502),
    Fault("BadRequestException", 400, once=502, always=502),
    Fault("UnauthorizedException", 401, once=502, always=502),
    Fault("ThrottlingException", 429, once=200, always=429),
    Fault("ServiceFailureException", 500, once=200, always=503),
    Fault("ServiceUnavailableException", 503, once=200, always=503),
]
NO_ANSWER = [fault for fault in CHIME if fault.error != "MalformedAnswer"]
"""Of calls whose answer is empty."""
DYNAMODB = [
    *ANY_CALL,
    Fault("AccessDeniedException", 400, once=502, always=502),
    Fault("ValidationException", 400, once=502, always=502),
    Fault("InternalServerError", 500, once=200, always=503),
    Fault("ThrottlingException", 400, once=200, always=429),
    Fault("RequestLimitExceeded", 400, once=200, always=429),
    Fault("ProvisionedThroughputExceededException", 400, once=200, always=429),
    Fault("ResourceNotFoundException", 400, once=502, always=502),
    Fault("InvalidEndpointException", 421, once=502, always=502),
]
WRITES = [
    *DYNAMODB,
    # Somebody else changed the item: look again. A fault that is always there ends with the deadline.
    Fault("ConditionalCheckFailedException", 400, once=200, always=503),
    Fault("ItemCollectionSizeLimitExceededException", 400, once=502, always=502),
    Fault("TransactionConflictException", 400, once=502, always=502),
    Fault("ReplicatedWriteConflictException", 400, once=502, always=502),
]


def enter(hall: Hall, rooms: Rooms) -> Answer:
    """Let Ada into a room that nobody has opened."""
    del hall
    return asked(rooms, "ada")


def enter_as_a_listener(hall: Hall, rooms: Rooms) -> Answer:
    """Let Ada, who spoke before, into the room again as a listener."""
    del hall
    return asked(rooms, "ada", listens="true")


def enter_after_the_end(hall: Hall, rooms: Rooms) -> Answer:
    """Let Ada into a room whose meeting has ended."""
    hall.pass_seconds(60)
    [meeting] = hall.open_meetings()
    hall.meetings.delete_meeting(MeetingId=meeting["meetingId"])
    return asked(rooms, "ada")


def leave(hall: Hall, rooms: Rooms) -> Answer:
    """Give up Ada's seat."""
    del hall
    return asked(rooms, "ada", method="DELETE", me=True)


def end(hall: Hall, rooms: Rooms) -> Answer:
    """End the room that Ada opened."""
    del hall
    return asked(rooms, "bob", method="DELETE", host="true")


TABLE: dict[str, tuple[Callable[[Hall, Rooms], Answer], list[Fault]]] = {
    # botocore takes an answer that is no JSON for an empty one: no item. What is then written is conditional.
    "GetItem": (enter, [*DYNAMODB, Fault("MalformedAnswer", None, once=200, always=200)]),
    "PutItem": (enter, [*WRITES, Fault("MalformedAnswer", None, once=200, always=503)]),
    "UpdateItem": (enter, [*WRITES, Fault("MalformedAnswer", None, once=502, always=502)]),
    "CreateMeeting": (
        enter,
        [
            *CHIME,
            Fault("ConflictException", 409, once=200, always=503),
            Fault("ForbiddenException", 403, once=502, always=502),
            Fault("LimitExceededException", 400, once=200, always=503),
        ],
    ),
    "CreateAttendee": (
        enter,
        [
            *CHIME,
            # Of a meeting that is so new both mean that it cannot be found everywhere yet.
            Fault("NotFoundException", 404, once=200, always=503),
            Fault("ForbiddenException", 403, once=200, always=503),
            Fault("UnprocessableEntityException", 422, once=502, always=502),
            Fault("LimitExceededException", 400, once=409, always=409),
        ],
    ),
    "UpdateAttendeeCapabilities": (
        enter_as_a_listener,
        [
            # Once it has hung the change is made all the same, and the next attempt finds it made.
            *(replace(fault, always=200) if fault.hangs else fault for fault in CHIME),
            Fault("ConflictException", 409, once=200, always=503),
            Fault("NotFoundException", 404, once=200, always=503),
            Fault("ForbiddenException", 403, once=200, always=503),
        ],
    ),
    "GetMeeting": (
        enter_after_the_end,
        [
            *CHIME,
            Fault("NotFoundException", 404, once=200, always=200),
            Fault("ForbiddenException", 403, once=502, always=502),
        ],
    ),
    "ListAttendees": (
        leave,
        [
            *CHIME,
            Fault("NotFoundException", 404, once=200, always=200),
            Fault("ForbiddenException", 403, once=502, always=502),
        ],
    ),
    "DeleteAttendee": (
        leave,
        [
            *NO_ANSWER,
            Fault("NotFoundException", 404, once=200, always=200),
            Fault("ForbiddenException", 403, once=502, always=502),
        ],
    ),
    "DeleteMeeting": (
        end,
        [
            *NO_ANSWER,
            Fault("NotFoundException", 404, once=200, always=200),
            Fault("ForbiddenException", 403, once=502, always=502),
        ],
    ),
    "GetParameter": (
        enter,
        [
            Fault("InternalServerError", 500, once=200, always=503),
            Fault("ThrottlingException", 400, once=200, always=429),
            Fault("ParameterNotFound", 400, once=200, always=200),
            Fault("ParameterVersionNotFound", 400, once=503, always=503),
            Fault("InvalidKeyId", 400, once=503, always=503),
            Fault("AccessDeniedException", 400, once=503, always=503),
        ],
    ),
}
SERVICE = {"GetItem": "dynamodb", "PutItem": "dynamodb", "UpdateItem": "dynamodb", "GetParameter": "ssm"}
"""The service of an operation; those of Chime SDK meetings are left out."""
AFTER_ADA = {enter_as_a_listener, enter_after_the_end, leave, end}
"""What happens in a room that Ada has opened."""


def rows() -> list[Any]:
    return [
        pytest.param(operation, fault, times, id=f"{operation} {fault.error or f'{fault.delay_ms} ms'} {when}")
        for operation, (_, faults) in TABLE.items()
        for fault in faults
        for when, times in (("once", 1), ("for good", -1))
    ]


@pytest.mark.parametrize(("operation", "fault", "times"), rows())
def test_fault_has_its_answer(
    hall: Hall, operation: str, fault: Fault, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.behave(ignores_case_of_users=False)
    act = TABLE[operation][0]
    status = fault.once if times == 1 else fault.always
    if act in AFTER_ADA:
        assert asked(hall.rooms(), "ada").status == 200
    new_deadline = functools.partial(hall.deadline, SECONDS if times == 1 else DEPLOYED_SECONDS)
    if fault.hangs:
        monkeypatch.setattr(signin_aws, "READ_SECONDS", READ_SECONDS)
        new_deadline = functools.partial(real, FEW_SECONDS if status == 503 else SECONDS)
    rooms = hall.rooms(new_deadline, REVOKED_USERS_PARAMETER=LIST)
    hall.aws.local("POST", "faults", fault.body(operation, times))

    answer = act(hall, rooms)

    assert answer.status == (204 if status == 200 and act in (leave, end) else status)
    assert answer.headers.get("Retry-After", "").isdigit() == (status in (429, 503))
    if act not in (leave, end):
        assert ("Attendee" in answer.body) == (status == 200)
    if status == 200:
        assert len(hall.open_meetings()) <= 1


@pytest.mark.parametrize("operation", TABLE)
def test_table_has_every_error_that_aws_s_model_has(operation: str) -> None:
    session: Any = boto3.Session()
    service = SERVICE.get(operation, "chime-sdk-meetings")
    model = session.client(service, region_name="us-east-1").meta.service_model.operation_model(operation)

    modelled = {shape.metadata.get("error", {}).get("code") or shape.name for shape in model.error_shapes}

    assert modelled <= {fault.error for fault in TABLE[operation][1]}

"""Each call and each of its faults, once and always: the answer to the client, and the calls that were made."""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from signin import aws as signin_aws
from signin.app import SignIn
from signin.sessions import SessionSettings
from signin.settings import Settings
from signin.users import ChimeUsers
from tests.deadlines import hurried, real

if TYPE_CHECKING:
    from collections.abc import Callable

    from signin.deadline import Deadline
    from tests.integration.conftest import Aws

SECONDS, FEW_SECONDS = 60.0, 4.0
"""The deadlines of what hangs, once and for good."""
READ_SECONDS = 0.8
"""How long a call waits that hangs."""
PATIENT = 60.0
"""Seconds that any other call waits; no test depends on it."""


@dataclass(frozen=True)
class Fault:
    """A fault, and the status of the answer if it happens once and if it happens always."""

    error: str | None
    status: int | None
    once: int
    always: int
    delay_ms: int = 0

    @property
    def hangs(self) -> bool:
        """Whether the call takes longer than its caller waits."""
        return self.delay_ms > 1000 * READ_SECONDS

    def body(self, operation: str, times: int) -> dict[str, Any]:
        """Return the fault as the local AWS takes it."""
        said = {"operation": operation, "error": self.error, "status": self.status, "delay_ms": self.delay_ms}
        return {**{name: value for name, value in said.items() if value}, "times": times}


CHIME = [
    Fault("MalformedAnswer", None, once=502, always=502),
    Fault("ThrottledClientException", 429, once=200, always=429),
    Fault("ServiceFailureException", 500, once=200, always=503),
    Fault("ServiceUnavailableException", 503, once=200, always=503),
    Fault("BadRequestException", 400, once=502, always=502),
    Fault("UnauthorizedClientException", 401, once=502, always=502),
]
ANY_CALL = [
    Fault("InternalFailure", 500, once=200, always=503),
    Fault("SomethingNew", 418, once=502, always=502),
    Fault("ConnectionDropped", None, once=200, always=503),
    Fault(None, None, once=200, always=200, delay_ms=50),  # slow
    Fault(None, None, once=200, always=503, delay_ms=2 * int(1000 * READ_SECONDS)),  # hangs
]
EXTENSION = "PutAppInstanceUserExpirationSettings"
TABLE: dict[str, list[Fault]] = {
    "AssumeRole": [
        Fault("Throttling", 400, once=200, always=429),
        Fault("AccessDenied", 403, once=502, always=502),
        Fault("MalformedPolicyDocument", 400, once=502, always=502),
        Fault("PackedPolicyTooLarge", 400, once=502, always=502),
        Fault("RegionDisabledException", 403, once=502, always=502),
        Fault("ExpiredTokenException", 400, once=502, always=502),
        Fault("MalformedAnswer", None, once=200, always=503),  # no XML: something else answered in STS's place
        *ANY_CALL,
    ],
    "DescribeAppInstanceUser": [
        *CHIME,
        # Both mean a missing user. To create a user who exists, with the same data, succeeds, and shows that we may.
        Fault("ForbiddenException", 403, once=200, always=200),
        Fault("NotFoundException", 404, once=200, always=200),
        *ANY_CALL,
    ],
    "CreateAppInstanceUser": [
        *CHIME,
        Fault("ForbiddenException", 403, once=502, always=502),
        Fault("NotFoundException", 404, once=502, always=502),
        Fault("ResourceLimitExceededException", 400, once=502, always=502),
        # Conflict says that the user exists, but describing them again finds nobody: Chime may be deleting them.
        Fault("ConflictException", 409, once=200, always=503),
        *ANY_CALL,
    ],
    # A rename is tried once, and fails no sign-in.
    "UpdateAppInstanceUser": [
        Fault(fault.error, fault.status, once=200, always=200, delay_ms=fault.delay_ms)
        for fault in [
            *CHIME,
            Fault("ForbiddenException", 403, 0, 0),
            Fault("NotFoundException", 404, 0, 0),
            Fault("ResourceLimitExceededException", 400, 0, 0),
            Fault("ConflictException", 409, 0, 0),
            *ANY_CALL,
        ]
    ],
    # So is a guest's extension, while there is time. Forbidden and NotFound mean that the guest is gone: see above.
    EXTENSION: [
        Fault(fault.error, fault.status, once=200, always=200, delay_ms=fault.delay_ms)
        for fault in [
            *CHIME,
            Fault("ForbiddenException", 403, 0, 0),
            Fault("NotFoundException", 404, 0, 0),
            Fault("ConflictException", 409, 0, 0),
            *ANY_CALL,
        ]
    ],
    # A guest whom Chime may delete today has to be extended.
    f"{EXTENSION} today": [
        Fault("ThrottledClientException", 429, once=429, always=429),
        Fault("ServiceFailureException", 500, once=503, always=503),
        Fault("ServiceUnavailableException", 503, once=503, always=503),
        Fault("BadRequestException", 400, once=502, always=502),
        Fault("UnauthorizedClientException", 401, once=502, always=502),
        Fault("ForbiddenException", 403, once=200, always=200),
        Fault("NotFoundException", 404, once=200, always=200),
        Fault("ConflictException", 409, once=502, always=502),
        Fault("ConnectionDropped", None, once=503, always=503),
        Fault(None, None, once=200, always=200, delay_ms=50),
        Fault(None, None, once=503, always=503, delay_ms=2 * int(1000 * READ_SECONDS)),
    ],
    # The list of revoked users: if it cannot be read nobody may sign in; if it was never written everybody may.
    "GetParameter": [
        Fault("InternalServerError", 500, once=200, always=503),
        Fault("ThrottlingException", 400, once=200, always=429),
        Fault("ParameterNotFound", 400, once=200, always=200),
        Fault("ParameterVersionNotFound", 400, once=503, always=503),
        Fault("InvalidKeyId", 400, once=503, always=503),
        Fault("AccessDeniedException", 400, once=503, always=503),
        Fault("InternalFailure", 500, once=200, always=503),
        Fault("SomethingNew", 418, once=503, always=503),
        Fault(None, None, once=200, always=200, delay_ms=50),
        Fault(None, None, once=200, always=503, delay_ms=2 * int(1000 * READ_SECONDS)),
    ],
}
SERVICE = {"AssumeRole": "sts", "GetParameter": "ssm"}
"""The service of an operation; Chime's are left out."""
USER_BEFORE = {"CreateAppInstanceUser": None, "UpdateAppInstanceUser": "Ada Byron"}
"""The name that the caller has in Chime before the fault (None: no user yet). Ada Lovelace if it is left out."""

AGE = {EXTENSION: 20, f"{EXTENSION} today": 30}
"""The days since the caller, who is a guest here, was created for 30 days."""


@dataclass(frozen=True)
class Service:
    """The handler, the local AWS behind it, and an AppInstance."""

    aws: Aws
    app_instance_arn: str
    settings: Settings

    def answer(self, new_deadline: Callable[[], Deadline] = hurried, *, guest: bool) -> dict[str, Any]:
        """Sign Ada Lovelace in, as a user or as a guest."""
        context = {
            "provider": "main",
            "namespace": "s",
            "keep_subject": "true",
            "subject": "ada",
            "name": "Ada Lovelace",
        }
        authorizer = {**context, "role": "", "expires": str(int(time.time()) + 3600)}
        if guest:
            authorizer |= {"guest": "true", "rooms": "[]"}
        event = {"requestContext": {"authorizer": authorizer, "requestId": "request-1"}}
        answer = SignIn(self.settings, time.time, new_deadline).answer(event)
        return {**answer, "body": json.loads(answer["body"])}

    def operations(self) -> list[str]:
        """Return the operations of all calls to AWS, in order."""
        return [call["operation"] for call in self.aws.local("GET", "calls")[1]]


@pytest.fixture
def service(default_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(signin_aws, "READ_SECONDS", PATIENT)
    monkeypatch.setattr("signin.users.CHANGE_SECONDS", PATIENT)
    chime = default_aws.client("chime-sdk-identity")
    instance = chime.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]
    settings = Settings(
        instance,
        SessionSettings(default_aws.role("User"), 3600, guest_role_arn=default_aws.role("Guest")),
        source_identity=False,
        allowed_origins=frozenset(),
        revoked_users="/test/revoked-users",
    )
    return Service(default_aws, instance, settings)


def rows() -> list[Any]:
    return [
        pytest.param(operation, fault, times, id=f"{operation} {fault.error or f'{fault.delay_ms} ms'} {when}")
        for operation, faults in TABLE.items()
        for fault in faults
        for when, times in (("once", 1), ("for good", -1))
    ]


@pytest.mark.parametrize(("operation", "fault", "times"), rows())
def test_fault_has_its_answer(
    service: Service, operation: str, fault: Fault, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, guest = USER_BEFORE.get(operation, "Ada Lovelace"), operation in AGE
    if guest:
        assert service.answer(guest=True)["statusCode"] == 200
        service.aws.local("POST", "users/clock", {"advance_seconds": AGE[operation] * 24 * 3600})
    elif name:
        ChimeUsers(service.app_instance_arn).create("ada", name, "before", lambda: True)
    operation = operation.partition(" ")[0]
    service.aws.local("DELETE", "calls")
    service.aws.local("POST", "faults", fault.body(operation, times))

    status = fault.once if times == 1 else fault.always
    new_deadline = hurried
    if fault.hangs:
        monkeypatch.setattr(signin_aws, "READ_SECONDS", READ_SECONDS)
        new_deadline = functools.partial(real, FEW_SECONDS if times == -1 else SECONDS)
    answer = service.answer(new_deadline, guest=guest)

    assert answer["statusCode"] == status
    assert answer["headers"].get("Retry-After", "").isdigit() == (status in (429, 503))
    asked = service.operations()
    assert (asked.count(operation) > 1) == (fault.once != fault.always)
    assert ("ChimeCredentials" in answer["body"]) == (status == 200)
    if status == 200 and operation != "UpdateAppInstanceUser":
        assert answer["body"]["ChimeDisplayName"] == "Ada Lovelace"


@pytest.mark.parametrize("row", TABLE)
def test_table_has_every_error_that_aws_s_model_has(row: str) -> None:
    session: Any = boto3.Session()
    operation = row.partition(" ")[0]
    service = SERVICE.get(operation, "chime-sdk-identity")
    model = session.client(service, region_name="us-east-1").meta.service_model.operation_model(operation)

    modelled = {shape.metadata.get("error", {}).get("code") or shape.name for shape in model.error_shapes}

    assert modelled <= {fault.error for fault in TABLE[row]}

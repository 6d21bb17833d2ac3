"""The adapters of Chime, STS and Parameter Store, against the local AWS: what they send, and what each error means."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.handlers import BUILTIN_HANDLERS
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from werkzeug.wrappers import Response

from local.http.server import Server
from signin import aws
from signin.errors import Rejected, SigninError, Throttled, Unavailable, UserExists, UserMissing
from signin.revocation import RevocationList
from signin.sessions import StsSessions, UserSession
from signin.users import ChimeUser, ChimeUsers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Aws


LIST = "/test/revoked-users"


def always() -> bool:
    """Say that a request is wanted."""
    return True


class Cloud:
    """The local AWS, with an AppInstance, a user role, and our clients of both."""

    def __init__(self, aws: Aws) -> None:
        chime = aws.client("chime-sdk-identity")
        self._aws = aws
        self.app_instance_arn: str = chime.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]
        self.role_arn = aws.role("User")
        self.connect()

    def connect(self) -> None:
        """Make the clients anew, by the present environment variables."""
        self.users = ChimeUsers(self.app_instance_arn)
        self.sessions = StsSessions(source_identity=False)
        self.revoked = RevocationList(LIST)

    def write(self, text: str) -> None:
        """Write the list of revoked users."""
        self._aws.client("ssm").put_parameter(Name=LIST, Value=text, Type="String", Overwrite=True)

    def fault(self, operation: str, **fault: Any) -> None:
        status, _ = self._aws.local("POST", "faults", {"operation": operation, **fault})
        assert status == 200

    def parameters(self, operation: str) -> list[dict[str, Any]]:
        _, calls = self._aws.local("GET", "calls")
        return [call["parameters"] for call in calls if call["operation"] == operation]


@pytest.fixture
def cloud(default_aws: Aws) -> Cloud:
    return Cloud(default_aws)


def test_user_who_was_created_can_be_described(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace", "request-1", always)

    assert cloud.users.describe("ada") == ChimeUser(cloud.users.arn("ada"), "Ada Lovelace", "")


def test_user_who_is_created_twice_with_the_same_data_is_one(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace", "request-1", always)
    cloud.users.create("ada", "Ada Lovelace", "request-2", always)

    tokens = [call["ClientRequestToken"] for call in cloud.parameters("CreateAppInstanceUser")]
    assert tokens == ["request-1", "request-2"]


def test_user_who_is_created_again_under_another_name_exists(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace", "request-1", always)

    with pytest.raises(UserExists):
        cloud.users.create("ada", "Ada Byron", "request-1", always)


def test_user_who_was_never_created_is_missing(cloud: Cloud) -> None:
    with pytest.raises(UserMissing):
        cloud.users.describe("ada")


@pytest.mark.parametrize(("error", "status"), [("ForbiddenException", 403), ("NotFoundException", 404)])
def test_both_codes_mean_a_missing_user(cloud: Cloud, error: str, status: int) -> None:
    cloud.fault("DescribeAppInstanceUser", error=error, status=status)

    with pytest.raises(UserMissing):
        cloud.users.describe("ada")


def test_renaming_keeps_the_metadata(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace", "request-1", always)
    user = ChimeUser(cloud.users.arn("ada"), "Ada Lovelace", "vip")

    cloud.users.rename(user, "Ada Byron", always)

    assert cloud.users.describe("ada") == ChimeUser(user.arn, "Ada Byron", "vip")


def test_session_is_named_tagged_and_as_long_as_set(cloud: Cloud) -> None:
    credentials = cloud.sessions.open(UserSession("ada", cloud.role_arn, 900))

    [parameters] = cloud.parameters("AssumeRole")
    assert parameters["RoleSessionName"] == "chime_ada"
    assert parameters["Tags"] == [{"Key": "UserUUID", "Value": "ada"}]
    assert parameters["DurationSeconds"] == 900
    assert "SourceIdentity" not in parameters
    assert credentials.expiration.tzinfo


def test_session_has_a_source_identity_if_that_is_switched_on(cloud: Cloud) -> None:
    StsSessions(source_identity=True).open(UserSession("ada", cloud.role_arn, 900))

    [parameters] = cloud.parameters("AssumeRole")
    assert parameters["SourceIdentity"] == "chime_ada"


def test_list_that_was_never_written_is_empty(cloud: Cloud) -> None:
    assert cloud.revoked.read() == frozenset()


def test_list_is_read_as_it_is_now(cloud: Cloud) -> None:
    cloud.write('["ada"]')
    assert cloud.revoked.read() == {"ada"}

    cloud.write("[]")
    assert cloud.revoked.read() == frozenset()


@pytest.mark.parametrize("text", ["ada", "{}", '{"ada": 1}', "[1]", '"ada"', "null", '["ada"', "[" * 4000])
def test_list_that_is_something_else_is_not_taken_for_an_empty_one(cloud: Cloud, text: str) -> None:
    cloud.write(text)

    with pytest.raises(Rejected, match="MalformedAnswer"):
        cloud.revoked.read()


@pytest.mark.parametrize("adapter", ["users", "sessions", "revoked"])
def test_connections_are_opened_without_a_call(cloud: Cloud, adapter: str) -> None:
    getattr(cloud, adapter).connect()

    assert not cloud.parameters("DescribeAppInstanceUser")
    assert not cloud.parameters("AssumeRole")


@pytest.mark.parametrize("adapter", ["users", "sessions", "revoked"])
def test_connection_that_cannot_be_opened_is_left_to_the_first_call(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cloud.connect()

    getattr(cloud, adapter).connect()


CALLS: dict[str, Callable[[Cloud], object]] = {
    "DescribeAppInstanceUser": lambda cloud: cloud.users.describe("ada"),
    "CreateAppInstanceUser": lambda cloud: cloud.users.create("ada", "Ada", "request-1", always),
    "UpdateAppInstanceUser": lambda cloud: cloud.users.rename(
        ChimeUser(cloud.users.arn("ada"), "Ada", ""), "Eve", always
    ),
    "AssumeRole": lambda cloud: cloud.sessions.open(UserSession("ada", cloud.role_arn, 900)),
    "GetParameter": lambda cloud: cloud.revoked.read(),
}


@pytest.mark.parametrize(
    ("operation", "error", "status", "meaning"),
    [
        *(
            (operation, error, status, meaning)
            for operation in ("DescribeAppInstanceUser", "CreateAppInstanceUser", "UpdateAppInstanceUser")
            for error, status, meaning in (
                ("ThrottledClientException", 429, Throttled),
                ("ServiceFailureException", 500, Unavailable),
                ("ServiceUnavailableException", 503, Unavailable),
                ("BadRequestException", 400, Rejected),
                ("UnauthorizedClientException", 401, Rejected),
            )
        ),
        ("CreateAppInstanceUser", "ForbiddenException", 403, Rejected),
        ("CreateAppInstanceUser", "ResourceLimitExceededException", 400, Rejected),
        ("CreateAppInstanceUser", "ConflictException", 409, UserExists),
        *(
            ("AssumeRole", error, 400, Throttled)
            for error in (
                *("Throttling", "ThrottlingException", "ThrottledException", "ThrottledClientException"),
                *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
            )
        ),
        ("GetParameter", "ThrottlingException", 400, Throttled),
        ("GetParameter", "AccessDeniedException", 400, Rejected),
        ("GetParameter", "ParameterVersionNotFound", 400, Rejected),
        ("GetParameter", "InternalServerError", 500, Unavailable),
        ("AssumeRole", "SomethingNew", 429, Throttled),
        ("AssumeRole", "SomethingNew", 428, Rejected),
        ("AssumeRole", "AccessDenied", 403, Rejected),
        ("AssumeRole", "RegionDisabledException", 403, Rejected),
        ("AssumeRole", "PackedPolicyTooLarge", 400, Rejected),
        ("AssumeRole", "InternalFailure", 500, Unavailable),
        ("AssumeRole", "RequestTimeout", 400, Unavailable),
        ("AssumeRole", "RequestTimeoutException", 408, Unavailable),
        ("AssumeRole", "RequestThrottledException", 400, Throttled),
    ],
)
def test_failure_of_aws_has_its_meaning(
    cloud: Cloud, operation: str, error: str, status: int, meaning: type[SigninError]
) -> None:
    cloud.fault(operation, error=error, status=status)

    with pytest.raises(SigninError) as caught:
        CALLS[operation](cloud)
    assert type(caught.value) is meaning
    assert (caught.value.code, caught.value.operation) == (error.removesuffix("Exception"), operation)
    assert len(cloud.parameters(operation)) == 1


@pytest.mark.parametrize("operation", CALLS)
def test_service_that_is_not_there_is_unavailable(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cloud.connect()

    with pytest.raises(Unavailable) as caught:
        CALLS[operation](cloud)
    assert caught.value.operation == operation


@pytest.mark.parametrize("operation", CALLS)
def test_service_that_hangs_is_unavailable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    monkeypatch.setattr(aws, "READ_SECONDS", 0.2)
    cloud.connect()
    cloud.fault(operation, delay_ms=2000)

    with pytest.raises(Unavailable, match="ReadTimeoutError"):
        CALLS[operation](cloud)


CREDENTIALS = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>{}'
    "</AssumeRoleResult></AssumeRoleResponse>"
)


@pytest.mark.parametrize(
    ("operation", "answer", "meaning"),
    [
        pytest.param("DescribeAppInstanceUser", Response(), Rejected, id="an empty user"),
        pytest.param("DescribeAppInstanceUser", Response("null"), Rejected, id="no user at all"),
        pytest.param(
            "DescribeAppInstanceUser", Response('{"AppInstanceUser": "ada"}'), Rejected, id="a user that is a string"
        ),
        pytest.param("DescribeAppInstanceUser", Response('{"code": 5}', 400), Rejected, id="a code that is a number"),
        pytest.param("DescribeAppInstanceUser", Response("[]", 400), Rejected, id="a list of errors"),
        pytest.param(
            "DescribeAppInstanceUser", Response("<!doctype html>", 503), Unavailable, id="a page in Chime's place"
        ),
        pytest.param("GetParameter", Response(), Rejected, id="no parameter"),
        pytest.param("GetParameter", Response("{}"), Rejected, id="an empty parameter"),
        pytest.param(
            "GetParameter", Response('{"Parameter": {"Value": 7}}'), Rejected, id="a parameter that is a number"
        ),
        pytest.param("GetParameter", Response("null", 404), Rejected, id="a 404 without a code"),
        pytest.param("AssumeRole", Response(CREDENTIALS.format("")), Rejected, id="no credentials"),
        pytest.param(
            "AssumeRole",
            Response(CREDENTIALS.format("<Credentials><Expiration>soon</Expiration></Credentials>")),
            Rejected,
            id="a malformed time",
        ),
        pytest.param("AssumeRole", Response(CREDENTIALS.format("<Credentials/>")), Rejected, id="empty credentials"),
        pytest.param(
            "AssumeRole", Response("<ErrorResponse><Error/></ErrorResponse>", 400), Rejected, id="an empty error"
        ),
        pytest.param("AssumeRole", Response(), Unavailable, id="an empty page in STS's place"),
        pytest.param("AssumeRole", Response("<!doctype html><br>", 503), Unavailable, id="a page in STS's place"),
    ],
)
def test_answer_that_is_not_of_the_form_of_aws_has_a_meaning_too(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str, answer: Response, meaning: type[SigninError]
) -> None:
    with closing(Server(answer)) as spoilt:
        monkeypatch.setenv("AWS_ENDPOINT_URL", spoilt.url)
        cloud.connect()

        with pytest.raises(SigninError) as caught:
            CALLS[operation](cloud)
    assert type(caught.value) is meaning


def test_what_botocore_would_retry_is_transient_here_too() -> None:
    checkers: Any = ThrottledRetryableChecker, TransientRetryableChecker
    listed = checkers[0]._THROTTLED_ERROR_CODES, checkers[1]._TRANSIENT_ERROR_CODES  # noqa: SLF001 - no other name
    throttled, transient = ({code.removesuffix("Exception") for code in codes} for codes in listed)

    assert throttled | {"ThrottledClient"} == aws.THROTTLING
    assert transient - throttled == {aws.TIMEOUT}


def test_chime_is_called_in_the_region_of_the_app_instance(default_aws: Aws) -> None:
    elsewhere = default_aws.client("chime-sdk-identity", region="eu-central-1")
    arn = elsewhere.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]

    ChimeUsers(arn).create("ada", "Ada", "request-1", always)

    assert ":eu-central-1:" in arn
    assert (
        elsewhere.describe_app_instance_user(AppInstanceUserArn=f"{arn}/user/ada")["AppInstanceUser"]["Name"] == "Ada"
    )


@pytest.mark.usefixtures("default_aws")
def test_requests_carry_what_botocore_adds_for_every_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the header by which Lambda detects functions that call each other in a circle."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "signin")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    sent: list[Any] = []
    client = aws.client("sts")
    client.meta.events.register("before-send.sts", lambda request, **_: sent.append(request.headers))

    client.get_caller_identity()

    assert sent[0]["X-Amzn-Trace-Id"] == b"Root=1-5759e988-bd862e3fe1be46a994272793"
    assert b"attempt=1" in sent[0]["amz-sdk-request"]


def test_botocore_has_no_handler_for_our_services_that_clients_would_miss() -> None:
    """Handlers for one service, or one of its operations, are left out: see `aws.shared_session`."""
    ours = {"*", "chime-sdk-identity", "ssm", "sts"}
    left_out = {event for event, *_ in BUILTIN_HANDLERS if "." in event and not event.startswith("docs.")}

    assert {event for event in left_out if event.split(".")[1] in ours} == {
        "choose-signer.sts.AssumeRoleWithSAML",
        "choose-signer.sts.AssumeRoleWithWebIdentity",
    }
    # Entries have a third part only if the order of handlers matters.
    assert {len(spec) for spec in BUILTIN_HANDLERS if "." not in spec[0]} == {2}

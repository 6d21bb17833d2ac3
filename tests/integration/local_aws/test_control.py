"""The paths under `/local/`: credentials, faults and the log of calls."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from local.aws.aws_request import AwsRequest
from local.aws.call_log import MAX_LENGTH, CallLog
from tests.waiting import until

if TYPE_CHECKING:
    from local.http.server import Server
    from tests.integration.conftest import Aws

GOOD_FAULT = {
    "operation": "CreateAppInstanceUser",
    "error": "ThrottledClientException",
    "status": 429,
    "delay_ms": 0,
    "times": 1,
}


def create(chime: Any, app_instance: str) -> str:
    created = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada")
    return str(created["AppInstanceUserArn"])


def test_credentials_of_a_role_work(aws: Aws) -> None:
    aws.role("FunctionRole")
    status, credentials = aws.local("POST", "credentials", {"role": "FunctionRole"})
    assert status == 200
    assert set(credentials) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert credentials["Expiration"].endswith("Z")
    identity = aws.client("sts", credentials).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/FunctionRole/FunctionRole"


def test_owners_credentials_do_what_operators_do(aws: Aws) -> None:
    status, credentials = aws.local("POST", "credentials", {"owner": True})
    assert status == 200
    assert set(credentials) == {"AccessKeyId", "SecretAccessKey"}
    assert aws.client("iam", credentials).list_roles()["Roles"] == []


@pytest.mark.parametrize("address", ["172.17.0.2", "192.0.2.1", "::ffff:192.0.2.1", "", "nonsense"])
def test_owners_credentials_are_given_to_this_machine_alone(aws: Aws, address: str) -> None:
    body = json.dumps({"owner": True}).encode()
    asked = EnvironBuilder(path="/local/credentials", method="POST", data=body, environ_base={"REMOTE_ADDR": address})
    answer = Response.from_app(aws.endpoint, asked.get_environ())
    assert (answer.status_code, json.loads(answer.data)["error"]) == (403, "forbidden")
    assert b"AccessKeyId" not in answer.data


def test_unknown_role_is_not_found(aws: Aws) -> None:
    status, error = aws.local("POST", "credentials", {"role": "Stranger"})
    assert (status, error["field"]) == (404, "role")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"{", "body", id="not JSON"),
        pytest.param(b"[" * 100_000, "body", id="lists without end"),
        pytest.param([], "role", id="a list"),
        pytest.param({}, "role", id="no role"),
        pytest.param({"role": 5}, "role", id="a number"),
        pytest.param({"owner": False}, "owner", id="somebody who is not the owner"),
        pytest.param({"owner": 1}, "owner", id="a number for the owner"),
        pytest.param({"owner": True, "role": "FunctionRole"}, "owner", id="owner and role"),
    ],
)
def test_credentials_are_refused_for(body: Any, field: str, aws: Aws) -> None:
    status, error = aws.local("POST", "credentials", body)
    assert (status, error["field"]) == (400, field)


def test_unknown_path_and_method_are_told_apart(aws: Aws) -> None:
    assert aws.local("GET", "nothing")[0] == 404
    assert aws.local("PUT", "faults")[0] == 405


def test_fault_raises_the_modelled_exception_as_often_as_it_is_set(aws: Aws, chime: Any, app_instance: str) -> None:
    assert aws.local("POST", "faults", {**GOOD_FAULT, "times": 2})[0] == 200
    for _ in range(2):
        with pytest.raises(chime.exceptions.ThrottledClientException) as failed:
            create(chime, app_instance)
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert failed.value.response["Code"] == "Throttled"
    assert create(chime, app_instance)
    assert aws.local("GET", "faults") == (200, [])


def test_fault_is_applied_once_by_default(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {"operation": "CreateAppInstanceUser", "error": "ServiceFailureException"})
    with pytest.raises(chime.exceptions.ServiceFailureException) as failed:
        create(chime, app_instance)
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500  # the model's, as none was given
    assert create(chime, app_instance)


def test_fault_stays_until_cleared(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {**GOOD_FAULT, "times": -1})
    for _ in range(5):
        with pytest.raises(chime.exceptions.ThrottledClientException):
            create(chime, app_instance)
    assert aws.local("GET", "faults") == (200, [{**GOOD_FAULT, "times": -1, "beyond_per_second": None}])
    assert aws.local("DELETE", "faults") == (200, [])
    assert create(chime, app_instance)


def test_call_that_waits_is_dropped_when_the_faults_are_cleared(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {"operation": "CreateAppInstanceUser", "delay_ms": 600_000})
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(create, chime, app_instance)
        until(lambda: aws.local("GET", "faults") == (200, []))  # the call has come, and waits

        aws.local("DELETE", "faults")

        with pytest.raises(ConnectionClosedError):
            waiting.result()
    assert chime.list_app_instance_users(AppInstanceArn=app_instance)["AppInstanceUsers"] == []


def test_fault_leaves_other_operations_alone(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", GOOD_FAULT)
    assert chime.list_app_instance_users(AppInstanceArn=app_instance)["AppInstanceUsers"] == []


def test_faults_of_one_operation_are_applied_in_order(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", GOOD_FAULT)
    aws.local("POST", "faults", {**GOOD_FAULT, "error": "ServiceUnavailableException", "status": 503})
    with pytest.raises(chime.exceptions.ThrottledClientException):
        create(chime, app_instance)
    with pytest.raises(chime.exceptions.ServiceUnavailableException):
        create(chime, app_instance)


def test_fault_is_not_applied_to_a_call_with_a_wrong_signature(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", GOOD_FAULT)
    stranger = {**aws.endpoint.admin_credentials(), "SecretAccessKey": "x" * 40}
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        create(aws.client("chime-sdk-identity", stranger), app_instance)
    with pytest.raises(chime.exceptions.ThrottledClientException):
        create(chime, app_instance)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param("Throttling", 400, "Throttling", id="an error that all services share"),
        pytest.param("PackedPolicyTooLargeException", 400, "PackedPolicyTooLarge", id="a modelled one by its shape"),
        pytest.param("PackedPolicyTooLarge", 400, "PackedPolicyTooLarge", id="a modelled one by its code"),
        pytest.param("RegionDisabledException", 403, "RegionDisabledException", id="one with a status of its own"),
        pytest.param("ServiceUnavailable", 503, "ServiceUnavailable", id="an outage"),
    ],
)
def test_sts_fails_in_xml_with(error: str, status: int, code: str, aws: Aws) -> None:
    role = aws.role("UserRole")
    aws.local("POST", "faults", {"operation": "AssumeRole", "error": error})
    with pytest.raises(ClientError) as failed:
        aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ada")
    response = failed.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert response["ResponseMetadata"]["HTTPHeaders"]["content-type"].startswith("text/xml")


def test_secrets_manager_fails_in_json(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    aws.local("POST", "faults", {"operation": "GetSecretValue", "error": "InternalServiceError", "status": 500})
    with pytest.raises(secrets.exceptions.InternalServiceError) as failed:
        secrets.get_secret_value(SecretId="key")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_quota_fails_only_the_calls_beyond_it(aws: Aws, chime: Any, app_instance: str) -> None:
    quota = {"operation": "DescribeAppInstance", "error": "ThrottledClientException", "times": -1}
    aws.local("POST", "faults", {**quota, "beyond_per_second": 0})
    with pytest.raises(chime.exceptions.ThrottledClientException):
        chime.describe_app_instance(AppInstanceArn=app_instance)

    aws.local("DELETE", "faults")
    aws.local("POST", "faults", {**quota, "beyond_per_second": 1_000_000})
    for _ in range(5):
        chime.describe_app_instance(AppInstanceArn=app_instance)


EACH_PROTOCOL = pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/U"}, id="STS"),
        pytest.param("chime-sdk-identity", "DescribeAppInstanceUser", {"AppInstanceUserArn": "arn"}, id="Chime"),
        pytest.param("secretsmanager", "GetSecretValue", {"SecretId": "key"}, id="Secrets Manager"),
    ],
)


@EACH_PROTOCOL
def test_connection_is_dropped(service: str, operation: str, parameters: Any, aws: Aws) -> None:
    aws.local("POST", "faults", {"operation": operation, "error": "ConnectionDropped"})
    with pytest.raises(ConnectionClosedError):
        ask(aws.client(service), operation, parameters)
    assert aws.local("GET", "calls")[1][-1]["status"] is None


def test_malformed_answer_of_sts_cannot_be_parsed(aws: Aws) -> None:
    aws.local("POST", "faults", {"operation": "GetCallerIdentity", "error": "MalformedAnswer"})
    with pytest.raises(ResponseParserError):
        aws.client("sts").get_caller_identity()
    assert aws.local("GET", "calls")[1][-1]["status"] == 200


def test_malformed_answer_of_chime_lacks_what_was_asked_for(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {"operation": "DescribeAppInstance", "error": "MalformedAnswer"})
    assert chime.describe_app_instance(AppInstanceArn=app_instance).keys() == {"ResponseMetadata"}


def test_malformed_answer_has_the_status_that_was_set(aws: Aws, chime: Any) -> None:
    aws.local("POST", "faults", {"operation": "ListAppInstances", "error": "MalformedAnswer", "status": 502})
    with pytest.raises(ClientError) as failed:
        chime.list_app_instances()
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


def ask(client: Any, operation: str, parameters: Any) -> Any:
    named = {made_by: name for name, made_by in client.meta.method_to_api_mapping.items()}
    return getattr(client, named[operation])(**parameters)


def test_fault_without_error_and_delay_lets_the_first_call_pass(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {"operation": "CreateAppInstanceUser"})
    aws.local("POST", "faults", {"operation": "CreateAppInstanceUser", "error": "ConnectionDropped"})
    assert create(chime, app_instance)
    with pytest.raises(ConnectionClosedError):
        create(chime, app_instance)
    assert create(chime, app_instance)


def test_calls_of_one_client_arrive_on_one_connection(aws: Aws, server: Server, app_instance: str) -> None:
    chime = aws.client("chime-sdk-identity")
    before = server.accepted
    for _ in range(5):
        create(chime, app_instance)
        with pytest.raises(ClientError):
            chime.describe_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/bob")
    assert server.accepted == before + 1


def test_fault_without_an_error_only_delays(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("POST", "faults", {"operation": "CreateAppInstanceUser", "delay_ms": 300})
    started = time.monotonic()
    assert create(chime, app_instance)
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"operation": None}, "operation", id="no operation"),
        pytest.param({"operation": "CreateAppInstanceUzer"}, "operation", id="an operation that does not exist"),
        pytest.param({"operation": ["AssumeRole"]}, "operation", id="a list of operations"),
        pytest.param({"error": 5}, "error", id="an error that is a number"),
        pytest.param({"error": "<b>"}, "error", id="an error that is not a name"),
        pytest.param({"status": "429"}, "status", id="a status that is a string"),
        pytest.param({"status": 42}, "status", id="a status that does not exist"),
        pytest.param({"delay_ms": -1}, "delay_ms", id="a negative delay"),
        pytest.param({"delay_ms": 1.5}, "delay_ms", id="half a millisecond"),
        pytest.param({"times": 0}, "times", id="zero times"),
        pytest.param({"times": -2}, "times", id="less than -1 times"),
        pytest.param({"times": True}, "times", id="true times"),
        pytest.param({"beyond_per_second": -1}, "beyond_per_second", id="a negative number of calls a second"),
        pytest.param({"delay": 5}, "delay", id="a field that does not exist"),
    ],
)
def test_fault_is_refused_for(change: dict[str, Any], field: str, aws: Aws) -> None:
    status, error = aws.local("POST", "faults", {**GOOD_FAULT, **change})
    assert (status, error["field"]) == (400, field)
    assert aws.local("GET", "faults") == (200, [])


def test_fault_needs_an_operation(aws: Aws) -> None:
    status, error = aws.local("POST", "faults", {"error": "Throttling"})
    assert (status, error["field"]) == (400, "operation")


def test_calls_are_listed_in_order_with_parameters_and_status(aws: Aws, chime: Any, app_instance: str) -> None:
    aws.local("DELETE", "calls")
    aws.local("POST", "faults", GOOD_FAULT)
    with pytest.raises(ClientError):
        create(chime, app_instance)
    user = create(chime, app_instance)
    with pytest.raises(ClientError):
        chime.describe_app_instance_user(AppInstanceUserArn=f"{user}s")
    calls = aws.local("GET", "calls")[1]
    assert [(call["operation"], call["status"]) for call in calls] == [
        ("CreateAppInstanceUser", 429),
        ("CreateAppInstanceUser", 201),
        ("DescribeAppInstanceUser", 403),
    ]
    assert calls[0]["parameters"].items() >= {"AppInstanceUserId": "ada", "Name": "Ada"}.items()
    assert calls[2]["parameters"] == {"AppInstanceUserArn": f"{user}s"}
    assert aws.local("DELETE", "calls") == (200, [])
    assert aws.local("GET", "calls") == (200, [])


def test_call_with_a_wrong_signature_is_listed_too(aws: Aws) -> None:
    stranger = {**aws.endpoint.admin_credentials(), "SecretAccessKey": "x" * 40}
    with pytest.raises(ClientError):
        aws.client("sts", stranger).get_caller_identity()
    assert aws.local("GET", "calls") == (
        200,
        [{"operation": "GetCallerIdentity", "parameters": {}, "status": 403}],
    )


def test_call_is_listed_before_it_is_answered() -> None:
    listed: list[Any] = []

    def service(_: AwsRequest) -> Response:
        listed.extend(calls.list())
        return Response(status=201)

    calls = CallLog(service)
    calls(AwsRequest.read(EnvironBuilder(path="/app-instances").get_environ()))
    assert listed == [{"operation": "ListAppInstances", "parameters": {}, "status": None}]
    assert calls.list() == [{"operation": "ListAppInstances", "parameters": {}, "status": 201}]


def test_log_of_unsigned_calls_is_bounded() -> None:
    calls = CallLog(lambda _: Response(status=403))
    for number in range(20):
        body = json.dumps({"AppInstanceUserId": str(number), "Name": "x" * (MAX_LENGTH // 11)})
        calls(AwsRequest.read(EnvironBuilder(path="/app-instance-users", method="POST", data=body).get_environ()))

    listed = calls.list()

    assert [entry["parameters"]["AppInstanceUserId"] for entry in listed] == [str(number) for number in range(10, 20)]


def test_call_that_is_too_large_is_listed_without_its_parameters() -> None:
    calls = CallLog(lambda _: Response(status=403))
    body = json.dumps({"AppInstanceUserId": "ada", "Name": "x" * MAX_LENGTH})
    calls(AwsRequest.read(EnvironBuilder(path="/app-instance-users", method="POST", data=body).get_environ()))

    assert calls.list() == [{"operation": "CreateAppInstanceUser", "parameters": {}, "status": 403}]


def test_secrets_and_credentials_are_not_listed(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="key", SecretString="between us")
    assert secrets.get_secret_value(SecretId="key")["SecretString"] == "between us"
    role = aws.role("UserRole")
    credentials = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ada")["Credentials"]
    listed = str(aws.local("GET", "calls"))
    assert "'SecretString': '***'" in listed
    for secret in ("between us", credentials["SecretAccessKey"], credentials["SessionToken"]):
        assert secret not in listed

"""The endpoint as a whole: the AWS CLI, browsers, deployments, malformed requests, several endpoints in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from werkzeug.test import EnvironBuilder

from local.aws import identities
from local.aws.aws_request import AwsRequest
from local.aws.control import UnknownRoleError
from local.aws.endpoint import AwsEndpoint
from local.aws.moto_services import MotoServices
from local.chime.constraints import _categories, _compiled
from local.http.server import Server
from tests.integration.clients import HTTP
from tests.integration.conftest import Aws

if TYPE_CHECKING:
    import urllib3

TEMPLATE = {
    "Parameters": {"DisplayName": {"Type": "String"}},
    "Resources": {
        "Messaging": {"Type": "AWS::Chime::AppInstance", "Properties": {"Name": {"Ref": "DisplayName"}}},
        "UserRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
    },
    "Outputs": {
        "ByRef": {"Value": {"Ref": "Messaging"}},
        "ByAttribute": {"Value": {"Fn::GetAtt": ["Messaging", "AppInstanceArn"]}},
    },
}


def test_aws_cli_describes_a_user(aws: Aws, chime: Any, app_instance: str, tmp_path: Path) -> None:
    user = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada")
    aws.role("FunctionRole")
    keys = aws.endpoint.credentials("FunctionRole")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.url,
    }
    command = [sys.executable, str(Path(sys.executable).with_name("aws")), "chime-sdk-identity"]
    command += ["describe-app-instance-user", "--app-instance-user-arn", user["AppInstanceUserArn"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["AppInstanceUser"]["Name"] == "Ada"


def test_preflight_needs_no_signature(aws: Aws) -> None:
    asked = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-amz-date",
    }
    answer = HTTP.request("OPTIONS", f"{aws.url}/app-instances", headers=asked)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,x-amz-date"
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]


def test_scripts_of_any_page_may_read_answers_and_errors(aws: Aws, chime: Any) -> None:
    origin = {"Origin": "https://app.example.org"}
    refusal = HTTP.request("GET", f"{aws.url}/app-instances", headers=origin)
    answer = chime.list_app_instances()["ResponseMetadata"]["HTTPHeaders"]
    assert refusal.status == 403
    for headers in (refusal.headers, answer):
        assert headers["access-control-allow-origin"] == "*"
        assert "x-amzn-ErrorType" in headers["access-control-expose-headers"]


def test_web_pages_may_not_read_control_paths(aws: Aws) -> None:
    answer = HTTP.request("GET", f"{aws.url}/local/calls", headers={"Origin": "https://app.example.org"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_cloudformation_creates_updates_and_deletes_an_app_instance(aws: Aws, chime: Any) -> None:
    cloudformation = aws.client("cloudformation")
    stack = {"StackName": "chime", "TemplateBody": json.dumps(TEMPLATE)}
    cloudformation.create_stack(**stack, Parameters=[{"ParameterKey": "DisplayName", "ParameterValue": "Demo"}])
    outputs = cloudformation.describe_stacks(StackName="chime")["Stacks"][0]["Outputs"]
    arns = {output["OutputValue"] for output in outputs}
    assert len(arns) == 1
    arn = arns.pop()
    assert chime.describe_app_instance(AppInstanceArn=arn)["AppInstance"]["Name"] == "Demo"
    cloudformation.update_stack(**stack, Parameters=[{"ParameterKey": "DisplayName", "ParameterValue": "Live"}])
    assert chime.describe_app_instance(AppInstanceArn=arn)["AppInstance"]["Name"] == "Live"
    cloudformation.delete_stack(StackName="chime")
    assert chime.list_app_instances()["AppInstances"] == []


def sent(aws: Aws, service: str, method: str, path: str, body: bytes, **headers: str) -> urllib3.BaseHTTPResponse:
    """Send a request that no SDK would, signed by the stack's owner."""
    owner = aws.endpoint.admin_credentials()
    keys = Credentials(owner["AccessKeyId"], owner["SecretAccessKey"])
    request: Any = AWSRequest(method, f"{aws.url}{path}", headers, body)
    SigV4Auth(keys, service, "us-east-1").add_auth(request)
    return HTTP.request(method, request.url, headers=dict(request.headers.items()), body=body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"Tags": "many"}', id="a string for a list"),
        pytest.param(b"[" * 100_000, id="lists in 100,000 lists"),
    ],
)
def test_body_of_the_wrong_shape_is_a_bad_request(body: bytes, aws: Aws) -> None:
    answer = sent(aws, "chime", "POST", "/app-instances", body)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "SerializationException"


def test_unknown_operation_is_named_as_each_service_does(aws: Aws) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sts = sent(aws, "sts", "POST", "/", b"Action=Invent&Version=2011-06-15", **form)
    chime = sent(aws, "chime", "GET", "/inventions", b"")
    secrets = sent(aws, "secretsmanager", "POST", "/", b"{}", **{"X-Amz-Target": "secretsmanager.Invent"})
    assert (sts.status, b"<Code>InvalidAction</Code>" in sts.data) == (400, True)
    assert (chime.status, chime.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert (secrets.status, secrets.json()["__type"]) == (400, "UnknownOperationException")


def test_service_that_is_not_served_gets_501(aws: Aws) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("sqs").list_queues()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_operation_that_is_not_implemented_gets_501(chime: Any, app_instance: str) -> None:
    with pytest.raises(ClientError) as refused:
        chime.list_app_instance_bots(AppInstanceArn=app_instance)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_operation_that_needs_a_package_that_is_not_installed_gets_501(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cfnlint.core", None)
    with pytest.raises(ClientError) as refused:
        aws.client("cloudformation").validate_template(TemplateBody="{}")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_nothing_is_printed(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    aws.client("sts").get_caller_identity()
    with pytest.raises(ClientError):
        aws.client("sqs").list_queues()
    assert capfd.readouterr() == ("", "")


def test_two_endpoints_at_once_are_refused(aws: Aws) -> None:
    with pytest.raises(RuntimeError, match="close it first"):
        AwsEndpoint()
    assert aws.client("sts").get_caller_identity()


def test_next_endpoint_starts_empty() -> None:
    for _ in range(2):
        endpoint = AwsEndpoint()
        server = Server(endpoint)
        keys = endpoint.admin_credentials()
        owner = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"])
        request: Any = AWSRequest("GET", f"{server.url}/app-instances")
        SigV4Auth(owner, "chime", "us-east-1").add_auth(request)
        listed = HTTP.request("GET", request.url, headers=dict(request.headers.items())).json()
        make: Any = AWSRequest("POST", request.url, {}, b'{"Name": "Demo", "ClientRequestToken": "token"}')
        SigV4Auth(owner, "chime", "us-east-1").add_auth(make)
        HTTP.request("POST", make.url, headers=dict(make.headers.items()), body=make.data)
        server.close()
        endpoint.close()
        assert listed == {"AppInstances": []}
        assert identities.iam_backend().users == {}


def test_call_that_has_waited_until_after_the_end_changes_nothing_in_the_next_endpoint() -> None:
    request: Any = AWSRequest(
        "POST", "http://localhost/app-instances", {}, b'{"Name": "Demo", "ClientRequestToken": "token"}'
    )
    SigV4Auth(Credentials("key", "secret"), "chime", "us-east-1").add_auth(request)
    sent = EnvironBuilder(
        path="/app-instances", method="POST", data=request.data, headers=dict(request.headers.items())
    )
    call = AwsRequest.read(sent.get_environ())
    with closing(MotoServices()) as first:
        assert first(call).status_code == HTTPStatus.CREATED
    with closing(AwsEndpoint()) as second, closing(Server(second)) as running:
        with pytest.raises(ConnectionAbortedError):
            first(call)
        assert Aws(second, running.url).client("chime-sdk-identity").list_app_instances()["AppInstances"] == []


def test_sign_in_does_not_wait_for_what_was_loaded_before(aws: Aws) -> None:
    _compiled.cache_clear()
    _categories.cache_clear()
    aws.endpoint.load()
    loaded = _categories.cache_info().currsize, _compiled.cache_info().currsize

    session = {
        "RoleArn": aws.role("User"),
        "RoleSessionName": "chime_ada",
        "Tags": [{"Key": "UserUUID", "Value": "ada"}],
    }
    aws.client("sts").assume_role(**session)

    assert loaded == (_categories.cache_info().currsize, _compiled.cache_info().currsize) != (0, 0)


def test_unknown_role_has_no_credentials(aws: Aws) -> None:
    with pytest.raises(UnknownRoleError, match="Stranger"):
        aws.endpoint.credentials("Stranger")

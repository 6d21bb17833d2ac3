"""moto does the operation that the permissions were asked for, with the parameters that they saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.clients import HTTP

if TYPE_CHECKING:
    import urllib3

    from tests.integration.conftest import Aws

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/x-amz-json-1.1"}
LISTS_ONLY = {"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}


def send(request: AWSRequest, by: dict[str, Any], service: str) -> urllib3.BaseHTTPResponse:
    credentials = Credentials(by["AccessKeyId"], by["SecretAccessKey"], by.get("SessionToken"))
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return HTTP.request("POST", str(request.url), headers=dict(request.headers.items()), body=request.body)


def test_secret_is_not_read_by_an_action_in_the_query(aws: Aws) -> None:
    aws.client("secretsmanager").create_secret(Name="s", SecretString="hidden")
    aws.role("lister", LISTS_ONLY)
    headers = JSON | {"X-Amz-Target": "secretsmanager.ListSecrets"}
    body = json.dumps({"SecretId": "s"}).encode()
    request = AWSRequest("POST", f"{aws.url}/?Action=GetSecretValue", headers, body)
    answer = send(request, aws.endpoint.credentials("lister"), "secretsmanager")
    assert "hidden" not in answer.data.decode()
    assert answer.status == 200
    assert aws.local("GET", "calls")[1][-1]["operation"] == "ListSecrets"


@pytest.mark.parametrize(
    ("query", "headers", "more"),
    [
        pytest.param("?SecretId=other", {}, {}, id="the query"),
        pytest.param("", {"SecretId": "other"}, {}, id="a header"),
        pytest.param("", {}, {"ClientRequestToken": "&SecretId=other&"}, id="a value"),
    ],
)
def test_another_secret_is_not_read_by_its_name_in(
    query: str, headers: dict[str, str], more: dict[str, str], aws: Aws
) -> None:
    secrets = aws.client("secretsmanager")
    own = secrets.create_secret(Name="own", SecretString="shown")["ARN"]
    secrets.create_secret(Name="other", SecretString="hidden")
    aws.role("reader", {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": own})
    target = JSON | {"X-Amz-Target": "secretsmanager.GetSecretValue"}
    body = json.dumps({"SecretId": "own"} | more).encode()
    answer = send(
        AWSRequest("POST", f"{aws.url}/{query}", target | headers, body),
        aws.endpoint.credentials("reader"),
        "secretsmanager",
    )
    assert (answer.status, json.loads(answer.data)["SecretString"]) == (200, "shown")


@pytest.mark.parametrize(
    ("query", "form"),
    [
        pytest.param({"Action": "GetRole"}, {"Action": "ListRoles"}, id="another action"),
        pytest.param({"RoleName": "a"}, {"RoleName": "b"}, id="another parameter"),
    ],
)
def test_parameters_in_the_query_and_in_the_form_are_refused(
    query: dict[str, str], form: dict[str, str], aws: Aws
) -> None:
    whole = {"Action": "GetRole", "Version": "2010-05-08"}
    aws.role("a")
    aws.role("b")
    request = AWSRequest("POST", f"{aws.url}/?{urlencode(query)}", FORM, urlencode(whole | form).encode())
    answer = send(request, aws.endpoint.admin_credentials(), "iam")
    assert (answer.status, "MalformedQueryString" in answer.data.decode()) == (400, True)

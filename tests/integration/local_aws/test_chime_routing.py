"""Every operation of the Chime services is judged and done as itself, and nothing else is taken for one of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from local.aws.aws_request import SERVICES
from tests.integration.clients import HTTP
from tests.inventory import operations

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/a"
CHANNEL = f"{INSTANCE}/channel/c"
USER = f"{INSTANCE}/user/ada"
TAGGED = {
    "chime-sdk-identity": USER,
    "chime-sdk-messaging": CHANNEL,
    "chime-sdk-meetings": "arn:aws:chime:us-east-1:123456789012:meeting/m",
}
"""A resource of each service. All services have the same three operations on tags."""
NOT_IMPLEMENTED = 501
PATHS = (
    "/",
    "/channel",
    "/Channels",
    "/channels/",
    "/channels//messages",
    "/channels/{channel}/messages/",
    "/channels/{channel}/nothing",
    "/channels/{channel}/messages/m/nothing",
    "/channels/{channel}/readmarker",
    "/app-instances/{instance}/nothing",
    "/app-instances/{instance}/streaming-configurations/nothing",
    "/app-instance-users/{instance}/endpoints/e/nothing",
    "/channels/arn:aws:chime:us-east-1:123456789012:app-instance/a/user/u",
    "/app-instances/arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c",
    "/tags/{channel}",
    "/endpoints/messaging-session/nothing",
)
QUERIES = (
    "?operation=",
    "?operation=Search",
    "?operation=search&operation=search",
    "?operation=batch-create",
    "?operation=redact&operation=batch-create",
)


def sample(shape: Any, name: str, service: str) -> Any:
    """Return a value of the shape, of which only the form is right."""
    if name in {"ResourceARN", "ResourceArn"}:
        return TAGGED[service]
    if shape.type_name == "structure":
        # SubChannelId is left out, because elastic channels are not implemented.
        located = {name for name, member in shape.members.items() if "location" in member.serialization}
        members = located - {"SubChannelId"}
        return {each: sample(shape.members[each], each, service) for each in members | {*shape.required_members}}
    if shape.type_name == "list":
        return [sample(shape.member, name.removesuffix("s"), service)]
    if "enum" in shape.metadata:
        return shape.metadata["enum"][0]
    plain = {"integer": 1, "boolean": True, "timestamp": 0}
    return plain.get(shape.type_name, CHANNEL if name.endswith("Arn") else "xx")


def signed(
    aws: Aws, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, str | None]:
    """Send a request that the owner signs; return status and error."""
    owner = aws.endpoint.admin_credentials()
    bearer = {"x-amz-chime-bearer": USER, "Content-Type": "application/json"}
    request = AWSRequest(method, f"{aws.url}{path}", bearer | (headers or {}), body)
    SigV4Auth(Credentials(owner["AccessKeyId"], owner["SecretAccessKey"]), "chime", "us-east-1").add_auth(request)
    answer = HTTP.request(method, str(request.url), headers=dict(request.headers.items()), body=body)
    return answer.status, answer.headers.get("x-amzn-errortype")


def judged_as(aws: Aws) -> str | None:
    """Return the operation as which the last request was judged."""
    name: str | None = aws.local("GET", "calls")[1][-1]["operation"]
    return name


@pytest.mark.parametrize("service", SERVICES["chime"])
def test_every_operation_is_judged_as_itself_and_done_or_answered_with_501(service: str, aws: Aws) -> None:
    client, judged, unavailable = aws.client(service), {}, []
    for name, operation in client.meta.method_to_api_mapping.items():
        shape = get_service_model(service).operation_model(operation).input_shape
        with suppress(ClientError):
            getattr(client, name)(**(sample(shape, "", service) if shape else {}))
        last = aws.local("GET", "calls")[1][-1]
        judged[operation] = last["operation"]
        unavailable += [operation] if last["status"] == NOT_IMPLEMENTED else []
    assert judged == {operation: operation for operation in client.meta.method_to_api_mapping.values()}
    assert sorted(unavailable) == sorted(operations(service)[1])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_path_of_no_operation_is_unknown(method: str, aws: Aws) -> None:
    known = {}
    for template in PATHS:
        path = template.format(channel=quote(CHANNEL, safe=""), instance=quote(INSTANCE, safe=""))
        status, error = signed(aws, method, path)
        if (status, error, judged_as(aws)) != (404, "UnknownOperationException", None):
            known[path] = (status, error, judged_as(aws))
    assert known == {}


@pytest.mark.parametrize("query", QUERIES)
def test_unknown_operation_of_a_known_path_is_unknown(query: str, aws: Aws) -> None:
    assert signed(aws, "POST", f"/channels{query}", body=b"{}") == (404, "UnknownOperationException")
    assert judged_as(aws) is None


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param("&Action=DeleteAppInstance", {}, id="a parameter Action"),
        pytest.param("", {"X-Amz-Target": "Chime.DeleteAppInstance"}, id="a header X-Amz-Target"),
    ],
)
def test_no_other_operation_is_done_for(query: str, headers: dict[str, str], aws: Aws, app_instance: str) -> None:
    path = f"/app-instance-users?app-instance-arn={quote(app_instance, safe='')}{query}"
    assert signed(aws, "GET", path, headers)[0] == 200
    assert judged_as(aws) == "ListAppInstanceUsers"
    chime: Any = aws.client("chime-sdk-identity")
    assert chime.describe_app_instance(AppInstanceArn=app_instance)["AppInstance"]["Name"] == "Demo"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("messaging-chime", 403, id="its service"),
        pytest.param("identity-chime", 404, id="another one"),
    ],
)
def test_operation_exists_at_the_host_of(host: str, status: int, aws: Aws) -> None:
    at = {"Host": f"{host}.us-east-1.amazonaws.com"}
    assert signed(aws, "GET", f"/channels?app-instance-arn={quote(INSTANCE, safe='')}", at)[0] == status


def test_tags_are_those_of_the_service_whose_host_was_called(aws: Aws) -> None:
    path = f"/tags?arn={quote(USER, safe='')}"
    assert signed(aws, "GET", path, {"Host": "messaging-chime.us-east-1.amazonaws.com"})[0] == NOT_IMPLEMENTED
    assert signed(aws, "GET", path, {"Host": "identity-chime.us-east-1.amazonaws.com"})[0] == 403
    assert signed(aws, "GET", path)[0] == 403


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/json; charset=utf-8", id="with a character set"),
        pytest.param("application/x-amz-json-1.0", id="of the mobile SDKs"),
        pytest.param("binary/octet-stream", id="for anything"),
        pytest.param("application/x-www-form-urlencoded", id="of forms"),
    ],
)
def test_body_is_read_as_json_with_the_content_type(
    content_type: str, aws: Aws, app_instance: str, users: dict[str, str]
) -> None:
    body = json.dumps({"AppInstanceArn": app_instance, "Name": "Engines", "ClientRequestToken": "token"}).encode()
    headers = {"Content-Type": content_type, "x-amz-chime-bearer": users["ada"]}
    assert signed(aws, "POST", "/channels", headers, body) == (201, None)

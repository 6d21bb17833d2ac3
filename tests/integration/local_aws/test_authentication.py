"""Signatures that botocore's own signer made, then with one thing changed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.integration.clients import HTTP, sign_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Aws

IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def keys(aws: Aws) -> dict[str, str]:
    """A function's credentials."""
    aws.role("FunctionRole")
    return aws.endpoint.credentials("FunctionRole")


def credentials(keys: dict[str, str]) -> Credentials:
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def signed(aws: Aws, keys: dict[str, str], **headers: str) -> Any:
    """GetCallerIdentity, signed."""
    request = AWSRequest("POST", f"{aws.url}/", {**FORM, **headers}, IDENTITY)
    SigV4Auth(credentials(keys), "sts", "us-east-1").add_auth(request)
    return request


def send(request: Any) -> tuple[int, str]:
    """Status and body."""
    headers = dict(request.headers.items())
    response = HTTP.request(request.method, request.url, headers=headers, body=request.data, retries=False)
    return response.status, response.data.decode()


def with_header(name: str, change: Callable[[str], str]) -> Callable[[Any], None]:
    """Return a function that changes one header of a request."""

    def change_request(request: Any) -> None:
        value = request.headers[name]
        del request.headers[name]
        request.headers[name] = change(value)

    return change_request


def without_header(name: str) -> Callable[[Any], None]:
    def change_request(request: Any) -> None:
        del request.headers[name]

    return change_request


def with_body(request: Any) -> None:
    request.data = IDENTITY + b"&Extra=1"


def with_query(request: Any) -> None:
    request.url += "?Extra=1"


def with_path(request: Any) -> None:
    request.url += "elsewhere"


def test_signed_request_is_answered(aws: Aws, keys: dict[str, str]) -> None:
    status, body = send(signed(aws, keys))
    assert status == 200
    assert "assumed-role/FunctionRole/FunctionRole" in body


@pytest.mark.parametrize(
    "spelling",
    [pytest.param(str.lower, id="lower case"), pytest.param(str.upper, id="upper case")],
)
def test_headers_may_come_in(spelling: Callable[[str], str], aws: Aws, keys: dict[str, str]) -> None:
    request = signed(aws, keys)
    headers = {spelling(name): value for name, value in request.headers.items()}
    assert HTTP.request("POST", request.url, headers=headers, body=request.data).status == 200


@pytest.mark.parametrize(
    ("change_request", "status", "code"),
    [
        pytest.param(without_header("Authorization"), 403, "MissingAuthenticationToken", id="no signature"),
        pytest.param(
            with_header("Authorization", lambda value: value.replace("AWS4-HMAC-SHA256", "Bearer")),
            400,
            "IncompleteSignature",
            id="another scheme",
        ),
        pytest.param(
            with_header("Authorization", lambda value: f"{value}, {value}"),
            400,
            "IncompleteSignature",
            id="two signatures",
        ),
        pytest.param(
            with_header("Authorization", lambda value: value.replace("host;", "")),
            400,
            "IncompleteSignature",
            id="an unsigned host",
        ),
        pytest.param(
            with_header("Authorization", lambda value: value[:-64] + "0" * 64),
            403,
            "SignatureDoesNotMatch",
            id="a made-up signature",
        ),
        pytest.param(
            with_header("Authorization", lambda value: value.replace("/us-east-1/", "/eu-central-1/")),
            403,
            "SignatureDoesNotMatch",
            id="another region",
        ),
        pytest.param(
            with_header("Authorization", lambda value: value.replace("=ASIA", "=ASIB")),
            403,
            "InvalidClientTokenId",
            id="an unknown access key",
        ),
        pytest.param(
            with_header("Authorization", lambda value: re.sub("ASIA[A-Z0-9]+", "test", value)),
            403,
            "InvalidClientTokenId",
            id="a short access key that others' local clouds take",
        ),
        pytest.param(without_header("X-Amz-Security-Token"), 403, "InvalidClientTokenId", id="no session token"),
        pytest.param(
            with_header("X-Amz-Security-Token", lambda value: value[::-1]),
            403,
            "InvalidClientTokenId",
            id="a wrong session token",
        ),
        pytest.param(without_header("X-Amz-Date"), 400, "IncompleteSignature", id="no date"),
        pytest.param(with_body, 403, "SignatureDoesNotMatch", id="another body"),
        pytest.param(with_query, 403, "SignatureDoesNotMatch", id="another query"),
        pytest.param(with_path, 403, "SignatureDoesNotMatch", id="another path"),
    ],
)
def test_refused_with(
    change_request: Callable[[Any], None], status: int, code: str, aws: Aws, keys: dict[str, str]
) -> None:
    request = signed(aws, keys)
    change_request(request)
    assert_refused(send(request), status, code)


@pytest.mark.parametrize(
    ("service", "code"), [("sts", "InvalidClientTokenId"), ("chime-sdk-identity", "UnrecognizedClientException")]
)
@pytest.mark.parametrize("keys", ["test", "foobar", "AKIA_none"])
def test_made_up_keys_get_the_error_of_aws(aws: Aws, keys: str, service: str, code: str) -> None:
    client = aws.client(service, {"AccessKeyId": keys, "SecretAccessKey": keys})
    with pytest.raises(ClientError, match="The security token included in the request is invalid") as caught:
        client.get_caller_identity() if service == "sts" else client.list_app_instances()
    assert caught.value.response["Error"]["Code"] == code


def assert_refused(answer: tuple[int, str], status: int, code: str) -> None:
    assert answer[0] == status
    assert f"<Code>{code}</Code>" in answer[1]


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        pytest.param(-16, "Signature expired: ", id="16 minutes ago"),
        pytest.param(16, "Signature not yet current: ", id="in 16 minutes"),
    ],
)
def test_signature_is_refused_if_made(
    minutes: int, says: str, aws: Aws, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_at(datetime.now(UTC) + timedelta(minutes=minutes), monkeypatch)
    answer = send(signed(aws, keys))
    assert_refused(answer, 403, "SignatureDoesNotMatch")
    assert says in answer[1]


@pytest.mark.parametrize("minutes", [pytest.param(-14, id="14 minutes ago"), pytest.param(14, id="in 14 minutes")])
def test_signature_is_good_if_made(
    minutes: int, aws: Aws, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_at(datetime.now(UTC) + timedelta(minutes=minutes), monkeypatch)
    assert send(signed(aws, keys))[0] == 200


def test_date_of_the_scope_has_to_be_that_of_the_request(aws: Aws, keys: dict[str, str]) -> None:
    request = signed(aws, keys)
    today = request.headers["X-Amz-Date"][:8]
    with_header("Authorization", lambda value: value.replace(f"/{today}/", "/20200101/"))(request)
    answer = send(request)
    assert_refused(answer, 403, "SignatureDoesNotMatch")
    assert "Date in Credential scope does not match" in answer[1]


def test_stated_hash_has_to_be_that_of_the_body(aws: Aws, keys: dict[str, str]) -> None:
    assert send(signed(aws, keys, **{"X-Amz-Content-SHA256": sha256(IDENTITY).hexdigest()}))[0] == 200
    for stated in (sha256(b"").hexdigest(), "UNSIGNED-PAYLOAD"):
        request = signed(aws, keys, **{"X-Amz-Content-SHA256": stated})
        assert_refused(send(request), 403, "SignatureDoesNotMatch")


def test_presigned_url_counts_as_unsigned(aws: Aws, keys: dict[str, str]) -> None:
    request = AWSRequest("GET", f"{aws.url}/?{IDENTITY.decode()}")
    SigV4QueryAuth(credentials(keys), "sts", "us-east-1", expires=60).add_auth(request)
    assert_refused(send(request), 403, "MissingAuthenticationToken")


def test_disabled_access_key_is_unknown(aws: Aws) -> None:
    owner = aws.endpoint.admin_credentials()
    sts = aws.client("sts", owner)
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/stack-owner"
    aws.client("iam").update_access_key(UserName="stack-owner", AccessKeyId=owner["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()


def test_users_key_with_a_session_token_is_refused(aws: Aws, keys: dict[str, str]) -> None:
    mixed = {**aws.endpoint.admin_credentials(), "SessionToken": keys["SessionToken"]}
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        aws.client("sts", mixed).get_caller_identity()


@pytest.mark.parametrize(
    "called",
    [
        pytest.param(("chime-sdk-identity", "list_app_instances", 403), id="Chime"),
        pytest.param(("secretsmanager", "list_secrets", 400), id="Secrets Manager"),
    ],
)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"SecretAccessKey": "x" * 40}, "InvalidSignatureException", id="wrong secret"),
        pytest.param({"AccessKeyId": "ASIAAAAAAAAAAAAAAAAA"}, "UnrecognizedClientException", id="unknown key"),
        pytest.param({"SessionToken": "x"}, "UnrecognizedClientException", id="wrong token"),
    ],
)
def test_json_services_use_their_own_names(
    change: dict[str, str], code: str, called: tuple[str, str, int], aws: Aws, keys: dict[str, str]
) -> None:
    service, ask, status = called
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service, {**keys, **change}), ask)()
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda arn: quote(arn, safe=""), id="slashes escaped"),
        pytest.param(lambda arn: quote(arn, safe="/"), id="slashes bare"),
    ],
)
def test_arn_in_the_path_may_have_its(
    written: Callable[[str], str], aws: Aws, keys: dict[str, str], chime: Any, app_instance: str
) -> None:
    user = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="a:b@c", Name="Ada")
    request = AWSRequest("GET", f"{aws.url}/app-instance-users/{written(user['AppInstanceUserArn'])}")
    SigV4Auth(credentials(keys), "chime", "us-east-1").add_auth(request)
    status, body = send(request)
    assert status == 200
    assert json.loads(body)["AppInstanceUser"]["Name"] == "Ada"


def test_client_cannot_choose_another_account(aws: Aws, keys: dict[str, str]) -> None:
    status, body = send(signed(aws, keys, **{"x-moto-account-id": "111111111111"}))
    assert status == 200
    assert "<Account>123456789012</Account>" in body


@pytest.mark.parametrize("path", ["moto-api/reset", "moto-api/data.json", "latest/meta-data/iam"])
def test_motos_own_paths_do_not_exist(path: str, aws: Aws, keys: dict[str, str]) -> None:
    request = AWSRequest("POST", f"{aws.url}/{path}", {}, b"")
    SigV4Auth(credentials(keys), "chime", "us-east-1").add_auth(request)
    assert send(request)[0] == 404
    assert HTTP.request("POST", f"{aws.url}/{path}").status == 403

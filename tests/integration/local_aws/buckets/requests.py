"""Requests to S3, signed by botocore and sent as they are, so that one thing can be changed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.integration.clients import HTTP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import urllib3


def code(call: Callable[..., Any], **parameters: Any) -> tuple[int, str]:
    """Status and code of a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


def signed(
    method: str, url: str, by: Mapping[str, str], body: bytes = b"", region: str = "us-east-1", **headers: str
) -> AWSRequest:
    """Return a request with an Authorization header. In names of *headers* `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, url, named, body)
    S3SigV4Auth(_credentials(by), "s3", region).add_auth(request)
    return request


def presigned(method: str, url: str, by: Mapping[str, str], seconds: int = 60) -> str:
    """Return a presigned URL."""
    request = AWSRequest(method, url)
    S3SigV4QueryAuth(_credentials(by), "s3", "us-east-1", expires=seconds).add_auth(request)
    return str(request.url)


def with_payload(method: str, url: str, by: Mapping[str, str], body: bytes, stated: str, **headers: str) -> AWSRequest:
    """Return a request whose header x-amz-content-sha256 says what is *stated*."""
    request = AWSRequest(method, url, {name.replace("_", "-"): value for name, value in headers.items()}, body)

    class Stating(S3SigV4Auth):
        def payload(self, _: Any) -> str:
            return stated

    Stating(_credentials(by), "s3", "us-east-1").add_auth(request)
    return request


def send(request: AWSRequest) -> urllib3.BaseHTTPResponse:
    """Send the request as it is."""
    return HTTP.request(str(request.method), str(request.url), headers=dict(request.headers.items()), body=request.data)


def _credentials(by: Mapping[str, str]) -> Credentials:
    return Credentials(by["AccessKeyId"], by["SecretAccessKey"], by.get("SessionToken"))

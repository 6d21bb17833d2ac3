"""Which web pages read the answers of S3: what a browser asks before it calls, and what it looks for in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.clients import HTTP
from tests.integration.local_aws.buckets.requests import code, send, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.conftest import Aws

APP = "https://app.example.com"
RULES: list[dict[str, Any]] = [
    {"AllowedOrigins": [APP], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-amz-*", "Content-Type"]},
    {
        "AllowedOrigins": ["https://*.example.org"],
        "AllowedMethods": ["GET"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 9,
    },
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"], "ExposeHeaders": ["ETag"]},
]


@pytest.fixture
def address(aws: Aws, s3: Any, bucket: str) -> str:
    """The address of an object in a bucket with the rules."""
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    return f"{aws.url}/{bucket}/1"


def preflight(address: str, origin: str, method: str, names: str = "") -> tuple[int, Mapping[str, str]]:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
    answer = HTTP.request("OPTIONS", address, headers={name: value for name, value in headers.items() if value})
    return answer.status, allowed(answer.headers)


def allowed(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of CORS, without their prefix."""
    prefix = "access-control-"
    return {name.lower()[len(prefix) :]: value for name, value in headers.items() if name.lower().startswith(prefix)}


@pytest.mark.parametrize(
    ("origin", "method", "names"),
    [
        pytest.param(APP, "PUT", "", id="no headers"),
        pytest.param(APP, "PUT", "content-type,x-amz-date, X-Amz-User-Agent", id="headers"),
        pytest.param("https://a.example.org", "GET", "anything", id="another rule"),
        pytest.param("https://other.example", "HEAD", "", id="everybody's rule"),
    ],
)
def test_preflight_is_answered_by_the_first_rule_that_fits(address: str, origin: str, method: str, names: str) -> None:
    status, headers = preflight(address, origin, method, names)
    assert (status, headers["allow-methods"]) == (200, method)
    assert headers["allow-origin"] == ("*" if method == "HEAD" else origin)
    assert headers.get("allow-headers", "") == ", ".join(name.strip().lower() for name in names.split(",") if name)


@pytest.mark.parametrize(
    ("origin", "method", "names"),
    [
        pytest.param("https://other.example", "PUT", "", id="another origin"),
        pytest.param("https://app.example.com.evil.example", "PUT", "", id="an origin that begins like the app's"),
        pytest.param("https://appXexample.com", "PUT", "", id="an origin with another character for the dot"),
        pytest.param("https://a.exampleXorg", "GET", "", id="one like a pattern"),
        pytest.param(APP, "DELETE", "", id="another method"),
        pytest.param(APP, "PUT", "authorization", id="another header"),
        pytest.param("", "PUT", "", id="no origin"),
    ],
)
def test_preflight_that_fits_no_rule_is_refused(address: str, origin: str, method: str, names: str) -> None:
    assert preflight(address, origin, method, names) == (403, {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"AllowedOrigins": ["https://*.*"]}, (400, "InvalidRequest"), id="two wildcards in an origin"),
        pytest.param({"AllowedHeaders": ["x-*-*"]}, (400, "InvalidRequest"), id="two wildcards in a header"),
        pytest.param({"AllowedMethods": ["OPTIONS"]}, (400, "InvalidRequest"), id="another method"),
    ],
)
def test_rule_that_s3_does_not_have_is_refused(
    s3: Any, bucket: str, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    rules = {"CORSRules": [RULES[0] | change]}
    assert code(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=rules) == expected
    assert code(s3.get_bucket_cors, Bucket=bucket) == (404, "NoSuchCORSConfiguration")


@pytest.mark.parametrize("query", ["cors", "publicAccessBlock"])
@pytest.mark.parametrize("body", [b"", b"<CORSConfiguration/>", b"<PublicAccessBlockConfiguration/>"])
def test_configuration_says_something(aws: Aws, bucket: str, query: str, body: bytes) -> None:
    answer = send(signed("PUT", f"{aws.url}/{bucket}?{query}", aws.endpoint.admin_credentials(), body))
    code = "InvalidRequest" if query == "publicAccessBlock" and body else "MalformedXML"
    assert (answer.status, f"<Code>{code}</Code>" in answer.data.decode()) == (400, True)


def test_bucket_without_rules_is_for_no_page(aws: Aws, bucket: str) -> None:
    assert preflight(f"{aws.url}/{bucket}/1", APP, "PUT") == (403, {})
    answer = send(signed("GET", f"{aws.url}/{bucket}", aws.endpoint.admin_credentials(), Origin=APP))
    assert (answer.status, allowed(answer.headers)) == (200, {})


def test_answer_says_who_may_read_it(aws: Aws, address: str) -> None:
    owner = aws.endpoint.admin_credentials()
    answer = send(signed("PUT", address, owner, b"hello", Origin=APP))
    assert (answer.status, allowed(answer.headers)["allow-origin"]) == (200, APP)
    assert allowed(send(signed("GET", address, owner, Origin=APP)).headers) == {}
    assert allowed(send(signed("GET", address, owner, Origin="https://a.example.org")).headers)["max-age"] == "9"
    head = allowed(send(signed("HEAD", address, owner, Origin="https://other.example")).headers)
    assert head == {"allow-origin": "*", "allow-methods": "HEAD", "expose-headers": "ETag"}


def test_answer_with_an_error_says_so_too(address: str) -> None:
    answer = HTTP.request("PUT", address, headers={"Origin": APP})
    assert (answer.status, allowed(answer.headers)["allow-origin"]) == (403, APP)


def test_preflight_for_another_service_is_answered_as_ever(aws: Aws, address: str) -> None:
    assert preflight(f"{aws.url}/channels", APP, "POST")[1]["allow-origin"] == "*"
    assert preflight(f"{aws.url}/", APP, "POST")[1]["allow-origin"] == "*"
    assert address

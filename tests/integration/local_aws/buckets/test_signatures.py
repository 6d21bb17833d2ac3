"""Signatures of requests to S3: a good request, then one with one thing changed."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.clients import HTTP, sign_at
from tests.integration.local_aws.buckets.requests import presigned, send, signed, with_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSRequest

    from tests.integration.conftest import Aws

CRC32 = base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big")).decode()
CRC32_OF_HELLO = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
SHA1_OF_HELLO = base64.b64encode(sha1(b"hello", usedforsecurity=False).digest()).decode()
CHUNKS = f"6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:{CRC32}\r\n\r\n".encode()
CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
TRAILER = {
    "x-amz-decoded-content-length": "11",
    "x-amz-trailer": "x-amz-checksum-crc32",
    "content-encoding": "aws-chunked",
    "x-amz-sdk-checksum-algorithm": "CRC32",
}


@pytest.fixture(scope="module")
def keys(aws: Aws) -> dict[str, str]:
    """A function's credentials."""
    aws.role("FunctionRole")
    return aws.endpoint.credentials("FunctionRole")


def answered(request: AWSRequest) -> tuple[int, str]:
    """Status and code."""
    answer = send(request)
    return answer.status, code_in(answer.data)


def code_in(body: bytes) -> str:
    return body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def with_header(name: str, change: Callable[[str], str]) -> Callable[[Any], None]:
    """Return a function that changes one header of a request, or adds it."""

    def change_request(request: Any) -> None:
        value = request.headers.get(name, "")
        del request.headers[name]
        request.headers[name] = change(value)

    return change_request


@pytest.mark.parametrize("key", ["1", "a%20b", "%C3%BC", "a//b", "~%21%2A%27%28%29", "a%2Bb"])
def test_path_is_signed_in_its_one_spelling(aws: Aws, bucket: str, keys: dict[str, str], key: str) -> None:
    url = f"{aws.url}/{bucket}/{key}"
    assert answered(signed("PUT", url, keys, b"hello"))[0] == 200
    assert send(signed("GET", url, keys)).data == b"hello"


@pytest.mark.parametrize("path", ["/1'", "/a+b", "/a%2Fb", "/%c3%bc", "/%31", "?prefix=a/b", "?prefix=a'b"])
def test_other_spelling_is_not_what_s3_signs(aws: Aws, bucket: str, keys: dict[str, str], path: str) -> None:
    assert answered(signed("GET", f"{aws.url}/{bucket}{path}", keys)) == (403, "SignatureDoesNotMatch")


def test_spelling_may_change_on_the_way(aws: Aws, s3: Any, bucket: str, keys: dict[str, str]) -> None:
    s3.put_object(Bucket=bucket, Key="1", Body=b"hello")
    url = presigned("GET", f"{aws.url}/{bucket}/1", keys)
    assert "%2Fs3%2F" in url
    assert HTTP.request("GET", url.replace("%2Fs3%2F", "/s3/")).data == b"hello"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            with_header("X-Amz-Date", lambda _: "20260101T000000Z"), "RequestTimeTooSkewed", id="another time"
        ),
        pytest.param(
            with_header("Authorization", lambda value: value.replace("us-east-1", "eu-west-1")),
            "SignatureDoesNotMatch",
            id="another region",
        ),
        pytest.param(
            with_header("Authorization", lambda value: value[:-64] + "0" * 64),
            "SignatureDoesNotMatch",
            id="another one",
        ),
        pytest.param(with_header("X-Amz-Meta-By", lambda _: "Bob"), "AccessDenied", id="a header that was not signed"),
        pytest.param(
            with_header("X-Amz-Acl", lambda _: "public-read"), "AccessDenied", id="an ACL that was not signed"
        ),
        pytest.param(with_header("X-Amz-Security-Token", lambda _: "x"), "InvalidToken", id="another session token"),
        pytest.param(
            with_header("X-Amz-Content-SHA256", lambda _: "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch", id="no hash"
        ),
        pytest.param(with_header("Authorization", lambda _: "Bearer x"), "AuthorizationHeaderMalformed", id="none"),
    ],
)
def test_changed_request_is_refused(
    aws: Aws, bucket: str, keys: dict[str, str], change: Callable[[Any], None], expected: str
) -> None:
    request = signed("PUT", f"{aws.url}/{bucket}/1", keys, b"hello")
    change(request)
    status, code = answered(request)
    assert (status in (400, 403), code) == (True, expected)
    assert send(signed("GET", f"{aws.url}/{bucket}/1", keys)).status == 404


def test_other_path_method_or_query_is_refused(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    request = signed("GET", f"{aws.url}/{bucket}/1", keys)
    headers = dict(request.headers.items())
    for method, path in (("GET", "/2"), ("DELETE", "/1"), ("GET", "/1?response-content-type=text/html")):
        answer = HTTP.request(method, f"{aws.url}/{bucket}{path}", headers=headers)
        assert (answer.status, code_in(answer.data)) == (403, "SignatureDoesNotMatch")


def test_body_has_to_have_its_hash(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = f"{aws.url}/{bucket}/1"
    stated = sha256(b"another").hexdigest()
    assert answered(with_payload("PUT", url, keys, b"hello", stated)) == (400, "XAmzContentSHA256Mismatch")
    assert answered(with_payload("PUT", url, keys, b"hello", sha256(b"hello").hexdigest()))[0] == 200
    assert answered(with_payload("PUT", url, keys, b"another", "UNSIGNED-PAYLOAD"))[0] == 200
    signed_in_chunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    assert answered(with_payload("PUT", url, keys, b"hello", signed_in_chunks)) == (501, "NotImplemented")


def test_request_says_what_its_body_is(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    request = signed("PUT", f"{aws.url}/{bucket}/1", keys, b"hello")
    del request.headers["X-Amz-Content-SHA256"]
    assert answered(request) == (400, "InvalidRequest")


def test_chunks_are_taken_for_one_body(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = f"{aws.url}/{bucket}/1"
    assert answered(with_payload("PUT", url, keys, CHUNKS, CHUNKED, **TRAILER))[0] == 200
    stored = send(signed("GET", url, keys))
    assert (stored.data, stored.headers.get("Content-Encoding")) == (b"hello world", None)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        pytest.param((CHUNKS.replace(b"world", b"earth"), {}), "BadDigest", id="another content"),
        pytest.param((CHUNKS[:20], {}), "IncompleteBody", id="an end in a chunk"),
        pytest.param((CHUNKS.partition(b"0\r\n")[0], {}), "IncompleteBody", id="no last chunk"),
        pytest.param((CHUNKS.replace(b"5\r\n", b"x\r\n"), {}), "IncompleteBody", id="a size that is none"),
        pytest.param((CHUNKS.replace(b"5\r\n", b"4\r\n"), {}), "IncompleteBody", id="another size"),
        pytest.param((b"hello world", {}), "IncompleteBody", id="no chunks"),
        pytest.param((CHUNKS, {"x-amz-decoded-content-length": "12"}), "IncompleteBody", id="another length"),
        pytest.param(
            (CHUNKS, {"x-amz-trailer": "x-amz-checksum-sha256"}), "MalformedTrailerError", id="another trailer"
        ),
        pytest.param((CHUNKS.partition(b"x-amz")[0], {}), "MalformedTrailerError", id="no trailer"),
        pytest.param((CHUNKS[:-2], {}), "MalformedTrailerError", id="no end of the trailer"),
        pytest.param((CHUNKS, {"x-amz-checksum-crc32": CRC32}), "InvalidRequest", id="two checksums"),
    ],
)
def test_wrong_chunks_are_refused(
    aws: Aws, bucket: str, keys: dict[str, str], wrong: tuple[bytes, dict[str, str]], expected: str
) -> None:
    url, (body, headers) = f"{aws.url}/{bucket}/1", wrong
    request = with_payload("PUT", url, keys, body, CHUNKED, **{**TRAILER, **headers})
    assert answered(request) == (400, expected)
    assert send(signed("GET", url, keys)).status == 404


@pytest.mark.parametrize(
    "name", ["x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-checksum-sha1", "content-md5"]
)
def test_wrong_checksum_is_refused(aws: Aws, bucket: str, keys: dict[str, str], name: str) -> None:
    request = signed("PUT", f"{aws.url}/{bucket}/1", keys, b"hello", **{name: base64.b64encode(b"none").decode()})
    assert answered(request) == (400, "BadDigest")


@pytest.mark.parametrize("name", ["x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme"])
def test_checksum_that_cannot_be_checked_is_refused(aws: Aws, bucket: str, keys: dict[str, str], name: str) -> None:
    assert answered(signed("PUT", f"{aws.url}/{bucket}/1", keys, b"hello", **{name: "AAAAAA=="}))[0] == 501


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x-amz-sdk-checksum-algorithm": "CRC32"}, id="none of what was announced"),
        pytest.param({"x-amz-sdk-checksum-algorithm": "SHA1", "x-amz-checksum-crc32": CRC32_OF_HELLO}, id="another"),
        pytest.param({"x-amz-checksum-sha1": SHA1_OF_HELLO, "x-amz-checksum-crc32": CRC32_OF_HELLO}, id="two"),
    ],
)
def test_checksum_is_the_one_that_is_announced(
    aws: Aws, bucket: str, keys: dict[str, str], headers: dict[str, str]
) -> None:
    url, one = (
        f"{aws.url}/{bucket}/1",
        {"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": CRC32_OF_HELLO},
    )
    assert answered(signed("PUT", url, keys, b"hello", **one))[0] == 200
    assert answered(signed("PUT", url, keys, b"hello", **headers)) == (400, "InvalidRequest")


def test_bucket_is_called_in_its_region(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    request = signed("GET", f"{aws.url}/{bucket}/1", keys, region="eu-central-1")
    assert answered(request) == (400, "AuthorizationHeaderMalformed")


def test_request_is_signed_in_one_place(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = presigned("GET", f"{aws.url}/{bucket}/1", keys)
    assert answered(signed("GET", url, keys)) == (400, "InvalidArgument")


def test_presigned_url_reads_and_writes(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = f"{aws.url}/{bucket}/a%20b"
    assert HTTP.request("PUT", presigned("PUT", url, keys), body=b"hello").status == 200
    assert HTTP.request("GET", presigned("GET", url, keys)).data == b"hello"
    shown = HTTP.request("GET", presigned("GET", f"{url}?response-content-disposition=attachment", keys))
    assert shown.headers["Content-Disposition"] == "attachment"


def test_presigned_url_is_good_for_what_it_says(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = presigned("GET", f"{aws.url}/{bucket}/1", keys)
    for method, changed in (("PUT", url), ("GET", url.replace("/1?", "/2?")), ("GET", f"{url}&response-expires=x")):
        answer = HTTP.request(method, changed)
        assert (answer.status, code_in(answer.data)) == (403, "SignatureDoesNotMatch")
    answer = HTTP.request("GET", url, headers={"X-Amz-Acl": "public-read"})
    assert (answer.status, code_in(answer.data)) == (403, "AccessDenied")


@pytest.mark.parametrize("seconds_ago", [61, -1000])
def test_presigned_url_is_good_for_its_time(
    aws: Aws, bucket: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch, seconds_ago: int
) -> None:
    sign_at(datetime.now(UTC) - timedelta(seconds=seconds_ago), monkeypatch)
    answer = HTTP.request("GET", presigned("GET", f"{aws.url}/{bucket}/1", keys, seconds=60))
    assert (answer.status, code_in(answer.data)) == (403, "AccessDenied")


def test_checksum_in_a_presigned_url_is_of_a_body_that_was_not_there(
    aws: Aws, bucket: str, keys: dict[str, str]
) -> None:
    url = presigned("PUT", f"{aws.url}/{bucket}/1?x-amz-checksum-crc32=AAAAAA%3D%3D&x-id=PutObject", keys)
    assert HTTP.request("PUT", url, body=b"hello").status == 200


def test_metadata_of_a_presigned_url_is_the_objects(aws: Aws, s3: Any, bucket: str, keys: dict[str, str]) -> None:
    url = presigned("PUT", f"{aws.url}/{bucket}/1?x-amz-meta-by=Ada", keys)
    assert HTTP.request("PUT", url, body=b"hello").status == 200
    assert s3.head_object(Bucket=bucket, Key="1")["Metadata"] == {"by": "Ada"}


def test_acl_of_a_presigned_url_is_not_overlooked(aws: Aws, bucket: str, keys: dict[str, str]) -> None:
    url = presigned("PUT", f"{aws.url}/{bucket}/1?x-amz-acl=public-read", keys)
    assert HTTP.request("PUT", url, body=b"hello").status == 501


@pytest.mark.parametrize("path", ["/1", "/", "?list-type=2", "/1?X-Amz-Signature=x"])
def test_nobody_reads_without_a_signature(aws: Aws, s3: Any, bucket: str, path: str) -> None:
    s3.put_object(Bucket=bucket, Key="1", Body=b"hello")
    answer = HTTP.request("GET", f"{aws.url}/{bucket}{path}")
    assert (answer.status, code_in(answer.data)) == (403, "AccessDenied")


def test_error_of_a_head_has_no_body(aws: Aws, bucket: str) -> None:
    answer = HTTP.request("HEAD", f"{aws.url}/{bucket}/1")
    assert (answer.status, answer.data) == (403, b"")

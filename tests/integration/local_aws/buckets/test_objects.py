"""Objects in buckets of the local AWS, put and read by boto3, and what of S3 is not served."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.utils import get_service_model
from moto.s3.models import S3Backend

from local.aws.s3_operations import OPERATIONS
from tests.integration.clients import HTTP
from tests.integration.local_aws.buckets.requests import code, send, signed

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

MODEL: Any = get_service_model("s3")
OF_ANOTHER_HOST = {"ListDirectoryBuckets"}
"""Otherwise the same request as ListBuckets."""
HELLO: dict[str, Any] = {"Key": "ada/1", "Body": b"hello"}


@pytest.mark.parametrize(
    "key",
    [
        "ada/1",
        "a",
        "ada/",
        "ada//x",
        "/ada",
        "ada/../bob/1",
        "ü ö+&?#%2F.txt",
        "a'()*!~",
        "acl",
        "ada/tagging=x&policy",
    ],
)
def test_object_is_what_was_put_under_its_key(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, **{**HELLO, "Key": key})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"hello"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_object_keeps_what_was_said_of_it(s3: Any, bucket: str) -> None:
    said = {"ContentType": "image/png", "ContentDisposition": "attachment", "Metadata": {"by": "Ada"}}
    s3.put_object(Bucket=bucket, **HELLO, **said)
    found = s3.head_object(Bucket=bucket, Key="ada/1")
    assert {name: found[name] for name in said} == said
    assert found["ContentLength"] == 5


def test_form_that_is_put_is_stored_as_it_is(s3: Any, bucket: str) -> None:
    form = {"Body": b"key=bob/1&file=other", "ContentType": "application/x-www-form-urlencoded"}
    s3.put_object(Bucket=bucket, **{**HELLO, **form})
    assert s3.get_object(Bucket=bucket, Key="ada/1")["Body"].read() == form["Body"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_part_of_an_object_is_read(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, **HELLO)
    answer = s3.get_object(Bucket=bucket, Key="ada/1", Range="bytes=1-2")
    assert (answer["Body"].read(), answer["ContentRange"]) == (b"el", "bytes 1-2/5")


def test_nothing_is_put_over_what_is_there_if_asked_so(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, **HELLO, IfNoneMatch="*")
    assert code(s3.put_object, Bucket=bucket, **HELLO, IfNoneMatch="*") == (412, "PreconditionFailed")


def test_one_of_two_who_put_at_once_finds_nothing(
    aws: Aws, s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Slow, so that the second one looks before the first one has put, if nothing keeps it from that.
    put = S3Backend.put_object

    def put_late(*given: Any, **named: Any) -> Any:
        time.sleep(0.3)
        return put(*given, **named)

    monkeypatch.setattr(S3Backend, "put_object", put_late)
    together = Barrier(2)

    def status(_: int) -> int:
        request = signed("PUT", f"{aws.url}/{bucket}/1", aws.endpoint.admin_credentials(), b"hello", if_none_match="*")
        together.wait(60)
        return send(request).status

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(status, range(2))) == [200, 412]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_listing_is_by_prefix_and_in_pages(s3: Any, bucket: str) -> None:
    for key in ("ada/1", "ada/2", "bob/1"):
        s3.put_object(Bucket=bucket, **{**HELLO, "Key": key})
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    assert [each["Prefix"] for each in folders] == ["ada/", "bob/"]
    first = s3.list_objects_v2(Bucket=bucket, Prefix="ada/", MaxKeys=1)
    rest = s3.list_objects_v2(Bucket=bucket, Prefix="ada/", ContinuationToken=first["NextContinuationToken"])
    assert [each["Key"] for each in (*first["Contents"], *rest["Contents"])] == ["ada/1", "ada/2"]


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        pytest.param("get_object", {"Key": "none"}, (404, "NoSuchKey"), id="a missing object"),
        pytest.param("get_object", {"Bucket": "none", "Key": "none"}, (404, "NoSuchBucket"), id="a missing bucket"),
        pytest.param("head_object", {"Key": "none"}, (404, "404"), id="the head of a missing object"),
        pytest.param("get_bucket_policy", {}, (404, "NoSuchBucketPolicy"), id="a missing policy"),
        pytest.param("get_bucket_cors", {}, (404, "NoSuchCORSConfiguration"), id="a missing configuration"),
        pytest.param("delete_bucket", {}, (409, "BucketNotEmpty"), id="a bucket that is not empty"),
    ],
)
def test_error_has_the_code_of_s3(
    s3: Any, bucket: str, operation: str, parameters: Any, expected: tuple[int, str]
) -> None:
    s3.put_object(Bucket=bucket, **HELLO)
    assert code(getattr(s3, operation), **{"Bucket": bucket, **parameters}) == expected


def test_bucket_is_made_and_deleted(s3: Any, bucket: str) -> None:
    assert bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.head_bucket(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)
    assert code(s3.head_bucket, Bucket=bucket) == (404, "404")


def test_public_access_block_is_kept(s3: Any, bucket: str) -> None:
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block


@pytest.mark.parametrize("name", ["channels", "local", "meetings"])
def test_bucket_cannot_have_the_name_of_a_path_of_another_service(s3: Any, name: str) -> None:
    assert code(s3.create_bucket, Bucket=name) == (501, "NotImplemented")


@pytest.mark.parametrize(
    "name", ["Files", "fi", "a_b", "-ab", "a..b", "192.168.5.4", "xn--ab", "ab-s3alias", "ab--x-s3"]
)
def test_bucket_has_a_name_that_s3_allows(aws: Aws, name: str) -> None:
    # Not by boto3, which sends no such name.
    answer = send(signed("PUT", f"{aws.url}/{name}", aws.endpoint.admin_credentials()))
    assert (answer.status, b"<Code>InvalidBucketName</Code>" in answer.data) == (400, True)


def test_bucket_in_the_host_is_the_same_as_in_the_path(aws: Aws, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, **HELLO)
    port = aws.url.rpartition(":")[2]
    for domain in (f"localhost:{port}", "s3.amazonaws.com", "s3.us-east-1.amazonaws.com"):
        request = signed("GET", f"http://{bucket}.{domain}/ada/1", aws.endpoint.admin_credentials())
        headers = {**dict(request.headers.items()), "Host": f"{bucket}.{domain}"}
        assert HTTP.request("GET", f"{aws.url}/ada/1", headers=headers).data == b"hello", domain


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("put_object_acl", {"Key": "ada/1", "ACL": "public-read"}, id="an ACL"),
        pytest.param("put_object", {"Key": "ada/1", "ACL": "public-read"}, id="an ACL of a new object"),
        pytest.param("put_object", {"Key": "ada/1", "Tagging": "a=b"}, id="tags of a new object"),
        pytest.param("put_object", {"Key": "ada/1", "ServerSideEncryption": "aws:kms"}, id="an encryption key"),
        pytest.param("put_object", {"Key": "ada/1", "IfNoneMatch": '"etag"'}, id="an ETag that is not to be there"),
        pytest.param("copy_object", {"Key": "bob/1", "CopySource": "files/ada/1"}, id="a copy"),
        pytest.param("create_multipart_upload", {"Key": "ada/1"}, id="an upload in parts"),
        pytest.param("get_object", {"Key": "ada/1", "VersionId": "1"}, id="a version"),
        pytest.param("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}, id="versions"),
        pytest.param("create_bucket", {"Bucket": "others", "ACL": "public-read"}, id="an ACL of a new bucket"),
        pytest.param(
            "create_bucket",
            {"Bucket": "others", "CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "b"}]}},
            id="tags of a new bucket",
        ),
    ],
)
def test_what_is_not_served_is_said(s3: Any, bucket: str, operation: str, parameters: Any) -> None:
    s3.put_object(Bucket=bucket, **HELLO)
    assert code(getattr(s3, operation), **{"Bucket": bucket, **parameters}) == (501, "NotImplemented")


def test_every_other_operation_is_answered_with_501(aws: Aws, s3: Any, bucket: str) -> None:
    answers = {
        name: status(aws, bucket, name)
        for name in set(s3.meta.service_model.operation_names) - {*OPERATIONS, *OF_ANOTHER_HOST}
    }
    assert {name for name, answered in answers.items() if answered != 501} == set()


def status(aws: Aws, bucket: str, name: str) -> int:
    """Return the status of a request for an operation, with what of its parameters is not in the body."""
    operation = MODEL.operation_model(name)
    path = operation.http["requestUri"].replace("{Bucket}", bucket).replace("{Key+}", "ada/1")
    shape = operation.input_shape
    query = "".join(f"&{each}=1" for each in (shape.required_query_args if shape else ()))
    url = f"{aws.url}{path}{query if '?' in path else query.replace('&', '?', 1)}"
    headers: dict[str, Any] = {each.replace("-", "_"): "1" for each in (shape.required_headers if shape else ())}
    return send(signed(operation.http["method"], url, aws.endpoint.admin_credentials(), b"", **headers)).status


@pytest.mark.parametrize(
    ("request_line", "headers"),
    [
        pytest.param("DELETE /ada/1?acl", {}, id="an ACL, which is not deleted"),
        pytest.param("DELETE /ada/1?legal-hold", {}, id="a legal hold, neither"),
        pytest.param("DELETE ?versions", {}, id="versions, neither"),
        pytest.param("PUT /ada/1?partNumber=1", {}, id="a part of no upload"),
        pytest.param("PUT /ada/1?torrent", {}, id="what is read only"),
        pytest.param("PUT /bob/1", {"x-amz-rename-source": "/files/ada/1"}, id="another operation's header"),
    ],
)
def test_request_is_not_taken_for_a_simpler_one(
    aws: Aws, s3: Any, bucket: str, request_line: str, headers: dict[str, str]
) -> None:
    s3.put_object(Bucket=bucket, **HELLO)
    method, path = request_line.split()
    request = signed(method, f"{aws.url}/{bucket}{path}", aws.endpoint.admin_credentials(), b"", **headers)
    assert send(request).status == 501
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["ada/1"]
    assert s3.get_object(Bucket=bucket, Key="ada/1")["Body"].read() == b"hello"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("k" * 1024, (200, b""), id="as long as can be"),
        pytest.param("%C3%BC" * 513, (400, b"KeyTooLongError"), id="longer"),
        pytest.param("%FF", (400, b"InvalidURI"), id="not UTF-8"),
    ],
)
def test_key_is_short_and_in_utf_8(aws: Aws, bucket: str, key: str, expected: tuple[int, bytes]) -> None:
    answer = send(signed("PUT", f"{aws.url}/{bucket}/{key}", aws.endpoint.admin_credentials(), b"hello"))
    assert (answer.status, answer.data.partition(b"<Code>")[2].partition(b"</Code>")[0]) == expected


def test_metadata_are_two_kilobytes_at_most(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, **HELLO, Metadata={"by": "a" * 2046})
    too_large = (400, "MetadataTooLarge")
    assert code(s3.put_object, Bucket=bucket, **HELLO, Metadata={"by": "a" * 2047}) == too_large
    assert code(s3.put_object, Bucket=bucket, **HELLO, Metadata={"by": "a" * 1023, "to": "b" * 1023}) == too_large


def test_content_of_an_object_is_not_in_the_log_of_calls(aws: Aws, s3: Any, bucket: str) -> None:
    aws.local("DELETE", "calls")
    s3.put_object(Bucket=bucket, **{**HELLO, "Body": b"between us"})
    (logged,) = aws.local("GET", "calls")[1]
    assert (logged["operation"], logged["parameters"]["Key"], logged["parameters"]["Body"]) == (
        "PutObject",
        "ada/1",
        "***",
    )


def test_fault_is_told_in_the_words_of_s3(aws: Aws, s3: Any, bucket: str) -> None:
    aws.local("POST", "faults", {"operation": "PutObject", "error": "SlowDown", "status": 503})
    assert code(s3.put_object, Bucket=bucket, **HELLO) == (503, "SlowDown")
    s3.put_object(Bucket=bucket, **HELLO)

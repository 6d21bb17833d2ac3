"""Who may do what in a bucket: the policies of the caller's role and the bucket's, judged together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import policy
from tests.integration.local_aws.buckets.requests import code, send, signed

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ACCOUNT = "arn:aws:iam::123456789012"
TAG = {"Key": "UserUUID", "Value": "ada"}
OWN_FOLDER = "${aws:PrincipalTag/UserUUID}/*"


def allow(action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, **more}


def deny(action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, **more}


@pytest.fixture(scope="module")
def reader(aws: Aws) -> str:
    """The ARN of a role that may do something elsewhere."""
    return aws.role("reader", allow("sqs:*", Resource="*"))


@pytest.fixture(scope="module")
def denied(aws: Aws) -> str:
    """The ARN of a role that is denied everything but what it may elsewhere."""
    return aws.role("denied", {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"})


def may(aws: Aws, role: str, bucket: str, key: str = "ada/1", method: str = "PUT") -> bool:
    """Tell whether a session of the role with the tag UserUUID=ada may do this to an object."""
    sts = aws.client("sts", aws.endpoint.credentials("starter"))
    arn = aws.endpoint.roles[role]
    session = sts.assume_role(RoleArn=arn, RoleSessionName="chime_ada", Tags=[TAG])["Credentials"]
    answer = send(signed(method, f"{aws.url}/{bucket}/{key}", session))
    assert answer.status in (200, 204, 403), answer.data
    return answer.status != 403


@pytest.fixture(scope="module", autouse=True)
def starter(aws: Aws) -> None:
    """A role that may start sessions of the others."""
    aws.role("starter", allow("sts:*", Resource="*"))


def put(s3: Any, bucket: str, *statements: Any) -> None:
    """Give the bucket a policy; in its resources, a name without a bucket is a key."""
    arn = f"arn:aws:s3:::{bucket}/"
    whole = [{"Resource": f"{arn}*", **one} for one in statements]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(*whole))


def test_nobody_may_without_a_policy(aws: Aws, s3: Any, bucket: str, reader: str) -> None:
    assert not may(aws, "reader", bucket)
    put(s3, bucket, allow("s3:PutObject", Principal={"AWS": reader}))
    assert may(aws, "reader", bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    assert not may(aws, "reader", bucket)


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        pytest.param(f"{ACCOUNT}:role/reader", True, id="the role"),
        pytest.param("arn:aws:sts::123456789012:assumed-role/reader/chime_ada", True, id="the session"),
        pytest.param("arn:aws:sts::123456789012:assumed-role/reader/chime_bob", False, id="another session"),
        pytest.param(f"{ACCOUNT}:root", False, id="the account, which allows nothing by itself"),
        pytest.param(f"{ACCOUNT}:role/denied", False, id="another role"),
    ],
)
@pytest.mark.usefixtures("reader", "denied")
def test_bucket_policy_alone_allows(aws: Aws, s3: Any, bucket: str, principal: str, allowed: bool) -> None:  # noqa: FBT001 - a table's column
    put(s3, bucket, allow("s3:PutObject", Principal={"AWS": principal}))
    assert may(aws, "reader", bucket) is allowed


def test_own_policy_alone_allows(aws: Aws, s3: Any, bucket: str) -> None:
    aws.role("writer", allow("s3:PutObject", Resource=f"arn:aws:s3:::{bucket}/ada/*"))
    assert may(aws, "writer", bucket)
    assert not may(aws, "writer", bucket, "bob/1")
    put(s3, bucket, deny("s3:PutObject", Principal={"AWS": f"{ACCOUNT}:root"}))
    assert not may(aws, "writer", bucket)


def test_explicit_deny_of_the_role_wins(aws: Aws, s3: Any, bucket: str, denied: str) -> None:
    put(s3, bucket, allow("s3:PutObject", Principal={"AWS": denied}))
    assert not may(aws, "denied", bucket)


def test_explicit_deny_of_the_bucket_wins_over_the_owner(s3: Any, bucket: str) -> None:
    put(s3, bucket, deny("s3:PutObject", Principal="*"))
    assert code(s3.put_object, Bucket=bucket, Key="1") == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        pytest.param("ada/1", True, id="one's own folder"),
        pytest.param("bob/1", False, id="another's"),
        pytest.param("adam/1", False, id="one that begins like one's own"),
        pytest.param("ada", False, id="beside it"),
        pytest.param("/ada/1", False, id="below an empty name"),
        pytest.param("ADA/1", False, id="one in capitals"),
    ],
)
def test_folder_is_the_sessions_own(aws: Aws, s3: Any, bucket: str, reader: str, key: str, allowed: bool) -> None:  # noqa: FBT001, PLR0913, PLR0917 - a table's column
    resource = f"arn:aws:s3:::{bucket}/{OWN_FOLDER}"
    put(s3, bucket, allow("s3:PutObject", Principal={"AWS": reader}, Resource=resource))
    assert may(aws, "reader", bucket, key) is allowed


def test_key_that_is_missing_is_told_to_those_who_may_list(aws: Aws, s3: Any, bucket: str, reader: str) -> None:
    put(s3, bucket, allow("s3:GetObject", Principal={"AWS": reader}))
    client = aws.as_role("reader", "s3")
    assert code(client.get_object, Bucket=bucket, Key="none") == (403, "AccessDenied")
    listing = allow("s3:ListBucket", Principal={"AWS": reader}, Resource=f"arn:aws:s3:::{bucket}")
    put(s3, bucket, allow("s3:GetObject", Principal={"AWS": reader}), listing)
    assert code(client.get_object, Bucket=bucket, Key="none") == (404, "NoSuchKey")


def test_policy_tells_plain_http(aws: Aws, s3: Any, bucket: str) -> None:
    only_tls = deny("s3:GetObject", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket=bucket, Key="1", Body=b"hello")
    put(s3, bucket, only_tls)
    assert code(s3.get_object, Bucket=bucket, Key="1") == (403, "AccessDenied")
    assert aws.url.startswith("http:")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        pytest.param(None, "because no identity-based policy allows the s3:PutObject action", id="none allows"),
        pytest.param(deny("s3:*", Principal="*"), "with an explicit deny in a resource-based policy", id="a bucket's"),
    ],
)
@pytest.mark.usefixtures("reader")
def test_refusal_says_who_what_where_and_why(aws: Aws, s3: Any, bucket: str, statement: Any, reason: str) -> None:
    if statement:
        put(s3, bucket, statement)
    with pytest.raises(ClientError) as caught:
        aws.as_role("reader", "s3").put_object(Bucket=bucket, Key="ada/1")
    who = "arn:aws:sts::123456789012:assumed-role/reader/reader"
    where = f'"arn:aws:s3:::{bucket}/ada/1"'
    message = f"User: {who} is not authorized to perform: s3:PutObject on resource: {where} {reason}"
    assert caught.value.response["Error"]["Message"] == message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"Resource": "arn:aws:s3:::other/*"}, (400, "MalformedPolicy"), id="another bucket"),
        pytest.param({"Resource": "*"}, (400, "MalformedPolicy"), id="all buckets"),
        pytest.param({"Action": "s3:ListBucket"}, (400, "MalformedPolicy"), id="an action on buckets, for objects"),
        pytest.param({"Action": ["s3:ListBucket", "s3:Get*"]}, (400, "MalformedPolicy"), id="one of two actions"),
        pytest.param({"Principal": {"AWS": f"{ACCOUNT}:role/none"}}, (400, "MalformedPolicy"), id="a missing role"),
        pytest.param({"Action": "sqs:SendMessage"}, (400, "MalformedPolicy"), id="another service's action"),
        pytest.param({"Action": "*"}, None, id="all actions"),
        pytest.param({"Principal": "*"}, (501, "NotImplemented"), id="everybody"),
        pytest.param({"Condition": {"StringEquals": {"s3:x-amz-acl": "x"}}}, (501, "NotImplemented"), id="a key"),
        pytest.param({"NotPrincipal": "*"}, (501, "NotImplemented"), id="everybody but"),
    ],
)
def test_new_policy_is_one_that_is_understood(
    s3: Any, bucket: str, reader: str, change: Any, expected: tuple[int, str] | None
) -> None:
    statement = allow("s3:GetObject", Principal={"AWS": reader}, Resource=f"arn:aws:s3:::{bucket}/*") | change
    if expected is None:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement))
        assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"] == [statement]
    else:
        assert code(s3.put_bucket_policy, Bucket=bucket, Policy=policy(statement)) == expected
        assert code(s3.get_bucket_policy, Bucket=bucket) == (404, "NoSuchBucketPolicy")


def test_actions_that_are_excepted_fit_any_resource(aws: Aws, s3: Any, bucket: str, reader: str) -> None:
    put(s3, bucket, {"Effect": "Allow", "NotAction": "s3:ListBucket", "Principal": {"AWS": reader}})
    assert may(aws, "reader", bucket)


@pytest.mark.parametrize("text", ["{", "{}", '{"Version": "2012-10-17", "Statement": []}'])
def test_new_policy_is_json_and_says_something(s3: Any, bucket: str, text: str) -> None:
    assert code(s3.put_bucket_policy, Bucket=bucket, Policy=text) == (400, "MalformedPolicy")


@pytest.mark.parametrize("operation", ["PutBucketPolicy", "DeleteBucketPolicy", "PutBucketCors", "DeleteBucket"])
@pytest.mark.usefixtures("reader")
def test_bucket_is_changed_by_its_owner_alone(aws: Aws, bucket: str, operation: str) -> None:
    client = aws.as_role("reader", "s3")
    method = next(name for name, made_by in client.meta.method_to_api_mapping.items() if made_by == operation)
    more: dict[str, Any] = {
        "PutBucketPolicy": {"Policy": "{}"},
        "PutBucketCors": {"CORSConfiguration": {"CORSRules": []}},
    }
    assert code(getattr(client, method), Bucket=bucket, **more.get(operation, {})) == (403, "AccessDenied")

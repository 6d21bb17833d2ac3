"""Buckets and their policies as stacks change and delete them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import policy
from tests.integration.local_aws.buckets.requests import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

ACTION = "s3:DeleteObject"


def template(action: str, bucket: str = "Files", **of_bucket: Any) -> str:
    """Return a template with two buckets, one of which denies *action* to everybody."""
    resource: Any = {"Fn::Sub": f"arn:aws:s3:::${{{bucket}}}/*"}
    document = json.loads(policy({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}))
    buckets = {name: {"Type": "AWS::S3::Bucket", **of_bucket} for name in ("Files", "Others")}
    its_policy = {"Bucket": {"Ref": bucket}, "PolicyDocument": document}
    return json.dumps(
        {
            "Resources": {**buckets, "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": its_policy}},
            "Outputs": {name: {"Value": {"Ref": name}} for name in buckets},
        }
    )


class Stack:
    """A stack of the template."""

    def __init__(self, client: Any) -> None:
        self._client = client
        client.create_stack(StackName="files", TemplateBody=template(ACTION, DeletionPolicy="Retain"))
        (made,) = client.describe_stacks(StackName="files")["Stacks"]
        self.buckets = {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}

    def update(self, action: str, bucket: str = "Files") -> None:
        self._client.update_stack(StackName="files", TemplateBody=template(action, bucket, DeletionPolicy="Retain"))

    def delete(self) -> None:
        self._client.delete_stack(StackName="files")


@pytest.fixture
def stack(aws: Aws) -> Iterator[Stack]:
    made = Stack(aws.client("cloudformation"))
    yield made
    made.delete()


def denied(s3: Any, bucket: str) -> str | None:
    """Return the action that the bucket's policy denies; None if it has no policy."""
    try:
        document = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError:
        return None
    return str(document["Statement"][0]["Action"])


def test_updated_stack_has_the_new_policy(stack: Stack, s3: Any) -> None:
    assert denied(s3, stack.buckets["Files"]) == ACTION
    stack.update("s3:GetObject")
    assert denied(s3, stack.buckets["Files"]) == "s3:GetObject"


def test_policy_moves_with_an_update(stack: Stack, s3: Any) -> None:
    stack.update(ACTION, "Others")
    assert [denied(s3, stack.buckets[name]) for name in ("Files", "Others")] == [None, ACTION]


def test_policy_that_s3_refuses_takes_nothing_away(stack: Stack, s3: Any) -> None:
    assert code(lambda: stack.update("sqs:SendMessage"))[1] == "ValidationError"
    assert denied(s3, stack.buckets["Files"]) == ACTION


def test_stack_with_rules_that_s3_does_not_have_is_not_made(aws: Aws) -> None:
    rules = [{"AllowedOrigins": ["https://*.*"], "AllowedMethods": ["GET"]}]
    wrong = template(ACTION, Properties={"CorsConfiguration": {"CorsRules": rules}})
    create = aws.client("cloudformation").create_stack
    assert code(create, StackName="wrong", TemplateBody=wrong) == (400, "ValidationError")


def test_bucket_that_is_retained_outlives_its_stack_without_the_policy(stack: Stack, s3: Any) -> None:
    bucket = stack.buckets["Files"]
    s3.put_object(Bucket=bucket, Key="1", Body=b"hello")
    stack.delete()
    assert s3.get_object(Bucket=bucket, Key="1")["Body"].read() == b"hello"
    assert denied(s3, bucket) is None

"""
Create with a stack what moto's CloudFormation leaves out of S3: a bucket's policy, CORS and public access block.

Sources: pages aws-resource-s3-bucketpolicy.html, aws-properties-s3-bucket-corsrule.html and
aws-properties-s3-bucket-publicaccessblockconfiguration.html of
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends

from local.aws import bucket_cors, bucket_policies, buckets
from local.aws.errors import AwsError
from local.aws.identities import ACCOUNT, PARTITION
from local.aws.policies import PolicyError

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket

_CORS = {
    "AllowedMethods": "AllowedMethod",
    "AllowedOrigins": "AllowedOrigin",
    "AllowedHeaders": "AllowedHeader",
    "ExposedHeaders": "ExposeHeader",
    "MaxAge": "MaxAgeSeconds",
    "Id": "ID",
}
"""By the name in a template, the one in S3's own configuration."""


def configure(bucket: FakeBucket, properties: dict[str, Any]) -> None:
    """
    Set CORS and public access block of *bucket* as the *properties* of an AWS::S3::Bucket say.

    Raises:
        ValidationError: S3 would not take the rules.
    """
    rules = properties.get("CorsConfiguration", {}).get("CorsRules", [])
    message = bucket_cors.wrong(rules)
    if message:
        raise ValidationError(name_or_id=bucket.name, message=message)
    bucket.set_cors([{_CORS[name]: _value(value) for name, value in rule.items()} for rule in rules])
    block = properties.get("PublicAccessBlockConfiguration")
    if block:
        s3_backends[ACCOUNT][PARTITION].put_public_access_block(bucket.name, block)


def _value(value: Any) -> Any:
    return value if isinstance(value, list) else str(value)


class BucketPolicy(CloudFormationModel):
    """An AWS::S3::BucketPolicy."""

    def __init__(self, bucket: str) -> None:
        """Take the name of its bucket."""
        self.bucket = bucket

    @property
    def physical_resource_id(self) -> str:
        """The name of its bucket."""
        return self.bucket

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return no name: the resource has none of its own."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type of such a resource in a template."""
        return "AWS::S3::BucketPolicy"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - moto's method
        """Tell that there is no attribute for Fn::GetAtt."""
        return False

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any) -> Any:
        """
        Set the policy of the bucket.

        Raises:
            ValidationError: S3 would not take it, or it could not be evaluated here.
        """
        properties = cloudformation_json["Properties"]
        name, text = properties["Bucket"], json.dumps(properties["PolicyDocument"])
        try:
            bucket_policies.check_new(text, name)
        except (AwsError, PolicyError) as error:
            raise ValidationError(name_or_id=resource_name, message=f"{resource_name}: {error}") from error
        s3_backends[ACCOUNT][PARTITION].put_bucket_policy(name, text.encode())
        return cls(name)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, *_: Any, **__: Any
    ) -> Any:
        """Set another policy, perhaps of another bucket; the first one keeps its own until that is done."""
        updated = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json)
        if updated.bucket != original_resource.bucket:
            cls.delete_from_cloudformation_json(original_resource.bucket)
        return updated

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *_: Any) -> None:
        """Take the policy from the bucket of that name, if there still is one."""
        bucket = buckets.find(resource_name)
        if bucket is not None:
            bucket.policy = None

    def is_created(self) -> bool:
        """Tell that the policy was set."""
        return True

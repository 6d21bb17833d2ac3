"""Ask the policies whether a request to S3 is allowed: those of the caller's user or role, and the bucket's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.aws import bucket_policies, buckets
from local.aws.condition_context import condition_context
from local.aws.errors import AwsError
from local.aws.policies import documents
from local.aws.policies.evaluation import UNKNOWN, Access, Decision, decide_on_resource
from local.aws.s3_operations import permission

if TYPE_CHECKING:
    from collections.abc import Collection

    from moto.s3.models import FakeBucket

    from local.aws.aws_request import AwsRequest
    from local.aws.identities import CallerIdentity
    from local.aws.policies.documents import Statement
    from local.aws.policies.principals import Principal

_READS = frozenset({"GetObject", "HeadObject"})


def check(request: AwsRequest, caller: CallerIdentity, principal: Principal, own: Collection[Statement]) -> None:
    """
    Return if the *caller*, whose policies have the statements *own*, may do this.

    Raises:
        AwsError: AccessDenied; AuthorizationHeaderMalformed if the bucket is in another region than the signature says;
            MalformedPolicy for a new policy that S3 would not take.
        PolicyError: A policy cannot be evaluated, or a new one could not be.
    """
    parameters: dict[str, Any] = request.parameters or {}
    name, key = str(parameters.get("Bucket") or ""), str(parameters.get("Key") or "")
    bucket = buckets.find(name)
    _check_region(request, bucket)
    found = permission(str(request.name), name, key) or (f"s3:{request.name}", UNKNOWN)
    statements = _statements(bucket)
    context = condition_context(request, caller)
    _allow(caller, principal, own, statements, Access(*found, context))
    if request.name in _READS and bucket is not None and key not in bucket.keys:
        # Who may not list a bucket is not told whether it has an object:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax, "Permissions".
        _allow(caller, principal, own, statements, Access("s3:ListBucket", f"arn:aws:s3:::{name}", context))
    if request.name == "PutBucketPolicy":
        bucket_policies.check_new(str(parameters.get("Policy") or ""), name)


def _check_region(request: AwsRequest, bucket: FakeBucket | None) -> None:
    region = request.authorization.region if request.authorization else ""
    if bucket is not None and bucket.region_name != region:
        message = (
            f"The authorization header is malformed; the region '{region}' is wrong; expecting '{bucket.region_name}'"
        )
        raise AwsError("AuthorizationHeaderMalformed", message, 400)


def _statements(bucket: FakeBucket | None) -> Collection[Statement]:
    text = buckets.policy_of(bucket) if bucket else None
    return documents.parse_bucket_policy(text) if text else ()


def _allow(
    caller: CallerIdentity,
    principal: Principal,
    own: Collection[Statement],
    of_bucket: Collection[Statement],
    access: Access,
) -> None:
    decision, by_bucket = decide_on_resource(own, of_bucket, principal, access)
    if decision is Decision.ALLOWED:
        return
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    reason = f"because no identity-based policy allows the {access.action} action"
    if decision is Decision.EXPLICIT_DENY:
        reason = f"with an explicit deny in {'a resource' if by_bucket else 'an identity'}-based policy"
    message = f"User: {caller.arn} is not authorized to perform: {access.action} on resource: "
    raise AwsError("AccessDenied", f'{message}"{access.resource}" {reason}', 403)

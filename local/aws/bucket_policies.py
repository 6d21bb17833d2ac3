"""Refuse the policies of buckets that S3 would not take, and those that could not be evaluated here."""

from __future__ import annotations

import json

from local.aws import identities
from local.aws.errors import AwsError
from local.aws.policies import PolicyError, documents


def check_new(text: str, bucket: str) -> None:
    """
    Return if *text* can be the policy of the bucket of that name.

    Raises:
        AwsError: MalformedPolicy, as S3 answers: it is no JSON, is on other resources, or names a principal that is not
            there.
        PolicyError: It has something that is not evaluated here. That is also an Allow for everybody, who would need no
            signature.
    """
    try:
        json.loads(text)
    except ValueError as error:
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", 400) from error
    own = f"arn:aws:s3:::{bucket}"
    for statement in documents.parse_bucket_policy(text):
        if not all(pattern.text == own or pattern.text.startswith(f"{own}/") for pattern in statement.resources):
            raise AwsError("MalformedPolicy", "Policy has invalid resource", 400)
        arns = statement.principals.arns if statement.principals else frozenset()
        if not all(map(_is_principal, arns)):
            raise AwsError("MalformedPolicy", "Invalid principal in policy", 400)
        if not statement.denies and statement.principals and statement.principals.everyone:
            raise PolicyError("An Allow for everybody is not available on the local stack.")


def _is_principal(arn: str) -> bool:
    """Tell whether there is such a role or user; sessions are not looked for, as S3 does not either."""
    users = identities.iam_backend().users.values()
    is_session = arn.startswith(f"arn:aws:sts::{identities.ACCOUNT}:assumed-role/")
    return is_session or identities.find_role(arn) is not None or any(user.arn == arn for user in users)

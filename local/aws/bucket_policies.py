"""Refuse the policies of buckets that S3 would not take, and those that could not be evaluated here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.aws import identities
from local.aws.errors import AwsError
from local.aws.policies import PolicyError, documents
from local.aws.s3_operations import OPERATIONS

if TYPE_CHECKING:
    from local.aws.policies.documents import Statement

_ON_OBJECT = {each.action.lower(): each.on_object for each in OPERATIONS.values()}


def check_new(text: str, bucket: str) -> None:
    """
    Return if *text* can be the policy of the bucket of that name.

    Raises:
        AwsError: MalformedPolicy, as S3 answers: it is no JSON, says nothing, is on other resources or on actions of
            another service, allows or denies on buckets what is done to objects, or the reverse, or names a principal
            that is not there.
        PolicyError: It has something that is not evaluated here. That is also an Allow for everybody, who would need no
            signature.
    """
    _check_form(text)
    own = f"arn:aws:s3:::{bucket}"
    for statement in documents.parse_bucket_policy(text):
        if not all(pattern.text == own or pattern.text.startswith(f"{own}/") for pattern in statement.resources):
            raise AwsError("MalformedPolicy", "Policy has invalid resource", 400)
        if not all(each == "*" or each.lower().startswith("s3:") for each in statement.actions):
            raise AwsError("MalformedPolicy", "Policy has invalid action", 400)
        if not (statement.all_but_actions or all(_fits(action, statement) for action in statement.actions)):
            raise AwsError("MalformedPolicy", "Action does not apply to any resource(s) in statement", 400)
        arns = statement.principals.arns if statement.principals else frozenset()
        if not all(map(_is_principal, arns)):
            raise AwsError("MalformedPolicy", "Invalid principal in policy", 400)
        if not statement.denies and statement.principals and statement.principals.everyone:
            raise PolicyError("An Allow for everybody is not available on the local stack.")


def _fits(action: str, statement: Statement) -> bool:
    """Tell whether a resource of the statement is of the kind that the action is on: objects, or the bucket."""
    on_object = _ON_OBJECT.get(action.lower())
    return on_object is None or any(("/" in pattern.text) == on_object for pattern in statement.resources)


def _check_form(text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", 400) from error
    if isinstance(document, dict) and "Statement" not in document:
        raise AwsError("MalformedPolicy", "Missing required field Statement", 400)
    if isinstance(document, dict) and document["Statement"] == []:
        raise AwsError("MalformedPolicy", "Could not parse the policy: Statement is empty!", 400)


def _is_principal(arn: str) -> bool:
    """Tell whether there is such a role or user; sessions are not looked for, as S3 does not either."""
    users = identities.iam_backend().users.values()
    is_session = arn.startswith(f"arn:aws:sts::{identities.ACCOUNT}:assumed-role/")
    return is_session or identities.find_role(arn) is not None or any(user.arn == arn for user in users)

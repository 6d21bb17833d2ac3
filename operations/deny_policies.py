"""The policies that deny sessions of revoked users everything, and the user roles that hold them in IAM."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from operations.aws import aws_errors_as_operation_errors
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import boto3

MAX_SESSION = timedelta(hours=1)
"""STS allows no longer session, because a function's role that assumes another role is role chaining."""

PREFIX = "RevokedUsers-"
CHANGED = (
    "{} is not as make revoke wrote it: somebody else has changed it. Look at it in IAM, delete it there once it is of "
    "no use, and run this again."
)
FULL = """\
Its inline policies have reached AWS's limit of 10,240 characters. Try again when the oldest policies RevokedUsers-… are
an hour old, and name many users in one run: they share one policy."""
USER_TAG = "aws:PrincipalTag/UserUUID"
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class DenyPolicy:
    """
    One inline policy of a user role: sessions of `users` that were issued before `before` may do nothing.

    Each run that revokes users adds a policy of its own, so that two runs at once cannot overwrite each other.
    """

    name: str
    users: frozenset[str]
    before: datetime

    @classmethod
    def of(cls, users: frozenset[str], before: datetime) -> DenyPolicy:
        """Return a new one. Its name has *before*, which tells until when it is of use, and a hash of *users*."""
        users_hash = hashlib.sha256(json.dumps(sorted(users)).encode()).hexdigest()[:8]
        return cls(f"{PREFIX}{before.astimezone(UTC):{_TIME}}-{users_hash}", users, before)

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> DenyPolicy:
        """
        Return the one that a role holds as *document* under *name*.

        Raises:
            OperationError: Somebody else has changed it, so it may mean other users than can be read from it here.
        """
        try:
            condition = document["Statement"][0]["Condition"]
            before = datetime.fromisoformat(condition["DateLessThan"]["aws:TokenIssueTime"])
            found = cls(name, frozenset(condition["StringEquals"][USER_TAG]), before)
            changed = json.loads(found.document()) != document
        except (LookupError, TypeError, ValueError) as error:
            raise OperationError(CHANGED.format(name)) from error
        if changed:
            raise OperationError(CHANGED.format(name))
        return found

    def document(self) -> str:
        """
        Return the policy document, without white space.

        Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html,
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        statement = {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {USER_TAG: sorted(self.users)},
                "DateLessThan": {"aws:TokenIssueTime": f"{self.before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"},
            },
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))

    def without(self, users: frozenset[str]) -> DenyPolicy:
        """Return the policy for the other users, of whom there may be none."""
        return replace(self, users=self.users - users)


def is_deny_policy(name: str) -> bool:
    """Tell whether a role's inline policy of that name is one of these."""
    return _useful_until(name) is not None


def is_over(name: str, now: datetime) -> bool:
    """Tell whether every session that the policy of that name denies has ended."""
    until = _useful_until(name)
    return until is not None and until <= now


class IamRole:
    """The user role *arn*, if it is in *account*, and its policies that deny."""

    def __init__(self, session: boto3.Session, arn: str, account: str) -> None:
        """Take the credentials to change it with."""
        with aws_errors_as_operation_errors():
            self._client: Any = session.client("iam")
        self.name = arn.rpartition("/")[2]
        # IAM takes a role's name alone, so a role of another account would be mistaken for one of this account.
        self._elsewhere = "" if arn.split(":")[4] == account else arn

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the role is in another account, and so out of reach."""
        return bool(self._elsewhere)

    def deny_policies(self) -> list[str]:
        """Return the names of the policies that deny."""
        with self._in_this_account():
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=self.name)
            return [name for page in pages for name in page["PolicyNames"] if is_deny_policy(name)]

    def deny_policy(self, name: str) -> DenyPolicy | None:
        """Return one of them, or None if another run has deleted it."""
        with self._in_this_account():
            try:
                answer = self._client.get_role_policy(RoleName=self.name, PolicyName=name)
            except self._client.exceptions.NoSuchEntityException:
                return None
        return DenyPolicy.read(name, answer["PolicyDocument"])

    def put(self, policy: DenyPolicy) -> None:
        """Add a policy, or replace the one of that name."""
        with self._in_this_account():
            try:
                self._client.put_role_policy(
                    RoleName=self.name, PolicyName=policy.name, PolicyDocument=policy.document()
                )
            except self._client.exceptions.LimitExceededException as error:
                raise OperationError(FULL) from error

    def delete(self, name: str) -> None:
        """Delete a policy, which may be gone already."""
        with self._in_this_account():
            try:
                self._client.delete_role_policy(RoleName=self.name, PolicyName=name)
            except self._client.exceptions.NoSuchEntityException:
                return

    @contextmanager
    def _in_this_account(self) -> Iterator[None]:
        if self._elsewhere:
            raise OperationError(f"{self._elsewhere} is in another account; its sessions end by themselves.")
        with aws_errors_as_operation_errors():
            yield


def _useful_until(name: str) -> datetime | None:
    try:
        before = datetime.strptime(name.removeprefix(PREFIX).rpartition("-")[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return before + MAX_SESSION if name.startswith(PREFIX) else None

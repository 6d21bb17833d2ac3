"""The policies that end sessions: who is denied, until when it matters, and how a role holds it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SESSION = timedelta(hours=1)
"""A function's role that assumes another is role chaining, and that ends after an hour."""

PREFIX = "RevokedUsers-"
CHANGED = (
    "{} is not as make revoke wrote it: somebody else has changed it. Look at it in IAM, delete it there once it is of "
    "no use, and run this again."
)
USER_TAG = "aws:PrincipalTag/UserUUID"
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Denial:
    """
    One inline policy of a user role: sessions of `users` that were issued before `before` may do nothing.

    Each run that cuts users off adds one of its own, so that two runs at once cannot overwrite each other.
    """

    name: str
    users: frozenset[str]
    before: datetime

    @classmethod
    def of(cls, users: frozenset[str], before: datetime) -> Denial:
        """Return a new one; its name says when it will be of no use any more."""
        mark = hashlib.sha256(json.dumps(sorted(users)).encode()).hexdigest()[:8]
        return cls(f"{PREFIX}{before.astimezone(UTC):{_TIME}}-{mark}", users, before)

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Denial:
        """
        Return the one that a role holds as *document* under *name*.

        Raises:
            OperationError: Somebody else has changed it: read loosely, it might say of other users than it means.
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
        Return the policy. White space is left out, though AWS does not count it.

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

    def without(self, users: frozenset[str]) -> Denial:
        """Return what is left when *users* are restored; perhaps nobody."""
        return replace(self, users=self.users - users)


def is_denial(name: str) -> bool:
    """Tell whether a role's inline policy of that name is one of these."""
    return _ends(name) is not None


def is_over(name: str, now: datetime) -> bool:
    """Tell whether the last session that the policy of that name can mean has ended."""
    ends = _ends(name)
    return ends is not None and ends <= now


def _ends(name: str) -> datetime | None:
    try:
        issued = datetime.strptime(name.removeprefix(PREFIX).rpartition("-")[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return issued + LONGEST_SESSION if name.startswith(PREFIX) else None

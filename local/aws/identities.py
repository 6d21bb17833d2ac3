"""
Find who signs requests, and what IAM knows of them: users with access keys, roles, and role sessions.

All of it is moto's state. `AssumedSession` also keeps what moto's class drops: tags, source identity, who started it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

if TYPE_CHECKING:
    from moto.iam.models import AccessKey, IAMBackend, Role, User
    from moto.sts.models import STSBackend

ACCOUNT = DEFAULT_ACCOUNT_ID
PARTITION = "aws"


@dataclass(frozen=True)
class SessionContext:
    """What AWS keeps with a role session; policies read the tags as `aws:PrincipalTag/<key>`."""

    caller_arn: str
    """Who assumed the role; an AWS service (`lambda.amazonaws.com`) if that assumed it for a function."""
    tags: dict[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None


class AssumedSession(AssumedRole):
    """moto's assumed role, with the context that moto does not keep."""

    def __init__(self, key: AccessKey, role_arn: str, name: str, seconds: int, context: SessionContext) -> None:
        """Start a session named *name* that lasts *seconds*."""
        account_id = role_arn.split(":")[4]
        super().__init__(account_id, "us-east-1", key, name, role_arn, "", seconds, "")
        self.context = context
        # AWS counts in whole seconds. moto's times are UTC without a time zone.
        self.expiration = self.expiration.replace(microsecond=0)
        self.issued_at = self.expiration - timedelta(seconds=seconds)

    @property
    def expired(self) -> bool:
        """Tell whether the session has ended."""
        return self.expiration <= utcnow()

    @property
    def expiration_text(self) -> str:
        """When the session ends, in UTC, ISO 8601: `2026-01-01T01:00:00Z`."""
        return f"{self.expiration.isoformat()}Z"


@dataclass(frozen=True)
class CallerIdentity:
    """The owner of an access key: an IAM user, or with `session` an assumed role."""

    arn: str
    access_key_id: str
    secret_access_key: str
    session: AssumedSession | None = None


def iam_backend() -> IAMBackend:
    """Return moto's state of IAM."""
    return iam_backends[ACCOUNT][PARTITION]


def sts_backend() -> STSBackend:
    """Return moto's state of STS."""
    return sts_backends[ACCOUNT][PARTITION]


def find(access_key_id: str) -> CallerIdentity | None:
    """Return the owner of an active access key, or None. A session is found after its end too."""
    key = iam_backend().access_keys.get(access_key_id)
    if key is None or key.status != "Active":
        return None
    if key.user_name is not None:
        return CallerIdentity(iam_backend().get_user(key.user_name).arn, access_key_id, key.secret_access_key)
    session = find_session(access_key_id)
    return CallerIdentity(session.arn, access_key_id, key.secret_access_key, session) if session else None


def find_session(access_key_id: str) -> AssumedSession | None:
    """Return the role session with that access key, or None."""
    # From the newest, because sessions in use are among the newest.
    for role in reversed(sts_backend().assumed_roles):
        if role.access_key_id == access_key_id and isinstance(role, AssumedSession):
            return role
    return None


def find_role(arn: str | None) -> Role | None:
    """Return the role with that ARN, or None."""
    try:
        return iam_backend().get_role_by_arn(arn or "")
    except NotFoundException:
        return None


def user_of(caller: CallerIdentity) -> User:
    """Return the IAM user that a caller without a session is."""
    return iam_backend().get_user(caller.arn.rpartition("/")[2])

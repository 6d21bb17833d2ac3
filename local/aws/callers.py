"""Know who may sign: IAM users with access keys, and role sessions with session tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local.aws.sessions import Session

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend
    from moto.sts.models import STSBackend

ACCOUNT = DEFAULT_ACCOUNT_ID
PARTITION = "aws"


@dataclass(frozen=True)
class Caller:
    """The owner of an access key; `session` is there if that is an assumed role."""

    arn: str
    access_key_id: str
    secret_access_key: str
    session: Session | None = None


def iam() -> IAMBackend:
    """Return the state of IAM."""
    return iam_backends[ACCOUNT][PARTITION]


def sts() -> STSBackend:
    """Return the state of STS."""
    return sts_backends[ACCOUNT][PARTITION]


def find(access_key_id: str) -> Caller | None:
    """Return the owner of an active access key, of an expired session too, or None."""
    key = iam().access_keys.get(access_key_id)
    if key is None or key.status != "Active":
        return None
    if key.user_name is not None:
        return Caller(iam().get_user(key.user_name).arn, access_key_id, key.secret_access_key)
    session = find_session(access_key_id)
    return Caller(session.arn, access_key_id, key.secret_access_key, session) if session else None


def find_session(access_key_id: str) -> Session | None:
    """Return the role session with that access key."""
    # The newest first: they are the ones in use.
    for role in reversed(sts().assumed_roles):
        if role.access_key_id == access_key_id and isinstance(role, Session):
            return role
    return None

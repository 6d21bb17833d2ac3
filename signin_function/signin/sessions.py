"""Which session a caller gets: of which role, for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from signin.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signin.caller import VerifiedCaller

SHORTEST = 900
LONGEST = 3600
"""In seconds: a function's role that assumes another is role chaining, and that ends after an hour."""


@dataclass(frozen=True, slots=True)
class UserSession:
    """A session to be opened, for `seconds`."""

    user_id: str
    role_arn: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary AWS credentials. `expiration` is in UTC."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime


class UserSessions(Protocol):
    """Sessions of the roles that users assume."""

    def open(self, session: UserSession) -> Credentials:
        """Return credentials whose session tag UserUUID is the user's id."""


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """
    What the deployer decided.

    `other_role_arns` are those of callers to whom the authorizer gave a role by name; with `ends_with_token` no
    session outlives the token that it was opened with.
    """

    role_arn: str
    seconds: int
    other_role_arns: Mapping[str, str] = field(default_factory=dict)
    ends_with_token: bool = False

    def session(self, caller: VerifiedCaller, user_id: str, now: float) -> UserSession:
        """
        Return the session of *caller*, at *now* in seconds since the epoch.

        Raises:
            Rejected: The authorizer gave the caller a role that is not on the list.
        """
        if caller.role and caller.role not in self.other_role_arns:
            raise Rejected("unknown_user_role")
        role_arn = self.other_role_arns[caller.role] if caller.role else self.role_arn
        left = int(caller.expires - now) if self.ends_with_token else self.seconds
        # The authorizer refuses tokens with less than the shortest session left; a second may have passed since.
        return UserSession(user_id, role_arn, max(SHORTEST, min(self.seconds, left)))

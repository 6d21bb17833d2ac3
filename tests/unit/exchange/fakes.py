"""Our own Chime and STS, a list of revoked users, and a caller, for the exchange."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signin import users
from signin.caller import VerifiedCaller
from signin.errors import Forbidden, SigninError, Unavailable, UserMissing
from signin.exchange import Exchange, SignedIn
from signin.revocation import RevokedUsers
from signin.sessions import Credentials, SessionSettings, StsSessions, UserSession
from signin.users import ChimeUser

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from signin.deadline import Deadline
    from signin.guests import Stay
    from signin.users import Wanted

NOW = 1_800_000_000
ADA = VerifiedCaller(
    provider="main",
    namespace="https://issuer.example/",
    keep_subject=True,
    subject="ada",
    name="Ada Lovelace",
    role="",
    expires=NOW + 3600,
)
LOVELACE = users.NamedUser("ada", users.Name("Ada Lovelace", "User x6pj"))
INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/1"


class Chime(users.ChimeUsers):
    """An AppInstance's users in a dictionary. `failures` happen first, by operation."""

    def __init__(self, **failures: list[SigninError]) -> None:
        self._app_instance_arn = INSTANCE
        self.users: dict[str, ChimeUser] = {}
        self.failures = failures
        self.calls: list[str] = []
        self.request_tokens: list[str] = []

    def describe(self, user_id: str) -> ChimeUser:
        self._called("describe")
        if user_id not in self.users:
            raise UserMissing("Forbidden")
        return self.users[user_id]

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted, stay: Stay | None = None) -> None:
        assert wanted()
        assert (stay is not None) == user_id.startswith("guest-")
        self.request_tokens.append(request_token)
        self._called("create")
        self.users[user_id] = ChimeUser(self.arn(user_id), name, "")

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        self._called("rename")
        if not wanted():
            raise Unavailable("given_up")
        self.users["ada"] = ChimeUser(user.arn, name, user.metadata)

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if self.failures.get(operation):
            raise self.failures[operation].pop(0)


class Sts(StsSessions):
    """Sessions with numbered keys. `failures` happen first."""

    def __init__(self, *failures: SigninError) -> None:
        self.failures = list(failures)
        self.numbers = itertools.count(1)
        self.opened: list[UserSession] = []

    def open(self, session: UserSession) -> Credentials:
        self.opened.append(session)
        if self.failures:
            raise self.failures.pop(0)
        return Credentials(
            f"{session.user_id}-{next(self.numbers)}", "secret", "token", datetime(2027, 1, 1, tzinfo=UTC)
        )


POLICY = SessionSettings("arn:aws:iam::123456789012:role/User", 3600)


class Revoked(RevokedUsers):
    """A list of revoked users."""

    def __init__(self, *users: str) -> None:
        self.users = users

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        assert now == NOW
        if user_id in self.users:
            raise Forbidden("revoked")


def exchange(chime: Chime, sts: Sts, deadline: Deadline, executor: Executor, caller: VerifiedCaller = ADA) -> SignedIn:
    """Exchange the caller's token, where Eve is revoked."""
    return Exchange(Revoked("eve"), chime, sts, POLICY, executor)(caller, NOW, deadline)

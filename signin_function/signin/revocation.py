"""Turn revoked users away, by a list in AWS Systems Manager's Parameter Store that is cached for half a minute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from signin.aws import AwsAdapter, aws_errors_translated
from signin.errors import Forbidden, Rejected, Unavailable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from signin.deadline import Deadline

MAX_AGE_SECONDS = 30
"""How long a list that was read may be used. `make revoke` waits for longer than that."""
MISSING = "ParameterNotFound"


class RevocationList(AwsAdapter):
    """The ids of the revoked users in the parameter *name*: a JSON list, which `make revoke` writes."""

    def __init__(self, name: str) -> None:
        """Open no connection yet."""
        super().__init__("ssm")
        self._name = name

    def read(self) -> frozenset[str]:
        """
        Return the ids. They are none if Parameter Store says that there is no such parameter.

        Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html

        Raises:
            SigninError: Parameter Store throttles, fails or refuses, or the parameter holds something else.
        """
        try:
            with aws_errors_translated("GetParameter"):
                answer = self._client.get_parameter(Name=self._name)
                return _ids(answer["Parameter"]["Value"])
        except Rejected as error:
            # No parameter means that nobody was ever revoked. This is safe: `make revoke` writes the parameter of the
            # same stack and never deletes it, and who may not read it gets AccessDenied instead (docs/revocation.md).
            if error.code == MISSING:
                return frozenset()
            raise


class RevokedUsers:
    """The users on *source*, which is read through *executor* when the last reading is older than *seconds*."""

    def __init__(self, source: RevocationList, executor: Executor, seconds: float = MAX_AGE_SECONDS) -> None:
        """Read nothing yet."""
        self._source = source
        self._executor = executor
        self._seconds = seconds
        self._users: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def check(self, user_id: str, now: float, deadline: Deadline) -> None:
        """
        Return if the user may sign in at *now*, in seconds since the epoch.

        Raises:
            Forbidden: The user is revoked.
            Throttled: AWS asks us to wait.
            Unavailable: The list cannot be read. An older list is not used in its place, because users may have been
                revoked since it was read.
        """
        if not self._is_fresh(now):
            self._users = self._read(deadline)
            self._read_at = now
        if user_id in self._users:
            raise Forbidden("revoked")

    def _is_fresh(self, now: float) -> bool:
        # Wall clock, because Lambda stops the monotonic one between events; a clock that was set back counts as stale.
        return self._read_at is not None and 0 <= now - self._read_at < self._seconds

    def _read(self, deadline: Deadline) -> frozenset[str]:
        reading = self._executor.submit(deadline.timed, "revocation", lambda: deadline.retry(self._source.read))
        try:
            return reading.result(timeout=deadline.remaining())
        except TimeoutError as error:
            raise Unavailable("out_of_time") from error
        except Rejected as error:
            raise Unavailable(error.code, operation=error.operation) from error


def _ids(text: str) -> frozenset[str]:
    try:
        ids = json.loads(text)
    except RecursionError as error:
        raise ValueError("lists within lists without end") from error
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise ValueError("no list of ids")
    return frozenset(ids)

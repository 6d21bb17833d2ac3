"""Read a shared secret from Secrets Manager. The only module here that needs botocore."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from botocore import session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from authorizer.errors import KeysUnavailable
from authorizer.key_sources import SecretVersion
from authorizer.keys import secret_key
from authorizer.refreshing_cache import Fetched

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock, Instant
    from authorizer.keys import VerificationKey

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version"""
_OUTAGE = re.compile("Throttl|Limit|TooMany|Internal|Unavailable|Timeout", re.IGNORECASE)
_TOO_MANY, _SERVERS_FAULT = 429, 500


class SharedSecret:
    """
    A secret with which an application signs its own tokens.

    The previous version is accepted for *previous_seconds* after it was replaced. AWS does not say when that was. But
    it was not later than each of these, of which the earliest counts: the last rotation, if that made the current
    version; the last change of any kind to the secret; the moment when this process first saw the current version.
    """

    def __init__(
        self, arn: str, algorithm: str, decode: Callable[[bytes], bytes], clock: Clock, previous_seconds: float
    ) -> None:
        """Make a client for the region in *arn*. *decode* turns what is stored into a secret, or raises ValueError."""
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
        self._client: Any = session.get_session().create_client(
            "secretsmanager", region_name=arn.split(":")[3], config=config
        )
        self._arn = arn
        self._algorithm = algorithm
        self._decode = decode
        self._clock = clock
        self._previous_seconds = previous_seconds
        self._current_id: str | None = None
        self._seen: Instant | None = None
        self._saw_change = False

    def versions(self) -> Fetched[tuple[SecretVersion, ...]]:
        """
        Return the current version and, if it is still accepted, the previous one.

        A previous version that cannot be read or used is left out: that may be why it was replaced.

        Raises:
            KeysUnavailable: The current version cannot be read, decoded or used.
        """
        began = self._clock.now()
        try:
            answer = self._stored(CURRENT)
            current = SecretVersion(self._key(answer), began)
            self._see(answer.get("VersionId"), began)
            return self._with_previous(current, answer)
        except (BotoCoreError, ClientError) as error:
            raise KeysUnavailable(_code(error)) from error
        except ValueError as error:
            raise KeysUnavailable(str(error)) from None

    def _see(self, version_id: str | None, now: Instant) -> None:
        """Note when the current version was seen first, and whether another one was current before."""
        if self._seen is None or version_id != self._current_id:
            self._saw_change = self._seen is not None
            self._current_id, self._seen = version_id, now

    def _with_previous(self, current: SecretVersion, answer: dict[str, Any]) -> Fetched[tuple[SecretVersion, ...]]:
        if not self._previous_seconds:
            return Fetched((current,))
        try:
            left = self._previous_seconds - self._since_promotion(answer)
            if left <= 0:
                return Fetched((current,))
            previous = SecretVersion(self._key(self._stored(PREVIOUS)), current.read, left)
        except ClientError as error:
            if _is_outage(error):
                raise
            return Fetched((current,), outcome=f"fetched without the previous version: {_code(error)}")
        except ValueError as error:
            return Fetched((current,), outcome=f"fetched without the previous version: {error}")
        return Fetched((current, previous))

    def _since_promotion(self, current: dict[str, Any]) -> float:
        """Return the least age of *current* as the current version, in seconds. Raises ClientError or ValueError."""
        secret = self._described()
        labels = secret.get("VersionIdsToStages")
        if labels is not None and not any(PREVIOUS in stages for stages in labels.values()):
            return math.inf  # it was never replaced, or the label was removed
        promoted = _promoted_by(secret, current)
        if promoted is None and not self._saw_change:
            raise ValueError("nobody knows when the current one took its place")
        seen = self._clock.elapsed_since(self._seen) if self._seen else 0.0
        return seen if promoted is None else max(seen, self._clock.wall_clock() - promoted)

    def _described(self) -> dict[str, Any]:
        try:
            secret: dict[str, Any] = self._client.describe_secret(SecretId=self._arn)
        except ClientError as error:
            # The answer is not needed if this process saw the change itself.
            if _is_outage(error) or not self._saw_change:
                raise
            return {}
        return secret

    def _stored(self, stage: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        return answer

    def _key(self, answer: dict[str, Any]) -> VerificationKey:
        # Secrets Manager returns one of the two, whichever was stored.
        stored: bytes = answer["SecretString"].encode() if "SecretString" in answer else answer["SecretBinary"]
        return secret_key(self._decode(stored), self._algorithm)


def _promoted_by(secret: dict[str, Any], current: dict[str, Any]) -> float | None:
    """Return the latest moment (epoch seconds) when *current* can have become current; None if AWS gives no date."""
    changed, rotated, created = secret.get("LastChangedDate"), secret.get("LastRotatedDate"), current.get("CreatedDate")
    # A rotation counts only if it ended after this version was created: an earlier one promoted another version.
    by_rotation = rotated is not None and created is not None and rotated >= created
    dates = [date for date in (changed, rotated if by_rotation else None) if date is not None]
    return min(dates).timestamp() if dates else None


def _is_outage(error: ClientError) -> bool:
    """Say whether another attempt may succeed. A missing permission, say, lasts until somebody adds it."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVERS_FAULT)
    return status == _TOO_MANY or status >= _SERVERS_FAULT or bool(_OUTAGE.search(_code(error)))


def _code(error: BotoCoreError | ClientError) -> str:
    """Return the error's code, for operators. Its text is not used, because AWS may repeat the request in it."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return str(code or type(error).__name__)

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

    The previous version is accepted for *previous_seconds* after the current one took its place. AWS dates no such
    change. It was not later than the last rotation, if that made the current version, than the last change of the
    secret of any kind, and than the moment in which this process saw the current version first: the earliest counts.
    """

    def __init__(
        self, arn: str, algorithm: str, decode: Callable[[bytes], bytes], clock: Clock, previous_seconds: float
    ) -> None:
        """Prepare to read the secret at *arn*, in the region that it names; *decode* raises ValueError if it cannot."""
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
        Return the current version and, if it was replaced so lately that it still counts, the previous one.

        A previous version that cannot be read or used (the reason, perhaps, why it was replaced) is left out.

        Raises:
            KeysUnavailable: The secret cannot be read or decoded, or is not one to sign with.
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
        """Remember when the current version was seen first, and whether another one was current before."""
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
        """Return for how many seconds, at least, *current* has been that. Raises ClientError or ValueError."""
        secret = self._described()
        labels = secret.get("VersionIdsToStages")
        if labels is not None and not any(PREVIOUS in stages for stages in labels.values()):
            return math.inf  # it was never rotated, or the label was taken off
        told = _promoted_by(secret, current)
        if told is None and not self._saw_change:
            raise ValueError("nobody knows when the current one took its place")
        seen = self._clock.elapsed_since(self._seen) if self._seen else 0.0
        return seen if told is None else max(seen, self._clock.wall_clock() - told)

    def _described(self) -> dict[str, Any]:
        try:
            secret: dict[str, Any] = self._client.describe_secret(SecretId=self._arn)
        except ClientError as error:
            # What this process has seen itself needs nobody's word.
            if _is_outage(error) or not self._saw_change:
                raise
            return {}
        return secret

    def _stored(self, stage: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        return answer

    def _key(self, answer: dict[str, Any]) -> VerificationKey:
        # A secret is text or binary, whichever its owner stored.
        stored: bytes = answer["SecretString"].encode() if "SecretString" in answer else answer["SecretBinary"]
        return secret_key(self._decode(stored), self._algorithm)


def _promoted_by(secret: dict[str, Any], current: dict[str, Any]) -> float | None:
    """Return by when, in seconds since the epoch, the *current* version was that; None if AWS does not say."""
    changed, rotated, created = secret.get("LastChangedDate"), secret.get("LastRotatedDate"), current.get("CreatedDate")
    # Only a rotation that ended after this version was made can have put it in its place.
    by_rotation = rotated is not None and created is not None and rotated >= created
    dates = [date for date in (changed, rotated if by_rotation else None) if date is not None]
    return min(dates).timestamp() if dates else None


def _is_outage(error: ClientError) -> bool:
    """Say whether asking again may help. What may not or cannot be read stays so until somebody mends it."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVERS_FAULT)
    return status == _TOO_MANY or status >= _SERVERS_FAULT or bool(_OUTAGE.search(_code(error)))


def _code(error: BotoCoreError | ClientError) -> str:
    """Name what went wrong, for operators: never the text, which AWS may word with what was asked."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return str(code or type(error).__name__)

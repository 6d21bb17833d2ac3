"""Read a shared secret from Secrets Manager. The only module here that needs botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from authorizer.errors import KeysUnavailable
from authorizer.keys import secret_key
from authorizer.remembered import Fetched

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.keys import VerificationKey

STAGES = ("AWSCURRENT", "AWSPREVIOUS")
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version"""


class SharedSecret:
    """A secret with which an application signs its own tokens."""

    def __init__(self, arn: str, algorithm: str, decode: Callable[[bytes], bytes]) -> None:
        """Prepare to read the secret at *arn*, in the region that it names; *decode* raises ValueError if it cannot."""
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
        self._client: Any = session.get_session().create_client(
            "secretsmanager", region_name=arn.split(":")[3], config=config
        )
        self._arn = arn
        self._algorithm = algorithm
        self._decode = decode

    def versions(self) -> Fetched[tuple[VerificationKey, ...]]:
        """
        Return the current version and, if there is one, the previous one.

        A previous version that cannot be used (the reason, perhaps, why it was replaced) is left out.

        Raises:
            KeysUnavailable: The secret cannot be read or decoded, or is not one to sign with.
        """
        try:
            current = self._key(STAGES[0])
            return Fetched((current, *self._previous()))
        except (BotoCoreError, ClientError) as error:
            raise KeysUnavailable(type(error).__name__) from error
        except ValueError as error:
            raise KeysUnavailable(str(error)) from None

    def _previous(self) -> tuple[VerificationKey, ...]:
        try:
            return (self._key(STAGES[1]),)
        except (self._client.exceptions.ResourceNotFoundException, ValueError):
            # A secret that was never rotated has no previous version.
            return ()

    def _key(self, stage: str) -> VerificationKey:
        answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        # A secret is text or binary, whichever its owner stored.
        stored: bytes = answer["SecretString"].encode() if "SecretString" in answer else answer["SecretBinary"]
        return secret_key(self._decode(stored), self._algorithm)

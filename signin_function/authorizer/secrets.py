"""Read a shared secret from Secrets Manager. The only module here that needs boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from authorizer.errors import KeysUnavailable
from authorizer.keys import secret_key

if TYPE_CHECKING:
    from authorizer.keys import VerificationKey

STAGES = ("AWSCURRENT", "AWSPREVIOUS")
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version"""


class SharedSecret:
    """A secret with which an application signs its own tokens."""

    def __init__(self, arn: str) -> None:
        """Prepare to read the secret at *arn*, in the region that it names."""
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
        self._client: Any = boto3.client("secretsmanager", region_name=arn.split(":")[3], config=config)
        self._arn = arn

    def versions(self) -> tuple[VerificationKey, ...]:
        """
        Return the current version and, if there is one, the previous one.

        Raises:
            KeysUnavailable: The secret cannot be read, or is shorter than 32 bytes.
        """
        try:
            versions = [self._version(stage) for stage in STAGES]
            return tuple(secret_key(version) for version in versions if version is not None)
        except (BotoCoreError, ClientError, ValueError) as error:
            raise KeysUnavailable(type(error).__name__) from error

    def _version(self, stage: str) -> bytes | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            # A secret that was never rotated has no previous version.
            if stage == "AWSPREVIOUS":
                return None
            raise
        # A secret is text or binary, whichever its owner stored.
        secret: bytes = answer["SecretString"].encode() if "SecretString" in answer else answer["SecretBinary"]
        return secret

"""Sessions of the user role, from AWS STS."""

from __future__ import annotations

from typing import Any

import boto3

from signin.aws import config, translated
from signin.exchange import Credentials
from signin.identity import session_name

USER_TAG = "UserUUID"
"""The session tag that the user role's trust and permissions are pinned to."""


class RoleSessions:
    """Sessions of *seconds* of the role *role_arn*, tagged with the user."""

    def __init__(self, role_arn: str, seconds: int) -> None:
        """Open no connection yet."""
        self._client: Any = boto3.client("sts", config=config())
        self._role_arn = role_arn
        self._seconds = seconds

    def open(self, user_id: str) -> Credentials:
        """
        Return credentials of a new session of *user_id*.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

        Raises:
            SigninError: STS throttles, fails or refuses.
        """
        with translated():
            answer = self._client.assume_role(
                RoleArn=self._role_arn,
                RoleSessionName=session_name(user_id),
                DurationSeconds=self._seconds,
                Tags=[{"Key": USER_TAG, "Value": user_id}],
            )
            given = answer["Credentials"]
            return Credentials(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], given["Expiration"]
            )

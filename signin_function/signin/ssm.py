"""The list of users who were cut off, in AWS Systems Manager's Parameter Store."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from signin.aws import aws_errors_translated, client, code_of, open_connection

MISSING = "ParameterNotFound"


class RevocationList:
    """The ids in the parameter *name*: a JSON list, which `make revoke` writes and nothing deletes."""

    def __init__(self, name: str) -> None:
        """Open no connection yet."""
        self._client: Any = client("ssm")
        self._name = name

    def connect(self) -> None:
        """Open a connection, for the first sign-in to find."""
        open_connection(self._client)

    def close(self) -> None:
        """Close the connections that no call is using; the next call opens another."""
        self._client.close()

    def read(self) -> frozenset[str]:
        """
        Return the ids. Nobody was ever cut off if Parameter Store itself says that there is no such parameter.

        Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html

        Raises:
            SigninError: Parameter Store throttles, fails or refuses, or the parameter holds something else.
        """
        with aws_errors_translated():
            try:
                answer = self._client.get_parameter(Name=self._name)
            except ClientError as error:
                # Safe, because the command that writes it takes the name from the same stack, and never deletes it:
                # docs/revocation.md. AWS says so only to those who may read it; anyone else is denied.
                if code_of(error) == MISSING:
                    return frozenset()
                raise
            return _ids(answer["Parameter"]["Value"])


def _ids(text: str) -> frozenset[str]:
    try:
        ids = json.loads(text)
    except RecursionError as error:
        raise ValueError("lists without end") from error
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise ValueError("no list of ids")
    return frozenset(ids)

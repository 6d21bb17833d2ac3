"""
What can go wrong between a request and a caller.

    AuthorizerError
    ├── NoToken          no bearer token was sent (401, a challenge without an error code)
    ├── TokenRefused     the token is not accepted, for one of a fixed table of reasons (401)
    ├── CallerForbidden  the token is good, but its user may not sign in (403, answered by the handler)
    └── KeysUnavailable  the token cannot be judged now (503, never a 401)

`SettingsError` is no AuthorizerError: it stops the function at start.
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class Reason(Enum):
    """
    Why a token was refused: the stable code and what the client is told.

    Neither may have quotes, backslashes or line breaks: both go into gateway response templates, which do not escape.
    """

    TWO_HEADERS = ("two_headers", "Send exactly one Authorization header.")
    TOKEN_TOO_LARGE = ("token_too_large", "The token is too large.")
    MALFORMED_TOKEN = ("malformed_token", "This is not a well-formed JWT.")
    UNSUPPORTED_HEADER = ("unsupported_header", "The header of the token asks for something that is not supported.")
    WRONG_TYPE = ("wrong_type", "This is the wrong kind of token.")
    UNKNOWN_ISSUER = ("unknown_issuer", "Tokens of this issuer are not accepted.")
    WRONG_ALGORITHM = ("wrong_algorithm", "The token is signed with an algorithm that is not accepted.")
    UNKNOWN_KEY = ("unknown_key", "The key that signed the token is not known.")
    BAD_SIGNATURE = ("bad_signature", "The signature of the token is wrong.")
    INVALID_CLAIM = ("invalid_claim", "A claim of the token is missing or malformed.")
    TOKEN_EXPIRED = ("token_expired", "The token has expired.")
    LIVES_TOO_LONG = ("lives_too_long", "The token is valid for longer than is accepted.")
    ENDS_TOO_SOON = ("ends_too_soon", "The token ends too soon for a session. Get a fresh one.")
    NOT_YET_VALID = ("not_yet_valid", "The token is not valid yet.")
    WRONG_AUDIENCE = ("wrong_audience", "The token is meant for somebody else.")
    INVALID_SUBJECT = ("invalid_subject", "The token does not say whose it is.")

    def __init__(self, code: str, description: str) -> None:
        """Take the two columns of the table above."""
        self.code = code
        self.description = description


class ForbiddenReason(Enum):
    """Why the user of a good token may not sign in: the stable code."""

    MISSING_SCOPE = "missing_scope"
    MISSING_ROLE = "missing_role"
    MISSING_CLAIM = "missing_claim"
    INVITATION_ENDS = "invitation_ends"


class AuthorizerError(Exception):
    """
    A request has no caller who may sign in, or we cannot know now.

    `provider` is the name of the identity provider whose issuer the token names, unverified; else it is empty.
    """

    provider = ""


class NoToken(AuthorizerError):  # noqa: N818 - named after what the client did
    """The request carries no bearer token at all (RFC 6750, 3.1)."""


class TokenRefused(AuthorizerError):  # noqa: N818 - named after what happened
    """
    The token is not accepted.

    `what` names the part of the token that was looked at, `found` is what it holds, and `wanted` what it has to hold.
    They are for operators who have the token already (`make doctor`), and are never logged or answered: the text of
    the error is the reason's code alone.
    """

    def __init__(self, reason: Reason, what: str, found: Any, wanted: Any) -> None:
        """Refuse for *reason*."""
        super().__init__(reason.code)
        self.reason = reason
        self.what, self.found, self.wanted = what, found, wanted


class CallerForbidden(AuthorizerError):  # noqa: N818 - named after what happened
    """The token is good, but its user may not sign in. `what`, `found` and `wanted` are as in TokenRefused."""

    def __init__(self, reason: ForbiddenReason, what: str, found: Any, wanted: Any) -> None:
        """Forbid for *reason*."""
        super().__init__(reason.value)
        self.reason = reason
        self.what, self.found, self.wanted = what, found, wanted


class KeysUnavailable(AuthorizerError):  # noqa: N818 - named after what happened
    """The keys that could decide cannot be fetched, and no cached ones are fresh enough."""

    def __init__(self, cause: str) -> None:
        """Take the *cause*, a text for operators without anything secret."""
        super().__init__(cause)


class SettingsError(ValueError):
    """A setting is missing or wrong; the text says which, why, and what to write instead."""

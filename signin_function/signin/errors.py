"""
What can go wrong between a verified caller and credentials.

    SigninError
    ├── Forbidden         the caller may not sign in (403)
    ├── TransientError    a retry may succeed
    │   ├── Throttled     AWS asks us to wait, for longer than the deadline allows (429)
    │   └── Unavailable   AWS cannot be reached, or not before the deadline (503)
    └── Rejected          AWS refuses, and a retry would not change that (502)
        ├── UserMissing   there is no such AppInstanceUser
        └── UserExists    there is one already, with other data

`SettingsError` stops the function at start. `answers` gives errors their statuses.
"""

from __future__ import annotations


class SigninError(Exception):
    """Something kept a caller from getting credentials. `code` and `operation` name it in logs."""

    def __init__(self, code: str, *, operation: str = "") -> None:
        """
        Take a stable *code*: a reason, or AWS's own error code; never a message, which may hold names.

        *operation* is the operation of AWS that failed; it is empty if none did.
        """
        super().__init__(code)
        self.code = code
        self.operation = operation


class TransientError(SigninError):
    """A retry may succeed, after `retry_after` seconds if AWS said so."""

    def __init__(self, code: str, retry_after: int | None = None, *, operation: str = "") -> None:
        """Take the *code* and the *operation*, and the seconds that AWS sent in Retry-After."""
        super().__init__(code, operation=operation)
        self.retry_after = retry_after


class Forbidden(SigninError):  # noqa: N818 - named after the outcome
    """The caller's token is good, but the caller may not sign in."""


class Throttled(TransientError):  # noqa: N818 - named after the outcome
    """AWS asks us to slow down."""


class Unavailable(TransientError):  # noqa: N818 - named after the outcome
    """AWS cannot be reached, failed inside, or took too long."""


class Rejected(SigninError):  # noqa: N818 - named after the outcome
    """AWS refused: a wrong role, AppInstance or permission."""


class UserMissing(Rejected):
    """Chime has no such AppInstanceUser, or answers Forbidden, which may mean the same."""


class UserExists(Rejected):
    """The AppInstanceUser exists already, with other data."""


class SettingsError(ValueError):
    """A setting is missing or wrong; the text says which, why, and what to write instead."""

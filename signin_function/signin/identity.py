"""What Chime and STS call a caller. These names are for ever: a change would make everybody a new user."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signin.caller import VerifiedCaller

SESSION_PREFIX = "chime_"
HASHED_PREFIX = "hash-"
"""Reserved, in any case of letters: no subject that begins so is passed on unchanged."""

# What Chime (ids of up to 64, https://docs.aws.amazon.com/chime-sdk/latest/APIReference/
# API_identity-chime_CreateAppInstanceUser.html) and STS (session names of up to 64, less the prefix,
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html) both accept.
_FITS_BOTH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,56}[A-Za-z0-9])?", re.ASCII)


def app_instance_user_id(caller: VerifiedCaller) -> str:
    """
    Return the AppInstanceUserId of *caller*: 1 to 58 characters that Chime and STS both accept.

    The subject of a plain provider passes unchanged where it fits, so that users who exist keep their
    ids. All others are hashed over scope and subject: SHA-256, in lower-case base32. Two callers are
    one user only if provider scope and subject are equal; no character is ever replaced.
    """
    fits = _FITS_BOTH.fullmatch(caller.subject) and not caller.subject.lower().startswith(HASHED_PREFIX)
    if caller.plain and fits:
        return caller.subject
    scope = caller.scope.encode()
    # The length in front keeps "ab" + "c" and "a" + "bc" apart, and the colon the length from a scope in digits.
    digest = hashlib.sha256(b"%d:%b%b" % (len(scope), scope, caller.subject.encode())).digest()
    return HASHED_PREFIX + base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def session_name(user_id: str) -> str:
    """Return the RoleSessionName of the user: 7 to 64 characters, readable in CloudTrail."""
    return SESSION_PREFIX + user_id

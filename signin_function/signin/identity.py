"""
What Chime and STS call a caller.

The rules in this module never change: a user whose id changed would be a new user, without channels and messages.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signin.caller import VerifiedCaller

SESSION_PREFIX = "chime_"
HASHED_PREFIX, GUEST_PREFIX = "hash-", "guest-"
"""Reserved: a subject that begins like these, in upper or lower case, is hashed, so that it cannot be another's id."""

# What Chime (ids of up to 64, https://docs.aws.amazon.com/chime-sdk/latest/APIReference/
# API_identity-chime_CreateAppInstanceUser.html) and STS (session names of up to 64, less the prefix,
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html) both accept.
_FITS_BOTH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,56}[A-Za-z0-9])?", re.ASCII)


def app_instance_user_id(caller: VerifiedCaller) -> str:
    """
    Return the AppInstanceUserId of *caller*: 1 to 58 characters that Chime and STS both accept.

    With `keep_subject` a subject that Chime and STS accept is the id as it is, so that users who exist keep their ids.
    Any other id is a hash of namespace and subject: SHA-256, in lower-case base32. So two callers get one id only if
    namespace and subject are equal. No character is ever replaced: that could make one id of two subjects.

    Guests never keep their subjects, and their ids begin with a prefix of their own, so that no guest is a user.
    """
    reserved = caller.subject.lower().startswith((HASHED_PREFIX, GUEST_PREFIX))
    if caller.keep_subject and not caller.guest and not reserved and _FITS_BOTH.fullmatch(caller.subject):
        return caller.subject
    namespace = caller.namespace.encode()
    # The length keeps "ab" + "c" and "a" + "bc" apart. The colon keeps the length apart from a namespace of digits.
    digest = hashlib.sha256(b"%d:%b%b" % (len(namespace), namespace, caller.subject.encode())).digest()
    prefix = GUEST_PREFIX if caller.guest else HASHED_PREFIX
    return prefix + base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def session_name(user_id: str) -> str:
    """Return the RoleSessionName of the user: 7 to 64 characters, readable in CloudTrail."""
    return SESSION_PREFIX + user_id

"""The name of a room, and what stands for it where the name itself must not be seen."""

from __future__ import annotations

import hashlib
import re

from rooms.errors import BadName

# The characters of an AppInstanceUserId, so that a room can be named after a user.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,62}[A-Za-z0-9]", re.ASCII)


def room_name(path_parameter: object) -> str:
    """
    Return *path_parameter*, which API Gateway has decoded once, if it is a room's name. Names are compared as sent.

    Raises:
        BadName: It is none: 2 to 64 of ASCII letters, digits and `-_.:@`, first and last a letter or digit.
    """
    if not isinstance(path_parameter, str) or not _NAME.fullmatch(path_parameter):
        raise BadName("no_such_name")
    return path_parameter


def digest(*parts: str) -> str:
    """Return 64 characters, 0-9 and a-f, that stand for *parts*, and for no other parts (SHA-256)."""
    # Each part with its length, so that ("ab", "c") and ("a", "bc") differ.
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)).hexdigest()

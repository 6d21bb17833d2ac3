"""The name of a room, what stands for names where they must not be seen, and how a user is called in a meeting."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

from rooms.errors import BadName

# The characters of an AppInstanceUserId, so that a room can be named after a user.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,62}[A-Za-z0-9]", re.ASCII)


def room_name(path_parameter: object) -> str:
    """
    Return the name in *path_parameter*, which API Gateway passes on as it was sent: percent-encoded, or not.

    It is decoded once, so that a client may encode `@` and `:`, as JavaScript's encodeURIComponent does. What was
    encoded twice keeps a `%`, and is no name. Source: https://github.com/localstack/localstack/pull/7728 and
    https://github.com/serverless/serverless/issues/5037, which compared events of API Gateway's REST APIs.

    Raises:
        BadName: It is none: 2 to 64 of ASCII letters, digits and `-_.:@`, first and last a letter or digit.
    """
    if isinstance(path_parameter, str):
        name = unquote(path_parameter)  # what is no UTF-8 becomes U+FFFD, and stands in no name
        if _NAME.fullmatch(name):
            return name
    raise BadName("no_such_name")


def digest(*parts: str) -> str:
    """Return 64 characters, 0-9 and a-f, that stand for *parts*, and for no other parts (SHA-256)."""
    # Each part with its length, so that ("ab", "c") and ("a", "bc") differ.
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)).hexdigest()


def openings_key(user_id: str) -> str:
    """Return the key of the item that has what the user opened of late."""
    return digest("openings", user_id)


def external_user_id(user_id: str) -> str:
    """Return the ExternalUserId of the user's attendees. Chime takes none of 1 character, and no id begins with `_`."""
    return user_id if len(user_id) > 1 else f"_{user_id}"

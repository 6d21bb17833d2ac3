"""What the token lets its caller do in rooms, as the authorizer passes it on through API Gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from signin.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

ANYTHING = "*"
USER_ID = "{user_id}"


class Entitlements(NamedTuple):
    """
    What a caller may do in rooms.

    `rooms` has the patterns of the rooms that the token lists, or is None where tokens list none and whoever knows a
    room's name may enter it. `host` may open and end rooms; who only `listens` gets no microphone and no camera.
    """

    rooms: tuple[str, ...] | None = None
    host: bool = False
    listens: bool = False

    def check_room(self, name: str, user_id: str) -> None:
        """
        Return if the caller with *user_id* may enter the room *name*.

        Raises:
            Forbidden: The token does not list it.
        """
        if self.rooms is not None and not any(_matches(pattern, name, user_id) for pattern in self.rooms):
            raise Forbidden("room_not_allowed")

    def check_host(self) -> None:
        """
        Return if the caller is a host.

        Raises:
            Forbidden: They are not.
        """
        if not self.host:
            raise Forbidden("not_a_host")


def entitlements(event: Mapping[str, Any]) -> Entitlements:
    """
    Return the entitlements in the authorizer's context of a proxy *event*. Without a member there is no entitlement.

    A guest enters no room but those that are listed, and is never a host, whatever else the context says.

    Raises:
        ValueError: `rooms` is no JSON list of strings, so the authorizer did not write it.
    """
    context = event["requestContext"]["authorizer"]
    rooms, listens = _patterns(context.get("rooms")), _is_true(context, "listens")
    if _is_true(context, "guest"):
        # Fail closed: None would be every room whose name the guest knows.
        return Entitlements(rooms or (), host=False, listens=listens)
    return Entitlements(rooms, _is_true(context, "host"), listens)


def _matches(pattern: str, name: str, user_id: str) -> bool:
    # One of the two at most, and only at the end. The rest is compared letter by letter: no name has a star or brace.
    if pattern.endswith(USER_ID):
        return name == pattern.removesuffix(USER_ID) + user_id
    if pattern.endswith(ANYTHING):
        return name.startswith(pattern.removesuffix(ANYTHING))
    return name == pattern


def _patterns(text: object) -> tuple[str, ...] | None:
    if text is None:
        return None
    patterns = json.loads(str(text))
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise ValueError("no list of rooms")
    return tuple(patterns)


def _is_true(context: Mapping[str, Any], name: str) -> bool:
    return str(context.get(name, "")).lower() == "true"

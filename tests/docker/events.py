"""The events in events/, with a token put in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = Path(__file__).parents[2] / "events"
PLACEHOLDER = "<JWT>"


def authorizer_event(token: str) -> dict[str, Any]:
    """Return what API Gateway asks the authorizer when a client sends *token*."""
    return _event("authorizer", token)


def signin_event(token: str, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what API Gateway sends to the handler after the authorizer's Allow with *context* (None: the file's)."""
    return _behind_the_authorizer("signin", token, context)


def rooms_event(token: str, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what API Gateway sends to the function of rooms, likewise."""
    return _behind_the_authorizer("rooms", token, context)


def _behind_the_authorizer(name: str, token: str, context: Mapping[str, Any] | None) -> dict[str, Any]:
    event = _event(name, token)
    if context is not None:
        # API Gateway makes a text of every value.
        event["requestContext"]["authorizer"] = {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in context.items()
        }
    return event


def _event(name: str, token: str) -> dict[str, Any]:
    text = (EVENTS / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(text.replace(PLACEHOLDER, token))
    return event

"""
The sizes that messages may have and that botocore's model does not know.

Sources: https://docs.aws.amazon.com/chime-sdk/latest/dg/msg-types.html for content, and filter-msgs.html there for
attributes. That sizes are counted in bytes of UTF-8 is inferred, for 4 KB and 1 KB; 30 bytes are the guide's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..chimesdkidentity.exceptions import BadRequestError  # noqa: TID252 - relative, both are imported below `moto`

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT_BYTES = {"STANDARD": 4096, "CONTROL": 30}
"""By the type of the message."""

ATTRIBUTES_BYTES = 1024


def check_limits(parameters: dict[str, Any]) -> None:
    """
    Return if a message with these *parameters*, of which one is its Type, may be sent.

    Raises:
        BadRequestError: It is too large, or a control message with metadata.
    """
    kind = parameters["Type"]
    if _bytes(parameters["Content"]) > CONTENT_BYTES[kind]:
        raise BadRequestError(f"The content of a {kind} message has {CONTENT_BYTES[kind]} bytes at most.")
    if kind == "CONTROL" and parameters.get("Metadata"):
        raise BadRequestError("A CONTROL message has no metadata.")
    if sum(map(_bytes, _texts(parameters.get("MessageAttributes") or {}))) > ATTRIBUTES_BYTES:
        raise BadRequestError(f"The attributes of a message have {ATTRIBUTES_BYTES} bytes at most.")


def _texts(attributes: dict[str, Any]) -> Iterator[str]:
    for name, value in attributes.items():
        yield name
        yield from value.get("StringValues") or []


def _bytes(text: str) -> int:
    return len(text.encode())

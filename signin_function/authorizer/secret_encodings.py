"""How the bytes of a shared secret are written down."""

from __future__ import annotations

import base64
import binascii
import json
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _raw(stored: bytes) -> bytes:
    return stored


def _base64(stored: bytes) -> bytes:
    return base64.b64decode(stored.strip(), validate=True)


def _base64url(stored: bytes) -> bytes:
    text = stored.strip().rstrip(b"=")
    if set(b"+/") & set(text):
        raise ValueError("base64, not base64url: Python would take either")
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _hex(stored: bytes) -> bytes:
    return binascii.unhexlify(stored.strip())


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "raw": _raw,
    "base64": _base64,
    "base64url": _base64url,
    "hex": _hex,
}


def decoder(encoding: str, json_field: str | None) -> Callable[[bytes], bytes]:
    """
    Return what turns a stored secret into its bytes: by *encoding*, out of *json_field* of a JSON object if given.

    It raises ValueError if what is stored is not so written; the text tells nothing of the secret.
    """
    return partial(_decoded, encoding, json_field)


def _decoded(encoding: str, json_field: str | None, stored: bytes) -> bytes:
    text = stored if json_field is None else _field(stored, json_field)
    try:
        return ENCODINGS[encoding](text)
    except ValueError:
        raise ValueError(f"the shared secret is not written in {encoding}") from None


def _field(stored: bytes, name: str) -> bytes:
    try:
        value = json.loads(stored)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise ValueError(f"the shared secret is no JSON object with a text named {name}")  # noqa: TRY004 - as the others
    return value.encode()

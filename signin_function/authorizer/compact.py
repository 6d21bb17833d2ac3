"""Parse a JWT in compact serialisation strictly, without trusting anything in it."""

from __future__ import annotations

import binascii
import itertools
import json
import re
from typing import Any, NamedTuple, NoReturn

from authorizer.errors import Reason, TokenRefused

MAX_NESTING = 16
"""How deep objects and lists may be nested. Real claims are nested two or three deep."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BASE64URL = "base64url without padding, in its one spelling"


class UnverifiedToken(NamedTuple):
    """The parts of a well-formed JWT, before anyone has checked its signature."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signing_input: bytes
    signature: bytes


def parse(unverified_token: str) -> UnverifiedToken:
    """
    Parse the three segments of *unverified_token* (RFC 7515, 3.1 and 7.1).

    Raises:
        TokenRefused: It is not three segments of canonical base64url, or header and claims are not
            JSON objects with unique names and plain values (RFC 7515, 4; RFC 8725, 3.14).
    """
    signed, _, last = unverified_token.rpartition(".")
    first, dot, second = signed.partition(".")
    if not dot or "." in second:
        raise TokenRefused(Reason.MALFORMED_TOKEN, "the parts between dots", unverified_token.count(".") + 1, 3)
    header, claims, signature = (_decoded(segment) for segment in (first, second, last))
    return UnverifiedToken(_json_object(header), _json_object(claims), signed.encode("ascii"), signature)


def _decoded(segment: str) -> bytes:
    if not segment:
        raise _badly_encoded("nothing")
    try:
        encoded = _in_base64(segment)
        # Strictly, because otherwise what is not in the alphabet is left out, and one token would have many spellings.
        decoded = binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4), strict_mode=True)
    except ValueError:
        good = _SEGMENT.fullmatch(segment)
        found = "one character too many or too few" if good else "characters other than A-Z, a-z, 0-9, - and _"
        raise _badly_encoded(found) from None
    # The last one or two bytes have characters of their own, whose unused bits could be anything.
    last = len(decoded) % 3
    if last and encoded[-1 - last :] != binascii.b2a_base64(decoded[-last:]).decode("ascii")[: last + 1]:
        raise _badly_encoded("spare bits that are not zero")
    return decoded


def _in_base64(segment: str) -> str:
    """Return *segment* in the alphabet of base64 (RFC 4648, 4 and 5). Raises ValueError for what only base64 has."""
    if "+" in segment or "/" in segment or "=" in segment:
        raise ValueError("a character of base64 alone")
    # A text without the character is not copied: most claims have neither. To translate takes ten times as long.
    return segment.replace("-", "+").replace("_", "/")


def _badly_encoded(found: str) -> TokenRefused:
    return TokenRefused(Reason.MALFORMED_TOKEN, "the encoding of a part", found, _BASE64URL)


def _json_object(encoded: bytes) -> dict[str, Any]:
    try:
        text = encoded.decode("utf-8")
        value = _JSON.decode(text)
        if "\\" in text:  # one character, because that is looked for many times faster than the two of an escape
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # fails on half a surrogate pair
        if text.count("{") + text.count("[") > MAX_NESTING and _is_deep(value):
            raise _no_object(f"more than {MAX_NESTING} levels")
    except (ValueError, RecursionError) as error:
        raise _no_object(f"{type(error).__name__}, {error}") from None
    if not isinstance(value, dict):
        raise _no_object(type(value).__name__)
    return value


def _no_object(found: str) -> TokenRefused:
    return TokenRefused(Reason.MALFORMED_TOKEN, "header or claims", found, "a JSON object with unique names")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
        nested = (outer.values() if isinstance(outer, dict) else outer for outer in level if _nests(outer))
        level = list(itertools.chain.from_iterable(nested))
    return any(map(_nests, level))


def _nests(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name is there twice")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
"""Made once, because making it takes as long as parsing a token."""

"""Find the one bearer token in an API Gateway request."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from authorizer.errors import NoToken, Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}", re.ASCII)
"""In one of both alphabets (RFC 4648, 4 and 5), with padding or without it, as many platforms write it."""
_ONE_ALPHABET = str.maketrans("-_", "+/")


def unverified_token(event: Mapping[str, Any], max_length: int, *, accept_base64: bool = False) -> str:
    """
    Return the token of a REQUEST authorizer's *event*, unverified, with *max_length* characters at most.

    With *accept_base64*, a token that is encoded in base64 as a whole is decoded: the public Amazon Chime SDK web demo
    sends it so.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html

    Raises:
        NoToken: The scheme is another than Bearer (RFC 6750, 3.1), or the header is missing or empty. API Gateway
            answers the latter two itself, because the header is the authorizer's identity source.
        TokenRefused: There are two headers, or the token is too large.
    """
    scheme, _, token = _authorization(event).partition(" ")
    if scheme.lower() != "bearer":
        raise NoToken
    token = token.strip()
    if len(token) > max_length:
        raise TokenRefused(Reason.TOKEN_TOO_LARGE, "the length in characters", len(token), max_length)
    return _unwrapped(token) if accept_base64 else token


def _authorization(event: Mapping[str, Any]) -> str:
    # Names are compared without case, because they arrive as the client wrote them. Only multiValueHeaders shows two.
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    sent = [value for name, values in headers.items() if name.lower() == "authorization" for value in values or ()]
    values = [value for value in sent if isinstance(value, str)]
    if len(values) > 1:
        raise TokenRefused(Reason.TWO_HEADERS, "Authorization headers", len(values), 1)
    value = "".join(values).strip()
    if not value:
        raise NoToken
    return value


def _unwrapped(token: str) -> str:
    if "." in token or not _BASE64.fullmatch(token):
        return token
    text = token.rstrip("=").translate(_ONE_ALPHABET)
    try:
        unwrapped = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii")
    except ValueError:
        return token
    # Other text can look like base64 by chance. A JWT has dots; without one it was no encoded token.
    return unwrapped if "." in unwrapped else token

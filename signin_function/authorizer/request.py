"""Find the one bearer token in an API Gateway request."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from authorizer.errors import NoToken, Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}", re.ASCII)
"""In either alphabet, but in one (RFC 4648, 4 and 5), with padding or, as many platforms write it, without."""
_ONE_ALPHABET = str.maketrans("-_", "+/")


def unverified_token(event: Mapping[str, Any], longest: int, *, accept_base64: bool = False) -> str:
    """
    Return the token of a REQUEST authorizer's *event*, not yet looked into: *longest* characters at most.

    With *accept_base64*, a token that was wrapped in base64 as a whole is unwrapped: the public Amazon
    Chime SDK web demo sends it so.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html

    Raises:
        NoToken: The scheme is another than Bearer (RFC 6750, 3.1); or the header is missing or empty, which API Gateway
            answers itself as long as the header is its identity source.
        TokenRefused: There are two headers, or the token is too large.
    """
    scheme, _, token = _authorization(event).partition(" ")
    if scheme.lower() != "bearer":
        raise NoToken
    token = token.strip()
    if len(token) > longest:
        raise TokenRefused(Reason.TOKEN_TOO_LARGE)
    return _unwrapped(token) if accept_base64 else token


def _authorization(event: Mapping[str, Any]) -> str:
    # Header names arrive as the client wrote them, and only multiValueHeaders shows that there were two.
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    sent = [value for name, values in headers.items() if name.lower() == "authorization" for value in values or ()]
    values = [value for value in sent if isinstance(value, str)]
    if len(values) > 1:
        raise TokenRefused(Reason.TWO_HEADERS)
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
    # Text without a dot may look like base64, and was no token before it was wrapped.
    return unwrapped if "." in unwrapped else token

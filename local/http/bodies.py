"""Keep bodies within bounds, whether they say how long they are or come in chunks."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes. Source: AWS, "Amazon API Gateway quotas", payload size; nothing else here takes as much."""


class BodyTooLargeError(Exception):
    """The body has more than `LARGEST_BODY` bytes."""


class BodyUnreadableError(Exception):
    """The body is not framed as HTTP/1.1 has it."""


def read_body(environ: WSGIEnvironment) -> bytes:
    """
    Return the request's body.

    Raises:
        BodyTooLargeError: It is too large, or says so; what follows is not read.
        BodyUnreadableError: It comes in chunks that are none.
    """
    stream: Any = environ["wsgi.input"]
    said = environ.get("CONTENT_LENGTH") or "0"
    length = int(said[:20]) if said.isdecimal() else 0
    if length > LARGEST_BODY:
        raise BodyTooLargeError
    if not environ.get("wsgi.input_terminated"):
        return bytes(stream.read(length)) if length else b""
    try:
        body = bytes(stream.read(LARGEST_BODY + 1))
    except ConnectionError:
        raise
    except OSError as error:
        raise BodyUnreadableError from error
    if len(body) > LARGEST_BODY:
        raise BodyTooLargeError
    return body


class BoundedBodies:
    """A WSGI application before another, which gets each body whole and within `LARGEST_BODY`, or not at all."""

    def __init__(self, application: WSGIApplication) -> None:
        """Take what to pass requests on to."""
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            body = read_body(environ)
        except BodyTooLargeError:
            return _refusal(413, "too_large", "The body has over 10 MB.")(environ, start_response)
        except BodyUnreadableError:
            return _refusal(400, "bad_request", "The body cannot be read.")(environ, start_response)
        return self._application({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


def _refusal(status: int, error: str, description: str) -> Response:
    said = {"error": error, "error_description": description}
    # It holds nothing secret, and a script cannot see why it was refused unless it may read the answer.
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return Response(json.dumps(said), status, headers, content_type="application/json")

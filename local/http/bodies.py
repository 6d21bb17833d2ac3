"""Read the bodies of requests up to a limit, whether they have a Content-Length or come in chunks."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY_BYTES = 10 * 1024 * 1024
"""Source: AWS, "Amazon API Gateway quotas", payload size. Of the other services here, S3 alone takes more on AWS."""


class BodyTooLargeError(Exception):
    """The body has more than `MAX_BODY_BYTES` bytes."""


class BodyUnreadableError(Exception):
    """The chunks of the body are not as in RFC 9112, 7.1."""


def read_body(environ: WSGIEnvironment) -> bytes:
    """
    Return the request's body.

    Raises:
        BodyTooLargeError: The body is too large, or its Content-Length is; the rest is not read.
        BodyUnreadableError: It comes in chunks that cannot be read.
    """
    stream: Any = environ["wsgi.input"]
    declared = environ.get("CONTENT_LENGTH") or "0"
    length = int(declared[:20]) if declared.isdecimal() else 0
    if length > MAX_BODY_BYTES:
        raise BodyTooLargeError
    if not environ.get("wsgi.input_terminated"):
        return bytes(stream.read(length)) if length else b""
    try:
        body = bytes(stream.read(MAX_BODY_BYTES + 1))
    except ConnectionError:
        raise
    except OSError as error:
        raise BodyUnreadableError from error
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError
    return body


class BoundedBodies:
    """A WSGI middleware that passes only requests on whose whole body was read and is within `MAX_BODY_BYTES`."""

    def __init__(self, application: WSGIApplication) -> None:
        """Take the next application."""
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            body = read_body(environ)
        except BodyTooLargeError:
            return _error_response(413, "too_large", "The body has over 10 MB.")(environ, start_response)
        except BodyUnreadableError:
            return _error_response(400, "bad_request", "The body cannot be read.")(environ, start_response)
        return self._application({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


def _error_response(status: int, error: str, description: str) -> Response:
    content = {"error": error, "error_description": description}
    # Every page may read this answer: nothing in it is secret, and a script learns only from it what was wrong.
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return Response(json.dumps(content), status, headers, content_type="application/json")

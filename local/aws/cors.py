"""Let scripts of any web page call, as AWS's endpoints do: what protects them is the signature."""

from __future__ import annotations

from werkzeug.wrappers import Response

_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amz-id-2,Date"
_DAYS_2 = "172800"


def preflight(requested_headers: str) -> Response:
    """Answer an OPTIONS request that asks for *requested_headers*; it carries no signature."""
    headers = {
        "Access-Control-Allow-Headers": requested_headers or "*",
        "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE,PATCH,HEAD",
        "Access-Control-Max-Age": _DAYS_2,
    }
    return opened(Response(status=200, headers=headers))


def opened(response: Response) -> Response:
    """Let any origin read the response."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers.pop("Access-Control-Allow-Credentials", None)
    return response

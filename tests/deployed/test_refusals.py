"""What a deployed stack answers to those who have no token."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

from tests.api_document import check

ORIGIN = "https://stranger.example"


def call(method: str, url: str, **headers: str) -> tuple[int, urllib3.HTTPHeaderDict, Any]:
    """Return status, headers and JSON body (None if there is none) of the answer, which docs/openapi.yaml describes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = urllib3.request(method, url, headers={"Origin": ORIGIN, **sent}, retries=False, timeout=30)
    body = json.loads(answer.data) if answer.data else None
    check(method, f"/{url.rpartition('/')[2]}", answer.status, answer.headers, body)
    return answer.status, answer.headers, body


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_call_without_a_token_is_challenged(path: str, signin_url: str) -> None:
    status, headers, body = call("POST", signin_url.removesuffix("/signin") + path)
    assert status == 401
    assert body["error"] == "unauthorized"
    assert headers["WWW-Authenticate"] == 'Bearer realm="chime-signin"'


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("nonsense", id="no token at all"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", id="an unsigned token"),
    ],
)
def test_bad_token_is_refused_with_a_reason(token: str, signin_url: str) -> None:
    status, headers, body = call("POST", signin_url, Authorization=f"Bearer {token}")
    assert status == 401
    assert body["error"] == "invalid_token"
    assert body["reason"]
    assert headers["WWW-Authenticate"] == 'Bearer realm="chime-signin", error="invalid_token"'


def test_browsers_may_read_refusals(signin_url: str) -> None:
    _, headers, _ = call("POST", signin_url)
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Expose-Headers"] == "WWW-Authenticate, Retry-After"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="without a token"),
        # Which of its types API Gateway answers then stands in no documentation.
        pytest.param({"Authorization": "Bearer a.b.c"}, id="with a token"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/signin"), ("POST", "/nowhere")])
def test_unknown_path_or_method_is_not_found(method: str, path: str, sent: dict[str, str], signin_url: str) -> None:
    status, _, body = call(method, signin_url.removesuffix("/signin") + path, **sent)
    assert status == 404
    assert body["error"] == "not_found"


def test_call_with_another_scheme_is_challenged(signin_url: str) -> None:
    status, headers, body = call("POST", signin_url, Authorization="Basic YTpi")
    assert status == 401
    assert body["error"] == "unauthorized"
    assert headers["WWW-Authenticate"] == 'Bearer realm="chime-signin"'


def test_preflight_needs_no_token_and_tells_a_stranger_nothing(signin_url: str) -> None:
    status, headers, _ = call("OPTIONS", signin_url, Access_Control_Request_Method="POST")
    assert status in (200, 204)
    assert "Access-Control-Allow-Origin" not in headers

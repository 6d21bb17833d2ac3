"""Pages of http://localhost, on any port, call the local gateway, and nothing else here; other origins are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.http.local_pages import MOST_TOLD
from local.stack import LocalStack, StackOptions
from tests.integration.clients import HTTP, sign_in, token

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "http://localhost:5173"


@pytest.fixture(scope="module")
def told() -> list[tuple[str, bool]]:
    return []


@pytest.fixture(scope="module")
def stack(told: list[tuple[str, bool]]) -> Iterator[LocalStack]:
    options = StackOptions(
        log=lambda _: None,
        parameters={"AllowedOrigins": "https://app.example.com"},
        tell=lambda origin, may_read: told.append((origin, may_read)),
    )
    with LocalStack(options) as running:
        yield running


def preflight(stack: LocalStack, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, traceparent",
    }
    return HTTP.request("OPTIONS", f"{stack.urls['api']}/signin", headers=headers)


@pytest.mark.parametrize("origin", [PAGE, "http://localhost", "http://localhost:1", "http://localhost:65535"])
def test_page_gets_what_a_listed_page_gets(stack: LocalStack, origin: str) -> None:
    answer = sign_in(stack.urls, token(stack.urls), Origin=origin)
    listed = sign_in(stack.urls, token(stack.urls), Origin="https://app.example.com")
    cors = [name for name in listed.headers if name.lower().startswith("access-control-") or name.lower() == "vary"]
    assert answer.status == 200
    assert len(cors) == 4
    for name in cors:
        expected = origin if name.lower() == "access-control-allow-origin" else listed.headers[name]
        assert answer.headers.getlist(name) == [expected]


@pytest.mark.parametrize("origin", [PAGE, "https://app.example.com"])
def test_page_s_preflight_is_answered(stack: LocalStack, origin: str) -> None:
    answer = preflight(stack, origin)
    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "traceparent" in answer.headers["Access-Control-Allow-Headers"]


def test_page_may_read_errors(stack: LocalStack) -> None:
    for bearer in ("nonsense", token(stack.urls, expires_in=-60)):
        answer = sign_in(stack.urls, bearer, Origin=PAGE)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, PAGE)


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:5173",
        "http://localhost.evil.example",
        "http://localhost:5173.evil.example",
        "http://evil.example",
        "http://localhost@evil.example",
        "http://127.0.0.1:5173",
        "http://LOCALHOST:5173",
        "null",
        "http://localhost:5173, http://localhost:5174",
    ],
)
def test_other_origins_are_not_let_in(stack: LocalStack, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(stack, origin).headers
    answer = sign_in(stack.urls, token(stack.urls), Origin=origin)
    assert (answer.status, "Access-Control-Allow-Origin" in answer.headers) == (200, False)


def test_function_s_own_list_has_none_of_them(stack: LocalStack) -> None:
    listed = stack.deployment.functions["SigninFunction"].environment["ALLOWED_ORIGINS"].split(",")
    port = stack.urls["api"].rpartition(":")[2]
    own = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    assert listed == ["https://app.example.com", *own, "https://localhost:9000"]


@pytest.mark.parametrize(
    ("side", "path", "body"),
    [
        ("aws", "/local/credentials", {"owner": True}),
        ("aws", "/local/credentials", {"role": "UserRole"}),
        ("aws", "/local/faults", {"operation": "AssumeRole", "times": -1}),
        ("api", "/local/aws/faults", {"operation": "AssumeRole", "times": -1}),
        ("issuer", "/local/rotate", {}),
    ],
)
def test_control_paths_are_closed_to_them(stack: LocalStack, side: str, path: str, body: Any) -> None:
    answer = HTTP.request("POST", stack.urls[side] + path, json=body, headers={"Origin": PAGE})
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers or side == "issuer"
    assert b"AccessKeyId" not in answer.data


def test_each_origin_is_told_once_and_whether_it_may_read(stack: LocalStack, told: list[tuple[str, bool]]) -> None:
    for origin in ("http://localhost:4321", "https://other.example", "https://app.example.com", stack.urls["api"]):
        told.clear()
        for _ in range(2):
            preflight(stack, origin)
        assert told == {
            "http://localhost:4321": [("http://localhost:4321", True)],
            "https://other.example": [("https://other.example", False)],
        }.get(origin, [])


@pytest.mark.parametrize(
    "origin", ["https://a.example';reboot'", "https://$(reboot)", "https://a.example/\x1b[2J", "x"]
)
def test_what_could_mean_something_to_a_shell_or_terminal_is_not_told(
    stack: LocalStack, told: list[tuple[str, bool]], origin: str
) -> None:
    told.clear()
    preflight(stack, origin)
    assert told == []


def test_made_up_origins_do_not_fill_the_terminal(stack: LocalStack, told: list[tuple[str, bool]]) -> None:
    told.clear()
    for number in range(MOST_TOLD + 10):
        preflight(stack, f"https://{number}.example")
    assert 0 < len(told) <= MOST_TOLD

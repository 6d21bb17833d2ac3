"""The whole local stack: our template, our functions, over HTTP."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest

from local.page import homepage
from local.stack import LocalStack, StackOptions
from tests.integration.clients import HTTP, sign_in, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import urllib3

BUILT = "/local/aws-sdk.js"
BUILT_FOR_CALLS = "/local/chime-sdk.js"


@pytest.fixture(scope="module")
def log() -> list[bytes]:
    return []


@pytest.fixture(scope="module")
def stack(log: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=log.append)) as stack:
        yield stack


def test_ada_signs_in(stack: LocalStack) -> None:
    answer = sign_in(stack.urls, token(stack.urls))
    assert answer.status == 200
    assert answer.json()["ChimeUserId"] == "ada"
    assert answer.json()["ChimeDisplayName"] == "Ada Lovelace"
    assert answer.json()["ChimeAppInstanceUserArn"].endswith("/user/ada")


def test_fifty_sign_in_at_once(stack: LocalStack) -> None:
    bearers = [token(stack.urls, sub=f"user-{number}") for number in range(50)]
    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda bearer: sign_in(stack.urls, bearer), bearers))
    assert [answer.json().get("ChimeUserId") for answer in answers] == [f"user-{number}" for number in range(50)]


def test_expired_token_is_refused_as_the_contract_says(stack: LocalStack) -> None:
    answer = sign_in(stack.urls, token(stack.urls, expires_in=-60), Origin="https://localhost:9000")
    assert (answer.status, answer.json()["reason"]) == (401, "token_expired")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="chime-signin", error="invalid_token"'
    assert answer.headers["Access-Control-Allow-Origin"] == "https://localhost:9000"


def test_unknown_path_is_refused_as_the_contract_says(stack: LocalStack) -> None:
    answer = HTTP.request("GET", f"{stack.urls['api']}/nowhere")
    assert (answer.status, answer.json()["error"]) == (404, "not_found")


def test_page_knows_its_addresses_and_loads_nothing_from_elsewhere(stack: LocalStack) -> None:
    page = HTTP.request("GET", f"{stack.urls['api']}/")
    assert page.headers["Content-Type"].startswith("text/html")
    text = page.data.decode()
    assert set(re.findall(r"https?://[^/<\"]+", text)) == set(stack.urls.values())
    assert "{{" not in text


@pytest.mark.parametrize("path", [path for path in homepage.PATHS if path not in (BUILT, BUILT_FOR_CALLS)])
def test_page_refers_to_existing_files_only(stack: LocalStack, path: str) -> None:
    file = HTTP.request("GET", f"{stack.urls['api']}{path}")

    assert file.status == 200
    named = re.findall(r'"(\.?/[\w/-]+\.(?:js|css))"', file.data.decode())
    assert {urljoin(path, name) for name in named} <= set(homepage.PATHS)


def test_page_works_without_the_sdk_that_is_built(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(homepage.PATHS, BUILT, tmp_path / "aws-sdk.js")

    assert HTTP.request("GET", f"{stack.urls['api']}{BUILT}").status == 404


def test_page_switches_the_faults_of_aws(stack: LocalStack) -> None:
    faults = f"{stack.urls['api']}/local/aws/faults"
    HTTP.request("POST", faults, json={"operation": "AssumeRole", "error": "AccessDenied", "times": -1})
    assert sign_in(stack.urls, token(stack.urls)).status == 502

    HTTP.request("DELETE", faults)
    assert sign_in(stack.urls, token(stack.urls)).status == 200


def test_page_can_list_the_calls_of_aws(stack: LocalStack) -> None:
    calls = f"{stack.urls['api']}/local/aws/calls"
    before = len(HTTP.request("GET", calls).json())
    sign_in(stack.urls, token(stack.urls))

    assert "AssumeRole" in [call["operation"] for call in HTTP.request("GET", calls).json()[before:]]


FAULT = {"operation": "AssumeRole", "error": "AccessDenied", "times": -1}
CHANGES = pytest.mark.parametrize(
    "change",
    [
        pytest.param(("api", "POST", "/local/aws/faults", FAULT), id="AWS's faults, under the page's address"),
        pytest.param(("api", "DELETE", "/local/aws/faults", None), id="taking them back"),
        pytest.param(("aws", "POST", "/local/faults", FAULT), id="AWS's faults"),
        pytest.param(("aws", "DELETE", "/local/faults", None), id="taking them back there"),
        pytest.param(("aws", "POST", "/local/credentials", {"role": "UserRole"}), id="credentials"),
        pytest.param(("aws", "DELETE", "/local/calls", None), id="AWS's calls"),
        pytest.param(("aws", "DELETE", "/local/connections", None), id="connections"),
        pytest.param(("issuer", "POST", "/local/faults", {"status": 500}), id="the issuer's faults"),
        pytest.param(("issuer", "DELETE", "/local/faults", None), id="taking those back"),
        pytest.param(("issuer", "POST", "/local/rotate", {}), id="the issuer's keys"),
        pytest.param(("issuer", "DELETE", "/local/calls", None), id="the issuer's calls"),
    ],
)
Change = tuple[str, str, str, Any]


def make(stack: LocalStack, change: Change, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    side, method, path, body = change
    return HTTP.request(method, stack.urls[side] + path, json=body, headers=headers)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "https://localhost:9000", "null", ""])
@CHANGES
def test_page_of_another_origin_does_not_change(change: Change, origin: str, stack: LocalStack) -> None:
    answer = make(stack, change, {"Origin": origin})
    assert (answer.status, answer.json()["error"]) == (403, "forbidden")
    assert HTTP.request("GET", f"{stack.urls['aws']}/local/faults").json() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", None])
@CHANGES
def test_own_page_and_programs_change(change: Change, host: str | None, stack: LocalStack) -> None:
    headers = {"Origin": stack.urls["api"].replace("127.0.0.1", host)} if host else {}
    assert make(stack, change, headers).status in (200, 204)
    for side in ("aws", "issuer"):
        HTTP.request("DELETE", f"{stack.urls[side]}/local/faults")


def test_only_the_own_page_opens_channels(stack: LocalStack) -> None:
    user = sign_in(stack.urls, token(stack.urls)).json()["ChimeAppInstanceUserArn"]
    change = ("api", "POST", "/local/aws/channels", {"name": "Engines", "creator": user, "members": []})
    assert make(stack, change, {"Origin": "https://evil.example"}).status == 403
    assert make(stack, change, {"Origin": stack.urls["api"]}).json()["ChannelArn"].startswith(user.split("/user/")[0])


def test_pages_of_other_origins_may_read_and_get_tokens(stack: LocalStack) -> None:
    elsewhere = {"Origin": "https://app.example"}
    assert HTTP.request("GET", f"{stack.urls['issuer']}/local/calls", headers=elsewhere).status == 200
    assert HTTP.request("POST", f"{stack.urls['issuer']}/token", json={}, headers=elsewhere).status == 200


def test_pages_own_origin_may_sign_in_by_either_name(stack: LocalStack) -> None:
    port = stack.urls["api"].rpartition(":")[2]
    for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", "https://localhost:9000"):
        answer = sign_in(stack.urls, token(stack.urls), Origin=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_functions_keep_tokens_and_names_out_of_their_log(stack: LocalStack, log: list[bytes]) -> None:
    bearer = token(stack.urls, name="Grace Hopper")
    credentials = sign_in(stack.urls, bearer).json()["ChimeCredentials"]
    text = b"".join(log).decode()
    assert '"signed in"' in text
    for secret in (bearer, "Grace Hopper", credentials["SecretAccessKey"], credentials["SessionToken"]):
        assert secret not in text

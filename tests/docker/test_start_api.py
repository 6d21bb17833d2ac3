"""
The built functions behind `sam local start-api`: routes, authorizer and handler together.

It ignores gateway responses, so that a refusal is its own 403; the local stack shows what API Gateway does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.cloud import Cloud
    from tests.docker.sam import Api


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_good_token_signs_in(path: str, api: Api, cloud: Cloud) -> None:
    status, headers, answer = api.call("POST", path, {"Authorization": f"Bearer {cloud.token()}"})

    assert status == 200, answer
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert answer["ChimeUserId"] == "ada"
    assert answer["ChimeDisplayName"] == "Ada Lovelace"
    assert answer["ChimeAppInstanceUserArn"] == f"{answer['ChimeAppInstanceArn']}/user/ada"
    assert set(answer["ChimeCredentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert set(answer) == {
        "ChimeAppInstanceUserArn", "ChimeUserId", "ChimeCredentials", "ChimeDisplayName",
        "ChimeAppInstanceArn", "ChimeRegion", "ExpiresIn", "RefreshAfter",
    }  # fmt: skip


def test_expired_token_is_refused(api: Api, cloud: Cloud) -> None:
    status, _, _ = api.call("POST", "/signin", {"Authorization": f"Bearer {cloud.token(expires_in=-60)}"})
    assert status == 403


def test_call_without_a_token_is_refused(api: Api) -> None:
    status, _, _ = api.call("POST", "/signin", {})
    assert status == 401


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_preflight_needs_no_token(path: str, api: Api) -> None:
    asked = {"Origin": "https://localhost:9000", "Access-Control-Request-Method": "POST"}
    status, headers, _ = api.call("OPTIONS", path, asked)
    assert status in (200, 204)
    assert headers["access-control-allow-origin"] == "https://localhost:9000"

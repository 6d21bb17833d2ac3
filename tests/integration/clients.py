"""What a client of the local stack does: get a token, sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import urllib3
from botocore import auth

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

HTTP = urllib3.PoolManager(retries=False, maxsize=50)
"""Without a timeout, because `urllib3.request` has one of 3 seconds, which a busy machine exceeds."""


def token(urls: dict[str, str], **claims: Any) -> str:
    """Return a token of Ada's, or with other *claims*."""
    answer = HTTP.request("POST", f"{urls['issuer']}/token", json={"sub": "ada", "name": "Ada Lovelace"} | claims)
    text: str = answer.json()["access_token"]
    return text


def sign_in(urls: dict[str, str], bearer: str, **headers: str) -> urllib3.BaseHTTPResponse:
    """Sign in with the token *bearer*."""
    return HTTP.request("POST", f"{urls['api']}/signin", headers={"Authorization": f"Bearer {bearer}", **headers})


def sign_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock by which botocore signs; the local AWS has another."""
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None))

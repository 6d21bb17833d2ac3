"""Try a stack that was just deployed: a browser's preflight, a refusal, and a sign-in if there is a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import urllib3

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS, PAUSE_SECONDS = 6, 5.0
"""A stage that is new answers a little later than CloudFormation says so."""
TOO_EARLY = (403, 404, 500, 502, 503)
"""What a stage answers that is not there yet, or whose functions may not be called yet."""
OK, NO_CONTENT, UNAUTHORIZED = 200, 204, 401
NO_TOKEN = "not.a.token"  # noqa: S105 - it is none


class TryOut:
    """Calls the service at *url* as a client would, and tells *say* what came of it. *pause* waits for some seconds."""

    def __init__(self, url: str, say: Callable[[str], None], pause: Callable[[float], None]) -> None:
        """Open no connection yet."""
        self._url = url
        self._say = say
        self._pause = pause
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=30))

    def preflight(self, origin: str) -> None:
        """Ask as a browser does that shows a page of *origin*. Raises OperationError if the page would be refused."""
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = self._answer("OPTIONS", asked, (OK, NO_CONTENT))
        if answer.headers.get("Access-Control-Allow-Origin") != origin:
            raise OperationError(f"Pages of {origin} may not call: add it to AllowedOrigins, and deploy again.")
        self._say(f"Preflight: pages of {origin} may call.")

    def refusal(self) -> None:
        """Send what is no token. Raises OperationError if that is not refused, as where the authorizer cannot start."""
        body = _body(self._answer("POST", {"Authorization": f"Bearer {NO_TOKEN}"}, (UNAUTHORIZED,)))
        self._say(f"Refusal: what is no token gets 401 ({body.get('reason', body.get('error', 'no reason'))}).")

    def sign_in(self, token: str) -> None:
        """Sign in with *token*. Raises OperationError with the reason if that is refused."""
        answer = self._answer("POST", {"Authorization": f"Bearer {token}"}, None)
        body = _body(answer)
        if answer.status != OK:
            raise OperationError(
                f"Sign-in: {answer.status}, {body.get('reason') or body.get('error')}: {body.get('error_description')} "
                "README lists the answers, docs/verifier.md each check of a token."
            )
        self._say(f"Sign-in: 200, Chime user {body['ChimeUserId']}.")

    def _answer(self, method: str, headers: dict[str, str], wanted: tuple[int, ...] | None) -> Any:
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                answer = self._pool.request(method, self._url, headers=headers)
            except urllib3.exceptions.HTTPError as error:
                if last:
                    raise OperationError(f"{self._url} cannot be reached: {error}.") from error
            else:
                if answer.status in (wanted or ()) or last or answer.status not in TOO_EARLY:
                    return self._checked(method, answer, wanted)
            self._pause(PAUSE_SECONDS)
        raise AssertionError  # the last attempt returns or raises

    def _checked(self, method: str, answer: Any, wanted: tuple[int, ...] | None) -> Any:
        if wanted is None or answer.status in wanted:
            return answer
        said = answer.data.decode("utf-8", "replace")[:300]
        raise OperationError(
            f"{method} {self._url} is answered by {answer.status}, not {wanted[0]}: {said} "
            "A function that cannot start says why in its log: sam logs, or the console."
        )


def _body(answer: Any) -> dict[str, Any]:
    try:
        body = json.loads(answer.data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}

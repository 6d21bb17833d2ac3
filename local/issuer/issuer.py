"""A token issuer with real keys: OpenID Connect discovery, a key set that rotates on request, and tokens on demand."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local.issuer.signing import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

AUDIENCE = "chime-signin"
"""For whom tokens are unless the request for one says otherwise."""

EXPIRES_IN = 3600
ALGORITHMS = ("RS256", "ES256")
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks.json"

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
}


class InvalidTokenRequestError(Exception):
    """The request's body is not what the path wants; the text says why."""


class Issuer:
    """
    The issuer as a WSGI application.

    `url` is its name and address, without a closing slash: set it as soon as it is known. `calls` lists the
    fetches of discovery document and key set as {"path", "status"}, in order.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._keys = {algorithm: [SigningKey(algorithm)] for algorithm in ALGORITHMS}
        self._fault = IssuerFault()
        self._paths = Map(
            [
                Rule(DISCOVERY, methods=["GET"], endpoint=self._discovery),
                Rule(JWKS, methods=["GET"], endpoint=self._jwks),
                Rule("/token", methods=["POST"], endpoint=self._token),
                Rule("/local/rotate", methods=["POST"], endpoint=self._rotate),
                Rule("/local/faults", methods=["GET"], endpoint=self._list_faults),
                Rule("/local/faults", methods=["POST"], endpoint=self._set_fault),
                Rule("/local/faults", methods=["DELETE"], endpoint=self._clear_fault),
                Rule("/local/calls", methods=["GET"], endpoint=self._list_calls),
                Rule("/local/calls", methods=["DELETE"], endpoint=self._clear_calls),
            ]
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Browsers may call from any origin."""
        response = self._answer(Request(environ))
        response.headers.update(_CORS)
        return response(environ, start_response)

    def token(self, request: Mapping[str, Any]) -> str:
        """
        Return a signed token with the claims of *request*, which may hold `alg` and `expires_in` (seconds) too.

        iss, aud, iat and exp are filled in unless given; a claim of None is left out.

        Raises:
            InvalidTokenRequestError: `alg` or `expires_in` is not what it should be.
        """
        claims = dict(request)
        algorithm = claims.pop("alg", ALGORITHMS[0])
        if algorithm not in ALGORITHMS:
            raise InvalidTokenRequestError(f"alg must be one of {', '.join(ALGORITHMS)}")
        filled = self._filled_in(_expires_in(claims.pop("expires_in", None))) | claims
        with self._lock:
            key = self._keys[algorithm][-1]
        return key.sign({name: value for name, value in filled.items() if value is not None})

    def rotate(self, *, drop_old: bool = False) -> None:
        """Sign with new keys from now on, and publish the old ones too unless they are dropped."""
        fresh = {algorithm: SigningKey(algorithm) for algorithm in ALGORITHMS}
        with self._lock:
            for algorithm, keys in self._keys.items():
                self._keys[algorithm] = [*([] if drop_old else keys), fresh[algorithm]]

    def _filled_in(self, expires_in: float) -> dict[str, Any]:
        now = int(time.time())
        # A token that is over was made while it was not.
        issued = now if expires_in > 0 else int(now + expires_in) - EXPIRES_IN
        return {"iss": self.url, "aud": AUDIENCE, "iat": issued, "exp": int(now + expires_in)}

    def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status=204)
        try:
            handler, _ = self._paths.bind_to_environ(request.environ).match()
            answer: Response = handler(request)
        except InvalidTokenRequestError as error:
            return _json({"error": "invalid_request", "error_description": str(error)}, 400)
        except HTTPException as error:
            return _json({"error": "not_found"}, error.code or 404)
        return answer

    def _discovery(self, _request: Request) -> Response:
        self.calls.append({"path": DISCOVERY, "status": 200})
        return _json(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}{JWKS}",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": list(ALGORITHMS),
            }
        )

    def _jwks(self, _request: Request) -> Response:
        status = self._fault.strike()
        self.calls.append({"path": JWKS, "status": status})
        if status != 200:  # noqa: PLR2004
            return _json({"error": "fault"}, status)
        with self._lock:
            return _json({"keys": [key.public() for keys in self._keys.values() for key in keys]})

    def _token(self, request: Request) -> Response:
        wanted = _body(request)
        token = self.token(wanted)
        expires_in = _expires_in(wanted.get("expires_in"))
        return _json({"access_token": token, "token_type": "Bearer", "expires_in": expires_in})

    def _rotate(self, request: Request) -> Response:
        drop_old = _body(request, empty={}).get("drop_old", False)
        if not isinstance(drop_old, bool):
            raise InvalidTokenRequestError("drop_old must be true or false")
        self.rotate(drop_old=drop_old)
        return Response(status=204)

    def _list_faults(self, _request: Request) -> Response:
        return _json(self._fault.list())

    def _set_fault(self, request: Request) -> Response:
        said = {"status": 200, "delay_ms": 0, "times": 1} | _body(request)
        if not all(type(value) is int for value in said.values()) or len(said) != 3:  # noqa: PLR2004
            raise InvalidTokenRequestError("a fault has status, delay_ms and times, all of them whole numbers")
        if not 200 <= said["status"] <= 599:  # noqa: PLR2004 - what may be a final status
            raise InvalidTokenRequestError("status must be one of HTTP's")
        self._fault = IssuerFault(**said)
        return Response(status=204)

    def _clear_fault(self, _request: Request) -> Response:
        self._fault = IssuerFault()
        return Response(status=204)

    def _list_calls(self, _request: Request) -> Response:
        return _json(list(self.calls))

    def _clear_calls(self, _request: Request) -> Response:
        self.calls.clear()
        return Response(status=204)


class IssuerFault:
    """What spoils the next *times* answers (-1: all): an HTTP *status*, a delay, or both."""

    def __init__(self, status: int = 200, delay_ms: int = 0, times: int = 0) -> None:
        self._lock = threading.Lock()
        self._status = status
        self._delay = max(0, delay_ms) / 1000
        self._times = times

    def strike(self) -> int:
        """Wait if told so, and return the status to answer with: 200 if the fault is over."""
        with self._lock:
            if self._times == 0:
                return 200
            self._times = max(self._times - 1, -1)
        time.sleep(self._delay)
        return self._status

    def list(self) -> list[dict[str, int]]:
        """Return what is left of it as it was posted, in a list that is empty if it is over."""
        with self._lock:
            left = {"status": self._status, "delay_ms": round(self._delay * 1000), "times": self._times}
            return [left] if self._times else []


def _expires_in(said: object) -> float:
    if said is None:
        return EXPIRES_IN
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not math.isfinite(said):
        raise InvalidTokenRequestError("expires_in must be a number of seconds")
    return said


def _body(request: Request, empty: dict[str, Any] | None = None) -> dict[str, Any]:
    text = request.get_data()
    if not text and empty is not None:
        return empty
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidTokenRequestError("the body must be JSON") from error
    if not isinstance(said, dict):
        raise InvalidTokenRequestError("the body must be a JSON object")
    return said


def _json(value: object, status: int = 200) -> Response:
    return Response(
        json.dumps(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )

"""A token issuer with real keys: OpenID Connect discovery, a key set that can be rotated, and a token endpoint."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local.issuer.signing import ALGORITHMS as KNOWN_ALGORITHMS
from local.issuer.signing import HMAC_ALGORITHMS, SigningKey, sign_with_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local.issuer.providers import PlayedProvider

AUDIENCE = "chime-signin"
"""The audience of tokens whose request names no other."""

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
    """The body of a request is not what its path requires; the text says why."""


class Issuer:
    """
    The issuer as a WSGI application.

    `url` is its issuer identifier and its address, without a slash at the end. Set it as soon as the port is known.
    `calls` lists the requests for the discovery document and the key set as {"path", "status"}, in their order.
    `providers` are the identity providers that are played: the first signs unless a request names another.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.providers: list[PlayedProvider] = []
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
        Return a signed token. *request* holds its claims, and may hold `alg` and `expires_in` (in seconds).

        The claims iss, aud, iat and exp are added if they are missing. A claim that is None is left out. If providers
        are played, `provider` may name one of them, and all claims of its tokens are added.

        Raises:
            InvalidTokenRequestError: The value of `alg`, `expires_in` or `provider` is wrong.
        """
        claims = dict(request)
        played = self._played(claims.pop("provider", None)) if self.providers else None
        algorithm = claims.pop("alg", played.algorithm if played else ALGORITHMS[0])
        expires_in = _expires_in(claims.pop("expires_in", None), played)
        all_claims = self._default_claims(expires_in, played) | claims
        said = {name: value for name, value in all_claims.items() if value is not None}
        typ = played.typ if played else "JWT"
        if played and played.secret and algorithm in HMAC_ALGORITHMS:
            return sign_with_secret(played.secret, algorithm, said, typ)
        return self._key(algorithm, played).sign(said, typ)

    def rotate(self, *, drop_old: bool = False) -> None:
        """Sign with new keys from now on. The old ones stay in the key set, unless *drop_old* is true."""
        fresh = {algorithm: SigningKey(algorithm) for algorithm in list(self._keys)}
        with self._lock:
            for algorithm, keys in self._keys.items():
                self._keys[algorithm] = [*([] if drop_old else keys), fresh[algorithm]]

    def publish(self, algorithm: str) -> None:
        """Have a key for *algorithm*, from the first answer on: an authorizer asks for keys when it starts."""
        with self._lock:
            if algorithm in KNOWN_ALGORITHMS and algorithm not in self._keys:
                self._keys[algorithm] = [SigningKey(algorithm)]

    def _played(self, name: object) -> PlayedProvider:
        named = [played for played in self.providers if name in (None, played.name)]
        if not named:
            known = ", ".join(played.name for played in self.providers)
            raise InvalidTokenRequestError(f"provider must be one of {known}")
        return named[0]

    def _key(self, algorithm: object, played: PlayedProvider | None) -> SigningKey:
        known = ALGORITHMS if played is None else (*ALGORITHMS, played.algorithm)
        with self._lock:
            if algorithm not in known or algorithm not in self._keys:
                raise InvalidTokenRequestError(f"alg must be one of {', '.join(dict.fromkeys(known))}")
            return self._keys[str(algorithm)][-1]

    def _default_claims(self, expires_in: float, played: PlayedProvider | None) -> dict[str, Any]:
        now = int(time.time())
        # An expired token must have been issued before it expired.
        issued = now if expires_in > 0 else int(now + expires_in) - EXPIRES_IN
        claims = played.claims_at(issued) if played else {"iss": self.url, "aud": AUDIENCE}
        return {**claims, "iat": issued, "exp": int(now + expires_in)}

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
        status = self._fault.apply()
        self.calls.append({"path": JWKS, "status": status})
        if status != 200:  # noqa: PLR2004
            return _json({"error": "fault"}, status)
        with self._lock:
            return _json({"keys": [key.public() for keys in self._keys.values() for key in keys]})

    def _token(self, request: Request) -> Response:
        token_request = _body(request)
        token = self.token(token_request)
        played = self._played(token_request.get("provider")) if self.providers else None
        expires_in = _expires_in(token_request.get("expires_in"), played)
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
        fault = {"status": 200, "delay_ms": 0, "times": 1} | _body(request)
        if not all(type(value) is int for value in fault.values()) or len(fault) != 3:  # noqa: PLR2004
            raise InvalidTokenRequestError("a fault has status, delay_ms and times, all of them whole numbers")
        if not 200 <= fault["status"] <= 599:  # noqa: PLR2004 - the range of final status codes
            raise InvalidTokenRequestError("status must be one of HTTP's")
        self._fault = IssuerFault(**fault)
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
    """Changes the next *times* answers (-1: all): another HTTP *status*, a delay, or both."""

    def __init__(self, status: int = 200, delay_ms: int = 0, times: int = 0) -> None:
        self._lock = threading.Lock()
        self._status = status
        self._delay_seconds = max(0, delay_ms) / 1000
        self._remaining = times

    def apply(self) -> int:
        """Wait for the delay, and return the status to answer with. It is 200 if no answers are left to change."""
        with self._lock:
            if self._remaining == 0:
                return 200
            self._remaining = max(self._remaining - 1, -1)
        time.sleep(self._delay_seconds)
        return self._status

    def list(self) -> list[dict[str, int]]:
        """Return what remains of the fault, in the form in which it was posted, as the only item of a list or none."""
        with self._lock:
            fault = {"status": self._status, "delay_ms": round(self._delay_seconds * 1000), "times": self._remaining}
            return [fault] if self._remaining else []


def _expires_in(seconds: object, played: PlayedProvider | None) -> float:
    if seconds is None:
        return played.seconds if played else EXPIRES_IN
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        raise InvalidTokenRequestError("expires_in must be a number of seconds")
    return seconds


def _body(request: Request, empty: dict[str, Any] | None = None) -> dict[str, Any]:
    text = request.get_data()
    if not text and empty is not None:
        return empty
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidTokenRequestError("the body must be JSON") from error
    if not isinstance(body, dict):
        raise InvalidTokenRequestError("the body must be a JSON object")
    return body


def _json(value: object, status: int = 200) -> Response:
    return Response(
        json.dumps(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )

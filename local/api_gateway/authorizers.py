"""
Invoke a Lambda authorizer, cache its result and evaluate the policy in it.

Source: AWS, "Use API Gateway Lambda authorizers" and "Output from an API Gateway Lambda authorizer".
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.api_gateway.events import authorizer_event
from local.api_gateway.gateway_responses import GatewayError
from local.lambda_runtime.process import CallerTimeoutError, FunctionFailedError, FunctionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.api_gateway.definition import AuthorizerDefinition
    from local.api_gateway.events import ApiRequest

    Invoke = Callable[[str, Any, float], Any]

MAX_WAIT_SECONDS = 29.0
SCALAR = (str, bool, int, float)


@dataclass(frozen=True)
class AuthorizerResult:
    """What an authorizer returned: the statements of its policy, and the context for the function and the templates."""

    statements: tuple[Mapping[str, Any], ...]
    context: Mapping[str, Any]


class MalformedAuthorizerResultError(Exception):
    """An authorizer returned something that API Gateway does not accept."""


class Authorizers:
    """Invokes authorizers, and caches each result for the `ttl` of its authorizer."""

    def __init__(self, invoke: Invoke, clock: Callable[[], float] = time.monotonic) -> None:
        """*invoke* takes a function's logical id, an event and how many seconds to wait; *clock* returns seconds."""
        self._invoke = invoke
        self._clock = clock
        self._cache: dict[tuple[str, ...], tuple[float, AuthorizerResult]] = {}

    def authorize(self, authorizer: AuthorizerDefinition, request: ApiRequest) -> dict[str, Any]:
        """
        Return the authorizer's context for a request that it allows.

        Raises:
            GatewayError: The authorizer does not allow the request, or failed.
        """
        started = self._clock()
        result = self._result(authorizer, request)
        effect = evaluate(result.statements, request.arn)
        if effect != "Allow":
            how = " with an explicit deny" if effect == "Deny" else ""
            message = f"User is not authorized to access this resource{how}"
            raise GatewayError("ACCESS_DENIED", message, authorizer=result.context)
        latency = int((self._clock() - started) * 1000)
        return {**result.context, "integrationLatency": latency}

    def _result(self, authorizer: AuthorizerDefinition, request: ApiRequest) -> AuthorizerResult:
        # The sources are read even if nothing is cached: SAM declares them, and API Gateway then requires them.
        key = cache_key(authorizer, request)
        if authorizer.ttl == 0:
            return self._invoke_authorizer(authorizer, request)
        expires, result = self._cache.get(key, (0.0, None))
        if result is None or self._clock() >= expires:
            result = self._invoke_authorizer(authorizer, request)
            self._cache[key] = (self._clock() + authorizer.ttl, result)
        return result

    def _invoke_authorizer(self, authorizer: AuthorizerDefinition, request: ApiRequest) -> AuthorizerResult:
        try:
            return read_result(self._invoke(authorizer.function, authorizer_event(request), MAX_WAIT_SECONDS))
        except (FunctionTimeoutError, CallerTimeoutError) as error:
            # Inferred: a timeout is AUTHORIZER_FAILURE, and any other error AUTHORIZER_CONFIGURATION_ERROR.
            raise GatewayError("AUTHORIZER_FAILURE", None) from error
        except FunctionFailedError as error:
            if error.payload.get("errorMessage") == "Unauthorized":
                raise GatewayError("UNAUTHORIZED", "Unauthorized") from error
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None) from error
        except MalformedAuthorizerResultError as error:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None) from error


def cache_key(authorizer: AuthorizerDefinition, request: ApiRequest) -> tuple[str, ...]:
    """
    Return the key under which a result is cached: the authorizer's name and the values of its identity sources.

    Source: AWS, API reference, CreateAuthorizer, `identitySource`: if a request lacks one of them, the answer is 401
    and the authorizer is not invoked.

    Raises:
        GatewayError: A source is missing or empty.
    """
    values = [_source(expression, request) for expression in authorizer.sources]
    if not all(values):
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    return (authorizer.name, *(value or "" for value in values))


def _source(expression: str, request: ApiRequest) -> str | None:
    kind, _, name = expression.rpartition(".")
    if kind == "method.request.header":
        return request.http.header(name)
    if kind == "method.request.querystring":
        return request.http.parameter(name)
    if kind == "stageVariables":
        return request.api.stage_variables.get(name)
    context = authorizer_event(request)["requestContext"]
    value = context["identity"].get(name) if kind == "context.identity" else context.get(name)
    return None if value is None else str(value)


def read_result(returned: object) -> AuthorizerResult:
    """
    Return what an authorizer *returned*, with the values of its context as text.

    Raises:
        MalformedAuthorizerResultError: There is no policy, or the context is not flat.
    """
    if not isinstance(returned, dict):
        raise MalformedAuthorizerResultError("the result is not an object")
    context = returned.get("context") or {}
    if not isinstance(context, dict) or not all(
        value is None or isinstance(value, SCALAR) for value in context.values()
    ):
        raise MalformedAuthorizerResultError("the context may hold strings, numbers and booleans only")
    texts = {name: _as_text(value) for name, value in context.items()}
    return AuthorizerResult(
        _statements(returned.get("policyDocument")), {**texts, "principalId": _as_text(returned.get("principalId"))}
    )


def _as_text(value: str | float | None) -> str | None:
    # As JSON: True becomes "true", 1 becomes "1".
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _statements(policy: object) -> tuple[Mapping[str, Any], ...]:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    found = tuple(statements) if isinstance(statements, list) else (statements,)
    for statement in found:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise MalformedAuthorizerResultError("the policy must have statements with the Effect Allow or Deny")
        if not {"Action", "Resource"} <= statement.keys() or "Condition" in statement:
            # API Gateway knows Condition and NotResource, too. No authorizer of ours uses them, so both are left out.
            raise MalformedAuthorizerResultError(
                "the local stack reads statements with Effect, Action and Resource, and no other kind"
            )
    return found


def evaluate(statements: tuple[Mapping[str, Any], ...], arn: str) -> str | None:
    """Return whether *statements* allow the method *arn*: Allow, Deny (one wins over all others), or None of both."""
    effects = {
        statement["Effect"]
        for statement in statements
        if _covers(statement["Action"], "execute-api:Invoke", re.IGNORECASE) and _covers(statement["Resource"], arn)
    }
    return "Deny" if "Deny" in effects else next(iter(effects), None)


def _covers(patterns: str | list[str], text: str, flags: int = 0) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns]
    return any(re.fullmatch(_wildcards(pattern), text, flags) for pattern in listed)


def _wildcards(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")

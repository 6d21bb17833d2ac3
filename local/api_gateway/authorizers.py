"""
Ask a Lambda authorizer, and judge its answer.

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

PATIENCE_SECONDS = 29.0
SCALAR = (str, bool, int, float)


@dataclass(frozen=True)
class AuthorizerResult:
    """What an authorizer said: the statements of its policy, and the context that goes on to function and templates."""

    statements: tuple[Mapping[str, Any], ...]
    context: Mapping[str, Any]


class MalformedAuthorizerResultError(Exception):
    """An authorizer's answer is not of the form that API Gateway reads."""


class Authorizers:
    """Asks authorizers, and remembers their verdicts for as long as their `ttl` says."""

    def __init__(self, invoke: Invoke, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare to ask; *invoke* takes a function's logical id, an event and the patience. Times are in seconds."""
        self._invoke = invoke
        self._clock = clock
        self._remembered: dict[tuple[str, ...], tuple[float, AuthorizerResult]] = {}

    def admit(self, authorizer: AuthorizerDefinition, call: ApiRequest) -> dict[str, Any]:
        """
        Return the authorizer's context for a call that may pass.

        Raises:
            GatewayError: It may not, or the authorizer could not tell.
        """
        started = self._clock()
        verdict = self._verdict(authorizer, call)
        effect = evaluate(verdict.statements, call.arn)
        if effect != "Allow":
            how = " with an explicit deny" if effect == "Deny" else ""
            message = f"User is not authorized to access this resource{how}"
            raise GatewayError("ACCESS_DENIED", message, authorizer=verdict.context)
        latency = int((self._clock() - started) * 1000)
        return {**verdict.context, "integrationLatency": latency}

    def _verdict(self, authorizer: AuthorizerDefinition, call: ApiRequest) -> AuthorizerResult:
        # Also where nothing is remembered: SAM names the sources all the same, and API Gateway then demands them.
        identity = cache_key(authorizer, call)
        if authorizer.ttl == 0:
            return self._ask(authorizer, call)
        expires, verdict = self._remembered.get(identity, (0.0, None))
        if verdict is None or self._clock() >= expires:
            verdict = self._ask(authorizer, call)
            self._remembered[identity] = (self._clock() + authorizer.ttl, verdict)
        return verdict

    def _ask(self, authorizer: AuthorizerDefinition, call: ApiRequest) -> AuthorizerResult:
        try:
            return read_result(self._invoke(authorizer.function, authorizer_event(call), PATIENCE_SECONDS))
        except (FunctionTimeoutError, CallerTimeoutError) as error:
            # Inferred: that a timeout is a failure, and anything else a configuration error.
            raise GatewayError("AUTHORIZER_FAILURE", None) from error
        except FunctionFailedError as error:
            if error.payload.get("errorMessage") == "Unauthorized":
                raise GatewayError("UNAUTHORIZED", "Unauthorized") from error
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None) from error
        except MalformedAuthorizerResultError as error:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None) from error


def cache_key(authorizer: AuthorizerDefinition, call: ApiRequest) -> tuple[str, ...]:
    """
    Return what a verdict is remembered under: the authorizer's name and the values of its identity sources.

    Source: AWS, API reference, CreateAuthorizer, `identitySource`: without one of them the answer is 401 and the
    authorizer is not called.

    Raises:
        GatewayError: A source is missing or empty.
    """
    values = [_source(expression, call) for expression in authorizer.sources]
    if not all(values):
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    return (authorizer.name, *(value or "" for value in values))


def _source(expression: str, call: ApiRequest) -> str | None:
    kind, _, name = expression.rpartition(".")
    if kind == "method.request.header":
        return call.request.header(name)
    if kind == "method.request.querystring":
        return call.request.parameter(name)
    if kind == "stageVariables":
        return call.api.stage_variables.get(name)
    context = authorizer_event(call)["requestContext"]
    value = context["identity"].get(name) if kind == "context.identity" else context.get(name)
    return None if value is None else str(value)


def read_result(answer: object) -> AuthorizerResult:
    """
    Return the verdict that an authorizer's *answer* holds, its context's values as text.

    Raises:
        MalformedAuthorizerResultError: There is no policy, or the context is not flat.
    """
    if not isinstance(answer, dict):
        raise MalformedAuthorizerResultError("the answer is no object")
    context = answer.get("context") or {}
    if not isinstance(context, dict) or not all(
        value is None or isinstance(value, SCALAR) for value in context.values()
    ):
        raise MalformedAuthorizerResultError("the context holds more than text, numbers and truth values")
    texts = {name: _as_text(value) for name, value in context.items()}
    return AuthorizerResult(
        _statements(answer.get("policyDocument")), {**texts, "principalId": _as_text(answer.get("principalId"))}
    )


def _as_text(value: str | float | None) -> str | None:
    # True becomes "true", 1 becomes "1".
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _statements(policy: object) -> tuple[Mapping[str, Any], ...]:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    found = tuple(statements) if isinstance(statements, list) else (statements,)
    for statement in found:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise MalformedAuthorizerResultError("the policy has no statements")
        if not {"Action", "Resource"} <= statement.keys() or "Condition" in statement:
            # API Gateway reads conditions and NotResource too; nobody here writes them.
            raise MalformedAuthorizerResultError(
                "a statement needs Effect, Action and Resource, and no more is read here"
            )
    return found


def evaluate(statements: tuple[Mapping[str, Any], ...], arn: str) -> str | None:
    """Return Allow, Deny (one is enough) or None (no statement speaks of it) for invoking the method *arn*."""
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

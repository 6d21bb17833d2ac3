"""
What operators see: a log entry and a metric for each refusal and each fetch of keys. Never a token or its claims.

What a refused token names is there as a hash, beside those of what is configured: docs/decisions/0028.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import threading
from typing import TYPE_CHECKING, Any

from authorizer import claim_paths, compact
from authorizer.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_lambda_powertools.logging import Logger

    from authorizer.errors import CallerForbidden, KeysUnavailable
    from authorizer.providers import Provider, Providers
    from authorizer.refreshing_cache import Fetch

NAMESPACE = os.environ.get("METRICS_NAMESPACE", "ChimeSignin")
"""The namespace of the metrics (CloudWatch's embedded metric format). Stacks in one account need different ones."""

MOST_NAMED = 5
"""How many of a token's audiences are logged, because a stranger's token may name thousands."""

_LOGGER_LOCK = threading.Lock()


def load() -> None:
    """Load Powertools. A cold start does so while the issuers answer; the first log entry does it too."""
    logger()
    importlib.import_module("aws_lambda_powertools.metrics")


def logger() -> Logger:
    """Return the logger, and load Powertools if that is not done."""
    # Under a lock: two threads that made it at the same time would write each line twice.
    with _LOGGER_LOCK:
        return _logger()


@functools.cache
def _logger() -> Logger:
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 - see `load`

    from authorizer.log_lines import SERVICE, LogLines  # noqa: PLC0415 - see `load`

    return Logger(service=SERVICE, logger_formatter=LogLines(utc=True))


def accepted(provider: str, token: str, request_id: str) -> None:
    """Log a token that was accepted. The handler counts the sign-in."""
    logger().info("token accepted", provider=provider, **_request(token, request_id))


def no_token(request_id: str) -> None:
    """Log a request with another scheme than Bearer. One without the header does not get here: API Gateway answers."""
    logger().info("no token", request_id=request_id)
    _count("NoToken", request_id)


def refused(refusal: TokenRefused, token: str, providers: Providers, request_id: str) -> None:
    """Log a token that was refused by one of *providers*, or by all."""
    reason = refusal.reason
    fields = {"reason": reason.code, "provider": refusal.provider, **_named(refusal, token, providers)}
    logger().info("token refused", **fields, **_request(token, request_id))
    _count("TokenRefused", request_id, reason=reason.code)


def forbidden(forbidding: CallerForbidden, token: str, request_id: str) -> None:
    """Log a good token whose user may not sign in."""
    reason = forbidding.reason.value
    logger().info("caller forbidden", reason=reason, provider=forbidding.provider, **_request(token, request_id))
    _count("CallerForbidden", request_id, reason=reason)


def odd_settings(notes: tuple[str, ...]) -> None:
    """Log what is odd in the settings, but no error."""
    for note in notes:
        logger().warning("odd setting", setting=note)


def unavailable(error: KeysUnavailable, token: str, request_id: str) -> None:
    """Log a token that could not be judged."""
    logger().warning("keys unavailable", cause=str(error), provider=error.provider, **_request(token, request_id))
    _count("KeysUnavailable", request_id)


def fetched(provider: str, fetch: Fetch) -> None:
    """Log a fetch of keys: its outcome, the age of the keys that were cached before it, and how long it took."""
    log = logger().info if fetch.succeeded else logger().warning
    log(
        "keys fetched" if fetch.succeeded else "keys not fetched",
        provider=provider,
        outcome=fetch.outcome,
        age_seconds=None if fetch.age is None else round(fetch.age),
        milliseconds=round(fetch.milliseconds),
    )
    # Of no request: keys are fetched in the background, and for all who wait for them.
    _count("KeyFetch", None, provider=provider, outcome="fetched" if fetch.succeeded else "failed")


def trust_widened() -> None:
    """Log that an issuer's certificate was not under the layer's roots, so that the machine's are used too."""
    logger().warning("machine's roots added", cause="an issuer's certificate is not under the layer's roots")
    # Of no request, as a fetch of keys is.
    _count("TrustWidened", None)


def _count(name: str, request_id: str | None, **dimensions: str) -> None:
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415 - see `load`

    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        for dimension, value in {"service": "authorizer", **dimensions}.items():
            metric.add_dimension(name=dimension, value=value)
        if request_id is not None:
            metric.add_metadata("request_id", request_id)


def _request(token: str, request_id: str) -> dict[str, Any]:
    return {"token_sha256": _sha256(token) if token else None, "request_id": request_id}


def _named(refusal: TokenRefused, token: str, providers: Providers) -> dict[str, Any]:
    """Return what a refused *token* names, and what is configured instead, if that is why it was refused."""
    try:
        claims = compact.parse(token).claims
    except TokenRefused:
        return {}
    provider = next((one for one in providers.all if one.name == refusal.provider), None)
    audience_claim = provider.audience_claim if provider else "aud"
    named = {
        "issuer_sha256": next(iter(_hashes(claims.get("iss"))), None),
        "audience_sha256": _hashes(claim_paths.best_value(claims, audience_claim)),
    }
    if refusal.reason is Reason.UNKNOWN_ISSUER:
        issuers = [issuer for one in providers.all for issuer in one.issuers]
        return {**named, "configured_issuers_sha256": _all_hashes(issuers)}
    if provider and refusal.reason is Reason.WRONG_AUDIENCE:
        return {**named, **_for_whom(claims, provider)}
    return named


def _for_whom(claims: dict[str, Any], provider: Provider) -> dict[str, Any]:
    configured = {"configured_audiences_sha256": _all_hashes(provider.audiences or ())}
    if not provider.clients:
        return configured
    clients = (claim_paths.best_value(claims, path) for path in provider.client_claims)
    return {
        **configured,
        "client_sha256": _hashes(next((one for one in clients if one is not None), None)),
        "configured_clients_sha256": _all_hashes(provider.clients),
    }


def _hashes(value: Any) -> list[str]:
    """Return the hashes of the texts in a claim's *value*, of MOST_NAMED at most."""
    listed = value if isinstance(value, list) else [value]
    return _all_hashes(one for one in listed[:MOST_NAMED] if isinstance(one, str))


def _all_hashes(texts: Iterable[str]) -> list[str]:
    return [_sha256(text) for text in texts]


def _sha256(text: str) -> str:
    """Return what identifies a token or a name in logs without revealing it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""What operators see: a log event and a metric for each refusal and each fetch of keys, and nothing of the token."""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

    from authorizer.errors import ForbiddenReason, Reason
    from authorizer.refreshing_cache import Fetch

NAMESPACE = os.environ.get("METRICS_NAMESPACE", "ChimeSignin")
"""Of the metrics, in CloudWatch's embedded format. Two stacks in one account need one each."""


_MAKING_LOGGER = threading.Lock()


def log_from(level: int) -> None:
    """
    Have nothing in this process logged below *level*, libraries included.

    Powertools takes Lambda's level before any other, and Lambda gives it to the root logger, and so to botocore, whose
    DEBUG has bodies and signed headers. This one holds whatever they say. Metrics are printed, not logged.
    """
    logging.disable(level - 1)


def load() -> None:
    """Load Powertools. What is told of before waits for it; a cold start has other things to begin with."""
    logger()
    importlib.import_module("aws_lambda_powertools.metrics")


def logger() -> Logger:
    """Return what logs events, and load it if need be."""
    # Two threads that made it at once would have each line written twice.
    with _MAKING_LOGGER:
        return _logger()


@functools.cache
def _logger() -> Logger:
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 - see `load`

    return Logger(service="authorizer", utc=True)


def accepted(provider: str, token: str) -> None:
    """Tell of a token that was accepted. The sign-in that follows counts it."""
    logger().info("token accepted", provider=provider, token_sha256=_sha256(token))


def no_token() -> None:
    """Tell of a request with another scheme than Bearer; API Gateway answers one without the header by itself."""
    logger().info("no token")
    _count("NoToken")


def refused(reason: Reason, token: str) -> None:
    """Tell of a token that was refused."""
    logger().info("token refused", reason=reason.code, token_sha256=_sha256(token))
    _count("TokenRefused", reason=reason.code)


def forbidden(reason: ForbiddenReason, token: str) -> None:
    """Tell of a good token whose user may not enter."""
    logger().info("caller forbidden", reason=reason.value, token_sha256=_sha256(token))
    _count("CallerForbidden", reason=reason.value)


def settings_read(notes: tuple[str, ...]) -> None:
    """Tell of what is odd in the settings and stops nothing."""
    for note in notes:
        logger().warning("odd setting", setting=note)


def unavailable(cause: str, token: str) -> None:
    """Tell of a token that could not be judged."""
    logger().warning("keys unavailable", cause=cause, token_sha256=_sha256(token))
    _count("KeysUnavailable")


def fetched(provider: str, fetch: Fetch) -> None:
    """Tell of a fetch of keys: its outcome, the age in seconds of those it was to replace, and how long it took."""
    log = logger().info if fetch.succeeded else logger().warning
    log(
        "keys fetched" if fetch.succeeded else "keys not fetched",
        provider=provider,
        outcome=fetch.outcome,
        age_seconds=None if fetch.age is None else round(fetch.age),
        milliseconds=round(fetch.milliseconds),
    )
    _count("KeyFetch", provider=provider, outcome="fetched" if fetch.succeeded else "failed")


def _count(name: str, **dimensions: str) -> None:
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415 - see `load`

    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        for dimension, value in {"service": "authorizer", **dimensions}.items():
            metric.add_dimension(name=dimension, value=value)


def _sha256(token: str) -> str | None:
    """Name a token in logs without telling it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest() if token else None

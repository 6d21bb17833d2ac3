"""What operators see: a log event and a metric for each refusal and each fetch of keys. Never a token or its claims."""

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
"""The namespace of the metrics (CloudWatch's embedded metric format). Stacks in one account need different ones."""


_LOGGER_LOCK = threading.Lock()


def log_from(level: int) -> None:
    """
    Log nothing below *level* in this process, libraries included.

    Loggers' own levels are not enough: Powertools prefers Lambda's level. Lambda gives that to the root logger too, and
    so to botocore, which writes bodies and signed headers at DEBUG. Metrics are printed, not logged.
    """
    logging.disable(level - 1)


def load() -> None:
    """Load Powertools. A cold start does so while the issuers answer; the first log line does it too."""
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

    return Logger(service="authorizer", utc=True)


def accepted(provider: str, token: str) -> None:
    """Log a token that was accepted. The handler counts the sign-in."""
    logger().info("token accepted", provider=provider, token_sha256=_sha256(token))


def no_token() -> None:
    """Log a request with another scheme than Bearer. One without the header does not get here: API Gateway answers."""
    logger().info("no token")
    _count("NoToken")


def refused(reason: Reason, token: str) -> None:
    """Log a token that was refused."""
    logger().info("token refused", reason=reason.code, token_sha256=_sha256(token))
    _count("TokenRefused", reason=reason.code)


def forbidden(reason: ForbiddenReason, token: str) -> None:
    """Log a good token whose user may not sign in."""
    logger().info("caller forbidden", reason=reason.value, token_sha256=_sha256(token))
    _count("CallerForbidden", reason=reason.value)


def odd_settings(notes: tuple[str, ...]) -> None:
    """Log what is odd in the settings, but no error."""
    for note in notes:
        logger().warning("odd setting", setting=note)


def unavailable(cause: str, token: str) -> None:
    """Log a token that could not be judged."""
    logger().warning("keys unavailable", cause=cause, token_sha256=_sha256(token))
    _count("KeysUnavailable")


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
    _count("KeyFetch", provider=provider, outcome="fetched" if fetch.succeeded else "failed")


def _count(name: str, **dimensions: str) -> None:
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415 - see `load`

    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        for dimension, value in {"service": "authorizer", **dimensions}.items():
            metric.add_dimension(name=dimension, value=value)


def _sha256(token: str) -> str | None:
    """Return what identifies a token in logs without revealing it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest() if token else None

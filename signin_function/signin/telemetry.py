"""
What operators see: one log entry for each request, with metrics.

Users appear as hashes only. Names, tokens, credentials and the text of exceptions are in no log entry.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from signin.errors import Rejected, SigninError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.logging import Logger

    from signin.deadline import Deadline

NAMESPACE = os.environ.get("METRICS_NAMESPACE", "ChimeSignin")
"""The metrics' namespace in CloudWatch. Two stacks in one account need one each."""
SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "signin")
"""Which function this is, in log entries and as a dimension of each metric."""

MOMENT = 0.01
"""Seconds: more than it takes to send requests to AWS on open connections, and less than AWS takes to answer."""

_MAKING_LOGGER = threading.Lock()


def log_from(level: int) -> None:
    """
    Have nothing in this process logged below *level*, by libraries either.

    Powertools prefers Lambda's own level setting to any other, and gives it to the root logger, which botocore uses.
    botocore's DEBUG logs bodies and signed headers. This limit holds whatever those settings say. Metrics are printed,
    not logged.
    """
    logging.disable(level - 1)
    # Its INFO is about itself: where each client found credentials and its endpoint, at each start.
    logging.getLogger("botocore").setLevel(logging.WARNING)


def load() -> None:
    """Load Powertools, which the first log entry would wait for."""
    logger()
    importlib.import_module("aws_lambda_powertools.metrics")


@functools.cache
def load_soon() -> None:
    """
    Load Powertools while AWS answers the first request, in a thread of its own.

    In a moment, because what loads would delay what sends the request: one thread of Python runs at a time.
    """
    loading = threading.Timer(MOMENT, load)
    loading.daemon = True
    with contextlib.suppress(RuntimeError):  # without a thread for it, the first log entry loads it
        loading.start()


def logger() -> Logger:
    """Return what logs events, and load it if need be."""
    # A lock, because two threads that made the logger at once would have each line written twice.
    with _MAKING_LOGGER:
        return _logger()


@functools.cache
def _logger() -> Logger:
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 - see `load`

    return Logger(service=SERVICE, utc=True)


def succeeded(
    message: str, fields: Mapping[str, object], counts: Mapping[str, int], deadline: Deadline, request_id: str
) -> None:
    """Log *message* with *fields*, and add to the metrics *counts*. Nothing in them may be secret or personal."""
    logger().info(message, extra={**fields, **_effort(deadline, request_id)})
    _count(counts, deadline, request_id)


def failed(message: str, failure: Exception, deadline: Deadline, request_id: str) -> None:
    """
    Log *message*, and log and count *failure*: its class, with its code and AWS's operation, or where it was raised.

    Its own message may hold names. The metric counts whatever AWS rejects as Rejected, because the alarm counts that.
    """
    kind = type(failure).__name__
    fields = {"outcome": "failed", "kind": kind, **cause(failure), **_effort(deadline, request_id)}
    logger().warning(message, extra=fields)
    counted = Rejected.__name__ if isinstance(failure, Rejected) else kind
    _count({"Failures": 1}, deadline, request_id, kind=counted)


def trust_widened(host: str) -> None:
    """Log and count that a certificate of *host*, an endpoint of AWS, is under none of Amazon's roots."""
    logger().warning("botocore's roots added", extra={"host": host})
    _send({"TrustWidened": 1}, {}, {}, {})


def cause(failure: Exception) -> dict[str, object]:
    """Return the fields that say why something failed. Nothing in them is secret or personal."""
    if not isinstance(failure, SigninError):
        return {"frames": _frames(failure)}
    return {"code": failure.code, **({"operation": failure.operation} if failure.operation else {})}


def sha256(text: str) -> str:
    """Return the hash by which *text* can be found in logs without being in them."""
    return hashlib.sha256(text.encode()).hexdigest()


def _effort(deadline: Deadline, request_id: str) -> dict[str, object]:
    return {
        "request_id": request_id,
        "retries": deadline.counts["retries"],
        "throttles": deadline.counts["throttles"],
        # A copy, because a call that was not waited for may still add its time.
        "milliseconds": {step: round(took, 1) for step, took in deadline.milliseconds.copy().items()},
    }


def _count(counts: Mapping[str, int], deadline: Deadline, request_id: str, **dimensions: str) -> None:
    effort = {"Retries": deadline.counts["retries"], "Throttles": deadline.counts["throttles"]}
    _send({**counts, **effort}, deadline.milliseconds.copy(), dimensions, {"request_id": request_id})


def _send(
    counts: Mapping[str, int],
    milliseconds: Mapping[str, float],
    dimensions: Mapping[str, str],
    metadata: Mapping[str, str],
) -> None:
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415 - see `load`

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in {"service": SERVICE, **dimensions}.items():
        metrics.add_dimension(name=dimension, value=value)
    for name, value in metadata.items():
        metrics.add_metadata(name, value)
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    for step, took in milliseconds.items():
        metrics.add_metric(name=f"{step.capitalize()}Milliseconds", unit=MetricUnit.Milliseconds, value=took)
    metrics.flush_metrics()


def _frames(failure: Exception) -> list[str]:
    """Return the functions and lines that *failure* came through, innermost first."""
    trace, frames = failure.__traceback__, []
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[::-1]

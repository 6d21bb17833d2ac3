"""What operators see: one event for each sign-in, with metrics, and nothing of who it was but a hash."""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from signin.errors import SigninError
from signin.identity import session_name

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

    from signin.caller import VerifiedCaller
    from signin.deadline import Deadline
    from signin.exchange import SignedIn

NAMESPACE = os.environ.get("METRICS_NAMESPACE", "ChimeSignin")
"""Of the metrics, in CloudWatch's embedded format. Two stacks in one account need one each."""

USERS_METRICS = {"created": "UsersCreated", "renamed": "NamesChanged", "not renamed": "NamesNotChanged"}
"""What is counted of the users, by how they were ensured."""

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

    return Logger(service="signin", utc=True)


def signed_in(caller: VerifiedCaller, outcome: SignedIn, deadline: Deadline, request_id: str) -> None:
    """Tell of a sign-in that worked."""
    session = outcome.session
    event = {
        "outcome": "signed_in",
        "provider": caller.provider,
        "user": outcome.ensured.outcome,
        "user_sha256": _sha256(session.user_id),
        "session_name_sha256": _sha256(session_name(session.user_id)),
        "role": session.role_arn.rpartition("/")[2],
        "expires": outcome.credentials.expiration.isoformat(),
    }
    logger().info("signed in", extra=event | _effort(deadline, request_id))
    ensured = outcome.ensured.outcome
    _count({"SignIns": 1} | ({USERS_METRICS[ensured]: 1} if ensured in USERS_METRICS else {}), deadline)


def not_signed_in(failure: Exception, deadline: Deadline, request_id: str) -> None:
    """Tell of a sign-in that failed: what and where, never a message, which may hold names."""
    kind = type(failure).__name__
    cause = {"code": failure.code} if isinstance(failure, SigninError) else {"frames": _frames(failure)}
    logger().warning("not signed in", extra={"outcome": "failed", "kind": kind} | cause | _effort(deadline, request_id))
    _count({"Failures": 1}, deadline, kind=kind)


def _effort(deadline: Deadline, request_id: str) -> dict[str, object]:
    return {
        "request_id": request_id,
        "retries": deadline.counts["retries"],
        "throttles": deadline.counts["throttles"],
        "milliseconds": {step: round(took, 1) for step, took in deadline.milliseconds.copy().items()},
    }


def _count(counts: dict[str, int], deadline: Deadline, **dimensions: str) -> None:
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415 - see `load`

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in {"service": "signin", **dimensions}.items():
        metrics.add_dimension(name=dimension, value=value)
    for name, count in (
        counts | {"Retries": deadline.counts["retries"], "Throttles": deadline.counts["throttles"]}
    ).items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    for step, took in deadline.milliseconds.copy().items():
        metrics.add_metric(name=f"{step.capitalize()}Milliseconds", unit=MetricUnit.Milliseconds, value=took)
    metrics.flush_metrics()


def _frames(failure: Exception) -> list[str]:
    trace, frames = failure.__traceback__, []
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[::-1]


def _sha256(text: str) -> str:
    """Name something in logs without telling it."""
    return hashlib.sha256(text.encode()).hexdigest()

"""Look at the metrics of the last hour: sign-ins, refused tokens and failures by reason, throttles, latency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.inside.logs import MENDS, MISTAKE, NO_KEYS, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

PERIOD = 300
STAGE = "v1"
NORMAL = "token_expired"
"""A reason for which tokens are refused all the time: clients learn by it that they need a new one."""
BY = {"failures": "kind", "refused": "reason", "forbidden": "reason", "fetches": "outcome"}
"""By the query's id: the dimension that has the reason."""
REFUSED = f"A token of yours in TOKEN_FILE= tells why, step by step; {PAGE}#refusedtokens has the reasons."

Counts: TypeAlias = Mapping[str, Mapping[str, float]]
"""By the query's id and the reason, which is empty where there is none."""


@check("metrics", "inside", "Sign-ins, refused tokens and failures of the last hour, by reason.")
def _metrics(inside: Inside) -> Iterator[Finding]:
    counts = _counts(inside, _own_queries(inside))
    signed_in = sum(counts["signins"].values())
    yield ok(f"{signed_in:g} signed in in the last hour; tokens refused: {_listed(counts['refused'])}; "
             f"users turned away: {_listed(counts['forbidden'])}")  # fmt: skip
    for kind, times in counts["failures"].items():
        mend = MENDS.get(kind, MISTAKE)
        yield wrong(f"{times:g} sign-ins failed: {kind}", wanted="no failures", mend=mend)
    yield from _refused(inside, counts, signed_in)
    if sum(counts["nokeys"].values()):
        said = f"{sum(counts['nokeys'].values()):g} tokens could not be verified, because the keys could not be had"
        yield wrong(said, wanted="keys", mend=NO_KEYS)


@check("throttles", "inside", "Whether Lambda or AWS had no room for calls in the last hour.")
def _throttles(inside: Inside) -> Iterator[Finding]:
    queries = _lambda_queries(inside)
    counts = _counts(inside, queries)
    throttled = {query["Label"]: sum(counts[query["Label"]].values()) for query in queries if counts[query["Label"]]}
    for name, times in throttled.items():
        yield wrong(f"{name}: {times:g} calls were throttled", wanted="none", mend=MENDS["Throttled"])
    if not throttled:
        yield ok("nothing was throttled in the last hour")


@check("latency", "inside", "How the API answered in the last hour, and how fast.")
def _latency(inside: Inside) -> Iterator[Finding]:
    counts = _counts(inside, _api_queries(inside))
    answers, failed, slowest = (sum(counts[name].values()) for name in ("answers", "failed", "slowest"))
    limit = float(
        inside.stack.parameters.get("LatencyAlarmMilliseconds") or inside.template.default("LatencyAlarmMilliseconds")
    )
    if failed:
        yield wrong(f"{failed:g} of {answers:g} requests got a 5xx", wanted="none", mend=f"See {PAGE}#servererrors.")
    if slowest > limit:
        said = f"one request in a hundred took {slowest:g} ms or longer"
        yield wrong(said, wanted=f"{limit:g} ms at most, which is LatencyAlarmMilliseconds", mend=MENDS["timeout"])
    if not failed and slowest <= limit:
        yield ok(f"{answers:g} requests, none got a 5xx, 99 of 100 took {slowest:g} ms at most")


def _refused(inside: Inside, counts: Counts, signed_in: float) -> Iterator[Finding]:
    """Yield that tokens are refused: more of them than usual, or all there are."""
    refused = {reason: times for reason, times in counts["refused"].items() if reason != NORMAL}
    most = float(inside.stack.parameters.get("RefusedTokensLimit") or inside.template.default("RefusedTokensLimit"))
    if sum(refused.values()) > most or (refused and not signed_in):
        said = f"{'nobody signed in, and ' if not signed_in else ''}tokens were refused: {_listed(refused)}"
        yield wrong(
            said, wanted="sign-ins" if not signed_in else f"{most:g} at most, which is RefusedTokensLimit", mend=REFUSED
        )


def _counts(inside: Inside, queries: list[dict[str, Any]]) -> defaultdict[str, dict[str, float]]:
    """
    Return the sums of the last hour (of latency, the greatest value).

    A label is the query's id, or with a SEARCH the id and the reason: ids cannot be had back from a SEARCH's results.
    """
    now = datetime.fromtimestamp(inside.now(), UTC)
    pages = inside.client("cloudwatch").get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=now - timedelta(hours=1), EndTime=now
    )  # fmt: skip
    counts: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for result in (each for page in pages for each in page["MetricDataResults"]):
        name, _, reason = result["Label"].partition(" ")
        value = (max if name == "slowest" else sum)([*result["Values"], 0.0])
        if value:
            counts[name][reason] = counts[name].get(reason, 0.0) + value
    return counts


def _own_queries(inside: Inside) -> list[dict[str, Any]]:
    namespace = inside.stack.parameters.get("MetricsNamespace") or inside.template.default("MetricsNamespace")
    return [
        _metric("signins", namespace, "SignIns", {"service": "signin"}),
        _metric("nokeys", namespace, "KeysUnavailable", {"service": "authorizer"}),
        _search("failures", namespace, "Failures"),
        _search("refused", namespace, "TokenRefused"),
        _search("forbidden", namespace, "CallerForbidden"),
    ]


def _lambda_queries(inside: Inside) -> list[dict[str, Any]]:
    functions = ("AuthorizerFunction", "SigninFunction", "RoomsFunction")
    names = [inside.resources[logical_id] for logical_id in functions if logical_id in inside.resources]
    queries = [
        _metric(f"f{number}", "AWS/Lambda", "Throttles", {"FunctionName": name}) for number, name in enumerate(names)
    ]
    return [query | {"Label": name} for query, name in zip(queries, names, strict=True)]


def _api_queries(inside: Inside) -> list[dict[str, Any]]:
    api = {"ApiName": inside.stack.name, "Stage": STAGE}
    slowest = _metric("slowest", "AWS/ApiGateway", "Latency", api)
    slowest["MetricStat"]["Stat"] = "p99"
    return [
        _metric("answers", "AWS/ApiGateway", "Count", api),
        _metric("failed", "AWS/ApiGateway", "5XXError", api),
        slowest,
    ]


def _metric(name: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    of = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": name, "Label": name, "MetricStat": {"Metric": of, "Period": PERIOD, "Stat": "Sum"}}


def _search(name: str, namespace: str, metric: str) -> dict[str, Any]:
    """
    Return a query for all metrics of that name, one for each reason.

    Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html and, there,
    graph-dynamic-labels.html
    """
    expression = f"SEARCH('{{{namespace},service,{BY[name]}}} MetricName=\"{metric}\"', 'Sum', {PERIOD})"
    return {"Id": name, "Label": f"{name} ${{PROP('Dim.{BY[name]}')}}", "Expression": expression}


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{reason} {times:g}" for reason, times in sorted(counts.items())) or "none"

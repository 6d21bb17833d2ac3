"""Look in the functions' logs for what failed in the last hour, by reason. No line of a log is read or shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

SECONDS = 3600
GROUPS = ("AuthorizerLogGroup", "SigninLogGroup", "RoomsLogGroup")
FIELDS = ("kind", "code", "operation", "provider", "cause", "outcome", "errorType", "record.status")
"""
What tells failures apart. None of them holds anything of a user, which `message` may: Lambda puts the text of an
exception there.
"""
QUERY = f"""\
filter (outcome = "failed" and ispresent(kind)) or message in ["keys unavailable", "keys not fetched"]
  or ispresent(errorType) or record.status in ["error", "failure", "timeout"]
| stats count(*) as times, max(@timestamp) as last by @log, {", ".join(FIELDS)}
| sort times desc
| limit 10"""
"""
Of what failed, the lines that are metrics are left out, which have no kind or no outcome.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""
PAUSE_SECONDS = 0.3
OVER = ("Complete", "Failed", "Cancelled", "Timeout", "Unknown")
PAGE = "docs/operating.md"
MENDS: Mapping[str, str] = {
    "Rejected": f"See what the checks trust, handler role and app instance say, and {PAGE}#rejected.",
    "Throttled": f"See {PAGE}#throttles.",
    "Unavailable": f"STS, Chime or Parameter Store cannot be reached: see AWS's status page, and {PAGE}#servererrors.",
    "UserMissing": f"Chime says that a user exists, and then that there is none: {PAGE}#rejected.",
    "timeout": f"See {PAGE}#latency.",
}
"""By kind of failure, or by the status of a run that Lambda gives."""
MISTAKE = f"A mistake of this project: the log has the stack frames; see {PAGE}#servererrors."
START = f"A function that cannot start says why in its log; see what the check settings says, and {PAGE}#alarms."
NO_KEYS = f"See what the checks of the providers say, and {PAGE}#keysunavailable."


@check("errors", "inside", "What failed in the functions in the last hour, by reason.")
def _errors(inside: Inside) -> Iterator[Finding]:
    groups = [inside.resources[name] for name in GROUPS if name in inside.resources]
    if not groups:
        return
    client, now = inside.client("logs"), int(inside.now())
    began = client.start_query(logGroupNames=groups, startTime=now - SECONDS, endTime=now, queryString=QUERY)
    answer = client.get_query_results(queryId=began["queryId"])
    while answer["status"] not in OVER:
        time.sleep(PAUSE_SECONDS)
        answer = client.get_query_results(queryId=began["queryId"])
    if answer["status"] != "Complete":
        yield unknown(f"the query of the logs is {answer['status']}")
        return
    rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    for row in rows:
        yield wrong(_said(row), wanted="no failures", mend=_mend(row))
    if not rows:
        yield ok("nothing failed in the last hour")


def _said(row: Mapping[str, str]) -> str:
    function = row.get("@log", "").rpartition(":")[2]
    shown = [name for name in FIELDS if row.get(name) and (name, row[name]) != ("outcome", "failed")]
    named = ", ".join(f"{name} {row[name]}" for name in shown)
    return f"{function}: {named or 'an error'}, {row.get('times', '?')} times, last {row.get('last', '?')} UTC"


def _mend(row: Mapping[str, Any]) -> str:
    if row.get("kind"):
        return MENDS.get(row["kind"], MISTAKE)
    if row.get("cause") or row.get("outcome"):
        return NO_KEYS
    return MENDS.get(row.get("record.status", ""), START)

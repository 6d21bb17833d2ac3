"""Whether a browser lets the page of an origin call the service, and read its errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.outside.service import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.outside.calls import Answer
    from operations.doctor.places import Outside

ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
ANSWERED = (200, 204)
ALLOW_ORIGIN, ALLOW_CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
EXPOSED = ("WWW-Authenticate", "Retry-After")
BETWEEN = "Look at what stands between browsers and the API (a CDN, a proxy, a WAF): it has to hand on {}."


@check("preflight", "outside", "Whether a browser's preflight from the page's origin is answered as it has to be.")
def _preflight(outside: Outside) -> Iterator[Finding]:
    if not outside.origin:
        return  # without AllowedOrigins no page calls
    if not ORIGIN.fullmatch(outside.origin):
        yield wrong(
            f"the origin {outside.origin}",
            wanted="scheme, host and perhaps port, in small letters, without a path and without a slash at the end",
            mend="Write it as the browser sends it in the header Origin, in AllowedOrigins too.",
        )
        return
    answer = asked(outside, "OPTIONS", {"Origin": outside.origin, **ASKED})
    yield answer if isinstance(answer, Finding) else _of_preflight(answer, outside)


@check(
    "errors in browsers", "outside", "Whether a page of the origin can read an error, its challenge and Retry-After."
)
def _errors(outside: Outside) -> Iterator[Finding]:
    if not outside.origin:
        return
    answer = asked(outside, "POST", {"Origin": outside.origin})
    yield answer if isinstance(answer, Finding) else _of_error(answer, outside.origin)


def _of_preflight(answer: Answer, outside: Outside) -> Finding:
    allowed, origin = answer.headers.get(ALLOW_ORIGIN, ""), outside.origin
    if answer.status not in ANSWERED:
        return wrong(
            f"the preflight is answered by {answer}",
            wanted="200 or 204, without a token",
            mend=BETWEEN.format("OPTIONS without asking for a token") + " A 5xx is the handler's: see its log.",
        )
    if not allowed:
        return wrong(
            f"pages of {origin} may not call{_nearly(origin, outside.values.get('AllowedOrigins', ''))}",
            wanted=f"{ALLOW_ORIGIN}: {origin}",
            mend=f"Add {origin} to AllowedOrigins, and make deploy.",
        )
    if allowed != origin or answer.headers.get(ALLOW_CREDENTIALS) != "true":
        return wrong(
            f"{ALLOW_ORIGIN}: {allowed}, {ALLOW_CREDENTIALS}: {answer.headers.get(ALLOW_CREDENTIALS)}",
            wanted=f"{origin} and true",
            mend=BETWEEN.format("the service's own CORS headers, and add none"),
        )
    missing = [
        name for name, header in (("POST", "Methods"), ("authorization", "Headers")) if not _has(answer, header, name)
    ]
    if missing:
        return wrong(
            f"{' and '.join(missing)} not allowed",
            wanted="POST, with Authorization and Content-Type",
            mend=BETWEEN.format("the service's own CORS headers"),
        )
    return ok(f"pages of {origin} may call")


def _has(answer: Answer, header: str, value: str) -> bool:
    listed = answer.headers.get(f"Access-Control-Allow-{header}", "").lower().split(",")
    return value.lower() in {each.strip() for each in listed}


def _nearly(origin: str, allowed: str) -> str:
    """Return what differs, if *allowed* has an origin of the same host."""
    host = re.sub(r"https?://(?:www\.)?|:[0-9]+$|/+$", "", origin)
    near = [each for each in allowed.split(",") if re.sub(r"https?://(?:www\.)?|:[0-9]+$|/+$", "", each) == host]
    return f", though those of {' and '.join(near)} may: scheme, www, port and slash count" if near else ""


def _of_error(answer: Answer, origin: str) -> Finding:
    allowed, exposed = answer.headers.get(ALLOW_ORIGIN, ""), answer.headers.get("Access-Control-Expose-Headers", "")
    hidden = [name for name in EXPOSED if name.lower() not in exposed.lower()]
    if allowed == origin and not hidden:
        return ok(f"pages of {origin} can read errors")
    found = f"{answer.status} with {ALLOW_ORIGIN}: {allowed or 'none'}"
    return wrong(
        f"{found}, and without {' and '.join(hidden)} exposed" if hidden else found,
        wanted=f"{origin}, and {' and '.join(EXPOSED)} exposed; else the page is told of a network error",
        mend=BETWEEN.format("the API's own answers and headers") + " If nothing does, make deploy again.",
    )

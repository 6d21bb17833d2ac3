"""Call the service at its address, and tell an address that does not lead to it from an answer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authorizer.https import is_allowed
from operations.doctor.finding import Finding, unknown, wrong
from operations.doctor.outside.calls import Answer, UnreachableError, call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.doctor.places import Outside

ROUTES = ("/signin", "/creds")
STAGE = "/v1"
"""The stage that template.yaml deploys."""
OF_API_GATEWAY = ".execute-api."
REDIRECTS = range(300, 400)
NO_STAGE, NO_ROUTE = "Forbidden", "Missing Authentication Token"
"""What API Gateway itself answers with 403 under a path without a deployed stage, and for an unknown path."""
BLOCKED = "blocked"
USE_OUTPUT = "Use the stack's output SigninUrl, letter for letter."


def asked(outside: Outside, method: str, headers: Mapping[str, str] | None = None, path: str = "") -> Answer | Finding:
    """Return the service's answer; or a finding that it is not reached, for checks that are about something else."""
    answer = reached(outside, method, headers, path)
    if isinstance(answer, Finding):
        return unknown(f"the service is not reached; see address ({answer.found})")
    return answer


def reached(
    outside: Outside, method: str, headers: Mapping[str, str] | None = None, path: str = ""
) -> Answer | Finding:
    """Return the service's answer under its address or, with *path*, beside it; or what is wrong with the address."""
    if not outside.url:
        return unknown(
            "the stack has no output SigninUrl that could be read", mend="Give it: make doctor URL=https://…"
        )
    problem = _spelling(outside.url)
    if problem:
        return problem
    try:
        answer = call(
            method, outside.url.rpartition("/")[0] + path if path else outside.url, headers, outside.call_seconds
        )
    except UnreachableError as error:
        return wrong(f"{outside.url}: {error}", wanted="an answer", mend=f"{error.mend} {_own_name(outside)}".strip())
    return _elsewhere(outside.url, answer, is_known=not path) or answer


def _spelling(url: str) -> Finding | None:
    if not is_allowed(url):
        return wrong(url, wanted="https, a host and a path", mend=USE_OUTPUT)
    if urlsplit(url).path.endswith(ROUTES):
        return None
    return wrong(url, wanted=f"a path that ends in {' or '.join(ROUTES)}", mend=USE_OUTPUT)


def _own_name(outside: Outside) -> str:
    """Return what to do about a name of one's own, where the stack has one."""
    if not outside.values.get("DomainName"):
        return ""
    return "DomainName has to lead to the stack's output DomainTarget, and its certificate to be valid for it."


def _elsewhere(url: str, answer: Answer, *, is_known: bool) -> Finding | None:
    """Return by what the answer shows that it is not of this service, if it does; *is_known* if the path is there."""
    message = answer.body.get("message")
    if answer.status in REDIRECTS:
        location = answer.headers.get("Location", "nowhere")
        return wrong(
            f"{url} redirects ({answer.status}) to {location}",
            wanted="an answer without a redirect, after which a POST becomes a GET and the token may be lost",
            mend=f"Use {location}, or take the redirect away.",
        )
    if message == NO_STAGE:
        mended = with_stage(url)
        return wrong(
            f"{url} leads to no stage of the API ({answer.status} {message})",
            wanted=f"a path below a stage that is deployed, as {STAGE}",
            mend="Deploy the stack again: its stage is gone." if url == mended else f"Use {mended}",
        )
    if message == NO_ROUTE or (is_known and answer.body.get("error") == "not_found"):
        return wrong(f"{url} is no path of the API ({answer})", wanted=f"{STAGE}{ROUTES[0]}", mend=USE_OUTPUT)
    if answer.body.get("reason") == BLOCKED:
        return wrong(
            f"a WAF refuses this machine ({answer})",
            wanted="an answer of the API",
            mend="Look at AWS WAF's sampled requests for the rule, and at AllowedSourceRanges and WebAclArn.",
        )
    # An empty answer is left to the checks: a preflight's is, and what takes bodies away is not an address.
    if answer.text and not answer.body:
        return wrong(
            f"{url} is answered by something else ({answer})",
            wanted="a JSON object, as this service answers",
            mend=f"{USE_OUTPUT} If it is that, look at what stands between: a CDN, a proxy, a captive portal.",
        )
    return None


def with_stage(url: str) -> str:
    """Return *url* with the stage, where API Gateway's own name needs one; a name of one's own has it already."""
    parts = urlsplit(url)
    route = next(route for route in ROUTES if parts.path.endswith(route))
    stage = STAGE if OF_API_GATEWAY in parts.netloc else ""
    return f"{parts.scheme}://{parts.netloc}{stage}{route}"

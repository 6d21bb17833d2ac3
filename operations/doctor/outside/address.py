"""Whether users' programs reach the service at its address, over TLS, and whether it is this service that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authorizer.https import is_allowed
from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.outside.calls import Answer, UnreachableError, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Outside

ROUTES = ("/signin", "/creds")
STAGE = "/v1"
"""The stage that template.yaml deploys."""
OF_API_GATEWAY = ".execute-api."
REDIRECTS = range(300, 400)
NO_STAGE, NO_ROUTE = "Forbidden", "Missing Authentication Token"
"""What API Gateway itself answers with 403 under a path without a deployed stage, and for an unknown path."""


@check("address", "outside", "Whether the address leads to this service: its name, TLS, stage and path.")
def _address(outside: Outside) -> Iterator[Finding]:
    if not outside.url:
        yield unknown("the stack has no output SigninUrl that could be read", mend="Give it: make doctor URL=https://…")
        return
    problem = _spelling(outside.url)
    if problem:
        yield problem
        return
    try:
        answer = call("POST", outside.url)
    except UnreachableError as error:
        yield wrong(f"{outside.url}: {error}", wanted="an answer", mend=f"{error.mend} {_own_name(outside)}".strip())
        return
    yield _answered(outside.url, answer) or ok(f"{outside.url} is reached")


def _spelling(url: str) -> Finding | None:
    parts = urlsplit(url)
    if not is_allowed(url):
        return wrong(
            url, wanted="https, a host and a path", mend="Use the stack's output SigninUrl, letter for letter."
        )
    if parts.path.endswith(ROUTES):
        return None
    return wrong(
        url, wanted=f"a path that ends in {' or '.join(ROUTES)}", mend="Use the stack's output SigninUrl; it has both."
    )


def _own_name(outside: Outside) -> str:
    """Return what to do about a name of one's own, where the stack has one."""
    if not outside.values.get("DomainName"):
        return ""
    return "DomainName has to lead to the stack's output DomainTarget, and its certificate to be valid for it."


def _answered(url: str, answer: Answer) -> Finding | None:
    location = answer.headers.get("Location", "")
    if answer.status in REDIRECTS:
        return wrong(
            f"{url} redirects ({answer.status}) to {location or 'nowhere'}",
            wanted="an answer without a redirect, after which a POST becomes a GET and the token may be lost",
            mend=f"Use {location or 'the output SigninUrl'}, or take the redirect away.",
        )
    message = answer.body.get("message")
    if message == NO_STAGE:
        mended = _with_stage(url)
        mend = "Deploy the stack again: its stage is gone." if url == mended else f"Use {mended}"
        return wrong(f"{url} leads to no stage of the API ({answer.status} {message})", wanted=STAGE, mend=mend)
    if message == NO_ROUTE or answer.body.get("error") == "not_found":
        return wrong(
            f"{url} is no path of the API ({answer})", wanted=f"{STAGE}{ROUTES[0]}", mend="Use the output SigninUrl."
        )
    return None


def _with_stage(url: str) -> str:
    """Return *url* with the stage, where API Gateway's own name needs one; a name of one's own has it already."""
    parts = urlsplit(url)
    route = next(route for route in ROUTES if parts.path.endswith(route))
    stage = STAGE if OF_API_GATEWAY in parts.netloc else ""
    return f"{parts.scheme}://{parts.netloc}{stage}{route}"

"""Whether the service answers what its contract says where there is no token, none that is one, and no such path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.outside.calls import OK
from operations.doctor.outside.service import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.outside.calls import Answer
    from operations.doctor.places import Outside

CHALLENGE = 'Bearer realm="chime-signin"'
REMAPPED = "x-amzn-Remapped-WWW-Authenticate"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, SERVERS_FAULT = 401, 403, 404, 429, 500
OTHER_ROUTES = "Use the output SigninUrl, and make deploy again: the API is not as template.yaml has it."
OTHER_SERVER = "Another server, or something in between, answers: compare the address with the output SigninUrl."
NO_JWT = "not.a.token"
NOBODY_S_PATH = "/nobody-s-path"


@dataclass(frozen=True)
class Promised:
    """What the contract promises for a request: the status, `error` and `reason` of the body, and the challenge."""

    status: int
    error: str
    reason: str | None = None
    challenge: str | None = None

    def __str__(self) -> str:
        """Return it as an answer is shown."""
        return f"{self.status} {self.reason or self.error}, as JSON"


NO_TOKEN = Promised(UNAUTHORIZED, "unauthorized", None, CHALLENGE)
REFUSAL = Promised(UNAUTHORIZED, "invalid_token", "malformed_token", f'{CHALLENGE}, error="invalid_token"')
UNKNOWN_PATH = Promised(NOT_FOUND, "not_found")


@check("no token", "outside", "Whether a call without a token gets 401 `unauthorized` with its challenge.")
def _no_token(outside: Outside) -> Iterator[Finding]:
    yield _promise(asked(outside, "POST"), NO_TOKEN)


@check("refusal", "outside", "Whether what is no token gets 401 `invalid_token` with its reason: the authorizer runs.")
def _refusal(outside: Outside) -> Iterator[Finding]:
    yield _promise(asked(outside, "POST", {"Authorization": f"Bearer {NO_JWT}"}), REFUSAL)


@check("unknown path", "outside", "Whether an unknown path gets 404 `not_found`.")
def _unknown_path(outside: Outside) -> Iterator[Finding]:
    yield _promise(asked(outside, "GET", path=NOBODY_S_PATH), UNKNOWN_PATH)


def _promise(answer: Answer | Finding, promised: Promised) -> Finding:
    if isinstance(answer, Finding):
        return answer
    challenge = answer.headers.get("WWW-Authenticate")
    is_promised = (answer.status, answer.body.get("error")) == (promised.status, promised.error)
    if not is_promised or (promised.reason and answer.body.get("reason") != promised.reason):
        return wrong(str(answer), wanted=str(promised), mend=_mend(answer, promised))
    if promised.challenge and challenge != promised.challenge:
        elsewhere = f", but {REMAPPED}" if REMAPPED in answer.headers else ""
        return wrong(
            f"{answer} with WWW-Authenticate: {challenge or 'none'}{elsewhere}",
            wanted=promised.challenge,
            mend="Have what stands between clients and the API (a CDN, a proxy) hand on WWW-Authenticate as it is.",
        )
    return ok(str(answer))


def _mend(answer: Answer, promised: Promised) -> str:
    """Return what to do, by who has probably answered."""
    if answer.status == OK:
        return "Take the stack out of use now, and make deploy again: nobody asks the authorizer."
    if promised is REFUSAL and answer.body.get("error") == NO_TOKEN.error:
        return (
            "The header Authorization does not arrive. Have what stands between (CloudFront: an origin request policy "
            "with all headers of the viewer but Host; a proxy) hand it on."
        )
    if answer.status == FORBIDDEN:
        return "Something in between refuses: a proxy, or a resource policy of the API, which this stack has none of."
    if answer.status == TOO_MANY:
        return "Wait, and run it again: the service is throttled. See ThrottlingRate and the quotas."
    if promised is REFUSAL and answer.status >= SERVERS_FAULT and answer.is_ours:
        return "The authorizer does not start or fails: see settings, and its log (output AuthorizerLogGroupName)."
    return OTHER_ROUTES if answer.is_ours else OTHER_SERVER

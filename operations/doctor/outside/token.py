"""Whether the given token signs somebody in, by the authorizer's own checks, and who that is in Chime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.judgement import UNAVAILABLE, Judgement, judge
from operations.doctor.outside.configured import configured
from operations.doctor.person import person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authorizer.claims import Caller
    from operations.doctor.places import Outside


@check("token", "outside", "Whether the given token is accepted, check by check; the first that fails is named.")
def _token(outside: Outside) -> Iterator[Finding]:
    if not outside.token:
        return
    judged = _judgement(outside)
    if judged.reason == UNAVAILABLE:
        yield unknown(f"the token's signature cannot be checked: {judged.found}", mend=judged.mend)
    elif judged.reason:
        yield wrong(f"{judged.reason}: {judged.what}: {judged.found}", wanted=judged.wanted, mend=judged.mend)
    elif judged.caller:
        left = judged.caller.expires - outside.now()
        yield ok(f"accepted from {judged.caller.provider}; it expires in {left:,.0f} s")


def caller_of(outside: Outside) -> Caller | None:
    """Return whose the given token is; None if there is none, or it is not accepted."""
    if not outside.token:
        return None
    return _judgement(outside).caller


def _judgement(outside: Outside) -> Judgement:
    """Return what the authorizer says of the token. The first check that asks has its keys fetched, for all."""
    with outside.one_at_a_time:
        if not outside.judged:
            outside.judged.append(judge(outside.token, configured(outside).settings, outside.now()))
        said: Judgement = outside.judged[0]
        return said


@check("user", "outside", "Who the token's person is in Chime: ChimeUserId, display name and role.")
def _user(outside: Outside) -> Iterator[Finding]:
    caller = caller_of(outside)
    if caller is None:
        return  # the token's check says why
    found = person(caller)
    usual = "of guests, GuestRole" if caller.guest else "the default one, UserRole"
    yield ok(f"ChimeUserId {found.user_id}, display name {found.name}, role {found.role or usual}")

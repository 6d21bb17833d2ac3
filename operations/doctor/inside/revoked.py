"""Look at the list of revoked users beside the user roles' policies: what was begun and not ended, and room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operations.deny_policies import MAX_SESSION, IamRole, is_over
from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.errors import OperationError
from operations.functions import entries
from operations.revoked_users import MAX_LENGTH, RevocationListParameter, serialized
from operations.user_ids import id_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from operations.deny_policies import DenyPolicy
    from operations.doctor.places import Inside
    from operations.revoked_users import UserListHistory

NEARLY_FULL = 0.9
HASHED = "hash-"
"""How ids begin that are hashes, as `signin.identity` makes them."""
CHANGED_IDS = "docs/revocation.md#when-ids-change-everybody-can-sign-in-again says how to revoke their new ids."


@check("revocation list", "inside", "Whether the list of revoked users is read, can be read, and has room.")
def _list(inside: Inside) -> Iterator[Finding]:
    history = _history(inside)
    users = history.newest
    if users and not inside.stack.revokes:
        yield wrong(
            f"{len(users)} users are on the list, and no sign-in reads it, because Revocation is false",
            wanted="Revocation: true",
            mend='Write Revocation: "true" into the file of answers, and make deploy.',
        )
        return
    if not inside.stack.revokes:
        return
    if history.merged != users:
        lost = ", ".join(sorted(history.merged ^ users))
        mend = "The next make revoke or make restore writes the list with every change in it."
        yield wrong(f"two runs at once: one has overwritten what the other did about {lost}", wanted="both", mend=mend)
    used = len(serialized(users)) / MAX_LENGTH
    if used > NEARLY_FULL:
        mend = "Block users at your identity provider as well; make restore takes those off whom it no longer lets in."
        yield wrong(
            f"{len(users)} users take {used:.0%} of the list's room", wanted=f"{NEARLY_FULL:.0%} at most", mend=mend
        )
    else:
        yield ok(f"{len(users)} users take {used:.0%} of its room")


@check(
    "half revoked",
    "inside",
    "Revocations that were begun and not ended: in the list and not in a role, or the reverse.",
)
def _half_revoked(inside: Inside) -> Iterator[Finding]:
    if not inside.stack.revokes:
        return
    history = _history(inside)
    found = []
    for arn in inside.stack.role_arns:
        if arn.split(":")[4] == inside.account:
            found += list(_of_role(inside, arn, history))
        elif history.newest:
            found.append(
                unknown(f"{arn} is in another account", mend="Its sessions end by themselves, within the hour.")
            )
    yield from found or [ok("each revoked user is refused, and the sessions of the last hour are denied")]


@check("revoked ids", "inside", "Whether the ids on the list are still those that users get.")
def _revoked_ids(inside: Inside) -> Iterator[Finding]:
    history = _history(inside)
    if not history.newest:
        return
    now = id_marks(inside.stack.parameters.get("Providers", ""))
    keeps = _keeps_subjects(inside)
    outdated = []
    for user in sorted(history.newest):
        version = history.revoked_in(user)
        marks = version.id_marks if version else frozenset()
        if marks - now or (not keeps and not user.startswith(HASHED)):
            outdated.append(user)
    if outdated:
        yield wrong(
            f"since {', '.join(outdated)} were revoked, Providers has changed what ids are made of",
            wanted="ids that users still get; with another id they can sign in",
            mend=CHANGED_IDS,
        )
    else:
        yield ok(f"the ids of {len(history.newest)} users are made as they were")


def _of_role(inside: Inside, arn: str, history: UserListHistory) -> Iterator[Finding]:
    """Yield whose sessions the role does not deny, or denies though they are not revoked."""
    role, policies = IamRole(_clients(inside), arn, inside.account), list[Any]()
    for name in role.deny_policies():
        if is_over(name, history.read_at):
            continue
        try:
            policies.append(role.deny_policy(name))
        except OperationError as error:
            yield wrong(f"{role.name}: {name} was changed", wanted="as make revoke wrote it", mend=str(error))
    denying: list[DenyPolicy] = [policy for policy in policies if policy]
    open_sessions = sorted(user for user in history.newest if _has_sessions(user, history, denying))
    if open_sessions:
        yield wrong(
            f"{', '.join(open_sessions)}: new sign-ins are refused, and sessions of {role.name} are not denied",
            wanted="both (if make revoke runs just now, it denies them within a minute)",
            mend=f'make revoke USER="{" ".join(open_sessions)}"',
        )
    restored = sorted({user for policy in denying for user in policy.users} - history.newest)
    if restored:
        yield wrong(
            f"{', '.join(restored)}: not on the list, and {role.name} still denies their earlier sessions",
            wanted="neither",
            mend=f'make restore USER="{" ".join(restored)}"',
        )


def _has_sessions(user: str, history: UserListHistory, denying: Iterable[DenyPolicy]) -> bool:
    """Tell whether a session of *user* may still act that was opened before the user was revoked."""
    version = history.revoked_in(user)
    revoked = version.written_at if version else None
    if revoked is None or history.read_at - revoked >= MAX_SESSION:
        return False
    # A policy's time is in whole seconds, as AWS gives its date.
    since = revoked.replace(microsecond=0)
    return not any(user in policy.users and policy.before >= since for policy in denying)


def _history(inside: Inside) -> UserListHistory:
    return RevocationListParameter(_clients(inside), inside.stack.list_name).read()


def _clients(inside: Inside) -> Any:
    """Return what gives clients as a session does, for any thread."""
    return inside


def _keeps_subjects(inside: Inside) -> bool:
    """Tell whether there may be ids that are no hashes. With a Providers that is wrong there may be any."""
    try:
        found = entries(inside.stack.parameters)
        return any(each.get("keep_subject", len(found) == 1) for each in found)
    except (AttributeError, LookupError, TypeError, ValueError):
        return True

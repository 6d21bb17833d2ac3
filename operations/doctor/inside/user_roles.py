"""Look at what a session of one user may do, by IAM's policy simulator, and how long it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.inside.rooms import has_rooms
from operations.doctor.inside.simulator import EXPLICIT_DENY, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.inside.simulator import SimulatedDecision
    from operations.doctor.places import Inside

SOMEBODY, SOMEBODY_ELSE = "doctor-somebody", "doctor-somebody-else"
"""Ids of users whom nobody creates. A role is judged for a session of the first."""
TAG = "aws:PrincipalTag/UserUUID"
READS_NAMES = "chime:DescribeAppInstanceUser"
AS_ONESELF = ("chime:Connect", READS_NAMES, "chime:SendChannelMessage")
FOREIGN = (
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/doctor"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:doctor"),
)
"""What the template allows no user, each on a resource that need not be there."""
BY_HAND = "Undo what was changed by hand; a deployment does not."
AT_ONCE = "Take away the policy that allows it, at once: credentials of one user are now those of all."
NOTHING_ELSE = "docs/permissions.md#nothing-else-addeduseractions has the statement to add."
SESSION_SECONDS = 3600
"""IAM's default, and the template's."""


class Expected(NamedTuple):
    """What is to be decided of an action, why, and what to do where it is not."""

    action: str
    resource: str
    is_allowed: bool
    wanted: str
    mend: str = BY_HAND


@check(
    "user roles", "inside", "Whether a session of one user may act as that user, as nobody else, and do nothing else."
)
def _user_roles(inside: Inside) -> Iterator[Finding]:
    for arn in inside.stack.role_arns:
        if arn.split(":")[4] == inside.account:
            yield from _user_role(inside, arn)
        else:
            yield unknown(f"{arn} is in another account", mend="Compare its policies there with docs/permissions.md.")


@check("session length", "inside", "Whether each user role allows sessions as long as SessionSeconds.")
def _session_length(inside: Inside) -> Iterator[Finding]:
    wanted = int(inside.stack.parameters.get("SessionSeconds") or SESSION_SECONDS)
    for arn in inside.stack.role_arns:
        name = arn.rpartition("/")[2]
        if arn.split(":")[4] != inside.account:
            continue
        most = int(inside.client("iam").get_role(RoleName=name)["Role"].get("MaxSessionDuration", SESSION_SECONDS))
        if most >= wanted:
            yield ok(f"{name} allows {most} s, and sessions have {wanted} s")
        else:
            yield wrong(
                f"{name} allows sessions of {most} s",
                wanted=f"{wanted} s, which is SessionSeconds",
                mend=f"aws iam update-role --role-name {name} --max-session-duration {wanted}",
            )


def _user_role(inside: Inside, arn: str) -> Iterator[Finding]:
    name, expected = arn.rpartition("/")[2], list(_expected(inside, arn))
    foreign = _foreign(inside, arn)
    actions = dict.fromkeys([each.action for each in expected] + [foreign[0]])
    resources = dict.fromkeys([each.resource for each in expected] + [foreign[1]])
    decisions = simulate(inside.client("iam"), arn, actions, resources, {TAG: SOMEBODY})
    found = [
        _wrong(name, each, decisions[each.action, each.resource])
        for each in expected
        if decisions[each.action, each.resource].is_allowed != each.is_allowed
    ]
    if decisions[foreign].word != EXPLICIT_DENY:
        said = f"with {name}, {foreign[0]} is {decisions[foreign]}: a policy of a resource could allow it to all users"
        wanted = "a Deny of everything that the role does not allow"
        found.append(wrong(said, wanted=wanted, mend=NOTHING_ELSE))
    yield from found or [ok(f"with {name} users act as themselves, and do nothing else")]


def _wrong(name: str, expected: Expected, decision: SimulatedDecision) -> Finding:
    said = f"with {name}, {expected.action} on {expected.resource} is {decision} to {SOMEBODY}"
    return wrong(said, wanted=expected.wanted, mend=expected.mend)


def _expected(inside: Inside, arn: str) -> Iterator[Expected]:
    is_guest = arn == inside.stack.guest_role_arn
    yield from _of_any_role(inside, reads_names=has_rooms(inside) and not is_guest)
    if is_guest:
        yield from _of_guest_role(inside)
    elif arn == inside.stack.own_role_arn:
        yield from _of_own_role(inside)


def _of_any_role(inside: Inside, *, reads_names: bool) -> Iterator[Expected]:
    users = f"{inside.app_instance_arn}/user"
    for action in AS_ONESELF:
        yield Expected(action, f"{users}/{SOMEBODY}", is_allowed=True, wanted="allowed, for users to act at all")
    for action in AS_ONESELF:
        if action != READS_NAMES or not reads_names:
            yield Expected(
                action, f"{users}/{SOMEBODY_ELSE}", is_allowed=False, wanted="allowed on oneself alone", mend=AT_ONCE
            )


def _of_own_role(inside: Inside) -> Iterator[Expected]:
    """Yield what the parameters say that the stack's own role allows."""
    values, users = inside.stack.parameters, f"{inside.app_instance_arn}/user"
    for parameter, on, action, resource in (
        ("Messaging", ("member",), "chime:CreateChannel", f"{users}/{SOMEBODY}"),
        ("ContactList", ("true",), "chime:ListAppInstanceUsers", f"{users}/*"),
    ):
        value = values.get(parameter) or inside.template.default(parameter)
        is_allowed = value in on
        wanted = f"{'allowed' if is_allowed else 'not allowed'}, because {parameter} is {value}"
        yield Expected(action, resource, is_allowed, wanted)
    if has_rooms(inside):
        yield Expected(READS_NAMES, f"{users}/{SOMEBODY_ELSE}", is_allowed=True, wanted="allowed, for names in rooms")


def _of_guest_role(inside: Inside) -> Iterator[Expected]:
    """Yield what no guest may do, whatever the parameters say of users."""
    users = f"{inside.app_instance_arn}/user"
    for action, resource in (
        ("chime:CreateChannel", f"{users}/{SOMEBODY}"),
        ("chime:CreateChannelMembership", f"{users}/{SOMEBODY}"),
        ("chime:ListChannels", f"{users}/{SOMEBODY}"),
        ("chime:ListAppInstanceUsers", f"{users}/*"),
    ):
        yield Expected(action, resource, is_allowed=False, wanted="not allowed, because guests only take part")


def _foreign(inside: Inside, arn: str) -> tuple[str, str]:
    """Return an action that not even AddedUserActions exempts from the Deny. It exempts none for guests."""
    is_guest = arn == inside.stack.guest_role_arn
    added = "" if is_guest else inside.stack.parameters.get("AddedUserActions", "")
    return next(pair for pair in FOREIGN if pair[0].partition(":")[0] not in added)

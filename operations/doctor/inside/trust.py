"""Look at who may assume each user role. IAM's simulator judges no trust policies, so they are read here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

PAGE = "docs/permissions.md#who-may-assume-it"
TAG, KEYS = "aws:requesttag/useruuid", "aws:tagkeys"
WANTED: Mapping[tuple[str, str], list[str]] = {
    ("StringLike", TAG): ["?*"],
    ("ForAllValues:StringEquals", KEYS): ["UserUUID"],
}
"""The conditions of AssumeRole and TagSession, by operator and by key in small letters, as template.yaml has them."""
TAGGED = ("sts:AssumeRole", "sts:TagSession")
SOURCE_IDENTITY = "sts:SetSourceIdentity"
DELETED = "AROA"
"""How the id begins that IAM shows in place of the ARN of a role that was deleted."""


@check("trust", "inside", "Whether the handler, and nobody else, may assume each user role, for one user.")
def _trust(inside: Inside) -> Iterator[Finding]:
    handler = inside.role_arn("SigninFunctionRole")
    sets_source_identity = inside.stack.parameters.get("SourceIdentity") == "true"
    for arn in inside.stack.role_arns:
        name = arn.rpartition("/")[2]
        if arn.split(":")[4] != inside.account:
            yield unknown(f"{arn} is in another account", mend=f"Compare its trust policy there with {PAGE}.")
            continue
        document = inside.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        found = list(problems(document, handler, sets_source_identity=sets_source_identity))
        for said, wanted in found:
            yield wrong(f"{name} {said}", wanted=wanted, mend=_mend(name, handler))
        if not found:
            yield ok(f"{name} may be assumed by {handler.rpartition('/')[2]} alone, for one user")


def problems(document: Mapping[str, Any], handler: str, *, sets_source_identity: bool) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in a user role's trust policy, and what is wanted there instead, as phrases."""
    statements = _list(document["Statement"])
    others = sorted({name for each in statements for name in _principals(each)} - {handler})
    if any(each["Effect"] == "Deny" for each in statements):
        yield "denies somebody to assume it", "statements with the effect Allow alone"
    for name in others:
        what = "a role that was deleted" if name.startswith(DELETED) else "somebody else"
        yield f"trusts {what}, {name}", f"{handler} alone"
    ours = [each for each in statements if each["Effect"] == "Allow" and handler in _principals(each)]
    for action in TAGGED:
        yield from _tagged(action, [each for each in ours if action.lower() in _actions(each)], handler)
    if sets_source_identity and not any(SOURCE_IDENTITY.lower() in _actions(each) for each in ours):
        yield f"does not allow {SOURCE_IDENTITY} to {handler}", "it allowed, because SourceIdentity is true"


def _tagged(action: str, statements: list[Mapping[str, Any]], handler: str) -> Iterator[tuple[str, str]]:
    if not statements:
        yield f"does not allow {action} to {handler}", f"{action} allowed to it"
    for statement in statements:
        found = _conditions(statement)
        for (operator, key), values in WANTED.items():
            if found.get((operator, key)) != values:
                shown = _shown({known: each for known, each in found.items() if known[1] == key})
                how = (
                    f"under another condition on {_spelled(key)}: {shown}"
                    if shown
                    else f"without a condition on {_spelled(key)}"
                )
                yield f"allows {action} {how}", f"{operator} {_spelled(key)} {values[0]}"
        more = {known: each for known, each in found.items() if known[1] not in (TAG, KEYS)}
        if more:
            yield f"allows {action} under a further condition: {_shown(more)}", "no other condition"


def _mend(name: str, handler: str) -> str:
    return (
        f"aws iam update-assume-role-policy --role-name {name} --policy-document file://trust.json, with the policy of "
        f"{PAGE} for {handler}; a deployment does not mend what was changed by hand."
    )


def _conditions(statement: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    return {
        (operator, key.lower()): [str(value) for value in _list(values)]
        for operator, comparisons in statement.get("Condition", {}).items()
        for key, values in comparisons.items()
    }


def _shown(conditions: Mapping[tuple[str, str], list[str]]) -> str:
    return ", ".join(f"{operator} {key} {' or '.join(values)}" for (operator, key), values in conditions.items())


def _spelled(key: str) -> str:
    return {TAG: "aws:RequestTag/UserUUID", KEYS: "aws:TagKeys"}[key]


def _actions(statement: Mapping[str, Any]) -> list[str]:
    return [str(action).lower() for action in _list(statement.get("Action", []))]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    if not isinstance(principal, dict):
        return [str(principal)]
    return [str(name) for names in principal.values() for name in _list(names)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

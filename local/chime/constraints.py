r"""
Check parameters against the limits in a service's model, with AWS's wording for what breaks them.

A client's botocore checks required members and minimum lengths, and little else; the services check all limits.
Patterns are Smithy's: written as ECMA 262 has them, but AWS evaluates them with Java, so the whole value has to match,
and `\w`, `\d` and `\s` match ASCII only.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}


def validation_error(shape: Shape | None, parameters: Mapping[str, Any]) -> str | None:
    """
    Return the message that names what is wrong with *parameters* for an operation's input *shape*, or None.

    The wording is AWS's common one, as STS sends it. Values of shapes that the model marks as sensitive are left out.
    """
    violations = [] if shape is None else list(_violations(shape, dict(parameters), ""))
    if not violations:
        return None
    errors = "1 validation error" if len(violations) == 1 else f"{len(violations)} validation errors"
    return f"{errors} detected: {'; '.join(violations)}"


def _violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    hidden = shape.metadata.get("sensitive") or shape.type_name in {"structure", "map"}
    shown = "" if hidden else f"'{value}' "
    for constraint in _broken_constraints(shape, value):
        yield f"Value {shown}at '{path}' failed to satisfy constraint: Member must {constraint}"
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        yield from _member_violations(shape, value, path)
    if isinstance(value, dict) and isinstance(shape, MapShape):
        yield from _map_violations(shape, value, path)
    if isinstance(value, list) and isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")


def _member_violations(shape: StructureShape, value: dict[str, object], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        member_path = f"{path}.{_lower_first(name)}".lstrip(".")
        if value.get(name) is not None:
            yield from _violations(member, value[name], member_path)
        elif name in shape.required_members:
            yield f"Value null at '{member_path}' failed to satisfy constraint: Member must not be null"


def _map_violations(shape: MapShape, value: dict[str, object], path: str) -> Iterator[str]:
    for number, (key, item) in enumerate(value.items(), start=1):
        # By number, because a key can be as sensitive as its value.
        yield from _violations(shape.key, key, f"{path}.{number}.key")
        yield from _violations(shape.value, item, f"{path}.{number}.value")


def _broken_constraints(shape: Shape, value: object) -> Iterator[str]:
    if not isinstance(value, _CLASSES.get(shape.type_name, (object,))) or isinstance(value, bool):
        if shape.type_name != "boolean":
            yield f"be a {shape.type_name}"
        return
    limits: Mapping[str, Any] = shape.metadata
    yield from _size(limits, value)
    if "pattern" in limits and isinstance(value, str) and not _compiled(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"


def _size(limits: Mapping[str, Any], value: object) -> Iterator[str]:
    if isinstance(value, (str, list)):
        yield from _bounds(limits, len(value), "length")
    elif isinstance(value, int):
        yield from _bounds(limits, value, "value")


def _bounds(limits: Mapping[str, Any], size: int, kind: str) -> Iterator[str]:
    if "min" in limits and size < limits["min"]:
        yield f"have {kind} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"have {kind} less than or equal to {limits['max']}"


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\p\{(\w)\}", lambda found: _categories()[found[1]], pattern), re.ASCII)


@functools.cache
def _categories() -> dict[str, str]:
    r"""Return the ranges of each letter of `\p{L}` and the like, for a character class: Python's `re` has no `\p`."""
    ranges: dict[str, str] = {}
    for letter, run in itertools.groupby(range(sys.maxunicode + 1), lambda code: unicodedata.category(chr(code))[0]):
        first, *others = run
        last = others[-1] if others else first
        ranges[letter] = ranges.get(letter, "") + f"\\U{first:08x}-\\U{last:08x}"
    return ranges

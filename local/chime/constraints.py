r"""
Check parameters against the limits that a service's model states, and word the refusal as AWS does.

botocore checks little more than what is required and minimum lengths; the services check all of it.
Patterns are Smithy's (ECMA 262 in writing, Java in effect): matched whole, `\w`, `\d` and `\s` within ASCII.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

_CLASSES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "structure": (dict,), "list": (list,)}


def refusal(shape: Shape | None, parameters: Mapping[str, Any]) -> str | None:
    """
    Return what is wrong with *parameters*, an operation's input of *shape*, or nothing.

    The wording is that of AWS's common validation, as STS sends it; values marked sensitive are left out.
    """
    found = [] if shape is None else list(_violations(shape, dict(parameters), ""))
    if not found:
        return None
    errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return f"{errors} detected: {'; '.join(found)}"


def _violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    hidden = shape.metadata.get("sensitive") or shape.type_name == "structure"
    shown = "" if hidden else f"'{value}' "
    for broken in _broken(shape, value):
        yield f"Value {shown}at '{path}' failed to satisfy constraint: Member must {broken}"
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        yield from _member_violations(shape, value, path)
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


def _broken(shape: Shape, value: object) -> Iterator[str]:
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
    r"""Spell out `\p{L}` and its like, which Python's `re` lacks, as the insides of character classes."""
    ranges: dict[str, str] = {}
    for letter, run in itertools.groupby(range(sys.maxunicode + 1), lambda code: unicodedata.category(chr(code))[0]):
        first, *others = run
        last = others[-1] if others else first
        ranges[letter] = ranges.get(letter, "") + f"\\U{first:08x}-\\U{last:08x}"
    return ranges

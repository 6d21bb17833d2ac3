"""
Read and write the answers of one environment: YAML, with a value for each parameter that differs from its default.

`sam deploy` reads the same file (`parameter_overrides = ["file://…"]` in samconfig.toml), and a test compares both
readings. SAM joins a list with commas. Whatever it would make something unintended of is refused here, with what to
write instead. https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import itertools
import json
import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from operations.template import Template

INCLUDE = "$include"
COMMENT = 118
"""How many characters a line of a comment has at most."""
UNESCAPED = ('\\"', "\\'", "\\ ")
"""SAM takes the backslash off these wherever they stand in a value."""


@dataclass(frozen=True)
class Answers:
    """
    The values of one environment's parameters by name, as CloudFormation gets them.

    `places` says where each stands: "environments/dev.yaml, line 3".
    """

    values: Mapping[str, str]
    places: Mapping[str, str]


def read(path: Path) -> Answers:
    """
    Return what the file *path* says; nothing if there is no such file.

    Raises:
        OperationError: It is no YAML, or holds what SAM would read as something else than what was meant.
    """
    return _read(path, ()) if path.exists() else Answers({}, {})


def write(path: Path, values: Mapping[str, str], template: Template) -> None:
    """Write *values* into the file *path*. What stands there already keeps its comments and its order."""
    document = _loaded(path) if path.exists() else None
    document = CommentedMap() if document is None else document
    said = read(path).values
    for name in [name for name in document if name not in values and name != INCLUDE]:
        del document[name]
    for name, value in values.items():
        if name not in document:
            document[name] = _styled(name, value, template)
            document.yaml_set_comment_before_after_key(name, before=textwrap.fill(template.summary(name), COMMENT))
        elif said.get(name) != value:
            document[name] = _styled(name, value, template)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        _yaml().dump(document, file)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path, including: tuple[Path, ...]) -> Answers:
    document = _loaded(path)
    values: dict[str, str] = {}
    places: dict[str, str] = {}
    for name, value in (document or {}).items():
        place = f"{_shown(path)}, line {document.lc.key(name)[0] + 1}"
        if name == INCLUDE:
            for each in value if isinstance(value, list) else [value]:
                more = _included(path, each, place, (*including, path.resolve()))
                values |= more.values
                places |= more.places
        else:
            values[str(name)] = _text(str(name), value, place)
            places[str(name)] = place
    return Answers(values, places)


def _loaded(path: Path) -> Any:
    try:
        document = _yaml().load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise OperationError(f"{_shown(path)}{line}: this is no YAML ({error.problem}).") from error
    except (OSError, UnicodeError, YAMLError) as error:
        raise OperationError(f"{_shown(path)} cannot be read: {error}.") from error
    if document is not None and not isinstance(document, CommentedMap):
        raise OperationError(f"{_shown(path)}: write one parameter a line, NAME: value.")
    return document


def _included(path: Path, given: Any, place: str, including: tuple[Path, ...]) -> Answers:
    name = str(given).removeprefix("file://")
    other = path.parent / name
    if not str(given).startswith("file://") or other.suffix not in (".yaml", ".yml") or not other.is_file():
        raise OperationError(f"{place}: there is no file {given!s}. Write file://NAME.yaml, beside this file.")
    if other.resolve() in including:
        raise OperationError(f"{place}: {given} includes itself.")
    return _read(other, including)


def _text(name: str, value: Any, place: str) -> str:
    """Return *value* as SAM hands it on, or raise OperationError where that is not what it looks like."""
    if value is None:
        return ""
    if isinstance(value, bool):
        raise OperationError(
            f'{place}: SAM makes {value} of this. Write {name}: "{str(value).lower()}", with the quotes.'
        )
    if isinstance(value, list):
        return ",".join(_member(name, each, place) for each in value if each not in (None, ""))
    if isinstance(value, (dict, float, date)):
        raise OperationError(f"{place}: {name} is neither a text nor a whole number nor a list of texts. {_mend(name)}")
    return _plain(name, str(value), place)


def _member(name: str, value: Any, place: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise OperationError(f"{place}: {name} holds something else than texts. {_mend(name)}")
    return str(value).strip()


def _plain(name: str, text: str, place: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        raise OperationError(f"{place}: SAM takes these quotes off {name}. Write them once.")
    if any(escape in text for escape in UNESCAPED):
        raise OperationError(
            f"{place}: SAM takes the backslash off {name}. Write \\u0022 for a quotation mark within a text of JSON."
        )
    return text


def _mend(name: str) -> str:
    return (
        f"Write {name}: >- and the JSON in the lines below, each indented by two blanks."
        if name == "Providers"
        else f'Write {name}: "…" with quotes, or a list with one text a line.'
    )


def _shown(path: Path) -> str:
    """Return the last two parts: the folder's name and the file's."""
    return "/".join(path.parts[-2:])


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


def _styled(name: str, value: str, template: Template) -> Any:
    if _is_json_list(value):
        return _folded(value)
    if name in template.parameters and template.is_list(name) and value:
        return value.split(",")
    if name in template.parameters and template.is_number(name) and value.isascii() and value.isdigit():
        return int(value)
    return DoubleQuotedScalarString(value)


def _folded(text: str) -> Any:
    """Return JSON as a block with one member of an object a line, which YAML joins by blanks."""
    entries = json.loads(text)
    pieces = [piece for entry in entries for piece in _pieces(entry)]
    pieces[0] = f"[{pieces[0]}"
    pieces[-1] = f"{pieces[-1].removesuffix(',')}]"
    block: Any = FoldedScalarString(" ".join(pieces))
    ends = list(itertools.accumulate(len(piece) + 1 for piece in pieces[:-1]))
    block.fold_pos = [end - 1 for end in ends]
    return block


def _pieces(entry: Mapping[str, Any]) -> list[str]:
    """Return the members of an object, with what stands around and between them; a comma follows the object."""
    pieces = [f"{_json(name)}: {_json(value)}," for name, value in entry.items()] or [","]
    pieces[0] = f"{{{pieces[0]}"
    pieces[-1] = f"{pieces[-1].removesuffix(',')}}},"
    return pieces


def _json(value: Any) -> str:
    """Return JSON in which no backslash stands before a quotation mark or a blank."""
    return json.dumps(value, ensure_ascii=False).replace("\\\\", "\\u005c").replace('\\"', "\\u0022")


def _is_json_list(value: str) -> bool:
    try:
        entries = json.loads(value)
    except ValueError:
        return False
    return isinstance(entries, list) and bool(entries) and all(isinstance(entry, dict) for entry in entries)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml

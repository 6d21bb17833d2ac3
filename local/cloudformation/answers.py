"""
Read an answers file, environments/dev.yaml say: the template's parameters as `sam deploy` reads them from file://….

SAM's reader is not at hand here: its packages are for development only. A test holds the two against each other.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true", "True", "TRUE", "false", "False", "FALSE"}
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
# What YAML 1.2 reads as a number, and YAML 1.1 as a date or a time; SAM may pass such a value on in another form.
_LOOKS_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9][0-9A-Fa-fox_.:eE+-]*|[-+]?\.(inf|nan)", re.IGNORECASE)


class AnswersError(Exception):
    """The answers file cannot be used; the text says where, why, and what to write instead."""


def read_answers(path: Path) -> dict[str, str]:
    """
    Return the values of parameters in the YAML file *path*, by name. A list's members are joined by commas.

    Raises:
        AnswersError: It cannot be read, or SAM would make something else of it than stands there.
    """
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise AnswersError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise AnswersError(f"{path} is no YAML: {' '.join(str(error).split())}.") from error
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        raise _error(path, document, "is no parameter. Write one on each line: AllowedOrigins: https://app.example.com")
    _check_names(path, document)
    return {name.value: _text(path, name.value, value) for name, value in document.value}


def _check_names(path: Path, document: yaml.MappingNode) -> None:
    times = Counter(name.value for name, _ in document.value)
    for name, _ in document.value:
        if not re.fullmatch("[A-Za-z0-9]+", name.value):
            raise _error(path, name, f"has {name.value}, which is no parameter's name. Write the parameters here.")
        if times[name.value] > 1:
            raise _error(path, name, f"gives {name.value}, which stands in another line too. Keep one of them.")


def _text(path: Path, name: str, value: yaml.Node) -> str:
    if isinstance(value, yaml.ScalarNode):
        return _unquoted(_scalar(path, name, value))
    if isinstance(value, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in value.value):
        members = [_scalar(path, name, one).strip() for one in value.value]
        return _unquoted(",".join(member for member in members if member))
    raise _error(path, value, f"has {name} in a form that SAM does not send. Write its JSON as text, below {name}: >-")


def _scalar(path: Path, name: str, value: yaml.ScalarNode) -> str:
    said: str = value.value
    if value.style is not None:
        return said
    if said in _NULL:
        return ""
    is_other_in_sam = said in _BOOLEAN or (_LOOKS_LIKE_A_NUMBER.fullmatch(said) and not _WHOLE_NUMBER.fullmatch(said))
    if is_other_in_sam:
        raise _error(path, value, f'has {name}: {said}, and SAM changes it unless it is in quotes. Write "{said}".')
    return said


def _unquoted(value: str) -> str:
    """Return *value* as SAM passes it on: without quotes around it, and without some backslashes."""
    if value and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")


def _error(path: Path, node: yaml.Node, said: str) -> AnswersError:
    return AnswersError(f"{path}, line {node.start_mark.line + 1} {said}")

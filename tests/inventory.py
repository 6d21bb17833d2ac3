"""
Write docs/local-aws.md, which lists what the local AWS answers and what in it is inferred: `python -m tests.inventory`.

The first part comes from botocore's models and the classes that answer them. The second one is every sentence with the
word "inferred" in a docstring or comment of `local/`, and what `inferred` says in the table of messaging's events: who
infers something says so there, with the source, and runs the command.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from local import chime
from local.aws.aws_request import SERVICES
from local.aws.s3_operations import OPERATIONS
from local.chime.chimesdkmessaging.event_types import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "local-aws.md"
COMMAND = "python -m tests.inventory"
MOST_LISTED = 60
"""Of a service with more operations only the numbers are told: moto has lists of its own."""
_MARK = re.compile(r"\binferred\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z*])")
_HEAD = f"""\
# What the local AWS plays

This page is written by `{COMMAND}`, from the code. [The local stack](local-stack.md) says how to use it.

## Operations

What is not there is answered with 501, after signature and permissions are checked.
"""
_TABLE = "local/aws/s3_operations.py"
_NOT_IN_S3 = """\
 Not there: all others; what a policy allows to everybody, without a signature; forms (`createPresignedPost`);
bodies over 10 MB; signatures of single chunks; CRC32C and CRC64NVME; and Signature Version 2, with which boto3 presigns
unless it is told `signature_version="s3v4"`.
"""
_INFERRED = """\
## What is inferred

No source says this of AWS, or sources contradict each other. The code was written so that it is right either way where
that is possible. Each line stands in the file that it names, beside what it is about.
"""

_CHOSEN = """\
How meetings behave where several answers of AWS are likely, a test can [choose](local-stack.md#meetings).
"""


def page() -> str:
    """Return the text of the page."""
    services = "\n".join(_service(name) for names in SERVICES.values() for name in names)
    files = groupby(inferences(), key=lambda found: found[0])
    lists = "\n".join(f"[{file}](../{file})\n\n{_bullets(text for _, text in found)}" for file, found in files)
    return f"{_HEAD}\n{services}\n{_INFERRED}\n{lists}\n{_CHOSEN}"


def operations(service: str) -> tuple[list[str], list[str]]:
    """Return the operations of botocore's model of *service* that are played here, and those that are not."""
    chime.register()
    module = import_module(f"moto.{service.replace('-', '')}.responses")
    classes = [found for found in vars(module).values() if isinstance(found, type) and issubclass(found, BaseResponse)]
    names = sorted(get_service_model(service).operation_names)
    played = [name for name in names if any(hasattr(each, camelcase_to_underscores(name)) for each in classes)]
    return played, [name for name in names if name not in played]


def inferences() -> Iterator[tuple[str, str]]:
    """Yield pairs of a file and what it says is inferred."""
    for path in sorted((ROOT / "local").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for text in marked(path.read_text()):
            yield file, text
        if path.name == "event_types.py":
            yield from ((file, f"{name}: {event.inferred}.") for name, event in EVENTS.items() if event.inferred)


def marked(source: str) -> Iterator[str]:
    """Yield each sentence of Python *source* that is marked, with the one before it, which says what it is about."""
    for paragraph in _paragraphs(source):
        introduction, *items = (re.sub(r"\s+", " ", part).strip() for part in re.split(r"\n\s*- ", paragraph))
        if items and _MARK.search(introduction):
            yield introduction + "".join(f"\n  - {item}" for item in items)
            continue
        for part in (introduction, *items):
            yield from _marked_sentences(part)


def _marked_sentences(text: str) -> Iterator[str]:
    sentences = _SENTENCE_END.split(text)
    for position, sentence in enumerate(sentences):
        if _MARK.search(sentence):
            yield " ".join(sentences[max(0, position - 1) : position + 1]).removeprefix("Raises: ")


def _paragraphs(source: str) -> Iterator[str]:
    """Yield the paragraphs of a module's docstrings, in order, then those of its comments. Lists belong to them."""
    for block in (*_docstrings(ast.parse(source)), *_comments(source)):
        yield from re.split(r"\n\s*\n(?!- )", textwrap.dedent(block))


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        value: Any = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def _comments(source: str) -> Iterator[str]:
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type != tokenize.NL]
    for is_comment, block in groupby(tokens, key=lambda token: token.type == tokenize.COMMENT):
        if is_comment:
            yield "\n".join(token.string.removeprefix("#").strip() for token in block)


def _service(name: str) -> str:
    played, missing = operations(name)
    if name == "s3":
        return f"**s3**: {', '.join(OPERATIONS)}, with the parameters that [a table](../{_TABLE}) lists.{_NOT_IN_S3}"
    if len(played) + len(missing) > MOST_LISTED:
        return f"**{name}**: {len(played)} of {len(played) + len(missing)}.\n"
    absent = f" Not there: {', '.join(missing)}." if missing else " Nothing is missing."
    return f"**{name}**: {', '.join(played)}.{absent}\n"


def _bullets(texts: Iterator[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)


if __name__ == "__main__":
    PAGE.write_text(page())

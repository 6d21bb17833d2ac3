"""An answers file means here what it means to `sam deploy`, or it is refused with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from samcli.cli.types import CfnParameterOverridesType  # type: ignore[import-untyped]

from local.cloudformation.answers import AnswersError, read_answers

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "a text": "Messaging: member\n",
    "a text in quotes": 'ContactList: "true"\n',
    "single quotes": "ContactList: 'true'\n",
    "a word that YAML 1.1 takes for true": "AccessLog: on\nTracing: yes\n",
    "a number": "LogRetentionDays: 30\nReservedConcurrency: 0\n",
    "nothing": "AlarmEmail:\nDomainName: ~\nWebAclArn: null\nLogKeyArn: ''\n",
    "a list": "AllowedOrigins:\n  - https://app.example.com\n  - http://localhost:5173\n",
    "a list in one line, with a gap": "AllowedOrigins: [https://app.example.com, '', a ]\n",
    "an empty list": "AllowedOrigins: []\n",
    "JSON": 'Providers: >-\n  [{"name": "main", "issuer": "https://id.example.com/",\n    "audience": "my-app"}]\n',
    "JSON with a backslash": 'Providers: >-\n  [{"name": "a \\"quoted\\" one"}]\n',
    "quotes within quotes": "AppInstanceName: '\"quoted\"'\n",
    "comments": "# Why.\nMessaging: member # as prod\n",
    "an anchor": "A: &a x\nB: *a\n",
    "an empty file": "",
    "comments alone": "# nothing yet\n",
    "a text that ends as a number": "LogLevel: v1\nPath: 1/2\n",
    "other letters": "AppInstanceName: Größe\n",
}
BAD = {
    "true": ("ContactList: true\n", 'line 1 has ContactList: true, .* Write "true"'),
    "false in a list": ("A:\n  - false\n", "line 2 has A: false"),
    "a number with a leading zero": ("LogRetentionDays: 007\n", 'Write "007"'),
    "a fraction": ("A: 1.50\n", 'Write "1.50"'),
    "a date": ("A: 2026-01-01\n", "in quotes"),
    "a list in a list": ("Providers: [[a]]\n", "Providers: >-"),
    "JSON as YAML": ("Providers:\n  - name: main\n", "line 2 has Providers in a form"),
    "JSON in one line": ('Providers: [{"name": "main"}]\n', "Providers: >-"),
    "one parameter twice": ("A: x\nA: y\n", "line 1 gives A, which stands in another line too"),
    "another file": ("$include: other.yaml\n", "no parameter's name"),
    "a list of parameters": ("- A=x\n", "one on each line"),
    "no YAML": ("A: [\n", "is no YAML"),
}


def read_by_sam(path: Path) -> Any:
    return CfnParameterOverridesType().convert([f"file://{path}"], None, None)


def written(folder: Path, text: str) -> Path:
    path = folder / "dev.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", GOOD)
def test_file_is_read_as_sam_reads_it(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, GOOD[name])
    assert read_answers(path) == read_by_sam(path)


@pytest.mark.parametrize("name", BAD)
def test_what_would_become_something_else_is_refused_with_what_to_write(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    path = written(tmp_path, text)
    with pytest.raises(AnswersError, match=message) as caught:
        read_answers(path)
    assert str(caught.value).startswith(str(path))


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match="cannot be read"):
        read_answers(tmp_path / "nobody.yaml")

"""Keep what was typed until the answers are saved, so that a question that was answered can be answered by Enter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Draft:
    """The answers to questions, by question, in the file *path*. Tokens and secrets are not among them."""

    def __init__(self, path: Path) -> None:
        """Read what was typed in an earlier run, if that did not come to its end."""
        self._path = path
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = {}
        self._said: dict[str, str] = {str(key): str(value) for key, value in said.items()}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed yet."""
        return not self._said

    def get(self, question: str, usual: str) -> str:
        """Return what was typed, or what is *usual*."""
        return self._said.get(question, usual)

    def put(self, question: str, answer: str) -> None:
        """Keep an answer, on disk."""
        self._said[question] = answer
        self._write()

    def forget(self, question: str) -> None:
        """Forget the answer to one question, which was wrong."""
        if self._said.pop(question, None) is not None:
            self._write()

    def end(self) -> None:
        """Remove the file: the answers are saved."""
        self._said.clear()
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

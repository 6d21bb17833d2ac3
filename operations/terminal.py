"""Ask whoever sits at the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDED = "No more answers. What was typed is kept; run make deploy again to go on."
ERASE = ("\x7f", "\x08")


class CommandLine:
    """The terminal that this process runs in."""

    def say(self, text: str) -> None:
        """Print *text*."""
        print(text, flush=True)  # noqa: T201 - the command's own output

    def ask(self, prompt: str) -> str:
        """Return the line that is typed. Raises OperationError if there is none any more."""
        try:
            return input(prompt).strip()
        except EOFError:
            raise OperationError(ENDED) from None

    def ask_hidden(self, prompt: str) -> str:
        """
        Return a line without showing it. Raises OperationError if there is none any more.

        Not by getpass: a terminal that edits lines keeps 4,095 characters of one (termios(3), canonical mode), and
        drops the end of a long token without a word.
        """
        with _unedited(sys.stdin.fileno()):
            # Only now: what is pasted at once after the prompt must not be shown.
            sys.stdout.write(prompt)
            sys.stdout.flush()
            line = _line(sys.stdin.fileno())
        self.say("")
        return line.strip()


def is_at_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def _unedited(terminal: int) -> Iterator[None]:
    import termios  # noqa: PLC0415 - Windows has none, and needs none for other commands

    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal, termios.TCSADRAIN, changed)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _line(terminal: int) -> str:
    typed = b""
    while not typed.endswith((b"\n", b"\r")):
        read = os.read(terminal, 1)
        if read in (b"", b"\x04"):
            raise OperationError(ENDED)
        typed = typed[:-1] if read.decode("latin-1") in ERASE else typed + read
    return typed.decode("utf-8", "replace")

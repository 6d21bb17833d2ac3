"""Type answers into a command that runs in a terminal, and see what a person would see."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 60.0
"""In seconds; a safety net, on which no test depends."""
END = "\x04"
"""What is typed for Ctrl-D. Ctrl-C would be a race: Python loses one between its prompt and its reading."""


class Conversation:
    """A command in a pseudo-terminal of its own."""

    def __init__(self, command: list[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._running = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=slave, stdout=slave, stderr=slave, close_fds=True
        )
        os.close(slave)
        self.shown = ""
        self._seen = 0

    def answer(self, prompt: str, typed: str) -> None:
        """Wait until the last line, which is new, has *prompt* in it and waits for an answer; type that."""
        end = time.monotonic() + PATIENCE
        while not self._asks(prompt):
            if not self._read(end):
                raise AssertionError(f"{prompt!r} was never asked:\n{self.shown}")
        self._seen = len(self.shown)
        os.write(self._master, (typed if typed == END else f"{typed}\n").encode())

    def finish(self) -> int:
        """Return the exit status, when the command has ended."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        status = self._running.wait(timeout=PATIENCE)
        os.close(self._master)
        return status

    def _asks(self, prompt: str) -> bool:
        last = self.shown[self._seen :].rpartition("\n")[2]
        return prompt in last and last.endswith(": ")

    def _read(self, end: float) -> bool:
        """Read what is shown next; false if the command has ended, or time is over."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            self._running.kill()
            return False
        try:
            read = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self.shown += read.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(read)

"""Read the token to look at: from a file, or from standard input, never from the command line."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

from operations.errors import OperationError

LONGEST = 65_536
"""In bytes. A token that is longer than any the service takes is still told so, by the check of its length."""
SECONDS = 2.0
"""How long standard input is waited for: in CI it may be a pipe into which nobody ever writes."""


def token_of_file(path: str) -> str:
    """
    Return the first line of the file.

    Raises:
        OperationError: It cannot be read. Nothing of what it holds is in the text.
    """
    try:
        with Path(path).open("rb") as file:
            return _token(file.read(LONGEST))
    except OSError as error:
        raise OperationError(f"TOKEN_FILE {path} cannot be read: {error.strerror}.") from None


def token_of_standard_input(descriptor: int = 0, seconds: float = SECONDS) -> str:
    """
    Return the first line that comes from *descriptor* within some seconds; empty if none does.

    A terminal, a closed descriptor and one that has nothing to say count as empty. What has not ended by then, with a
    line break or with its end, counts as nothing: half a token would be called malformed.
    """
    read, end = b"", time.monotonic() + seconds
    try:
        if os.isatty(descriptor):
            return ""
        while b"\n" not in read and len(read) < LONGEST:
            if not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
                return ""
            piece = os.read(descriptor, LONGEST)
            if not piece:
                break
            read += piece
    except OSError:
        return ""
    return _token(read)


def _token(read: bytes) -> str:
    lines = read.decode("utf-8", "replace").strip().splitlines()
    return lines[0].strip().removeprefix("Bearer ").strip() if lines else ""

"""Read the token to look at: from a file, or from standard input, never from the command line."""

from __future__ import annotations

import os
import select
import time

from operations.errors import OperationError

LONGEST = 65_536
"""In bytes. A token that is longer than any the service takes is still told so, by the check of its length."""
SECONDS = 2.0
"""How long standard input is waited for: in CI it may be a pipe into which nobody ever writes."""


def token_of_file(path: str, seconds: float = SECONDS) -> str:
    """
    Return the first line of the file, or of what a pipe at *path* says within some seconds.

    Raises:
        OperationError: It cannot be read, or has no token. Nothing of what it holds is in the text.
    """
    try:
        # Without waiting: to open a named pipe would wait until somebody writes into it, which may be never.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            token = _token(_read(descriptor, seconds))
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise OperationError(f"TOKEN_FILE {path} cannot be read: {why}.") from None
    if not token:
        raise OperationError(f"TOKEN_FILE {path} has no token in its first line.")
    return token


def token_of_standard_input(descriptor: int = 0, seconds: float = SECONDS) -> str:
    """
    Return the first line that comes from *descriptor* within some seconds; empty if none does.

    A terminal, a closed descriptor and one that has nothing to say count as empty. What has not ended by then, with a
    line break or with its end, counts as nothing: half a token would be called malformed.
    """
    try:
        return _token(_read(descriptor, seconds))
    except OSError:
        return ""


def _read(descriptor: int, seconds: float) -> bytes:
    read, end = b"", time.monotonic() + seconds
    if os.isatty(descriptor):
        return b""
    while b"\n" not in read and len(read) < LONGEST:
        if not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            return b""
        piece = os.read(descriptor, LONGEST)
        if not piece:
            break
        read += piece
    return read


def _token(read: bytes) -> str:
    lines = read.decode("utf-8", "replace").strip().splitlines()
    return lines[0].strip().removeprefix("Bearer ").strip() if lines else ""

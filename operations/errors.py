"""The one error of the commands."""

from __future__ import annotations


class OperationError(Exception):
    """A command could not do what it was asked to; the text says what, and what to do."""

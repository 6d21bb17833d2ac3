"""What goes wrong with a policy."""

from __future__ import annotations


class PolicyError(Exception):
    """A policy says what is wrong, or what is not understood here; the text names it."""

"""Hypothesis strategies for arbitrary input."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

thoroughly = settings(max_examples=300, deadline=None)

octets = st.binary(max_size=100)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
"""Any JSON, and NaN and half surrogate pairs, which are not JSON."""


def likely(*good: Any) -> st.SearchStrategy[Any]:
    """Return a *good* value or anything, so that about half of the inputs pass this check and reach later ones."""
    return st.sampled_from(good) | anything


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


ENORMOUS = {
    "a number of 5000 digits": "9" * 5000,
    "lists within each other": "[" * 100_000 + "]" * 100_000,
    "lists that are never closed": "[" * 100_000,
    "objects within each other": '{"a": ' * 100_000,
}
"""JSON, or almost, that exceeds the limits of Python's parser."""

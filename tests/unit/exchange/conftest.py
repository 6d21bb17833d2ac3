"""Threads and a deadline for each exchange."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from signin.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def executor() -> Iterator[Executor]:
    """Threads enough for each call."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def deadline() -> Deadline:
    """A deadline in whose time nothing waits."""
    numbers = itertools.count(0.0, 0.001)
    return Deadline(lambda: next(numbers), lambda _: None, lambda: 0.0)

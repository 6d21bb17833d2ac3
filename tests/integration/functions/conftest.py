"""A function to play with, for each test."""

from __future__ import annotations

import textwrap
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from local.lambda_runtime.process import Function
from tests.integration.functions.toys import HANDLERS, Toy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """A function that does what its event says, see `toys.py`."""
    (tmp_path / "toys.py").write_text(textwrap.dedent(HANDLERS))
    return Function(
        logical_id="Toy",
        name="local-Toy",
        arn="arn:aws:lambda:us-east-1:123456789012:function:local-Toy",
        handler="toys.handler",
        code=tmp_path,
        timeout=60,
        memory=256,
        environment={"GREETING": "hello"},
        role="ToyRole",
        log_group="/toys",
        region="us-east-1",
        runtime="python3.13",
    )


@pytest.fixture
def toy(function: Function) -> Iterator[Toy]:
    """That function, which runs."""
    with closing(Toy(function)) as toy:
        yield toy

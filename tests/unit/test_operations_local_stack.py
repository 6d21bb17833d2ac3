"""ENV=local, and what it leaves alone."""

from __future__ import annotations

import pytest

from operations import local_stack


@pytest.mark.parametrize("environ", [{}, {"ENV": "prod", "AWS_PROFILE": "production"}, {"ENV": "", "AWS_REGION": "x"}])
def test_other_environment_is_left_as_it_is(environ: dict[str, str]) -> None:
    before = dict(environ)

    local_stack.use(environ)
    assert environ == before

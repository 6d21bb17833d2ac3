"""The rules of tests/conftest.py, where no socket may be opened."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests import environment
from tests.conftest import PROXIES

if TYPE_CHECKING:
    from tests.conftest import Reach


def test_unit_test_opens_no_socket(reach: Reach) -> None:
    with pytest.raises(OSError, match="opened a socket"):
        socket.socket()
    assert reach.refused == ["opened a socket"]
    reach.refused.clear()


def test_nothing_of_whoever_runs_the_tests_is_found() -> None:
    found = {name: value for name, value in os.environ.items() if name not in environment.kept(os.environ)}
    assert found == environment.INSTEAD | PROXIES

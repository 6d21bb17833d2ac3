"""The rules of tests/conftest.py, where loopback may be reached."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Reach

ELSEWHERE = "192.0.2.1"
"""RFC 5737: an address for documentation, which is nowhere."""


def test_connecting_beyond_this_machine_fails(reach: Reach) -> None:
    with closing(socket.socket()) as connection, pytest.raises(OSError, match=f"reached for {ELSEWHERE}"):
        connection.connect((ELSEWHERE, 80))
    reach.refused.clear()


def test_looking_up_a_name_fails(reach: Reach) -> None:
    with pytest.raises(OSError, match=r"reached for example\.com"):
        socket.create_connection(("example.com", 80))
    reach.refused.clear()


def test_what_was_refused_is_remembered_although_the_code_survives(reach: Reach) -> None:
    with closing(socket.socket()) as connection:
        try:
            connection.connect_ex((ELSEWHERE, 80))
        except OSError:
            survived = True
    assert survived
    assert reach.refused == [f"reached for {ELSEWHERE}"]
    reach.refused.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1])).close()

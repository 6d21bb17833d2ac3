"""The rules of tests/conftest.py, where no socket may be opened."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Reach


def test_unit_test_opens_no_socket(reach: Reach) -> None:
    with pytest.raises(OSError, match="opened a socket"):
        socket.socket()
    assert reach.refused == ["opened a socket"]
    reach.refused.clear()


def test_nothing_of_an_aws_account_is_found() -> None:
    found = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    assert found == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

"""One local AWS for all tests of a file, and a bucket for each test, because a client of S3 takes long to make."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.endpoint import AwsEndpoint
from local.http.server import Server
from tests.integration.conftest import Aws

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with closing(AwsEndpoint()) as endpoint, closing(Server(endpoint)) as server:
        yield Aws(endpoint, server.url)


@pytest.fixture(scope="module")
def s3(aws: Aws) -> Any:
    """A client of the owner's."""
    return aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """A new bucket's name."""
    name = f"files{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    return name

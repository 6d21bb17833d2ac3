"""The functions as built, in containers of Lambda's own image, against AWS on Docker's bridge."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.docker import sam
from tests.docker.cloud import Cloud, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Reach


@pytest.fixture(scope="session")
def flags() -> list[str]:
    """Provide Docker, and build; return the flags that `sam local` needs."""
    flags = sam.image_flags()
    sam.build()
    return flags


@pytest.fixture(scope="session")
def cloud(flags: list[str], reach: Reach) -> Iterator[Cloud]:  # noqa: ARG001 - the build comes first
    reach.hosts |= set(addresses())
    with Cloud() as cloud:
        sam.prepare(cloud)
        yield cloud


@pytest.fixture(scope="session")
def api(cloud: Cloud, flags: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[sam.Api]:
    with closing(sam.Api(cloud, flags, tmp_path_factory.mktemp("sam") / "start-api.log")) as api:
        yield api

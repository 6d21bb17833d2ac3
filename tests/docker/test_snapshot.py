"""The handler as built, where Lambda's own runtime runs its hooks before a SnapStart snapshot, and after it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.docker import sam
from tests.docker.events import signin_event
from tests.docker.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.cloud import Cloud

SNAPSTART = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


@pytest.fixture
def handler(cloud: Cloud) -> Iterator[Runtime]:
    with Runtime("SigninFunction", cloud, variables=SNAPSTART) as handler:
        yield handler


def test_copy_of_a_snapshot_signs_in_on_connections_of_its_own(cloud: Cloud, handler: Runtime) -> None:
    before = cloud.server.accepted, cloud.server.open
    handler.start()
    opened = cloud.server.accepted - before[0]
    assert opened > 0
    while cloud.server.open > before[1]:  # the snapshot is taken now; the test's timeout is the limit
        time.sleep(0.01)

    handler.restore()
    assert cloud.server.open - before[1] == opened
    _, answer = handler.invoke(signin_event(cloud.token()))

    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["ChimeUserId"] == "ada"
    assert cloud.server.accepted - before[0] == 2 * opened


def test_handler_with_a_wrong_setting_makes_no_snapshot(cloud: Cloud) -> None:
    with (
        Runtime("SigninFunction", cloud, variables={**SNAPSTART, "SESSION_SECONDS": "1"}) as handler,
        pytest.raises(sam.SamError, match="SESSION_SECONDS"),
    ):
        handler.start()

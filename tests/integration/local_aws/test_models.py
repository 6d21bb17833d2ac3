"""moto's models of operations, which several threads make at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from moto.core.model import OperationModel, ServiceModel

if TYPE_CHECKING:
    from local.aws.endpoint import AwsEndpoint


class Halfway(dict[Any, Any]):
    """A cache that lets another thread in after the first thing that is kept in it."""

    def __init__(self, enter: threading.Thread) -> None:
        self._enter = enter

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if not self._enter.ident:
            self._enter.start()
            self._enter.join(0.5)  # it ends at once, or waits for the thread that is halfway


def test_no_thread_gets_a_model_of_an_operation_that_is_half_made(endpoint: AwsEndpoint) -> None:  # noqa: ARG001
    description = Loader().load_service_model("chime-sdk-meetings", "service-2")
    model: Any = ServiceModel(description, "chime-sdk-meetings")
    got: list[Any] = []
    second = threading.Thread(target=lambda: got.append(model.operation_model("GetMeeting")))
    model._instance_cache = Halfway(second)  # noqa: SLF001 - where both kinds are kept

    first = model.operation_model("GetMeeting")
    second.join()

    assert [type(one) for one in (first, *got)] == [OperationModel, OperationModel]


def test_cloudformation_knows_our_resource_types_once_whatever_was_imported_before() -> None:
    # In a process of its own, because what is imported cannot be taken back.
    code = """
import local.chime.chimesdkmeetings.responses, local.chime.chimesdkmessaging.roles
import moto.cloudformation.parsing
import local.chime
local.chime.register()
from moto.core.common_models import CloudFormationModel
print([known.__module__ for known in CloudFormationModel.__subclasses__() if "chime" in known.__module__])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['moto.chimesdkidentity.models']"

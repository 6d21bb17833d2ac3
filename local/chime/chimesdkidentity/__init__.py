"""Amazon Chime SDK identity: AppInstances and the users in them."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """
    Give moto the service's state, which is in `models`.

    Imported only when moto asks for it. Otherwise whoever imports another module of this package under the name
    `local.chime` would load `models` too, and moto's CloudFormation would find each resource type twice.
    """
    if name == "chimesdkidentity_backends":
        return import_module(f"{__name__}.models").chimesdkidentity_backends
    raise AttributeError(name)

"""
Amazon Chime SDK meetings: meetings, and the attendees who may join them.

Read `models` first: it is the state, and has the seams for whoever carries signaling and media. `meetings` has what
one meeting is and when it ends, `features` what its attendees can be capable of, `behaviours` what nobody has proved of
AWS.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """
    Give moto the service's state, which is in `models`.

    Imported only when moto asks for it. Otherwise whoever imports another module of this package under the name
    `local.chime` would load `models` too, and moto's CloudFormation would find each resource type twice.
    """
    if name == "chimesdkmeetings_backends":
        return import_module(f"{__name__}.models").chimesdkmeetings_backends
    raise AttributeError(name)

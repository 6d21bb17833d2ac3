"""Which stack is meant: the one that AWS_SAM_STACK_NAME names, or else the one of the environment, ENV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.errors import OperationError
from operations.samconfig import SAMCONFIG, environment
from operations.samconfig import VARIABLE as ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "AWS_SAM_STACK_NAME"


@dataclass(frozen=True)
class Target:
    """A stack's name, its region and the AWS profile to reach it with; None is what the AWS configuration says."""

    stack: str
    region: str | None = None
    profile: str | None = None


def target(environ: Mapping[str, str], samconfig: Path = SAMCONFIG) -> Target:
    """
    Return the stack that is meant.

    Raises:
        OperationError: Both variables are set and mean two stacks, or the file does not say which stack ENV is.
    """
    named = environ.get(VARIABLE, "")
    if named and not environ.get(ENVIRONMENT):
        return Target(named)
    meant = environment(environ, samconfig)
    if not meant.stack_name:
        raise OperationError(f"{samconfig.name} names no stack for {meant.name}. Write stack_name, or {VARIABLE}=NAME.")
    if named and named != meant.stack_name:
        raise OperationError(
            f"{VARIABLE} says {named}, and {ENVIRONMENT}={meant.name} is {meant.stack_name}. Set only one of them."
        )
    return Target(meant.stack_name, meant.region or None, meant.profile or None)

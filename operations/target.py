"""Which stack a command operates: the one that AWS_SAM_STACK_NAME names, or else the one of the environment ENV."""

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
    """A stack's name, its region and the AWS profile. None means what the AWS configuration says."""

    stack: str
    region: str | None = None
    profile: str | None = None


def target(environ: Mapping[str, str], samconfig: Path = SAMCONFIG) -> Target:
    """
    Return the stack that *environ* and *samconfig* mean.

    Raises:
        OperationError: The variables mean two different stacks, or the file names no stack for ENV.
    """
    named = environ.get(VARIABLE, "")
    if named and not environ.get(ENVIRONMENT):
        return Target(named)
    found = environment(environ, samconfig)
    if not found.stack_name:
        raise OperationError(f"{samconfig.name} names no stack for {found.name}. Write stack_name, or {VARIABLE}=NAME.")
    if named and named != found.stack_name:
        raise OperationError(
            f"{VARIABLE} says {named}, and {ENVIRONMENT}={found.name} is {found.stack_name}. Set only one of them."
        )
    return Target(found.stack_name, found.region or None, found.profile or None)

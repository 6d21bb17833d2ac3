"""Which stack is meant: the one that AWS_SAM_STACK_NAME names, or else the one that `make deploy` deploys."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "AWS_SAM_STACK_NAME"


def target(environ: Mapping[str, str], samconfig: Path) -> tuple[str, str | None]:
    """
    Return the stack's name and its region; None is the region of the AWS configuration.

    Raises:
        OperationError: Neither the variable nor the file names a stack.
    """
    if environ.get(VARIABLE):
        return environ[VARIABLE], None
    said = _said(tomllib.loads(samconfig.read_text(encoding="utf-8")) if samconfig.exists() else {})
    if not said.get("stack_name"):
        raise OperationError(f"Say which stack: {VARIABLE}=chime-signin. {samconfig.name} names none.")
    return str(said["stack_name"]), said.get("region")


def _said(samconfig: Mapping[str, Any]) -> dict[str, Any]:
    default = samconfig.get("default", {})
    sections = [default.get(section, {}).get("parameters", {}) for section in ("global", "deploy")]
    return {name: value for section in sections for name, value in section.items()}

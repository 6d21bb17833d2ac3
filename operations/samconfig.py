"""
What samconfig.toml says of an environment, as `sam deploy --config-env` reads it: dev, prod, or one of your own.

`python -m operations.samconfig` prints the region that ENV is deployed to, or nothing if none is written there yet.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMCONFIG = Path(__file__).resolve().parent.parent / "samconfig.toml"
VARIABLE = "ENV"
USUAL = "dev"


@dataclass(frozen=True)
class Environment:
    """An environment's stack, its region and the AWS profile to deploy it with; empty is what the file does not say."""

    name: str
    stack_name: str
    region: str
    profile: str


def environment(environ: Mapping[str, str], samconfig: Path = SAMCONFIG) -> Environment:
    """
    Return the environment that ENV names, which is dev unless it is set.

    Raises:
        OperationError: The file cannot be read, or has no such environment.
    """
    name = environ.get(VARIABLE) or USUAL
    said = _read(samconfig)
    if name not in said:
        known = ", ".join(said) or "none"
        raise OperationError(
            f"{samconfig.name} has no environment {name}; there are: {known}. Set {VARIABLE} to one of them, or write "
            f"[{name}.deploy.parameters] into the file, as dev has it."
        )
    parameters = _parameters(said[name])
    return Environment(name, *(str(parameters.get(key, "")) for key in ("stack_name", "region", "profile")))


def _read(samconfig: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperationError(f"{samconfig} cannot be read: {error}.") from error
    return {name: sections for name, sections in said.items() if isinstance(sections, dict)}


def _parameters(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return what holds for `sam deploy`: its own section before the one for all commands."""
    both = [sections.get(section, {}).get("parameters", {}) for section in ("global", "deploy")]
    return {name: value for section in both for name, value in section.items()}


if __name__ == "__main__":
    try:
        print(environment(os.environ).region)  # noqa: T201 - for the Makefile
    except OperationError as wrong:
        sys.exit(str(wrong))

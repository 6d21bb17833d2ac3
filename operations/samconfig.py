"""
The environments in samconfig.toml, as `sam deploy --config-env` reads them: dev, prod, or one of your own.

`python -m operations.samconfig` prints the region of the environment ENV, or nothing if the file has none yet.
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
DEFAULT = "dev"


@dataclass(frozen=True)
class Environment:
    """An environment's stack, region and AWS profile. What the file does not say is empty."""

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
    name = environ.get(VARIABLE) or DEFAULT
    config = _read(samconfig)
    if name not in config:
        known = ", ".join(config) or "none"
        raise OperationError(
            f"{samconfig.name} has no environment {name}; there are: {known}. Set {VARIABLE} to one of them, or write "
            f"[{name}.deploy.parameters] into the file, as dev has it."
        )
    parameters = _parameters(config[name])
    return Environment(name, *(str(parameters.get(key, "")) for key in ("stack_name", "region", "profile")))


def _read(samconfig: Path) -> dict[str, Any]:
    try:
        config = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperationError(f"{samconfig} cannot be read: {error}.") from error
    return {name: sections for name, sections in config.items() if isinstance(sections, dict)}


def _parameters(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of `sam deploy`: those of its own section override those of the section `global`."""
    both = [sections.get(section, {}).get("parameters", {}) for section in ("global", "deploy")]
    return {name: value for section in both for name, value in section.items()}


if __name__ == "__main__":
    try:
        print(environment(os.environ).region)  # noqa: T201 - for the Makefile
    except OperationError as wrong:
        sys.exit(str(wrong))

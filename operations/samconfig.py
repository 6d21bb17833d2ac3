"""The environments in samconfig.toml, as `sam deploy --config-env` reads them: dev, prod, or one of your own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMCONFIG = Path(__file__).resolve().parent.parent / "samconfig.toml"
VARIABLE = "ENV"
DEFAULT = "dev"
FILE = "file://"


@dataclass(frozen=True)
class Environment:
    """
    An environment's stack, region and AWS profile, and the file with its answers.

    What samconfig.toml does not say is empty; the file with the answers is then None.
    """

    name: str
    stack_name: str
    region: str
    profile: str
    answers: Path | None


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
    stack_name, region, profile = (str(parameters.get(key, "")) for key in ("stack_name", "region", "profile"))
    return Environment(name, stack_name, region, profile, _answers(parameters, samconfig))


def environment_of(stack_name: str, samconfig: Path = SAMCONFIG) -> Environment | None:
    """Return the first environment with the stack of that name that has a file of answers; None if there is none."""
    try:
        found = [environment({VARIABLE: name}, samconfig) for name in _read(samconfig)]
    except OperationError:
        return None
    return next((each for each in found if each.stack_name == stack_name and each.answers), None)


def write_region(name: str, region: str, samconfig: Path = SAMCONFIG) -> None:
    """Write the region of the environment *name* into the file; all else stays as it is, comments included."""
    config = tomlkit.parse(samconfig.read_text(encoding="utf-8"))
    section = config.setdefault(name, {}).setdefault("deploy", {}).setdefault("parameters", {})
    section["region"] = region
    samconfig.write_text(tomlkit.dumps(config), encoding="utf-8")


def _answers(parameters: Mapping[str, Any], samconfig: Path) -> Path | None:
    """Return the one file that holds all parameters; None if samconfig.toml names no such file."""
    given = parameters.get("parameter_overrides")
    named = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(named, str) or not named.startswith(FILE):
        return None
    return samconfig.parent / named.removeprefix(FILE)


def _read(samconfig: Path) -> dict[str, Any]:
    try:
        config = tomlkit.parse(samconfig.read_text(encoding="utf-8")).unwrap()
    except (OSError, ValueError, TOMLKitError) as error:
        raise OperationError(f"{samconfig} cannot be read: {error}.") from error
    return {name: sections for name, sections in config.items() if isinstance(sections, dict)}


def _parameters(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of `sam deploy`: those of its own section override those of the section `global`."""
    both = [sections.get(section, {}).get("parameters", {}) for section in ("global", "deploy")]
    return {name: value for section in both for name, value in section.items()}

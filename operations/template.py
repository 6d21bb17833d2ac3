"""What template.yaml lets a deployer choose: its parameters with their constraints and defaults, and its rules."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from operations.parameters import constraint_violations
from operations.rules import condition_holds, failed_assertions

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"


class Template:
    """The parameters and rules of the SAM template in the file *path*."""

    def __init__(self, path: Path = TEMPLATE) -> None:
        """Read it."""
        self._document: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
        self.parameters: Mapping[str, Mapping[str, Any]] = self._document["Parameters"]

    def problems(self, name: str, value: str) -> list[str]:
        """Return a sentence for each reason for which the parameter *name* cannot be *value*; none if it can."""
        if name not in self.parameters:
            near = difflib.get_close_matches(name, self.parameters, n=1)
            mend = f"Is {near[0]} meant?" if near else "template.yaml lists those that there are."
            return [f"There is no parameter {name}. {mend}"]
        return constraint_violations(self.parameters, {name: value})

    def broken_rules(self, values: Mapping[str, str], region: str) -> list[str]:
        """Return what the template says of parameters that do not go together in *region*."""
        return failed_assertions(self._document, {**values, "AWS::Region": region})

    def outputs(self, values: Mapping[str, str]) -> list[str]:
        """Return the names of the outputs that a stack with the parameters *values* has."""
        outputs: Mapping[str, Mapping[str, Any]] = self._document["Outputs"]
        conditions = self._document["Conditions"]
        return [
            name
            for name, output in outputs.items()
            if "Condition" not in output or condition_holds(self._document, conditions[output["Condition"]], values)
        ]

    def default(self, name: str) -> str:
        """Return the default of a parameter; empty if there is none, or no such parameter."""
        return str(self.parameters.get(name, {}).get("Default", ""))

    def differing(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return those of *values* that differ from the defaults, so that later defaults arrive."""
        return {name: value for name, value in values.items() if value != self.default(name)}

    def is_list(self, name: str) -> bool:
        """Tell whether a parameter holds several values, separated by commas."""
        said = self.parameters[name]
        return said["Type"] == "CommaDelimitedList" or "separated by commas" in " ".join(said["Description"].split())

    def is_number(self, name: str) -> bool:
        """Tell whether a parameter holds a number."""
        return bool(self.parameters[name]["Type"] == "Number")

    def summary(self, name: str) -> str:
        """Return the first sentence of what the template says of a parameter."""
        said = " ".join(str(self.parameters[name]["Description"]).split())
        first = re.split(r"(?<=[.?!]) (?=[A-Z])", said.removeprefix("Required: "))[0]
        return first[:1].upper() + first[1:]

"""
Write what `make deploy` deploys: a value for every parameter, as JSON, which `sam deploy` reads as YAML.

`python -m operations.all_values` prints what the file of answers of ENV says, and the default of today for each
parameter that it does not name. For a parameter without a value `sam deploy` sends UsePreviousValue: then a later
default would never arrive, and to take a line out of the file would change nothing.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from operations import answers
from operations.errors import OperationError
from operations.samconfig import environment
from operations.template import Template

if TYPE_CHECKING:
    from collections.abc import Mapping


def all_values(said: Mapping[str, str], template: Template) -> dict[str, str]:
    """Return what was *said*, and the default of every other parameter of *template*."""
    return {name: template.default(name) for name in template.parameters} | dict(said)


def main() -> int:
    """Print the values of ENV's stack. Return the exit status."""
    try:
        file = environment(os.environ).answers
        said = answers.read(file).values if file else {}
    except OperationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for whoever called the command
        return 1
    print(json.dumps(all_values(said, Template()), indent=2))  # noqa: T201 - for the Makefile
    return 0


if __name__ == "__main__":
    sys.exit(main())

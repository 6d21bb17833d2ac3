"""Whether the functions start with what is deployed, by their own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations import functions
from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Outside

WANTED = "parameters with which the functions start"
MEND = "Correct it in the answers file (environments/), and make deploy."


@check("settings", "outside", "Whether the functions start with the deployed parameters, by their own code.")
def _settings(outside: Outside) -> Iterator[Finding]:
    values, template = outside.values, outside.template
    if not values.get(functions.PROVIDERS):
        yield unknown("what is deployed is not known: neither the stack nor an answers file could be read")
        return
    said = [
        each for name, value in values.items() if name in template.parameters for each in template.problems(name, value)
    ]
    said += functions.problems(values, template)
    for problem in said:
        yield wrong(problem, wanted=WANTED, mend=MEND)
    if not said:
        odd = " ".join(functions.notes(values, template))
        yield ok(f"the functions start with them{f'; odd is: {odd}' if odd else ''}")

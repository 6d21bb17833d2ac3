"""What is printed of all findings, and the exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from operations.doctor.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.doctor.withheld import Withheld

ALL_OK, SOMETHING_WRONG, COULD_NOT_LOOK = 0, 1, 2
"""The exit statuses. What is wrong counts more than what could not be looked at."""
Findings = dict[str, list[Finding]]
"""By the names of the checks; none where a check does not apply."""


def exit_status(findings: Findings) -> int:
    """Return the exit status that the *findings* give."""
    verdicts = {finding.verdict for found in findings.values() for finding in found}
    if Verdict.WRONG in verdicts:
        return SOMETHING_WRONG
    return COULD_NOT_LOOK if Verdict.UNKNOWN in verdicts else ALL_OK


def text(findings: Findings, withheld: Withheld) -> str:
    """Return a line for each finding, and one with the checks that do not apply."""
    lines = [_line(finding) for found in findings.values() for finding in found]
    left_out = [name for name, found in findings.items() if not found]
    if left_out:
        lines.append(f"Not for this stack: {', '.join(left_out)}.")
    return withheld.cut("\n".join(lines))


def as_json(findings: Findings, withheld: Withheld) -> str:
    """Return the same as one line of JSON."""
    said = {
        "status": exit_status(findings),
        "findings": [_object(finding, withheld) for found in findings.values() for finding in found],
        "not_for_this_stack": [name for name, found in findings.items() if not found],
    }
    return json.dumps(said)


def _line(finding: Finding) -> str:
    shown = finding.verdict.value if finding.verdict is Verdict.OK else finding.verdict.value.upper()
    wanted = f" Wanted: {_sentence(finding.wanted)}" if finding.wanted else ""
    mend = f" Mend: {_sentence(finding.mend)}" if finding.mend else ""
    return _plain(f"{shown:8}{finding.check}: {_sentence(finding.found)}{wanted}{mend}")


def _object(finding: Finding, withheld: Withheld) -> Mapping[str, str]:
    said = {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "found": finding.found,
        "wanted": finding.wanted,
        "mend": finding.mend,
    }
    # Before it is JSON, in which a secret may be written with other characters.
    return {name: withheld.cut(value) for name, value in said.items()}


def _plain(line: str) -> str:
    """Return it as one line of visible characters: what was found may be a stranger's, and steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in line)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."

"""What is printed of all findings, and the exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from operations.doctor.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.doctor.withheld import Withheld

ALL_OK, SOMETHING_WRONG, COULD_NOT_LOOK = 0, 1, 2
"""The exit statuses. What is wrong counts more than what could not be looked at."""
LONGEST = 2_000
"""Characters of what a finding says that are printed: an issuer may give its keys names as long as it likes."""
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
    lines = [_line(_printable(finding, withheld)) for found in findings.values() for finding in found]
    left_out = [name for name, found in findings.items() if not found]
    if left_out:
        lines.append(f"Not for this stack: {', '.join(left_out)}.")
    return "\n".join(lines)


def as_json(findings: Findings, withheld: Withheld) -> str:
    """Return the same as one line of JSON."""
    said = {
        "status": exit_status(findings),
        "findings": [_object(_printable(finding, withheld)) for found in findings.values() for finding in found],
        "not_for_this_stack": [name for name, found in findings.items() if not found],
    }
    return json.dumps(said)


def _line(finding: Finding) -> str:
    shown = finding.verdict.value if finding.verdict is Verdict.OK else finding.verdict.value.upper()
    wanted = f" Wanted: {_sentence(finding.wanted)}" if finding.wanted else ""
    mend = f" Mend: {_sentence(finding.mend)}" if finding.mend else ""
    return _plain(f"{shown:8}{finding.check}: {_sentence(finding.found)}{wanted}{mend}")


def _object(finding: Finding) -> Mapping[str, str]:
    return {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "found": finding.found,
        "wanted": finding.wanted,
        "mend": finding.mend,
    }


def _printable(finding: Finding, withheld: Withheld) -> Finding:
    """Return the finding without secrets, and not too long."""
    # Secrets are cut out first: of half a secret, and of one that JSON writes otherwise, nobody could tell what it is.
    found, wanted, mend = (_short(withheld.cut(said)) for said in (finding.found, finding.wanted, finding.mend))
    return replace(finding, found=found, wanted=wanted, mend=mend)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _plain(line: str) -> str:
    """Return it as one line of visible characters: what was found may be a stranger's, and steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in line)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."

"""The policies for operators, as docs/permissions.md has them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests import reference

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"
ACCOUNT = "123456789012"
EXCEPTIONS = {
    ":aws:transform/Serverless-2016-10-31": "SAM's transform is a resource of AWS's own account.",
    "apigateway:": "AWS's reference has the paths of API Gateway's HTTP APIs alone.",
    "cloudwatch:GetMetricData": "One copy of the reference gives it a resource, the other none: '*' is right for both.",
    "cloudformation:GetTemplateSummary": "A template that is no stack yet has no ARN.",
    "sns:Unsubscribe": "One copy of the reference gives it a resource, the other none: '*' is right for both.",
}
"""What the reference lacks, each with the reason."""


def policies() -> dict[str, list[dict[str, Any]]]:
    """Return the statements of each policy, by its heading, for an account."""
    section = PAGE.read_text().partition("\n## Operators\n")[2]
    blocks = re.findall(r"^### (.*?)$.*?^```json\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return {heading: json.loads(text.replace("ACCOUNT", ACCOUNT))["Statement"] for heading, text in blocks}


def findings(statement: dict[str, Any]) -> list[str]:
    """
    Return what AWS does not know of a *statement*.

    Tagging and API Gateway's methods are for many types of resources, and ours are enough: that an action is allowed
    on no other is no finding.
    """
    found = [said for said in reference.findings(statement) if " is allowed on no " not in said]
    return [said for said in found if not any(known in said or _about(said, statement, known) for known in EXCEPTIONS)]


def _about(said: str, statement: dict[str, Any], known: str) -> bool:
    return "nothing that these actions know" in said and all(
        action.startswith(known) for action in reference.actions_of(statement)
    )

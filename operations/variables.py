"""Check the environment variables of a function, as Lambda does when the function is created."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESERVED = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip
"""Names that Lambda reserves. Source: AWS, "Defined runtime environment variables"."""

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
"""Source: the Lambda API's model, EnvironmentVariableName."""

MAX_BYTES = 4096
"""The size limit of all variables of a function together, as JSON. Source: AWS, "Lambda quotas"."""


def variable_errors(variables: Mapping[str, str]) -> list[str]:
    """Return a sentence for each reason why Lambda would not accept *variables*."""
    reserved = sorted(RESERVED & variables.keys())
    wrong = sorted(name for name in variables if not NAME.fullmatch(name) and name not in RESERVED)
    size = len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode())
    sentences = [f"Lambda keeps the variable {name} for itself. Take another name." for name in reserved]
    sentences += [f"{name} is no name for a variable: a letter, then letters, digits and _." for name in wrong]
    if size > MAX_BYTES:
        sentences.append(
            f"Its variables take {size} bytes, and Lambda gives all of a function's {MAX_BYTES}. Shorten them."
        )
    return sentences

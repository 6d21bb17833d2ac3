"""
Compile the regular expressions of a start: `python3.13 -PSBs expressions.py LAYER FUNCTIONS FUNCTION`.

Python compiles each regular expression anew in each process: bytecode holds its text alone. A cold start of the
authorizer compiles some 70, of the handler 130, and spends a fifth of its instructions on that. So the function is
started here, as on Lambda, from the built LAYER and its package in the folder FUNCTIONS; what `re` has compiled then is
written into the layer, as a module that becomes bytecode like all others. regular_expressions.py is what reads it.

Where the function cannot be imported, nothing is written, and each start compiles them: in `sam build --use-container`,
where FUNCTIONS is missing, and for the authorizer on machines that cannot load cryptography's library for Lambda.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import sys
from array import array
from pathlib import Path

NOBODY = "127.0.0.1:9"
"""Nobody listens there, so that a start here waits for nobody, and calls nothing."""

LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "build",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_ENDPOINT_URL": f"http://{NOBODY}",
}

_OF_AN_ISSUER = {"name": "main", "issuer": f"https://{NOBODY}", "audience": "a", "jwks_uri": f"https://{NOBODY}/keys"}
_BY_A_SECRET = {
    "name": "other",
    "preset": "shared-secret",
    "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:chime-AbCdEf",
    "keep_subject": False,
}
_APP_INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/1"
SETTINGS = {
    # With a secret, because only for one the authorizer loads botocore.
    "authorizer": {"PROVIDERS": json.dumps([_OF_AN_ISSUER, _BY_A_SECRET])},
    "signin": {
        "USER_ROLE_ARN": "arn:aws:iam::123456789012:role/user",
        "CHIME_APP_INSTANCE_ARN": _APP_INSTANCE,
        "SESSION_SECONDS": "3600",
        "ALLOWED_ORIGINS": "",
    },
    "rooms": {
        "CHIME_APP_INSTANCE_ARN": _APP_INSTANCE,
        "MEETINGS": "open",
        "MEETING_OPTIONS": "",
        "ROOMS_TABLE": "RoomsTable",
        "STACK_ID": "arn:aws:cloudformation:us-east-1:123456789012:stack/chime-signin/1",
        "ALLOWED_ORIGINS": "",
    },
}
"""Valid settings of each function."""

READER = Path(__file__).with_name("regular_expressions.py")
WRITTEN = "compiled_expressions.py"


def main(layer: Path, functions: Path, function: str) -> None:
    """Start the *function*, and write what it compiled into the *layer*."""
    sys.path[:0] = [str(functions), str(layer)]
    os.environ.clear()
    os.environ.update(LAMBDA | SETTINGS[function])
    try:
        importlib.import_module(f"{function}.app")
    except ImportError as error:
        sys.stderr.write(f"Each start of {function} will compile its regular expressions; see {__file__}: {error}\n")
        return
    write(layer)


def write(layer: Path) -> None:
    """Write into *layer* what this process has compiled so far, and what reads it."""
    # Listed first, because to compile one again is to find it in the cache.
    engine, compiled = (re._compiler._sre.MAGIC, re._compiler._sre.CODESIZE), [*re._cache]  # noqa: SLF001
    # In order, so that the same packages make the same layer: threads of a start take turns as it happens.
    expressions = tuple(
        sorted(((pattern, flags, *made_of(pattern, flags)) for _, pattern, flags in compiled), key=repr)
    )
    (layer / WRITTEN).write_text(f"ENGINE = {engine}\nEXPRESSIONS = {expressions}\n", encoding="utf-8")
    shutil.copy(READER, layer)


def made_of(pattern: str | bytes, flags: int) -> tuple[int, bytes, tuple[str | None, ...]]:
    """Return what Python's compiler makes of *pattern*: all flags, the engine's code, and the groups' names."""
    parsed = re._parser.parse(pattern, flags)  # noqa: SLF001
    names: list[str | None] = [None] * parsed.state.groups
    for name, group in parsed.state.groupdict.items():
        names[group] = name
    code = re._compiler._code(parsed, flags)  # noqa: SLF001
    return int(flags | parsed.state.flags), array("I", code).tobytes(), tuple(names)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

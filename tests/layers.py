"""Run a function's code with nothing but its layer, in an interpreter of its own, on this machine's Python."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
SIGNIN_FUNCTION = ROOT / "signin_function"
STAND_INS = ROOT / "layers" / "stand_ins"
"""Packages of ours that are in the layers of the sign-in and of rooms in place of others."""


def module(name: str) -> Any:
    """Return the module *name* of layers/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "layers" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


# What Lambda itself says, so that the modules do on import what they do there.
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "test", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
KEY = {
    "kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256",
    # RFC 7515, A.3.1
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # fmt: skip
BY_KEY_SET = {"name": "main", "issuer": "https://issuer.example", "audience": "chime-signin", "jwks": {"keys": [KEY]}}
SETTINGS = {**module("expressions").SETTINGS, "authorizer": {"PROVIDERS": json.dumps([BY_KEY_SET])}}
"""Valid settings of each function, which reach for nothing."""


def distributions(function: str) -> set[str]:
    """Return the names of the distributions in the layer of *function*."""
    # Rooms need what the sign-in needs, with the data of other services.
    lock = (ROOT / "layers" / f"{'signin' if function == 'rooms' else function}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))


COMPILED = """\
import re, sys
compiled = []
compile_anew = re._compiler.compile

def counted(pattern, flags=0):
    compiled.append((sys._getframe(3).f_code.co_filename, pattern))  # who called re.compile, which called two more
    return compile_anew(pattern, flags)

re._compiler.compile = counted
"""
"""Code after which `compiled` has who called Python's compiler for which regular expression, each by its file."""
AS_COMPILED_ANEW = """\
import compiled_expressions
for pattern, flags, *_ in compiled_expressions.EXPRESSIONS:
    found, anew = re._cache[type(pattern), pattern, flags], compile_anew(pattern, flags)
    assert found == anew, pattern  # the same code, for the same pattern with the same flags
    assert (found.groups, found.groupindex) == (anew.groups, anew.groupindex), pattern
"""
"""Code after `COMPILED` that fails if a regular expression in the layer is not what this Python makes of it."""


def run(function: str, code: str, settings: Mapping[str, str] | None = None) -> str:
    """Return what *code* prints where only the layer of *function* can be imported, and its own package."""
    layer = distributions(function)
    stand_ins = [] if function == "authorizer" else [path.name for path in STAND_INS.iterdir()]
    missing = [
        module
        for module, owners in packages_distributions().items()
        if module not in stand_ins and not layer & {owner.lower().replace("_", "-") for owner in owners}
    ]
    missing += [pattern for pattern in module("prune").UNUSED if pattern.isidentifier()]
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    path = os.pathsep.join(map(str, [SIGNIN_FUNCTION, *([STAND_INS] if stand_ins else [])]))
    variables = {**environment, **LAMBDA, **(settings or SETTINGS[function]), "PYTHONPATH": path}
    # None in sys.modules makes an import fail. -P: not the current folder, which is not in Lambda.
    command = [sys.executable, "-P", "-c", f"import sys; sys.modules.update(dict.fromkeys({missing}))\n{code}"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

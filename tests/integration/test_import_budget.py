"""Each function loads what it needs and no more: what is loaded, users wait for on every cold start."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIGNIN_FUNCTION = ROOT / "signin_function"

# What Lambda itself says, so that the modules do on import what they do there.
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "test", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
KEY = {
    "kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256",
    # RFC 7515, A.3.1
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # fmt: skip
BY_KEY_SET = {"name": "main", "issuer": "https://issuer.example", "audience": "chime-signin", "jwks": {"keys": [KEY]}}
BY_SECRET = {
    "name": "main",
    "preset": "shared-secret",
    "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:chime-AbCdEf",
}
SIGNIN = {
    "USER_ROLE_ARN": "arn:aws:iam::123456789012:role/user",
    "CHIME_APP_INSTANCE_ARN": "arn:aws:chime:us-east-1:123456789012:app-instance/1",
    "SESSION_SECONDS": "3600",
    "ALLOWED_ORIGINS": "",
}


def in_layer(function: str) -> set[str]:
    """Return the names of the distributions in the layer of *function*."""
    lock = (ROOT / "layers" / f"{function}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))


def loaded_by(function: str, settings: dict[str, str]) -> set[str]:
    """Return the modules that a fresh interpreter holds after loading *function* with nothing but its layer."""
    layer = in_layer(function)
    missing = [
        module
        for module, distributions in packages_distributions().items()
        if not layer & {name.lower().replace("_", "-") for name in distributions}
    ]
    code = (
        f"import json, sys; sys.modules.update(dict.fromkeys({missing}));"
        f"import {function}.app; print(json.dumps([name for name, module in sys.modules.items() if module]))"
    )
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    variables = {**environment, **LAMBDA, **settings, "PYTHONPATH": str(SIGNIN_FUNCTION)}
    # -P: not the current folder, which is not in Lambda.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def authorizer() -> set[str]:
    return loaded_by("authorizer", {"PROVIDERS": json.dumps([BY_KEY_SET])})


@pytest.fixture(scope="module")
def signin() -> set[str]:
    return loaded_by("signin", SIGNIN)


@pytest.mark.parametrize("package", ["ecdsa", "pyasn1", "pycparser", "rsa"])
def test_layer_leaves_out_what_is_asked_for_but_never_imported(package: str) -> None:
    assert package not in in_layer("authorizer")


def test_authorizer_runs_on_its_layer(authorizer: set[str]) -> None:
    assert {"authorizer.app", "jose.backends.cryptography_backend"} <= authorizer


def test_authorizer_without_a_secret_loads_no_boto3(authorizer: set[str]) -> None:
    # Powertools imports botocore's __init__, which is small.
    assert not {"boto3", "botocore.session", "authorizer.secrets"} & authorizer


def test_authorizer_with_a_secret_loads_boto3() -> None:
    # Nobody listens at that address, so that nothing waits for Secrets Manager.
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    assert "boto3" in loaded_by("authorizer", {"PROVIDERS": json.dumps([BY_SECRET]), **nowhere})


def test_signin_runs_on_its_layer(signin: set[str]) -> None:
    assert {"signin.app", "boto3"} <= signin


@pytest.mark.parametrize("package", ["python-jose", "cryptography"])
def test_signin_cannot_read_tokens(package: str) -> None:
    assert package not in in_layer("signin")


def test_neither_loads_the_other(authorizer: set[str], signin: set[str]) -> None:
    assert "signin" not in authorizer
    assert "authorizer" not in signin


@pytest.mark.parametrize("module", ["event_handler", "utilities.parser", "utilities.validation"])
def test_neither_loads_the_heavy_parts_of_powertools(module: str, authorizer: set[str], signin: set[str]) -> None:
    assert f"aws_lambda_powertools.{module}" not in authorizer | signin

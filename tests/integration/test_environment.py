"""That tests hold whatever stands in the environment of whoever runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_lambda_powertools.shared import constants
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.lambda_runtime.process import INHERITED_VARIABLES
from local.stack import TEMPLATE
from tests import environment

ROOT = Path(__file__).parents[2]
SOURCES = ("signin_function", "local", "operations")
READS = re.compile(r"""environ(?:\.get)?[\[(]["']([A-Za-z_]+)""")
OTHERS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
    "AWS_LAMBDA_LOG_FORMAT", "AWS_SAM_STACK_NAME", "_HANDLER", "LAMBDA_TASK_ROOT", "TZ", "LANG", "LC_ALL",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OPENSSL_CONF",
    "PYTHONPATH", "PYTHONWARNINGS", "PYTHONSTARTUP", "PYTHONSAFEPATH", "PYTHONOPTIMIZE", "PYTHONIOENCODING",
    "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "SAM_CLI_TELEMETRY", "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT",
    "MOTO_ACCOUNT_ID", "MOTO_ALLOW_NONEXISTENT_REGION", "MOTO_IAM_LOAD_MANAGED_POLICIES", "DEFAULT_CONTAINER_REGISTRY",
    "FLASK_DEBUG", "WERKZEUG_RUN_MAIN", "USER", "ENV", "PYTEST_ADDOPTS", "PYTEST_PLUGINS",
)  # fmt: skip
"""What else is known to be read: by botocore, Lambda's runtime, OpenSSL, Python, make, the SAM CLI, moto and pytest."""


BEFORE_TESTS = {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "OPENSSL_CONF"}
"""What pytest, Python and OpenSSL themselves make of these, they make of them before any test is there."""

SENSITIVE = (
    "tests/unit/test_reach.py",
    "tests/unit/test_authorizer_app.py",
    "tests/unit/test_signin_app.py",
    "tests/unit/test_signin_telemetry.py",
)
"""Tests of what reads most of it; the first says what is found."""


def settings_of_functions() -> set[str]:
    template = yaml_parse(TEMPLATE.read_text())
    resources = template["Resources"].values()
    functions = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Serverless::Function"]
    both = template["Globals"]["Function"]
    return {name for function in (both, *functions) for name in function["Environment"]["Variables"]}


def powertools() -> set[str]:
    texts = [value for value in vars(constants).values() if isinstance(value, str)]
    return {text for text in texts if re.fullmatch(r"_?[A-Z][A-Z0-9_]+", text)}


def botocores() -> set[str]:
    named = [variables for _, variables, *_ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values() if variables]
    return {name for names in named for name in ([names] if isinstance(names, str) else names)}


def our_own() -> set[str]:
    sources = [path.read_text() for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    return {name for source in sources for name in READS.findall(source)} - set(INHERITED_VARIABLES)


@pytest.fixture(scope="module")
def read() -> set[str]:
    """What is known to be read; each of the derived lists holds what was looked up once."""
    found = settings_of_functions(), powertools(), botocores(), our_own()
    for names, example in zip(
        found, ("ALLOWED_ORIGINS", "POWERTOOLS_LOG_LEVEL", "AWS_DEFAULT_REGION", "METRICS_NAMESPACE"), strict=True
    ):
        assert example in names
    return set().union(*found, OTHERS)


def test_nothing_that_is_read_is_kept(read: set[str]) -> None:
    assert environment.kept(dict.fromkeys(read, "x")) == {}


def test_what_sam_sees_besides_is_how_to_reach_package_indexes(read: set[str]) -> None:
    assert environment.kept(dict.fromkeys(read, "x"), *environment.REACH).keys() <= set(environment.REACH)


def test_tests_hold_in_an_environment_that_is_against_them(read: set[str], tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nretry_mode = none that there is\n")
    against = {
        **dict.fromkeys(read - BEFORE_TESTS, "ERROR"),
        "HOME": str(tmp_path),
        "MOTO_ACCOUNT_ID": "210987654321",
        "TZ": "Asia/Kathmandu",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *SENSITIVE]
    variables = {**environment.kept(os.environ), **against}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


COMMANDS = ("invoke", "start-api", "bench")
"""The commands whose own process emulates AWS, except `make run`: that one forgets the account itself."""


@pytest.fixture
def account(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody whose AWS account cannot even be named."""
    (tmp_path / "config").write_text("[default]\nretry_mode = none that there is\n")
    return {**os.environ, "AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": str(tmp_path / "config")}


def make(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def test_aws_starts_whatever_account_there_is(account: dict[str, str]) -> None:
    starts = "-c 'import local.aws.endpoint as aws; aws.AwsEndpoint().admin_credentials()'"
    rule = f"--eval=probe: ; @$(NO_ACCOUNT) {sys.executable} {starts}"
    done = make([rule, "probe"], account)
    assert (done.returncode, done.stderr) == (0, "")
    assert make([rule.replace("$(NO_ACCOUNT)", ""), "probe"], account).returncode != 0


@pytest.mark.parametrize("command", COMMANDS)
def test_command_that_emulates_aws_asks_for_no_account(command: str, account: dict[str, str]) -> None:
    said = make(["--dry-run", command, "ONLY=verifier"], account).stdout
    [line] = [line for line in said.splitlines() if "python -m tests.docker" in line or "python -m benchmarks" in line]
    assert "env -u AWS_PROFILE" in line

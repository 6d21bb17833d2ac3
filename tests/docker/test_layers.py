"""What is in the layers, in Lambda's own Python."""

from __future__ import annotations

import subprocess

import pytest

from tests import budgets
from tests.docker import sam

PYTHON = "/var/lang/bin/python3.13"


def run(layer: str, flags: list[str], code: str) -> str:
    """Return what *code* prints in a container that has *layer* where Lambda puts it, and no network."""
    pull = "never" if flags else "missing"
    command = [
        "docker", "run", "--rm", f"--pull={pull}", "--network=none", "--entrypoint", PYTHON,
        "--volume", f"{sam.BUILT / layer}:/opt:ro", "--env", "PYTHONPATH=/opt/python", sam.IMAGE, "-c", code,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("layer", "modules"),
    [
        ("AuthorizerLayer", "aws_lambda_powertools botocore.session cryptography.hazmat.bindings._rust jose urllib3"),
        ("SigninLayer", "aws_lambda_powertools boto3.session botocore.session s3transfer.manager urllib3"),
        ("RoomsLayer", "aws_lambda_powertools boto3.session botocore.session s3transfer.manager urllib3"),
    ],
)
def test_modules_come_from_the_layer(layer: str, modules: str, flags: list[str]) -> None:
    code = (
        "import importlib; "
        f"print(*(importlib.import_module(name).__file__ or '?' for name in '{modules}'.split()), sep='\\n')"
    )
    files = run(layer, flags, code).splitlines()
    assert len(files) == len(modules.split())
    assert all(file.startswith("/opt/python/") for file in files), files


@pytest.mark.parametrize(
    ("layer", "services"),
    [
        ("AuthorizerLayer", ["secretsmanager"]),
        ("SigninLayer", ["chime-sdk-identity", "ssm", "sts"]),
        ("RoomsLayer", ["chime-sdk-meetings", "dynamodb", "ssm"]),
    ],
)
def test_layer_knows_the_services_that_are_called_and_no_others(
    layer: str, services: list[str], flags: list[str]
) -> None:
    code = (
        "from botocore.session import Session; session = Session();"
        "print(*[name for name in session.get_available_services() if session.create_client(name, 'eu-central-1')])"
    )
    assert run(layer, flags, code).split() == services


@pytest.mark.parametrize("artifact", budgets.MEGABYTES)
@pytest.mark.usefixtures("flags")
def test_artifact_stays_within_its_budget(artifact: str) -> None:
    sizes = [path.stat().st_size for path in (sam.BUILT / artifact).rglob("*") if path.is_file()]
    assert sum(sizes) <= budgets.MEGABYTES[artifact] * 1e6
    assert 0 < len(sizes) <= budgets.FILES[artifact]

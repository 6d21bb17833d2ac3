"""Each function loads what it needs and no more: what is loaded, users wait for on every cold start."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import budgets, layers

if TYPE_CHECKING:
    from collections.abc import Mapping

prune, expressions = layers.module("prune"), layers.module("expressions")
BY_SECRET = {
    "name": "main",
    "preset": "shared-secret",
    "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:chime-AbCdEf",
}
# Nobody listens at that address, so that nothing waits for Secrets Manager.
BY_A_SECRET_OF_NOBODYS = {
    "PROVIDERS": json.dumps([BY_SECRET]),
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
}


def loaded_by(function: str, settings: Mapping[str, str] | None = None) -> set[str]:
    """Return the modules that a fresh interpreter holds after the start, and the first request, of *function*."""
    # In the other functions the first request loads it: tests/integration/test_start.py.
    rest = "" if function == "authorizer" else "from signin import telemetry; telemetry.load()\n"
    code = f"{rest}import json; print(json.dumps([name for name, module in sys.modules.items() if module]))"
    return set(json.loads(layers.run(function, f"import {function}.app\n{code}", settings).splitlines()[-1]))


def source(module: str) -> str:
    """Return the source of a *module* that is installed here."""
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text()


@pytest.fixture(scope="module")
def authorizer() -> set[str]:
    return loaded_by("authorizer")


@pytest.fixture(scope="module")
def signin() -> set[str]:
    return loaded_by("signin")


@pytest.fixture(scope="module")
def rooms() -> set[str]:
    return loaded_by("rooms")


@pytest.mark.parametrize("package", ["ecdsa", "pyasn1", "pycparser", "rsa"])
def test_layer_leaves_out_what_is_asked_for_but_never_imported(package: str) -> None:
    assert package not in layers.distributions("authorizer")


def test_authorizer_runs_on_its_layer(authorizer: set[str]) -> None:
    assert {"authorizer.app", "jose.backends.cryptography_backend"} <= authorizer


def test_authorizer_without_a_secret_loads_no_botocore(authorizer: set[str]) -> None:
    # Powertools imports its __init__, which is small.
    assert not {"botocore.session", "authorizer.secrets"} & authorizer


def test_authorizer_with_a_secret_loads_botocore() -> None:
    assert "botocore.session" in loaded_by("authorizer", BY_A_SECRET_OF_NOBODYS)


def test_signin_runs_on_its_layer(signin: set[str]) -> None:
    assert {"signin.app", "botocore.session"} <= signin


def test_rooms_run_on_their_layer_without_the_sign_in_itself(rooms: set[str]) -> None:
    assert {"rooms.app", "botocore.session"} <= rooms
    assert not {"signin.app", "signin.signed_in", "signin.exchange", "signin.users", "signin.sessions"} & rooms


@pytest.mark.parametrize("function", ["signin", "rooms"])
def test_clients_come_from_boto3_without_what_copies_files_of_s3(function: str, request: pytest.FixtureRequest) -> None:
    loaded = request.getfixturevalue(function)
    assert "boto3.session" in loaded
    assert "s3transfer" not in layers.distributions(function)
    assert {name for name in loaded if name.startswith("s3transfer")} == {"s3transfer", "s3transfer.manager"}
    assert "multiprocessing" not in loaded


def test_boto3_wants_no_more_of_s3transfer_than_the_stand_in_has(signin: set[str]) -> None:
    """So that nothing but S3 can miss it. It is not only imported: boto3 could begin to do more with that class."""
    sources = {name: source(name) for name in signin if name.split(".")[0] == "boto3"}
    lines = [line.strip() for text in sources.values() for line in text.splitlines()]

    assert [line for line in lines if "s3transfer" in line] == ["from s3transfer.manager import TransferConfig"]
    assert [line for line in lines if re.search(r"\bTransferConfig\b", line)] == [
        "from s3transfer.manager import TransferConfig",
        "TRANSFER_CONFIG_SUPPORTS_CRT = hasattr(TransferConfig, 'UNSET_DEFAULT')",
    ]


@pytest.mark.parametrize("package", ["python-jose", "cryptography"])
def test_signin_cannot_read_tokens(package: str) -> None:
    assert package not in layers.distributions("signin")


def test_neither_loads_the_other(authorizer: set[str], signin: set[str], rooms: set[str]) -> None:
    assert not {"signin", "rooms"} & authorizer
    assert not {"authorizer", "rooms"} & signin
    assert "authorizer" not in rooms


def test_edge_is_loaded_without_the_sign_in() -> None:
    code = "import json, signin.edge\nprint(json.dumps([name for name in sys.modules if name.startswith('signin.')]))"
    loaded = set(json.loads(layers.run("signin", code).splitlines()[-1]))

    shared = {"answers", "caller", "deadline", "edge", "errors", "telemetry"}
    assert loaded == {f"signin.{module}" for module in shared}


@pytest.mark.parametrize("function", ["authorizer", "signin", "rooms"])
def test_imports_stay_within_their_budget(function: str, request: pytest.FixtureRequest) -> None:
    assert len(request.getfixturevalue(function)) <= budgets.MODULES[function]


@pytest.mark.parametrize("function", ["authorizer", "signin", "rooms"])
def test_start_collects_no_garbage_and_what_follows_does(function: str) -> None:
    code = f"""\
import gc
collected = []
gc.callbacks.append(lambda phase, _: collected.append(phase))
import {function}.app
print([len(collected), gc.isenabled(), gc.get_freeze_count() > 10_000])"""
    assert layers.run(function, code).splitlines()[-1] == "[0, True, True]"


@pytest.mark.parametrize("function", ["authorizer", "signin"])  # that of rooms: tests/docker/test_layers.py
def test_start_compiles_no_regular_expression_that_the_layer_brings(function: str, tmp_path: Path) -> None:
    """The layer's build starts the function, and writes what it compiled; the next start has nothing to compile."""
    # Hashes are the same for both, because python-jose makes one from a set.
    settings = expressions.LAMBDA | expressions.SETTINGS[function] | {"PYTHONHASHSEED": "0"}
    scripts, functions = str(layers.ROOT / "layers"), str(layers.SIGNIN_FUNCTION)
    build = f"""\
from pathlib import Path
sys.path.append({scripts!r})
import expressions
expressions.main(Path({str(tmp_path)!r}), Path({functions!r}), {function!r})"""
    layers.run(function, build, settings)

    start = f"""\
sys.path.append({str(tmp_path)!r})
{layers.COMPILED}
import {function}.app
print(compiled, len(re._cache) > 60)
{layers.AS_COMPILED_ANEW}"""
    assert layers.run(function, start, settings).splitlines()[-1] == "[] True"


def test_nothing_that_is_taken_out_of_the_layers_is_imported(
    authorizer: set[str], signin: set[str], rooms: set[str]
) -> None:
    imported = authorizer | signin | rooms | loaded_by("authorizer", BY_A_SECRET_OF_NOBODYS)
    paths = {name.replace(".", "/") for name in imported if not name.startswith(prune.KEPT[0].replace("/", "."))}
    gone = [pattern.rstrip("/") for pattern in prune.UNUSED]
    assert not [path for path in paths for pattern in gone if fnmatch.fnmatch(path, pattern)]


@pytest.mark.parametrize("module", ["event_handler", "utilities.parser", "utilities.validation"])
def test_none_loads_the_heavy_parts_of_powertools(
    module: str, authorizer: set[str], signin: set[str], rooms: set[str]
) -> None:
    assert f"aws_lambda_powertools.{module}" not in authorizer | signin | rooms


def test_authorizer_asks_for_keys_before_it_loads_what_is_slow() -> None:
    """What `app` imports itself is loaded before issuers are asked, and no more; all else while they answer."""
    code = """\
import json, os
del os.environ["AWS_LAMBDA_FUNCTION_NAME"]  # so that it does not start
import authorizer.app
print(json.dumps([name for name, module in sys.modules.items() if module]))"""
    before = set(json.loads(layers.run("authorizer", code).splitlines()[-1]))

    assert "authorizer.connections" in before
    slow = {"aws_lambda_powertools", "concurrent", "cryptography", "dataclasses", "hashlib", "inspect", "jose"}
    assert not slow & before
    assert not {"authorizer.edge", "authorizer.telemetry", "authorizer.verifier"} & before
    assert len(before) <= budgets.BEFORE_ASKING

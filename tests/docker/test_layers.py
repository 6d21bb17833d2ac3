"""What is in the layers, in Lambda's own Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import certifi
import pytest

from tests import budgets, layers
from tests.authorities import SHAKE_HANDS, Authority, common_name
from tests.docker import sam

PYTHON = "/var/lang/bin/python3.13"


def run(layer: str, flags: list[str], code: str, hashes: str = "random") -> str:
    """Return what *code* prints in a container without network that has *layer* and its function."""
    pull, function = "never" if flags else "missing", layer.replace("Layer", "Function")
    command = [
        "docker", "run", "--rm", f"--pull={pull}", "--network=none", "--entrypoint", PYTHON,
        "--volume", f"{sam.BUILT / layer}:/opt:ro", "--volume", f"{sam.BUILT / function}:/var/task:ro",
        "--env", "PYTHONPATH=/var/task:/opt/python", "--env", f"PYTHONHASHSEED={hashes}", sam.IMAGE, "-c", code,
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


@pytest.mark.parametrize("function", budgets.MODULES)
def test_start_loads_its_budget_and_nothing_that_was_left_out(function: str, flags: list[str]) -> None:
    code = f"""\
import json, os, sys
os.environ.update({layers.LAMBDA | layers.SETTINGS[function]})
import {function}.app
print(json.dumps([name for name, module in sys.modules.items() if module]))"""
    loaded = set(json.loads(run(f"{function.capitalize()}Layer", flags, code).splitlines()[-1]))

    assert f"{function}.app" in loaded
    assert len(loaded) <= budgets.MODULES[function]
    # What only boto3's transfers, and python-jose's ways without cryptography, would bring.
    assert not {"boto3.s3.inject", "ecdsa", "multiprocessing", "rsa", "s3transfer.futures"} & loaded


@pytest.mark.parametrize("function", budgets.MODULES)
def test_regular_expressions_are_compiled_in_the_layer_as_lambda_s_python_would(
    function: str, flags: list[str]
) -> None:
    code = f"""\
import os
os.environ.update({layers.LAMBDA | layers.SETTINGS[function]})
{layers.COMPILED}
import {function}.app
print([expression for file, expression in compiled if file.startswith(("/opt/", "/var/task/"))], len(compiled) < 10)
{layers.AS_COMPILED_ANEW}"""
    printed = run(f"{function.capitalize()}Layer", flags, code, hashes="0").splitlines()[-1]
    assert printed == "[] True", "If it is one of ours: SAM keeps a layer that was built before. Run: rm -r .aws-sam"


@pytest.mark.parametrize("artifact", budgets.MEGABYTES)
@pytest.mark.usefixtures("flags")
def test_artifact_stays_within_its_budget(artifact: str) -> None:
    sizes = [path.stat().st_size for path in (sam.BUILT / artifact).rglob("*") if path.is_file()]
    assert sum(sizes) <= budgets.MEGABYTES[artifact] * 1e6
    assert 0 < len(sizes) <= budgets.FILES[artifact]


def test_signatures_are_checked_by_cryptography(flags: list[str]) -> None:
    """If a module of it is missing, python-jose takes slow ones in Python instead, and says nothing."""
    code = """\
import authorizer.keys, sys
from jose import backends, jwk
kinds = [backends.RSAKey, backends.ECKey, backends.HMACKey, *map(jwk.get_key, ("RS256", "ES256", "HS256"))]
print(*sorted({kind.__module__ for kind in kinds}), *sorted({"ecdsa", "rsa"} & sys.modules.keys()))"""
    assert run("AuthorizerLayer", flags, code) == "jose.backends.cryptography_backend"


@pytest.mark.usefixtures("flags")
def test_layer_has_all_of_certifi_s_roots_by_the_names_that_openssl_looks_for(tmp_path: Path) -> None:
    roots = layers.module("roots")
    roots.write(tmp_path / "roots", roots.certificates(Path(certifi.where()).read_text(encoding="utf-8")))

    built, expected = (
        {path.name: path.read_text() for path in folder.iterdir()}
        for folder in (sam.BUILT / "AuthorizerLayer" / "python" / roots.FOLDER, tmp_path / "roots")
    )
    assert built == expected


def test_openssl_there_finds_roots_in_the_folder_and_then_in_the_machine_s_store(
    flags: list[str], tmp_path: Path
) -> None:
    """The container's own store, into which one root is written, is what the machine's store is in Lambda."""
    in_the_layer, of_the_machine = Authority(common_name("A root")), Authority(common_name("Another root"))
    roots = layers.module("roots")
    roots.write(tmp_path, [in_the_layer.der])
    given = {
        "root": [next(tmp_path.iterdir()).name, in_the_layer.pem],
        "machine": of_the_machine.pem,
        "servers": [in_the_layer.server_pem(), of_the_machine.server_pem()],
    }
    code = f"""\
import pathlib, shutil, ssl, sys
{SHAKE_HANDS}
given = {json.dumps(given)}
folder = pathlib.Path("/tmp/layer/issuer_roots")
shutil.copytree("/opt/python/issuer_roots", folder)
(folder / given["root"][0]).write_text(given["root"][1])
servers = []
for pem in given["servers"]:
    pathlib.Path("/tmp/server.pem").write_text(pem)
    servers.append(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    servers[-1].load_cert_chain("/tmp/server.pem")

def accepted(client):
    found = []
    for server in servers:
        try:
            shake_hands(client, server)
        except ssl.SSLCertVerificationError:
            found.append(False)
        else:
            found.append(True)
    return found

from authorizer.trust import Trust
trust = Trust({{}}, ["/tmp/layer"])
narrow = trust.tls()
with open(ssl.get_default_verify_paths().openssl_cafile, "a") as store:
    store.write(given["machine"])
print(accepted(narrow), accepted(trust.wider_than(narrow)))
print(Trust({{}}, sys.path).wider_than(None) is not None)"""
    assert run("AuthorizerLayer", flags, code).splitlines() == ["[True, False] [True, True]", "True"]


@pytest.mark.parametrize("layer", ["SigninLayer", "RoomsLayer"])
def test_aws_is_verified_by_amazon_s_roots_in_place_of_botocore_s_bundle(layer: str, flags: list[str]) -> None:
    code = """\
import ssl
from botocore.httpsession import get_cert_path
from signin.trust import trust
file = trust().narrowed(get_cert_path(True))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(file)
print(file, context.cert_store_stats()["x509_ca"])"""
    assert run(layer, flags, code) == "/opt/python/amazon_roots.pem 5"

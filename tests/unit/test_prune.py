"""Pruning a layer leaves of botocore's data what a client of the wanted services is made of, and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader

from tests import layers

DATA = Path(botocore.__file__).parent / "data"
SERVICES = {
    layer: services.split()
    for layer, services in {
        "SigninLayer": "chime-sdk-identity ssm sts",
        "RoomsLayer": "chime-sdk-meetings dynamodb ssm",
        "AuthorizerLayer": "secretsmanager",
    }.items()
}


def test_services_are_those_of_the_makefile() -> None:
    makefile = (layers.ROOT / "layers" / "Makefile").read_text()

    for layer, services in SERVICES.items():
        recipe = makefile.partition(f"\nbuild-{layer}:")[2].partition("\n\n")[0]
        assert f'prune.py "$(CONTENT)" {" ".join(services)}\n' in recipe


@pytest.mark.parametrize("layer", SERVICES)
def test_wanted_services_stay_in_the_versions_that_there_are_clients_of(layer: str, tmp_path: Path) -> None:
    data = tmp_path / "botocore" / "data"
    data.mkdir(parents=True)
    shutil.copy(DATA / "endpoints.json", data)
    for service in [*SERVICES[layer], "sqs"]:
        shutil.copytree(DATA / service, data / service)

    layers.module("prune").main(tmp_path, set(SERVICES[layer]))

    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    assert loader.list_available_services("service-2") == sorted(SERVICES[layer])
    kept = {service: [version.name for version in (data / service).iterdir()] for service in SERVICES[layer]}
    assert kept == {service: [Loader().determine_latest_version(service, "service-2")] for service in SERVICES[layer]}

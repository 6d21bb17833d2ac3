"""Pruning a layer leaves of botocore's data what clients of the operations that are called need, and no more."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests import layers

prune = layers.module("prune")
DATA = Path(botocore.__file__).parent / "data"
ADAPTERS = {
    "SigninLayer": {
        "chime-sdk-identity": "signin/users.py",
        "ssm": "signin/revocation.py",
        "sts": "signin/sessions.py",
    },
    "RoomsLayer": {
        "chime-sdk-meetings": "rooms/meetings.py",
        "dynamodb": "rooms/table.py",
        "ssm": "signin/revocation.py",
    },
    "AuthorizerLayer": {"secretsmanager": "authorizer/secrets.py"},
}
"""Which module calls which service."""


def model(service: str, data: Path | None = None) -> Any:
    """Return a service's model, of *data* or of the botocore that is installed."""
    loader = Loader(extra_search_paths=[str(data or DATA)], include_default_search_paths=False)
    return loader.load_service_model(service, "service-2")


def kept(layer: str) -> dict[str, set[str]]:
    """Return the services and operations that the Makefile keeps in *layer*."""
    makefile = (layers.ROOT / "layers" / "Makefile").read_text().replace("\\\n", "")
    recipe = makefile.partition(f"\nbuild-{layer}:")[2].partition("\n\n")[0]
    [words] = re.findall(r'prune\.py "\$\(CONTENT\)" (.+)', recipe)
    found: dict[str, set[str]] = prune.services(words.split())
    return found


def called(module: str) -> set[str]:
    """Return the methods of a client that *module* calls."""
    text = (layers.SIGNIN_FUNCTION / module).read_text()
    return set(re.findall(r"_client\.([a-z_]+)\(", text)) - {"close"}


@pytest.mark.parametrize("layer", ADAPTERS)
def test_operations_are_those_that_the_functions_call(layer: str) -> None:
    methods = {service: {xform_name(name) for name in names} for service, names in kept(layer).items()}
    assert methods == {service: called(module) for service, module in ADAPTERS[layer].items()}


def test_no_other_module_has_a_client() -> None:
    with_one = {
        str(path.relative_to(layers.SIGNIN_FUNCTION))
        for path in layers.SIGNIN_FUNCTION.rglob("*.py")
        if "_client." in path.read_text()
    }
    assert with_one - {"signin/aws.py"} == {module for services in ADAPTERS.values() for module in services.values()}


@pytest.fixture
def pruned(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return botocore's data, pruned as in the layer that is the parameter."""
    data = tmp_path / "botocore" / "data"
    data.mkdir(parents=True)
    shutil.copy(DATA / "endpoints.json", data)
    for service in [*kept(request.param), "sqs"]:
        shutil.copytree(DATA / service, data / service)
    prune.main(tmp_path, kept(request.param))
    return data


@pytest.mark.parametrize(("layer", "pruned"), [(layer, layer) for layer in ADAPTERS], indirect=["pruned"])
def test_wanted_services_stay_in_the_versions_that_there_are_clients_of(layer: str, pruned: Path) -> None:
    services = kept(layer)
    loader = Loader(extra_search_paths=[str(pruned)], include_default_search_paths=False)
    assert loader.list_available_services("service-2") == sorted(services)
    versions = {service: [version.name for version in (pruned / service).iterdir()] for service in services}
    assert versions == {service: [Loader().determine_latest_version(service, "service-2")] for service in services}


@pytest.mark.parametrize(("layer", "pruned"), [(layer, layer) for layer in ADAPTERS], indirect=["pruned"])
def test_operations_stay_with_all_that_they_are_made_of(layer: str, pruned: Path) -> None:
    for service, operations in kept(layer).items():
        whole, left = model(service), model(service, pruned)
        assert left["operations"].keys() == operations
        used = {shape for name in operations for shape in shapes_of(whole, name)}
        assert [*left["shapes"]] == sorted(used)  # in an order that is the same in each build
        for name in operations:
            assert shape_tree(left, name) == shape_tree(whole, name)


def shapes_of(content: Any, operation: str) -> set[str]:
    """Return the names of all shapes of an *operation*, as botocore resolves them."""
    found: set[str] = set()
    described = ServiceModel(content).operation_model(operation)
    todo: list[Any] = [described.input_shape, described.output_shape, *described.error_shapes]
    while todo:
        shape = todo.pop()
        if shape is not None and shape.name not in found:
            found.add(shape.name)
            todo += getattr(shape, "members", {}).values()
            todo += [getattr(shape, part, None) for part in ("member", "key", "value")]
    return found


def shape_tree(content: Any, operation: str) -> Any:
    """Return what an *operation* and its shapes are, without their documentation."""
    described = {"operation": content["operations"][operation]}
    shapes = {name: content["shapes"][name] for name in shapes_of(content, operation)}
    return prune._without_documentation(described | shapes)  # noqa: SLF001 - the rest has to be the same

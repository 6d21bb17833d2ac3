"""
Remove from a layer what the functions never read: `python3 prune.py FOLDER SERVICE:OPERATION,…`, on any Python 3.

A client is made from its service's model. Most operations in it are never called: of the 154 of Parameter Store the
functions call one. So a model keeps only those that are called; tests/unit/test_prune.py compares them with our code.

Tests run both functions on what is left (tests/docker), and compare the patterns with what each function imports
(tests/integration/test_import_budget.py). If a change needs one of these files, remove its pattern from UNUSED.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

UNUSED = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/*/",
    "bin",
    "boto3/data",  # models of resources, which nothing here uses
    "boto3/examples",
    "certifi",  # roots.py has made files of its own from it
    "cffi",  # cryptography needs only the compiled module _cffi_backend, which is not in this folder
    "*.dist-info/RECORD",
    "dateutil/zoneinfo/*.tar.gz",  # time zones for systems without any
    "**/*.pyi",
)
"""Patterns of what is removed. Licences stay, and so does the metadata in which packages look up their versions."""

KEPT = ("aws_lambda_powertools/utilities/jmespath_utils",)
"""What stays although a pattern matches it."""

_OF_A_SERVICE = ("service-2.", "endpoint-rule-set-1.")
"""The files from which botocore makes a client. It has more for each service (waiters, paginators, examples, …)."""


def main(folder: Path, services: dict[str, set[str]]) -> None:
    """Prune the layer in *folder*; of botocore's data keep those of *services*, with the operations that each names."""
    kept = {folder / name for name in KEPT}
    for pattern in UNUSED:
        for path in sorted(set(folder.glob(pattern)) - kept):
            _remove(path)
    _prune_data(folder / "botocore" / "data", services)


def services(words: list[str]) -> dict[str, set[str]]:
    """Read services with their operations: `sts:AssumeRole,GetCallerIdentity`."""
    return {name: set(operations.split(",")) for name, _, operations in (word.partition(":") for word in words)}


def _prune_data(data: Path, services: dict[str, set[str]]) -> None:
    names = set()
    for service in sorted(path for path in data.iterdir() if path.is_dir()):
        if service.name in services:
            for version in sorted(service.iterdir()):
                if list(version.glob("service-2.*")):
                    names.add(_prune_service(version, services[service.name]))
                else:  # an old version that botocore keeps examples of, and makes no client from (DynamoDB's of 2011)
                    _remove(version)
        else:
            _remove(service)
    _write(data / "endpoints.json", _endpoints(_read(data / "endpoints.json"), names | services.keys()))


def _prune_service(version: Path, operations: set[str]) -> str:
    """Keep of a service's *version* what a client is made of, and return the service's name in endpoints.json."""
    for path in list(version.iterdir()):
        content = _read(path) if path.name.startswith(_OF_A_SERVICE) else None
        _remove(path)
        if content is not None:
            # Uncompressed, because that is read faster.
            _write(version / path.name.removesuffix(".gz"), _without_documentation(content))
    model = _read(version / "service-2.json")
    _write(version / "service-2.json", _with_operations(model, operations))
    prefix: str = model["metadata"]["endpointPrefix"]
    return prefix


def _with_operations(model: Any, operations: set[str]) -> Any:
    """Return a service's *model* with these *operations* alone, and the shapes that they are made of."""
    # An operation that the service does not have is a KeyError, and fails the build.
    kept = {name: model["operations"][name] for name in sorted(operations)}
    shapes: dict[str, Any] = {}
    found = _shapes(list(kept.values()))
    while found:
        shapes |= {name: model["shapes"][name] for name in found}
        found = _shapes([model["shapes"][name] for name in found]) - shapes.keys()
    # In order, so that the same packages make the same layer, which is then not deployed again.
    return {**model, "operations": kept, "shapes": dict(sorted(shapes.items()))}


def _shapes(content: Any) -> set[str]:
    """Return the names of the shapes to which *content* refers."""
    if isinstance(content, list):
        return set().union(*map(_shapes, content))
    if isinstance(content, dict):
        # Only texts, because a member may be named "shape", too.
        own = {content["shape"]} if isinstance(content.get("shape"), str) else set()
        return own.union(*map(_shapes, content.values()))
    return set()


def _endpoints(content: Any, names: set[str]) -> Any:
    """Return endpoints.json with only the services of *names*, of more than four hundred."""
    for partition in content["partitions"]:
        partition["services"] = {name: known for name, known in partition["services"].items() if name in names}
    return content


def _without_documentation(content: Any) -> Any:
    if isinstance(content, list):
        return [_without_documentation(item) for item in content]
    if isinstance(content, dict):
        # Only texts, because a member of a shape may be named "documentation", too, and its value is an object.
        return {
            name: _without_documentation(value)
            for name, value in content.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return content


def _read(path: Path) -> Any:
    content = path.read_bytes()
    return json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), services(sys.argv[2:]))

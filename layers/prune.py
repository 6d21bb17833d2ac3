"""
Take out of a layer what nothing in it reads: `python3 prune.py FOLDER SERVICE…`, on any Python that there is.

Tests run both functions on what is left (tests/docker), and hold the patterns against what each of them imports
(tests/integration/test_import_budget.py). What a change needs beyond that comes off the list here.
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
    "cffi",  # cryptography needs its compiled half alone, which stands beside it
    "*.dist-info/RECORD",
    "dateutil/zoneinfo/*.tar.gz",  # time zones for systems without any
    "**/*.pyi",
)
"""Patterns of what goes. Licences stay, and the metadata in which packages look up their versions."""

KEPT = ("aws_lambda_powertools/utilities/jmespath_utils",)
"""What stays although a pattern is about it."""

_OF_A_SERVICE = ("service-2.", "endpoint-rule-set-1.")
"""Of what botocore knows of a service (waiters, paginators, examples, …), what a client is made of."""


def main(folder: Path, services: set[str]) -> None:
    """Prune the layer in *folder*, where botocore is to know *services*."""
    kept = {folder / name for name in KEPT}
    for pattern in UNUSED:
        for path in sorted(set(folder.glob(pattern)) - kept):
            _remove(path)
    _prune_data(folder / "botocore" / "data", services)


def _prune_data(data: Path, services: set[str]) -> None:
    names = set()
    for service in sorted(path for path in data.iterdir() if path.is_dir()):
        if service.name in services:
            names |= {_prune_service(version) for version in service.iterdir()}
        else:
            _remove(service)
    _write(data / "endpoints.json", _endpoints(_read(data / "endpoints.json"), names | services))


def _prune_service(version: Path) -> str:
    """Return under which name the endpoints know the service."""
    for path in list(version.iterdir()):
        content = _read(path) if path.name.startswith(_OF_A_SERVICE) else None
        _remove(path)
        if content is not None:
            # Plain JSON is read faster than JSON that has to be unpacked first.
            _write(version / path.name.removesuffix(".gz"), _without_documentation(content))
    prefix: str = _read(version / "service-2.json")["metadata"]["endpointPrefix"]
    return prefix


def _endpoints(content: Any, names: set[str]) -> Any:
    """Return what says in which regions the services are, and nothing of the other four hundred."""
    for partition in content["partitions"]:
        partition["services"] = {name: known for name, known in partition["services"].items() if name in names}
    return content


def _without_documentation(content: Any) -> Any:
    if isinstance(content, list):
        return [_without_documentation(item) for item in content]
    if isinstance(content, dict):
        # A shape's member may have that name, too: its value is no text.
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
    main(Path(sys.argv[1]), set(sys.argv[2:]))

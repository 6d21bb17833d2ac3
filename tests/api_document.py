"""Tell whether an answer of the service is one that docs/openapi.yaml describes, and described exactly."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).parents[1] / "docs" / "openapi.yaml"
URI = "urn:openapi"
ERROR = "#/components/schemas/ApiError"


class NotAsDescribedError(AssertionError):
    """An answer differs from docs/openapi.yaml; the text says where."""


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    loaded: dict[str, Any] = yaml.load(FILE.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe, and the first one is fast
    return loaded


def resolved(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what *value* is, or refers to."""
    if "$ref" not in value:
        return value
    found: Any = document()
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found)


def responses(method: str, path: str) -> Mapping[str, Any]:
    """Return the responses to a request by their statuses. What is no operation has those of `x-elsewhere`."""
    for template, item in document()["paths"].items():
        operations = {name.upper(): operation for name, operation in item.items()}  # methods are case-sensitive
        if method in operations and _matches(template, path.partition("?")[0]):
            described: Mapping[str, Any] = operations[method]["responses"]
            return described
    elsewhere: Mapping[str, Any] = document()["x-elsewhere"]["responses"]
    return elsewhere


def response_to(method: str, path: str, status: int) -> Mapping[str, Any]:
    """
    Return the response with *status* to a request.

    Raises:
        NotAsDescribedError: There is none.
    """
    described = responses(method, path)
    found = described.get(str(status)) or described.get(f"{status // 100}XX")
    if found is None:
        raise NotAsDescribedError("that status")
    return resolved(found)


def examples(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a response's examples by their names."""
    media = response.get("content", {}).get("application/json", {})
    return {name: example["value"] for name, example in media.get("examples", {}).items()}


def told(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells an error apart from others."""
    return body["error"], body["error_description"], body.get("reason")


def check_headers(response: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Check that the headers that *response* has are there as described, and none of them that others have."""
    given = {name.lower(): value for name, value in headers.items()}
    described = {name.lower(): header["$ref"] for name, header in response["headers"].items()}
    for name, reference in described.items():
        if name in given:
            _check(f"{reference}/schema", _number_or_text(given[name]), name)
        elif resolved({"$ref": reference}).get("required"):
            raise NotAsDescribedError(f"an answer without {name}")
    others = known_headers() & given.keys() - described.keys()
    if others:
        raise NotAsDescribedError(f"the headers {sorted(others)}")


def check_body(response: Mapping[str, Any], body: Any, content_type: str | None) -> None:
    """Check the body, and that an error is one of the examples of *response*."""
    if "content" not in response:
        if body is not None:
            raise NotAsDescribedError("a body")
        return
    if content_type not in response["content"]:
        raise NotAsDescribedError(f"a body of the type {content_type}")
    reference = response["content"][content_type]["schema"]["$ref"]
    _check(reference, body, "the body")
    if reference == ERROR and told(body) not in {told(one) for one in examples(response).values()}:
        raise NotAsDescribedError(f"an example of the error {told(body)}")


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: Any) -> None:
    """
    Check that the document describes this answer; *body* is the JSON, or None.

    It is taken literally: a client has to expect further fields, headers and reasons, but the service has none.

    Raises:
        NotAsDescribedError: It does not. The text says what was asked, and what is not in the document.
    """
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    try:
        response = response_to(method, path, status)
        check_headers(response, headers)
        check_body(response, body, content_type)
    except NotAsDescribedError as error:
        raise NotAsDescribedError(f"docs/openapi.yaml has not, for {method} {path} and {status}: {error}") from None


@cache
def known_headers() -> frozenset[str]:
    """Return the names of all headers that any response has, in lower case."""
    made = document()["components"]["responses"].values()
    return frozenset(name.lower() for response in made for name in response["headers"])


def _matches(template: str, path: str) -> bool:
    wanted, given = template.split("/"), path.split("/")
    pairs = zip(wanted, given, strict=False)
    return len(wanted) == len(given) and all(bool(b) if a.startswith("{") else a == b for a, b in pairs)


def _number_or_text(value: str) -> int | str:
    return int(value) if value.isdecimal() else value


def _check(reference: str, value: Any, what: str) -> None:
    for error in _validator(reference).iter_errors(value):
        raise NotAsDescribedError(f"{what}: {error.json_path}: {error.message}")


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": URI + reference}, registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


@cache
def _registry() -> Registry[Any]:
    strict = deepcopy(document())
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    made: Registry[Any] = Registry().with_resource(URI, DRAFT202012.create_resource(strict))
    return made

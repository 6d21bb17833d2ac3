"""docs/openapi.yaml has the routes, errors, reasons and headers of the template and of the code, and no other."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session
from openapi_spec_validator import validate

from authorizer.errors import ForbiddenReason, Reason
from local.api_gateway.definition import read_responses
from local.api_gateway.gateway_responses import RESPONSE_TYPES, GatewayError, render
from local.api_gateway.request import HttpRequest
from rooms.answers import ERRORS as ROOMS_ERRORS
from rooms.errors import BadName, RoomClosed
from rooms.names import room_name
from signin.answers import ERRORS, add_cors_headers, error
from signin.errors import Forbidden, SigninError
from tests.api_document import NotAsDescribedError, check, document, examples, resolved, responses, told
from tests.translated import EVERYTHING, Translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signin.answers import Errors

ROOT = Path(__file__).parents[2]
ORIGIN = "https://app.example.com"
CREDENTIALS = {"AccessKeyId": "a", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-01T01:00:00Z"}
SIGNED_IN: dict[str, Any] = {
    "ChimeAppInstanceUserArn": "arn:aws:chime:us-east-1:123456789012:app-instance/x/user/ada",
    "ChimeUserId": "ada",
    "ChimeCredentials": CREDENTIALS,
    "ChimeDisplayName": "Ada Lovelace",
    "ChimeAppInstanceArn": "arn:aws:chime:us-east-1:123456789012:app-instance/x",
    "ChimeRegion": "us-east-1",
    "ExpiresIn": 3600,
    "RefreshAfter": "2026-01-01T00:50:00Z",
}
HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store", "Vary": "Origin"}
EXPIRED = {"error": "invalid_token", "error_description": Reason.TOKEN_EXPIRED.description, "reason": "token_expired"}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="chime-signin", error="invalid_token"'}

Error = tuple[str, str, str, str | None]
"""Status, `error`, `error_description` and `reason`."""


@cache
def api() -> dict[str, Any]:
    body: dict[str, Any] = Translated(EVERYTHING).of("Api")["Body"]
    return body


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method, path, operation


def documented(method: str, path: str) -> set[Error]:
    """Return the errors that the document has for a request."""
    found = [
        (status, *told(example))
        for status, response in responses(method, path).items()
        for example in examples(resolved(response)).values()
        if "error" in example
    ]
    # What API Gateway refuses with any status stands under 400 too, where the handler has that status.
    any_status = {(error, text, reason) for status, error, text, reason in found if status == "4XX"}
    return {
        ("4XX" if (error, text, reason) in any_status else status, error, text, reason)
        for status, error, text, reason in found
    }


# ── What the code and the template answer ────────────────────────────────────────────────────────────


def reasons_of(*packages: str) -> set[str]:
    """Return the reasons for which the authorizer, and the functions of these packages, turn a user away."""
    texts = [path.read_text() for name in packages for path in (ROOT / "signin_function" / name).glob("*.py")]
    own = {reason for text in texts for reason in re.findall(r"\bForbidden\(\"(\w+)\"\)", text)}
    return own | {reason.value for reason in ForbiddenReason}


def handler_s(errors: Errors, reasons: set[str]) -> set[Error]:
    """Return the errors of a function."""
    return {("500", "internal", "Something went wrong here.", None)} | {
        (str(status), name, text, reason)
        for kind, (status, name, text, _) in errors.items()
        for reason in (reasons if kind is Forbidden else {None})
    }


def gateway_s(*kinds: str) -> set[Error]:
    """Return the errors of these gateway responses."""
    declared = api()["x-amazon-apigateway-gateway-responses"]
    return {
        (str(declared[kind].get("statusCode", "4XX")), *told(body))
        for kind in kinds
        for text in [declared[kind]["responseTemplates"]["application/json"]]
        for body in filled(text)
    }


def filled(text: str) -> list[dict[str, Any]]:
    """Return the bodies that a template of a gateway response may become."""
    if "$context.authorizer." not in text:
        return [json.loads(text)]
    whole = json.loads(text)
    return [{**whole, "reason": one.code, "error_description": one.description} for one in Reason]


def waf_s() -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return status, headers and body of WAF's answer to too many requests."""
    acl = Translated(EVERYTHING).of("WebAcl")
    [custom] = [one for rule in acl["Rules"] for one in [rule["Action"].get("Block", {}).get("CustomResponse")] if one]
    headers = {one["Name"]: one["Value"] for one in custom["ResponseHeaders"]}
    body = acl["CustomResponseBodies"][custom["CustomResponseBodyKey"]]["Content"]
    return custom["ResponseCode"], {**headers, "Content-Type": "application/json"}, json.loads(body)


WAF: set[Error] = {(str(waf_s()[0]), *told(waf_s()[2]))}
TO_ANYBODY = gateway_s("REQUEST_TOO_LARGE", "THROTTLED", "WAF_FILTERED", "DEFAULT_4XX", "DEFAULT_5XX") | WAF
NOT_FOUND = ("MISSING_AUTHENTICATION_TOKEN", "RESOURCE_NOT_FOUND", "INVALID_SIGNATURE")
NOWHERE = gateway_s(*NOT_FOUND)
ELSEWHERE = {*NOT_FOUND, "EXPIRED_TOKEN"}
"""What API Gateway raises if it takes the Authorization header for a signature of AWS's own, and for unknown paths."""
TO_TOKENS = gateway_s("UNAUTHORIZED", "ACCESS_DENIED", "AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR")
SIGNIN_S = handler_s(ERRORS, reasons_of("signin"))
ROOMS_S = handler_s(ROOMS_ERRORS, reasons_of("signin", "rooms"))
ROOMS = [("POST", "/meetings/a1"), ("DELETE", "/meetings/a1"), ("DELETE", "/meetings/a1/me")]


def test_document_is_one_of_openapi() -> None:
    validate(document())


def test_routes_are_the_template_s_and_ask_for_a_token_where_it_does() -> None:
    template_s: dict[tuple[str, str], list[dict[str, list[str]]]] = {
        (method, path): [{"token": []}] if {"JwtAuthorizer": []} in operation.get("security", []) else []
        for path, item in api()["paths"].items()
        for method, operation in item.items()
    }
    shown = {(method, path): one.get("security", document()["security"]) for method, path, one in operations()}

    assert shown == template_s


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", ["/signin", "/creds"])
def test_sign_in_has_the_errors_of_code_and_template_and_no_other(path: str) -> None:
    assert documented("POST", path) == TO_ANYBODY | TO_TOKENS | SIGNIN_S


def test_rooms_have_the_errors_of_code_and_template_and_no_other() -> None:
    shown = [documented(*operation) for operation in ROOMS]

    assert set.union(*shown) == TO_ANYBODY | TO_TOKENS | NOWHERE | ROOMS_S
    assert set.intersection(*shown) >= TO_ANYBODY | TO_TOKENS | NOWHERE


@pytest.mark.parametrize(
    ("method", "path", "errors"),
    [
        pytest.param("OPTIONS", "/signin", TO_ANYBODY, id="preflight"),
        pytest.param("OPTIONS", "/creds", TO_ANYBODY, id="preflight of the alias"),
        pytest.param("OPTIONS", "/meetings/a1", TO_ANYBODY, id="preflight of a room"),
        pytest.param("OPTIONS", "/meetings/a1/me", TO_ANYBODY, id="preflight of a seat"),
        pytest.param("GET", "/signin", TO_ANYBODY | NOWHERE, id="another method"),
        pytest.param("POST", "/", TO_ANYBODY | NOWHERE, id="another path"),
    ],
)
def test_what_asks_for_no_token_has_the_template_s_errors(method: str, path: str, errors: set[Error]) -> None:
    assert documented(method, path) == errors


def test_every_gateway_response_is_an_example_somewhere() -> None:
    everything = gateway_s(*api()["x-amazon-apigateway-gateway-responses"])

    assert everything <= TO_ANYBODY | TO_TOKENS | NOWHERE


# ── Whole answers, with their headers ────────────────────────────────────────────────────────────────


def raised(kind: str, reason: Reason) -> tuple[int, dict[str, str], Any]:
    """Return what API Gateway answers when it raises *kind*, as the template says."""
    request = HttpRequest("POST", "/signin", (), (("Origin", ORIGIN),), "127.0.0.1", "HTTP/1.1")
    failure = GatewayError(kind, "AWS's own words", {"reason": reason.code, "description": reason.description})
    answer = render(failure, request, read_responses(api()), {"requestId": "id-1"})
    return answer.status, dict(answer.headers), json.loads(answer.body)


@pytest.mark.parametrize("reason", Reason, ids=lambda one: one.code)
def test_refusal_is_as_described(reason: Reason) -> None:
    for method, path in [("POST", "/signin"), *ROOMS]:
        check(method, path, *raised("ACCESS_DENIED", reason))


@pytest.mark.parametrize("kind", sorted(RESPONSE_TYPES.keys() - {"INVALID_API_KEY", "QUOTA_EXCEEDED"}))  # no API keys
def test_answer_of_api_gateway_is_as_described(kind: str) -> None:
    path = "/elsewhere" if kind in ELSEWHERE else "/signin"
    check("POST", path, *raised(kind, Reason.WRONG_TYPE))


def test_answer_of_waf_is_as_described() -> None:
    check("POST", "/signin", *waf_s())
    check("OPTIONS", "/signin", *waf_s())


@pytest.mark.parametrize("kind", ERRORS, ids=lambda one: one.__name__)
def test_answer_of_the_handler_is_as_described(kind: type[SigninError]) -> None:
    check("POST", "/signin", *made(kind("revoked"), ERRORS))


@pytest.mark.parametrize("kind", ROOMS_ERRORS, ids=lambda one: one.__name__)
def test_answer_of_rooms_is_as_described(kind: type[SigninError]) -> None:
    failure = kind(5) if kind is RoomClosed else kind("revoked")
    check("POST", "/meetings/a1", *made(failure, ROOMS_ERRORS))


def test_mistake_of_ours_is_as_described() -> None:
    check("POST", "/signin", *made(ValueError("ours"), ERRORS))


def made(failure: Exception, errors: Errors) -> tuple[int, dict[str, str], Any]:
    """Return the handler's answer to a listed origin."""
    event = {"headers": {"Origin": ORIGIN}}
    answer = add_cors_headers(error(failure, "id-1", errors), event, frozenset({ORIGIN}))
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


# ── Reasons, names and Amazon's shapes ───────────────────────────────────────────────────────────────

CLASSES: dict[str, list[str]] = document()["components"]["schemas"]["Reason"]["x-reason-classes"]


def test_each_reason_has_one_class() -> None:
    shown = [reason for reasons in CLASSES.values() for reason in reasons]
    refused = {reason.code for reason in Reason}
    turned_away = reasons_of("signin", "rooms") | {"blocked"}

    assert sorted(shown) == sorted(refused | turned_away)
    assert set(CLASSES["stop"]) == turned_away


@pytest.mark.parametrize(
    ("name", "does"), [("get_a_new_token", "get a new token"), ("sign_in_again", "sign the user in again")]
)
def test_classes_are_those_of_the_page(name: str, does: str) -> None:
    [cell] = re.findall(
        rf"^\| 401 \| `invalid_token`, `reason: (.*?) \| .* \| {does}", (ROOT / "docs/api.md").read_text(), re.MULTILINE
    )

    assert re.findall(r"\w+_\w+", cell) == CLASSES[name]


@pytest.mark.parametrize(
    "name", ["ab", "a.b_c:d@e-f", "a" * 64, "a", "a" * 65, "-a", "a-", "a b", "a/b", "é1", "a\n", ""]
)
def test_name_of_a_room_is_one_by_the_document_if_it_is_one_by_the_code(name: str) -> None:
    schema = document()["components"]["parameters"]["name"]["schema"]
    is_name = (
        bool(re.search(schema["pattern"].replace("$", r"\Z"), name))
        and schema["minLength"] <= len(name) <= schema["maxLength"]
    )

    if is_name:
        assert room_name(name) == name
    else:
        with pytest.raises(BadName):
            room_name(name)


def test_page_about_clients_has_the_reasons_of_each_class() -> None:
    page = (ROOT / "docs" / "clients.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (`\w+`(?:, `\w+`)*) \|$", page, re.MULTILINE)

    assert {name: re.findall(r"\w+", reasons) for name, reasons in rows} == CLASSES


@pytest.mark.parametrize("name", ["Meeting", "Attendee"])
def test_what_amazon_s_sdk_takes_has_the_members_of_amazon_s_model(name: str) -> None:
    model = Session().get_service_model("chime-sdk-meetings").shape_for(name)

    assert members(resolved({"$ref": f"#/components/schemas/{name}"})) == shape(model)


def members(schema: Mapping[str, Any]) -> Any:
    whole = resolved(schema)
    if whole["type"] == "object":
        return {name: members(one) for name, one in whole["properties"].items()}
    return [members(whole["items"])] if whole["type"] == "array" else whole["type"]


def shape(model: Any) -> Any:
    if model.type_name == "structure":
        return {name: shape(one) for name, one in model.members.items()}
    return [shape(model.member)] if model.type_name == "list" else model.type_name


# ── The check itself ─────────────────────────────────────────────────────────────────────────────────


def test_good_answers_are_as_described() -> None:
    check("POST", "/signin?renewal=true", 200, HEADERS, SIGNED_IN)
    check("POST", "/creds", 401, HEADERS | CHALLENGE, EXPIRED)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(201, {}, {}, id="another status"),
        pytest.param(200, {"Cache-Control": "private"}, {}, id="a header of another value"),
        pytest.param(200, {"Vary": None}, {}, id="a header that is missing"),
        pytest.param(200, {"Retry-After": "5"}, {}, id="a header of other answers"),
        pytest.param(200, {"Content-Type": "text/html"}, {}, id="another type"),
        pytest.param(200, {}, {"ChimeUserId": None}, id="a field that is missing"),
        pytest.param(200, {}, {"Roles": []}, id="a field more"),
        pytest.param(200, {}, {"ChimeCredentials": CREDENTIALS | {"Role": "x"}}, id="a field more, further in"),
        pytest.param(200, {}, {"ExpiresIn": "3600"}, id="a text for a number"),
        pytest.param(200, {}, {"RefreshAfter": "tomorrow"}, id="no time"),
    ],
)
def test_answer_that_differs_in_anything_is_found(status: int, headers: dict[str, Any], body: dict[str, Any]) -> None:
    changed = [
        {key: one for key, one in whole.items() if one is not None} for whole in (HEADERS | headers, SIGNED_IN | body)
    ]

    with pytest.raises(NotAsDescribedError, match=f"POST /signin and {status}: "):
        check("POST", "/signin", status, *changed)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"error": "expired"}, id="another error"),
        pytest.param({"error_description": "It is over."}, id="another text"),
        pytest.param({"reason": "too_old"}, id="another reason"),
        pytest.param({"claim": "exp"}, id="a field more"),
    ],
)
def test_error_that_no_example_shows_is_found(body: dict[str, Any]) -> None:
    with pytest.raises(NotAsDescribedError):
        check("POST", "/signin", 401, HEADERS | CHALLENGE, EXPIRED | body)


def test_body_where_there_is_none_is_found() -> None:
    with pytest.raises(NotAsDescribedError, match="a body"):
        check("DELETE", "/meetings/a1", 204, HEADERS, {})

"""Each example of docs/openapi.yaml is what the local stack answers, when it is asked for it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from tests.api_document import document, examples
from tests.end_to_end.operators import owner
from tests.end_to_end.rooms import PROVIDERS, RULES, SIGNER, asked
from tests.tokens import AUDIENCE, claims, hmac_signer, rsa_signer, tampered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.end_to_end.conftest import Answer, Client

    Provoke = Callable[[Client], Answer]

STRICT, DOWN, GUESTS = "https://strict.example", "http://127.0.0.1:9", "https://guests.example"
HOST: dict[str, Any] = {"roles": ["host"], "rooms": ["*"]}
KEYS: dict[str, Any] = {"audience": AUDIENCE, "jwks": {"keys": [SIGNER.jwk]}}
REQUIRED = {"required_scopes": ["chime"], "required_roles": ["staff"], "required_claims": {"verified": True}}
MAIN = PROVIDERS[0] | RULES | {"max_lifetime_seconds": 7200}
ENTRIES: list[dict[str, Any]] = [
    MAIN,
    {"name": "strict", "issuer": STRICT, **KEYS, **RULES, **REQUIRED},
    {"name": "guests", "guests": True, "issuer": GUESTS, **KEYS, "max_lifetime_seconds": 7200, "rooms_claim": "rooms"},
    {"name": "down", "issuer": DOWN, "audience": AUDIENCE},
]
OPTIONS = {"max_attendees": 1, "openings": 2}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    parameters = {
        "Providers": json.dumps(ENTRIES),
        "Meetings": "hosted",
        "MeetingOptions": json.dumps(OPTIONS),
        "Revocation": "true",
        "SessionEndsWithToken": "true",
        "Guests": "true",
    }
    with LocalStack(StackOptions(parameters=parameters, log=logs.append)) as running:
        name = f"/chime-signin/{STACK_NAME}/revoked-users"
        owner(running, "ssm").put_parameter(Name=name, Value='["eve"]', Type="String", Overwrite=True)
        yield running


def token(signer: Any = SIGNER, header: Any = None, seconds: int = 3600, **changes: Any) -> str:
    """Return a token that is good for so many *seconds* from now on, with *changes* to its claims."""
    now = int(time.time())
    made: str = signer.token(claims(**{"iat": now, "exp": now + seconds, **changes}), **(header or {}))
    return made


def sends(made: Callable[[], str | None], *more: str) -> Provoke:
    """Sign in with what *made* returns, and with further Authorization headers."""

    def provoke(client: Client) -> Answer:
        sent = [("Authorization", f"Bearer {one}") for one in (made(), *more) if one is not None]
        return client.call("POST", "/signin", sent)

    return provoke


def enters(method: str = "POST", room: str = "stand-up", way: str = "", **changes: Any) -> Provoke:
    """Ask for a room with a token that has *changes*."""
    return lambda client: asked(client, method, room, token(**changes), way)


def after(provoke: Provoke, operation: str, error: str) -> Provoke:
    """Let AWS refuse the next call of an operation first."""

    def provoked(client: Client) -> Answer:
        client.fault(operation, error=error, status=403, times=1)
        return provoke(client)

    return provoked


def opens_too_many(client: Client) -> Answer:
    ways = [asked(client, "POST", f"room-{number}", token(sub="many", **HOST)) for number in range(OPTIONS["openings"])]
    assert {way.status for way in ways} == {200}
    return asked(client, "POST", "room-more", token(sub="many", **HOST))


def enters_after_another(client: Client) -> Answer:
    assert asked(client, "POST", "full", token(sub="first", **HOST)).status == 200
    return asked(client, "POST", "full", token(sub="second", **HOST))


def over(seconds: int) -> Callable[[], str]:
    return lambda: token(seconds=seconds)


UNAUTHORIZED: dict[str, Provoke] = {
    "unauthorized": sends(lambda: None),
    "two_headers": sends(token, "x"),
    "token_too_large": sends(lambda: "x" * 8193),
    "malformed_token": sends(lambda: "x"),
    "unsupported_header": sends(lambda: token(header={"crit": ["x"]})),
    "wrong_type": sends(lambda: token(header={"typ": "logout+jwt"})),
    "unknown_issuer": sends(lambda: token(iss="https://stranger.example")),
    "wrong_algorithm": sends(lambda: token(hmac_signer())),
    "unknown_key": sends(lambda: token(rsa_signer(kid="rsa-9", number=2))),
    "bad_signature": sends(lambda: tampered(token())),
    "invalid_claim": sends(lambda: token(exp=None)),
    "token_expired": sends(over(-61)),
    "lives_too_long": sends(over(7201)),
    "ends_too_soon": sends(over(600)),
    "not_yet_valid": sends(lambda: token(nbf=int(time.time()) + 600)),
    "wrong_audience": sends(lambda: token(aud="another")),
    "invalid_subject": sends(lambda: token(sub=None)),
}
TURNED_AWAY: dict[str, dict[str, Any]] = {
    "missing_scope": {"iss": STRICT},
    "missing_role": {"iss": STRICT, "scope": "chime"},
    "missing_claim": {"iss": STRICT, "scope": "chime", "roles": ["staff"]},
    "invitation_ends": {"iss": GUESTS, "seconds": 300},
    "revoked": {"sub": "eve", **HOST},
    "room_not_allowed": {**HOST, "rooms": ["other"]},
    "not_a_host": {"rooms": ["*"]},
}
NOWHERE: Provoke = lambda client: client.call("POST", "/nowhere")  # noqa: E731
PROVOKED: dict[tuple[str, str], Provoke] = {
    ("SignedIn", "signed_in"): sends(token),
    ("SignedIn", "signed_in_as_a_guest"): sends(lambda: token(iss=GUESTS)),
    ("Entered", "entered"): enters(**HOST),
    **{("Unauthorized", name): provoke for name, provoke in UNAUTHORIZED.items()},
    **{("Forbidden", name): sends(lambda given=given: token(**given)) for name, given in TURNED_AWAY.items()},  # type: ignore[misc]
    **{("RoomForbidden", name): enters(**given) for name, given in TURNED_AWAY.items()},
    **{("NotAHost", name): enters("DELETE", **given) for name, given in TURNED_AWAY.items()},
    **{("RoomRefused", name): enters("DELETE", way="/me", **given) for name, given in TURNED_AWAY.items()},
    ("NoSuchRoom", "no_room_of_that_name"): enters(room="-", **HOST),
    ("NotFound", "not_found"): NOWHERE,
    ("NotOpen", "not_found"): NOWHERE,
    ("NotOpen", "not_open"): enters(room="closed", sub="bob", rooms=["*"]),
    ("RoomFull", "room_full"): enters_after_another,
    ("TooLarge", "too_large"): lambda client: client.call("POST", "/signin", (), b"x" * (10 * 1024 * 1024 + 1)),
    ("TooManyOpenings", "too_many_openings"): opens_too_many,
    ("UpstreamError", "upstream_error"): after(sends(token), "AssumeRole", "AccessDenied"),
    ("RoomUpstreamError", "upstream_error"): after(enters(room="new", **HOST), "CreateMeeting", "ForbiddenException"),
    **{
        (name, "tokens_cannot_be_checked"): sends(lambda: token(iss=DOWN))
        for name in ("Unavailable", "RoomUnavailable", "NoRoomLeft")
    },
}
LONG = {"aws_throttled", "aws_unavailable", "no_room_left"}
"""Each takes a whole deadline, so they are provoked side by side, in `ROUNDS`."""
OF_AWS_ALONE = {"too_many_requests", "too_many_from_one_address", "blocked", "bad_request", "unreadable_request"}
"""The local stack has neither throttling nor WAF. tests/unit/test_api_document.py compares them with the template."""
OF_MISTAKES = {"internal", "function_failed"}
"""The same test compares them with code and template."""
EXAMPLES = [
    (response, name, value)
    for response, described in document()["components"]["responses"].items()
    for name, value in examples(described).items()
]
SHOWN = [one for one in EXAMPLES if one[1] not in LONG | OF_AWS_ALONE | OF_MISTAKES]
ENTERS_OPEN, ENDS = enters(room="open", sub="open", **HOST), enters("DELETE", "ends", sub="ends", **HOST)
ROUNDS: dict[str, tuple[dict[str, tuple[str, int]], dict[tuple[str, str], Provoke]]] = {
    "throttled": (
        {
            "AssumeRole": ("Throttling", 400),
            "CreateAttendee": ("ThrottlingException", 429),
            "CreateMeeting": ("LimitExceededException", 400),
            "DeleteMeeting": ("ThrottlingException", 429),
        },
        {
            ("Throttled", "aws_throttled"): sends(token),
            ("TooManyOpenings", "aws_throttled"): ENTERS_OPEN,
            ("RoomThrottled", "aws_throttled"): ENDS,
            ("NoRoomLeft", "no_room_left"): enters(room="late", sub="late", **HOST),
        },
    ),
    "down": (
        {
            "AssumeRole": ("InternalFailure", 500),
            "CreateAttendee": ("ServiceFailureException", 500),
            "DeleteMeeting": ("ServiceFailureException", 500),
        },
        {
            ("Unavailable", "aws_unavailable"): sends(token),
            ("NoRoomLeft", "aws_unavailable"): ENTERS_OPEN,
            ("RoomUnavailable", "aws_unavailable"): ENDS,
        },
    ),
}
"""What AWS answers for good meanwhile, and how to get each example."""


@pytest.mark.parametrize(("response", "name", "shown"), [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in SHOWN])
def test_example_is_what_is_answered(client: Client, response: str, name: str, shown: Any) -> None:
    answer = PROVOKED[response, name](client)

    assert kind(answer.body) == kind(shown)


@pytest.mark.parametrize("aws", ROUNDS)
def test_example_of_an_outage_is_what_is_answered_at_its_end(client: Client, aws: str) -> None:
    faults, provoked = ROUNDS[aws]
    for room in ("open", "ends"):
        assert asked(client, "POST", room, token(sub=room, **HOST)).status == 200
    for operation, (error, status) in faults.items():
        client.fault(operation, error=error, status=status, times=-1)

    with ThreadPoolExecutor() as threads:
        answers = {one: threads.submit(provoke, client) for one, provoke in provoked.items()}

    shown = {(response, name): value for response, name, value in EXAMPLES}
    assert {one: kind(answer.result().body) for one, answer in answers.items()} == {
        one: kind(shown[one]) for one in provoked
    }


def test_each_example_that_takes_a_deadline_is_in_a_round() -> None:
    in_rounds = {one for _, provoked in ROUNDS.values() for one in provoked}

    assert in_rounds == {(response, name) for response, name, _ in EXAMPLES if name in LONG}


def kind(value: Any, key: str = "") -> Any:
    """Return what two answers of one kind have in common: the texts of errors, and of all else the types."""
    if isinstance(value, dict):
        return {name: kind(one, name) for name, one in value.items()}
    return value if key in ("error", "error_description", "reason") else type(value)

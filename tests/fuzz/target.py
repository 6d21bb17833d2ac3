"""
Fuzz one target until time is up; libFuzzer's options are the arguments: `python -m tests.fuzz.target NAME …`.

A target makes the authorizer's input from octets. Only documented errors may be raised.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atheris

with atheris.instrument_imports(include=["authorizer"]):
    import authorizer.app
    import authorizer.edge
    import authorizer.keys  # noqa: F401 - with all that they import; a start loads the last two late

from authorizer.algorithms import ASYMMETRIC
from authorizer.clock import Clock
from authorizer.connections import IssuerConnections
from authorizer.errors import CallerForbidden, KeysUnavailable, NoToken, SettingsError, TokenRefused
from authorizer.https import IssuerDocuments
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set
from authorizer.providers import Provider, Providers
from authorizer.request import unverified_token
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.providers import OURS, OUT_OF_REACH, PROVIDERS, SECRETS, TENANTS, TID
from tests.second_opinion import objections
from tests.shapes import SHAPES
from tests.tokens import AUDIENCE, ISSUER, NOW, base64url, claims

if TYPE_CHECKING:
    from collections.abc import Callable

CLOCK = Clock(wall_clock=lambda: NOW)
RICH = claims(
    iss="https://strict.example",
    use={"kind": "id"},
    scope="openid chat",
    access={"roles": ["staff"]},
    verified=True,
    nbf=NOW,
)
GOOD = [
    (OURS, claims()),
    (OURS, RICH),
    (OURS, claims(iss=TENANTS.format(tenantid=TID), tid=TID)),
    (SECRETS, {"sub": 7, "aud": [AUDIENCE], "exp": NOW + 60.5, "iss": None}),
]
HEADERS = {"alg": "EdDSA", "typ": "JWT", "kid": OURS.jwk["kid"]}
OIDC = {
    "name": "main",
    "issuer": ISSUER,
    "audience": [AUDIENCE],
    "jwks": {"keys": [dict(OURS.jwk)]},
    "clock_skew_seconds": 9,
}
PRESETS: list[dict[str, Any]] = [
    {"preset": "cognito", "user_pool_id": "eu-west-1_AbC", "client_id": "app", "required_claims": {"x": [True]}},
    {"preset": "entra", "tenant": TID, "client_id": "app", "forbidden_claim_values": {"idtyp": "app"}},
    {"preset": "clerk", "domain": "clerk.example", "authorized_parties": ["https://app.example"]},
    {"preset": "keycloak", "issuer": "https://id.example/realms/x", "client_id": "app", "pem": "-----BEGIN"},
    {
        "preset": "firebase",
        "project_id": "app",
        "tenant_id": "t",
        "also_accept": ["anonymous"],
        "required_claim_names": ["email"],
    },
    {
        "issuer": [ISSUER, "https://b.example"],
        "audience": "app",
        "issuers_share_users": True,
        "clients": ["app"],
        "namespace": "{iss}",
    },
]


def token(octets: bytes) -> None:
    """Judge *octets* as a token."""
    with contextlib.suppress(TokenRefused, CallerForbidden):
        verify(octets.decode("latin-1"), PROVIDERS, NOW)


def signed(octets: bytes) -> None:
    """Judge a token that is really signed: its header is the first line of *octets*, its claims are the rest."""
    header, _, payload = octets.partition(b"\n")
    signer = SECRETS if b"HS256" in header else OURS
    try:
        _agreed(signer.token(payload, header), PROVIDERS, payload)
    except KeysUnavailable:
        if OUT_OF_REACH.encode() not in payload:
            raise


def preset(octets: bytes) -> None:
    """
    Judge a token of a provider's shape by its preset's settings, both changed.

    The first line of *octets* names the shape, the second holds options, the rest claims.
    """
    name, options, claims = (*octets.split(b"\n", 2), b"", b"")[:3]
    with contextlib.suppress(SettingsError, ValueError, RecursionError):
        shape = SHAPES.get(name.decode())
        changes, payload = json.loads(options), json.loads(claims)
        if shape and isinstance(changes, dict) and isinstance(payload, dict):
            only = _provider_of(json.dumps({"name": "main", **shape.options, **changes}))
            encoded = json.dumps({"exp": NOW + 60, **shape.claims, **payload}).encode()
            _agreed(OURS.token(encoded, typ=None), Providers((only,)), encoded)


@functools.lru_cache(maxsize=1000)
def _provider_of(entry: str) -> Provider:
    [only] = Settings.from_environ({"PROVIDERS": f"[{entry}]"}, CLOCK).providers.all
    return only._replace(keys=FixedKeys(key_set({"keys": [dict(OURS.jwk)]}, ASYMMETRIC)), algorithms=("EdDSA",))


def _agreed(unverified_token: str, providers: Providers, payload: bytes) -> None:
    """Judge a token; one that is accepted must be accepted by the second opinion too."""
    with contextlib.suppress(TokenRefused, CallerForbidden):
        verify(unverified_token, providers, NOW)
        claims = json.loads(payload)
        against = objections(providers.of(claims.get("iss")), claims, NOW)
        if against:
            raise AssertionError(against)


def event(octets: bytes) -> None:
    """Read *octets*, a header in each line, as the headers of an event: the first says of which shape."""
    shape, *lines = octets.decode("latin-1").split("\n")
    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    shapes: dict[str, dict[str, Any]] = {
        "one": {"headers": dict(pairs), "multiValueHeaders": None},
        "none": {"headers": None},
    }
    for accept_base64 in (True, False):
        with contextlib.suppress(NoToken, TokenRefused, CallerForbidden):
            given = shapes.get(shape, {"headers": {}, "multiValueHeaders": several})
            verify(unverified_token(given, 8192, accept_base64=accept_base64), PROVIDERS, NOW)


def settings(octets: bytes) -> None:
    """Take *octets* for PROVIDERS."""
    with contextlib.suppress(SettingsError):
        Settings.from_environ({"PROVIDERS": octets.decode("utf-8", "surrogateescape")}, CLOCK)


class Said:
    """A connection to an issuer that says *octets*, whatever it is asked."""

    def __init__(self, octets: bytes) -> None:
        """Have nothing said yet."""
        self._left = memoryview(octets)

    def settimeout(self, seconds: float) -> None:
        """Take no time."""

    def sendall(self, request: bytes) -> None:
        """Listen to nothing."""

    def recv_into(self, buffer: memoryview) -> int:
        """Say what comes next."""
        said = self._left[: len(buffer)]
        buffer[: len(said)] = said
        self._left = self._left[len(said) :]
        return len(said)


def answer(octets: bytes) -> None:
    """Take *octets* for what an issuer sends when it is asked for its key set."""
    with contextlib.suppress(KeysUnavailable):
        _keys_in(octets)


def _keys_in(octets: bytes) -> None:
    IssuerConnections.open_socket = lambda *_: Said(octets)  # type: ignore[method-assign, assignment] # no socket
    fetched = IssuerDocuments(ASYMMETRIC).key_set_at("http://127.0.0.1/keys")
    assert fetched.value.keys
    assert fetched.lifetime is None or fetched.lifetime >= 0


def _answers() -> list[bytes]:
    body = json.dumps({"keys": [dict(OURS.jwk), {**OURS.jwk, "kid": None, "alg": "Ed25519"}]}).encode()
    members = gzip.compress(body[:9]) + gzip.compress(body[9:])
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    made = []
    for packed, *headers in (
        (body,),
        (body, "Content-Encoding: aws-chunked", "Cache-Control: public, max-age=3600", "Age: 60"),
        (gzip.compress(body), "Content-Encoding: x-gzip"),
        (members, "Content-Encoding: gzip", "Content-Encoding: identity", "Cache-Control: no-store"),
    ):
        head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(packed)}", *headers])
        made += [head.encode() + b"\r\n\r\n" + packed, hints + head.encode() + b"\r\n\r\n" + packed]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return [*made, chunked]


def _seeds() -> dict[str, list[bytes]]:
    tokens = [signer.token({name: value for name, value in good.items() if value}) for signer, good in GOOD]
    for text in tokens:
        verify(text, PROVIDERS, NOW)  # or no mutation would come close to being accepted
    answers = _answers()
    for octets in answers:
        _keys_in(octets)  # likewise
    wrapped = base64url(tokens[0].encode())
    standard = base64.b64encode(tokens[1].encode()).decode()
    entries = [[OIDC], *([{"name": "main", **entry}] for entry in PRESETS), [OIDC, {**OIDC, "name": "b"}]]
    payloads = [json.dumps(good).encode() for _, good in GOOD]
    return {
        "token": [text.encode() for text in tokens],
        "signed": [
            json.dumps({**HEADERS, **changes}).encode() + b"\n" + payload
            for payload in payloads
            for changes in ({}, {"alg": "HS256"}, {"alg": "Ed25519"}, {"crit": ["exp"]}, {"typ": "at+jwt"})
        ],
        "preset": [
            b"\n".join([name.encode(), json.dumps(options).encode(), json.dumps(shape.claims).encode()])
            for name, shape in SHAPES.items()
            for options in (
                {},
                {"forbidden_claim_values": {"a.b": "x"}, "required_roles": "x"},
                {"subject_claim": "a.b.c"},
            )
        ],
        "event": [
            f"{shape}\nAuthorization: Bearer {text}\nX: y".encode()
            for shape in ("one", "several", "none")
            for text in (*tokens, wrapped, standard)
        ],
        "settings": [json.dumps(entry).encode() for entry in entries],
        "answer": answers,
    }


TARGETS: dict[str, Callable[[bytes], None]] = {
    "token": token,
    "signed": signed,
    "preset": preset,
    "event": event,
    "settings": settings,
    "answer": answer,
}


def main(name: str, corpus: str, *options: str) -> None:
    """Fuzz the target *name*, beginning with good input written to *corpus*; never returns."""
    for number, seed in enumerate(_seeds()[name]):
        (Path(corpus) / str(number)).write_bytes(seed)
    atheris.Setup([name, corpus, *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

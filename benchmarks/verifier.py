"""
What a token costs, the whole authorizer beside others, and hostile tokens.

The contenders take turns within one process, so that a busy moment of this machine hits all of them. Everything is
warm: keys are built, and no network is asked. What the authorizer logs goes to /dev/null.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jwt
from aws_lambda_powertools.utilities.auth_alpha import JWTVerifier
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from jose import jwk
from jose import jwt as jose_jwt

from benchmarks import long_tokens
from benchmarks.measure import COLUMNS, Times, compared, interleaved, timed
from benchmarks.report import Table, listed
from tests.tokens import (
    AUDIENCE,
    ISSUER,
    SECRET,
    Signer,
    base64url,
    claims,
    ec_signer,
    ed25519_signer,
    hmac_signer,
    rsa_signer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

Name = TypeVar("Name", bound="Hashable")

ROUNDS, TURNS = 150, 20
CALL_GOAL = 100 / 21
"""How many times as long as OpenSSL's verification alone a call of the handler may take: 100 µs where that takes 21."""
OTHER_GOAL = 1.1
"""How many times as long as a plain token one may take of a second provider, by a key among many, or a large one."""
HOSTILE_GOAL = 5000
MANY_KEYS, LARGE = 100, 4096
RSA = rsa_signer()
NOW = int(time.time())
OPENSSL, OURS, PLAIN = (
    f"RS256{what}" for what in (": OpenSSL's verification alone", ", the whole handler call", ", the whole authorizer")
)


ROWS = "the rows show by how much"
LONG = f"… of {LARGE:,} characters"


def tables() -> list[Table]:
    """Measure."""
    tokens = {PLAIN: _good(RSA), LONG: _of_size(LARGE)}
    with _silence():
        parts = {name: long_tokens.parts(token, _verified_by_openssl(token)) for name, token in tokens.items()}
        measured = _measured(
            {("", name): call for name, call in _contenders().items()}
            | {(part, name): call for name, calls in parts.items() for part, call in calls.items()}
        )
        hostile = _measured(_hostile())
    warm = {name: taken for (part, name), taken in measured.items() if not part}
    taken = {part: (measured[part, PLAIN].median, measured[part, LONG].median) for part in parts[PLAIN]}
    name, worst = max(hostile.items(), key=lambda found: found[1].median)
    rows = {**warm, "the worst hostile token, the whole handler call": worst}
    reasons = {LONG: _more_than_the_goal(long_tokens.floor(taken), warm[PLAIN].median)}
    others = [
        f"“{other}” {_compared(warm, other, PLAIN, OTHER_GOAL, reasons.get(other, ROWS))}"
        for other in warm
        if other.startswith("…")
    ]
    note = f"""\
A good token as large as real ones are, RS256 unless named. “The whole authorizer” is what the handler calls, here by
settings of its own. Both write their line of the log, to /dev/null. The last row is the one of {len(hostile)} hostile
tokens that costs most: {name.strip()}; the goal is {HOSTILE_GOAL} µs.

The whole handler call takes, than OpenSSL's verification alone, {_compared(warm, OURS, OPENSSL, CALL_GOAL)}.
Than “{PLAIN}” take:
{listed(others)}"""
    return [
        Table(
            "A token, warm, microseconds",
            note,
            ("", *COLUMNS),
            [[name, *taken.cells()] for name, taken in rows.items()],
        ),
        long_tokens.table(taken, (warm[PLAIN].median, warm[LONG].median), LARGE, CALL_GOAL),
    ]


def _compared(found: Mapping[str, Times], part: str, whole: str, goal: float, reason: str = ROWS) -> str:
    return compared(found[part].median, found[whole].median, round(goal, 2), reason)


def _more_than_the_goal(floor: tuple[float, float], plain: float) -> str:
    more = f"what nobody can do without takes {floor[1] - floor[0]:.1f} µs more"
    return f"{more}, of {(OTHER_GOAL - 1) * plain:.1f} that the goal leaves for it"


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The authorizer's logger takes stdout as it is when first imported."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def _contenders() -> dict[str, Callable[[], object]]:
    token, public = _good(RSA), _public_key()
    jose_key: Any = jwk.construct(dict(RSA.jwk), "RS256")
    required = ["exp", "iat", "iss", "aud", "sub"]
    checks: dict[str, Any] = {"algorithms": ["RS256"], "audience": AUDIENCE, "issuer": ISSUER}
    powertools = JWTVerifier(**checks, jwks={"keys": [dict(RSA.jwk)]}, required_claims=required)
    jose_checks = {**checks, "options": {f"require_{name}": True for name in required}}
    return {
        OPENSSL: _verified_by_openssl(token),
        "RS256: PyJWT's decode, same checks": lambda: jwt.decode(
            token, public, **checks, leeway=60, options={"require": required}
        ),
        "RS256: python-jose's decode, same checks": lambda: jose_jwt.decode(token, jose_key, **jose_checks),
        "RS256: Powertools' JWTVerifier (alpha)": lambda: powertools.verify(token),
        "RS256: ours, without the handler": _verification(token),
        OURS: _handler_call(token),
        PLAIN: _decision(RSA),
        **_variants(),
        **{
            f"{signer.algorithm}, the whole authorizer": _decision(signer)
            for signer in (ec_signer(), ed25519_signer(), hmac_signer())
        },
    }


def _public_key() -> RSAPublicKey:
    public: Any = jwt.PyJWK.from_dict(dict(RSA.jwk)).key
    assert isinstance(public, RSAPublicKey)
    return public


def _verified_by_openssl(token: str) -> Callable[[], object]:
    signed, _, last = token.rpartition(".")
    public, message, signature = _public_key(), signed.encode(), jwt.utils.base64url_decode(last)
    return lambda: public.verify(signature, message, padding.PKCS1v15(), SHA256())


def _variants() -> dict[str, Callable[[], object]]:
    """Return calls with tokens for which more has to be looked at than for a plain one."""
    many = [{**RSA.jwk, "kid": f"of another {number}"} for number in range(MANY_KEYS - 1)]
    # The first one was there before the other, so its users keep their ids, and those of the other have hashed ones.
    first = {"name": "first", "issuer": "https://first.example/", "keep_subject": True}
    first = _provider([dict(ec_signer().jwk)]) | first
    return {
        "… of a second provider": _decision(RSA, providers=[first, _provider([dict(RSA.jwk)])]),
        f"… by a key of {MANY_KEYS}": _decision(RSA, providers=[_provider([*many, dict(RSA.jwk)])]),
        LONG: _decision(RSA, token=_of_size(LARGE)),
    }


def _of_size(characters: int) -> str:
    """Return a good token of about so many *characters*: one whose user is in many groups."""
    missing = (characters - len(_good(RSA))) * 3 // 4
    groups = [f"group-{number:010}" for number in range(missing // len(', "group-0000000000"'))]
    token = _good(RSA, groups=groups)
    assert characters * 0.95 < len(token) < characters * 1.05
    return token


def _good(signer: Signer, **changes: Any) -> str:
    """Return a token as large as real ones are, with *changes* of its claims."""
    said = {
        "iat": NOW,
        "exp": NOW + 86400,
        "jti": "d2b1e1b2-7a50-4a1b-9a52-6c3f0a6de5b0",
        "email": "ada@example.com",
        "email_verified": True,
        "groups": ["staff", "members"],
        "scope": "openid profile email",
    }
    return signer.token(claims(**{**said, **changes}))


def _event(token: str) -> dict[str, Any]:
    headers = {"Host": "api.example", "User-Agent": "bench", "Accept": "*/*", "Authorization": f"Bearer {token}"}
    return {
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/v1/POST/signin",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }


def _provider(keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": keys}}


def _settings(providers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {"PROVIDERS": json.dumps(providers), "LONGEST_TOKEN": "10000"}


def _handler_call(token: str) -> Callable[[], object]:
    """Return a call of the handler as Lambda makes it; a refusal is an answer, too."""
    os.environ.update(_settings([_provider([dict(RSA.jwk)])]))
    from authorizer.app import handler  # noqa: PLC0415 - in silence

    event = _event(token)
    return lambda: handler(event, None)


def _verification(token: str) -> Callable[[], object]:
    from authorizer.clock import Clock  # noqa: PLC0415 - as above
    from authorizer.settings import Settings  # noqa: PLC0415 - as above
    from authorizer.verifier import verify  # noqa: PLC0415 - as above

    providers = Settings.from_environ(_settings([_provider([dict(RSA.jwk)])]), Clock()).providers
    return lambda: verify(token, providers, NOW)


def _decision(signer: Signer, token: str = "", providers: Sequence[Mapping[str, Any]] = ()) -> Callable[[], object]:
    """Return the decision about *token*, or a good one of *signer*, by *providers*, or the one that has its key."""
    from authorizer.clock import Clock  # noqa: PLC0415 - as above
    from authorizer.edge import Authorizer  # noqa: PLC0415 - as above
    from authorizer.key_sources import SecretKeys, SecretVersion  # noqa: PLC0415 - as above
    from authorizer.keys import secret_key  # noqa: PLC0415 - as above
    from authorizer.providers import Providers  # noqa: PLC0415 - as above
    from authorizer.refreshing_cache import Fetched, RefreshingCache  # noqa: PLC0415 - as above
    from authorizer.settings import Settings  # noqa: PLC0415 - as above

    clock = Clock()
    settings = Settings.from_environ(_settings(providers or [_provider([dict(signer.jwk or RSA.jwk)])]), clock)
    if not signer.jwk:
        [provider] = settings.providers.all
        secrets = (SecretVersion(secret_key(SECRET, signer.algorithm), clock.now()),)
        keys = SecretKeys(RefreshingCache(lambda: Fetched(secrets), clock), clock)
        changed = provider._replace(algorithms=(signer.algorithm,), keys=keys)
        settings = settings._replace(providers=Providers((changed,)))
    authorizer, event = Authorizer(settings, clock), _event(token or _good(signer))
    assert "subject" in authorizer.decide(event)["context"]
    return lambda: authorizer.decide(event)


def _hostile() -> dict[str, Callable[[], object]]:
    """Return calls with tokens of 16 KiB, and of 10,000 characters: the most that LONGEST_TOKEN can be set to."""
    kinds = {}
    for size in (16384, 10000):
        header = base64url(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}).encode())
        signature = base64url(b"\x01" * 256)
        octets = (size - len(header) - len(signature) - 8) * 3 // 4
        payloads: Mapping[str, bytes] = {
            "lists within each other": b"[" * (octets // 2) + b"]" * (octets // 2),
            "objects within each other": b'{"a":' * (octets // 6) + b"1" + b"}" * (octets // 6),
            "flat lists": b"[" + b"[]," * (octets // 3 - 1) + b"1]",
            "many names": json.dumps({f"{number:x}": 0 for number in range(octets // 10)}).encode(),
            "a huge number": b'{"exp":' + b"9" * (octets - 8) + b"}",
            "many small numbers": b'{"aud":[' + b"1," * (octets // 2 - 6) + b"1]}",
            "escapes": b'{"sub":"' + b"\\u00e9" * (octets // 6 - 2) + b'"}',
            "good claims, wrongly signed": json.dumps(claims(iat=NOW, exp=NOW + 60, x="x" * (octets - 200))).encode(),
        }
        tokens = {name: f"{header}.{base64url(payload)}.{signature}" for name, payload in payloads.items()}
        tokens |= {"nothing but dots": "." * size, "one huge segment": "A" * size}
        tokens["really signed, full of claims"] = _signed_of(size)
        for name, token in tokens.items():
            assert len(token) <= size
            kinds[f"{size:>6} characters: {name}"] = _handler_call(token)
    return kinds


def _signed_of(size: int) -> str:
    """Return the token that costs most: everything about it is good until the last claim."""
    names = {f"https://app.example/{number}": [number] for number in range(size * 3 // 4 // 40)}
    return RSA.token(claims(iat=NOW, exp=NOW + 86400, **names))


def _measured(calls: Mapping[Name, Callable[[], object]]) -> dict[Name, Times]:
    """Return how many microseconds each of *calls* took, on average of a turn."""
    return interleaved({name: timed(call, TURNS, 1e6) for name, call in calls.items()}, ROUNDS)

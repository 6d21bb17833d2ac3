"""The question: what grows with the number of providers, with the keys of one, and with the length of a token."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import COLUMNS, Times, interleaved, timed
from benchmarks.report import Table
from tests.tokens import AUDIENCE, ISSUER, claims, ec_signer, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROVIDERS, KEYS, CHARACTERS = (1, 5, 20, 50), (1, 5, 20, 100), (500, 1000, 2000, 4000, 8000)
STARTS, ROUNDS, TURNS = 15, 100, 20
NOW = int(time.time())
RSA = rsa_signer()


def tables() -> list[Table]:
    """Measure."""
    by_providers = {f"providers: {count}": _providers(count) for count in PROVIDERS}
    by_keys = {f"keys of one provider: {count}": _keys(count) for count in KEYS}
    everything = {**by_providers, **by_keys}
    starts = interleaved({name: timed(partial(_settings, given)) for name, given in everything.items()}, STARTS)
    verifications = interleaved(
        {
            **{name: _verification(given, _token(-1)) for name, given in everything.items()},
            **{f"characters of the token: {count}": _verification(_keys(1), _token(count)) for count in CHARACTERS},
        },
        ROUNDS,
    )
    memory = [[name, f"{_kilobytes(given):,.0f}"] for name, given in everything.items()]
    start = "Settings and key sets read, keys built; they stand in the settings, so that no network is in it."
    verify = "The token is the last provider's, signed by its last key: what comes before costs next to nothing."
    return [
        Table("A start, milliseconds", start, ("", *COLUMNS), _rows(starts)),
        Table("A verification, microseconds", verify, ("", *COLUMNS), _rows(verifications)),
        Table("What settings and keys hold, KB of Python's memory", "", ("", "KB"), memory),
    ]


def _rows(measured: Mapping[str, Times]) -> list[list[str]]:
    return [[name, *times.cells()] for name, times in measured.items()]


def _providers(count: int) -> str:
    """Return the setting: the last is the one that tokens come from, the others have other keys."""
    others = [_provider(f"p{number}", f"{ISSUER}{number}", [dict(ec_signer().jwk)]) for number in range(1, count)]
    return json.dumps([*others, _provider("main", ISSUER, [dict(RSA.jwk)])])


def _keys(count: int) -> str:
    others = [{**ec_signer().jwk, "kid": f"other-{number}"} for number in range(1, count)]
    return json.dumps([_provider("main", ISSUER, [*others, dict(RSA.jwk)])])


def _provider(name: str, issuer: str, keys: list[Any]) -> dict[str, Any]:
    plain = {"plain": name == "main"}
    return {"name": name, "issuer": issuer, "audience": AUDIENCE, "jwks": {"keys": keys}, **plain}


def _settings(providers: str) -> Any:
    from authorizer.clock import Clock  # noqa: PLC0415 - its logger takes stdout when it is first imported
    from authorizer.settings import Settings  # noqa: PLC0415 - as above

    return Settings.from_environ({"PROVIDERS": providers, "LONGEST_TOKEN": "10000"}, Clock())


def _token(characters: int) -> str:
    given = claims(iat=NOW, exp=NOW + 86400)
    return RSA.token({**given, "padding": "x" * max(0, (characters - len(RSA.token(given))) * 3 // 4 - 15)})


def _verification(providers: str, token: str) -> Callable[[], float]:
    from authorizer.verifier import verify  # noqa: PLC0415 - as above

    known = _settings(providers).providers
    return timed(lambda: verify(token, known, NOW), TURNS, 1e6)


def _kilobytes(providers: str) -> float:
    gc.collect()
    tracemalloc.start()
    held = _settings(providers)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held
    return size / 1024

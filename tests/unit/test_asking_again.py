"""When a source is asked again for the sake of a token, what that costs, and what it never does to good tokens."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import MAX_UNKNOWN_KIDS, SECRET_LIFETIME, FixedKeys, IssuerKeys, SecretKeys
from authorizer.keys import secret_key
from authorizer.refreshing_cache import COOL_DOWN, MAX_AGE_IN_OUTAGE, REFRESH_AHEAD, RefreshingCache
from tests.sources import Source
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from authorizer.keys import VerificationKey
    from authorizer.providers import KeySource
    from tests.tokens import Signer

OLD, NEW = rsa_signer(kid="main"), rsa_signer(kid="main", number=2)
OTHER, STRANGER = rsa_signer(kid="other", number=3), rsa_signer(kid="main", number=4)
FIRST, SECOND, THIRD = b"1" * 32, b"2" * 32, b"3" * 32


def nameless(signer: Signer) -> dict[str, Any]:
    return {name: value for name, value in signer.jwk.items() if name != "kid"}


@pytest.fixture
def source() -> Source:
    made = Source()
    made.keys = made.of(OLD.jwk)
    return made


@pytest.fixture
def keys(source: Source) -> IssuerKeys:
    return IssuerKeys(RefreshingCache(source.fetch, source.clock), source.clock, max_wait=30)


def judged(keys: KeySource, signer: Signer, kid: str | None = "main") -> str:
    """Return what becomes of a token by *signer* that names *kid*."""
    try:
        candidates = keys.candidates(kid, "RS256", "https://issuer.example")
        return "accepted" if any(key.verifies(b"x", signer.sign(b"x")) for key in candidates) else "bad_signature"
    except TokenRefused as refused:
        return refused.reason.code
    except KeysUnavailable:
        return "unavailable"


@pytest.mark.parametrize(
    ("old", "new", "kid"),
    [
        pytest.param(OLD.jwk, NEW.jwk, "main", id="under one name"),
        pytest.param(nameless(OLD), nameless(NEW), None, id="in a set without names"),
        pytest.param(nameless(OLD), nameless(NEW), "main", id="in a set without names, and the token has one"),
        pytest.param(nameless(OLD), OTHER.jwk, "other", id="for one that has a name"),
    ],
)
def test_key_that_was_changed_is_found_at_the_first_wrong_signature(
    source: Source, keys: IssuerKeys, old: dict[str, Any], new: dict[str, Any], kid: str | None
) -> None:
    source.keys = source.of(old)
    assert judged(keys, OLD, kid) == "accepted"
    source.keys = source.of(new)

    signer = OTHER if kid == "other" else NEW
    assert [judged(keys, signer, kid), judged(keys, signer, kid)] == ["accepted", "accepted"]
    assert source.asked == 2
    assert judged(keys, OLD, kid) == "bad_signature" if kid != "other" else True


def test_new_key_is_found_beside_one_without_a_name(source: Source, keys: IssuerKeys) -> None:
    """A token of an unknown name may be of the key that has none, or of a new one."""
    source.keys = source.of(nameless(OLD))
    assert judged(keys, OLD, "any") == "accepted"
    source.keys = source.of(nameless(OLD), OTHER.jwk)

    assert judged(keys, OTHER, "other") == "accepted"
    assert judged(keys, OLD, "any") == "accepted"
    assert source.asked == 2


def test_key_without_a_name_costs_no_fetch_while_it_verifies(source: Source, keys: IssuerKeys) -> None:
    source.keys = source.of(nameless(OLD))

    assert {judged(keys, OLD, f"name-{number}") for number in range(100)} == {"accepted"}
    assert source.asked == 1


def test_new_key_beside_one_without_a_name_is_no_forgery_while_the_issuer_is_down(
    source: Source, keys: IssuerKeys
) -> None:
    source.keys = source.of(nameless(OLD))
    judged(keys, OLD)
    source.down = True

    assert judged(keys, OTHER, "other") == "unavailable"


def test_fixed_keys_give_their_one_key(source: Source) -> None:
    fixed = FixedKeys(source.of(nameless(OLD)))

    assert judged(fixed, OLD, "any") == "accepted"
    assert judged(fixed, STRANGER, "any") == "bad_signature"


def test_wrong_signature_is_verified_again_only_if_the_key_changed(source: Source, keys: IssuerKeys) -> None:
    judged(keys, OLD)
    source.keys = source.of({**OLD.jwk, "use": "sig"})

    assert len(list(keys.candidates("main", "RS256", None))) == 1
    assert source.asked == 2


def test_a_thousand_forgeries_make_one_fetch_more_per_cool_down(source: Source, keys: IssuerKeys) -> None:
    assert {judged(keys, STRANGER) for _ in range(1000)} == {"bad_signature"}
    assert source.asked == 2

    source.advance(COOL_DOWN)
    assert judged(keys, STRANGER) == "bad_signature"
    assert source.asked == 3


def test_wrong_signature_stays_one_when_the_issuer_cannot_be_asked(source: Source, keys: IssuerKeys) -> None:
    judged(keys, OLD)
    source.down = True

    assert [judged(keys, STRANGER), judged(keys, STRANGER)] == ["bad_signature"] * 2
    assert source.asked == 2
    assert judged(keys, OLD) == "accepted"


def test_wrong_signature_stays_one_when_its_key_is_gone(source: Source, keys: IssuerKeys) -> None:
    judged(keys, OLD)
    source.keys = source.of(OTHER.jwk)

    assert judged(keys, STRANGER) == "bad_signature"


def test_two_tokens_of_a_changed_key_make_one_fetch(source: Source, keys: IssuerKeys) -> None:
    judged(keys, OLD)
    source.keys, source.hold = source.of(NEW.jwk), threading.Event()
    with ThreadPoolExecutor(2) as two:
        both = [two.submit(judged, keys, NEW) for _ in range(2)]
        while source.asked < 2:
            time.sleep(0.001)
        source.hold.set()

    assert [each.result() for each in both] == ["accepted", "accepted"]
    assert source.asked == 2


def test_forgeries_do_not_use_up_the_question_for_an_unknown_key(source: Source, keys: IssuerKeys) -> None:
    judged(keys, STRANGER)
    source.keys = source.of(OLD.jwk, OTHER.jwk)

    assert judged(keys, OTHER, "other") == "accepted"


def test_unknown_keys_do_not_use_up_the_question_after_a_forgery(source: Source, keys: IssuerKeys) -> None:
    judged(keys, STRANGER, "random")
    source.keys = source.of(NEW.jwk)

    assert judged(keys, NEW) == "accepted"


def test_flood_of_forgeries_turns_no_good_token_away_for_longer_than_a_cool_down(
    source: Source, keys: IssuerKeys
) -> None:
    """One rotation under the same name and one new key, one second after the flood has used up both questions."""
    assert judged(keys, OLD) == "accepted"
    before = source.asked
    seen: dict[str, list[str]] = {"same name": [], "new name": []}
    for second in range(2 * COOL_DOWN):
        for number in range(50):
            assert judged(keys, STRANGER) == "bad_signature"
            assert judged(keys, STRANGER, f"random-{second}-{number}") in ("unknown_key", "unavailable")
        if second == 1:
            source.keys = source.of(NEW.jwk, OTHER.jwk)
        seen["same name"].append(judged(keys, NEW))
        seen["new name"].append(judged(keys, OTHER, "other"))
        source.advance(1)

    assert source.asked - before == 2 * 2
    assert seen["same name"][COOL_DOWN:] == seen["new name"][COOL_DOWN:] == ["accepted"] * COOL_DOWN
    # A key that nobody has heard of may be good: that is never called a refusal in between.
    assert set(seen["new name"][:COOL_DOWN]) == {"unavailable"}


def test_key_that_was_retired_is_refused_again_and_again(source: Source, keys: IssuerKeys) -> None:
    """Two apps that still send tokens of keys that are gone: each is told so, in the same cool-down, too."""
    judged(keys, OLD)
    assert judged(keys, STRANGER, "gone") == "unknown_key"
    assert judged(keys, STRANGER, "gone too") == "unavailable"
    source.advance(COOL_DOWN)

    assert [judged(keys, STRANGER, kid) for kid in ("gone", "gone too", "gone")] == ["unknown_key"] * 3
    assert source.asked == 3


def test_so_many_unknown_names_are_remembered_and_no_more(keys: IssuerKeys) -> None:
    judged(keys, OLD)
    for number in range(10 * MAX_UNKNOWN_KIDS):
        judged(keys, STRANGER, f"random-{number}")

    assert len(keys._missed) == MAX_UNKNOWN_KIDS  # noqa: SLF001 - memory is what is tested


def test_unknown_key_of_a_source_that_cannot_be_asked_is_an_outage(source: Source, keys: IssuerKeys) -> None:
    judged(keys, OLD)
    source.down = True
    source.advance(MAX_AGE_IN_OUTAGE / 2)

    assert judged(keys, OTHER, "other") == "unavailable"


@pytest.fixture
def secret(source: Source) -> SecretKeys:
    source.secrets = (secret_key(FIRST, "HS256"),)
    cache = RefreshingCache(source.fetch_secrets, source.clock, default_lifetime=SECRET_LIFETIME)
    return SecretKeys(cache, source.clock, max_wait=30)


def octets(key: VerificationKey) -> bytes:
    made: Any = key.key
    return bytes(made.prepared_key)


def secrets_of(keys: SecretKeys) -> list[bytes]:
    """Return all candidates, as for a token that none of them has signed."""
    return [octets(key) for key in keys.candidates(None, "HS256", None)]


def test_secret_is_remembered_for_five_minutes(source: Source, secret: SecretKeys) -> None:
    secret.warm_up()
    source.advance(REFRESH_AHEAD * SECRET_LIFETIME)
    assert next(secret.candidates(None, "HS256", None)) is source.secrets[0]
    assert source.asked == 1

    source.advance(SECRET_LIFETIME)
    assert next(secret.candidates(None, "HS256", None)) is source.secrets[0]
    assert source.asked == 2


def test_secret_that_was_changed_is_read_at_the_first_wrong_signature(source: Source, secret: SecretKeys) -> None:
    secret.warm_up()
    source.secrets = (secret_key(SECOND, "HS256"), secret_key(FIRST, "HS256"))

    assert secrets_of(secret) == [FIRST, SECOND]
    assert secrets_of(secret) == [SECOND, FIRST]
    assert source.asked == 2


def test_a_thousand_forgeries_make_one_reading_of_the_secret_more_per_cool_down(
    source: Source, secret: SecretKeys
) -> None:
    for _ in range(1000):
        assert secrets_of(secret) == [FIRST]
    assert source.asked == 2

    source.advance(COOL_DOWN)
    source.secrets = (secret_key(THIRD, "HS256"),)
    assert secrets_of(secret) == [FIRST, THIRD]


def test_wrong_signature_stays_one_when_the_secret_cannot_be_read(source: Source, secret: SecretKeys) -> None:
    secret.warm_up()
    source.down = True

    assert secrets_of(secret) == [FIRST]
    assert secrets_of(secret) == [FIRST]
    assert source.asked == 2

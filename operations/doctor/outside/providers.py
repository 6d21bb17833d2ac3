"""Whether the authorizer gets each provider's keys; and if not, which document is not as it has to be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from authorizer.algorithms import HMAC, of_jwk, one_name
from authorizer.errors import AuthorizerError
from authorizer.https import is_allowed
from authorizer.keys import MIN_RSA_BITS, key_set
from operations.doctor.checks import check
from operations.doctor.finding import Finding, Verdict, ok, unknown, wrong
from operations.doctor.outside.calls import OK, Answer, UnreachableError, call
from operations.doctor.outside.configured import Configured, configured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authorizer.providers import Provider
    from operations.doctor.places import Outside

REDIRECTS = range(300, 400)
BITS_OF_A_CHARACTER = 6
"""Of base64url."""


@check(
    "discovery", "outside", "Whether each issuer's discovery document is there, and names the issuer as Providers does."
)
def _discovery(outside: Outside) -> Iterator[Finding]:
    found = configured(outside)
    for provider in found.asymmetric():
        address = found.discovery_address(provider)
        if address:
            document = _document(provider.name, address, outside.call_seconds)
            yield document if isinstance(document, Finding) else _of_discovery(provider, document)


@check("keys", "outside", "Whether the authorizer gets keys from each issuer that it can use.")
def _keys(outside: Outside) -> Iterator[Finding]:
    found = configured(outside)
    asked = found.asymmetric()
    # At the same time: each may take as long as all of them may.
    threads = [threading.Thread(target=_fetch, args=(provider,), daemon=True) for provider in asked]
    for thread in threads:
        thread.start()
    for thread, provider in zip(threads, asked, strict=True):
        thread.join()
        yield _of_keys(found, provider, outside.call_seconds)


def _fetch(provider: Provider) -> None:
    algorithm = next(name for name in provider.algorithms if name not in HMAC)
    try:
        next(iter(provider.keys.candidates(None, algorithm, provider.issuers[0] if provider.issuers else None)), None)
    except AuthorizerError:
        return  # the outcome is kept, and a set of several keys is no trouble


def _document(name: str, address: str, seconds: float) -> Mapping[str, Any] | Finding:
    """Return the JSON object at *address*, or what is wrong with what is there."""
    if not is_allowed(address):
        return wrong(f"{name}: {address}", wanted="https", mend="Write an address that begins with https:// there.")
    try:
        answer = call("GET", address, None, seconds)
    except UnreachableError as error:
        mend = f"{error.mend} Until then sign-ins go on for an hour by the keys that are cached."
        return wrong(f"{name}: {address}: {error}", wanted="an answer from here, as from the authorizer", mend=mend)
    return _object(name, address, answer)


def _object(name: str, address: str, answer: Answer) -> Mapping[str, Any] | Finding:
    where = f"{name}: {address}"
    if answer.status in REDIRECTS:
        location = answer.headers.get("Location", "nowhere")
        return wrong(
            f"{where} redirects to {location}",
            wanted="200: the authorizer follows no redirect",
            mend=f"Write the issuer or jwks_uri in Providers so that it leads there directly: {location}",
        )
    if answer.status != OK:
        return wrong(
            f"{where} is answered by {answer}",
            wanted="200",
            mend="Compare the issuer in Providers with a token's iss; if it is right, ask whoever runs the issuer.",
        )
    if not isinstance(answer.json, dict):
        kind = answer.headers.get("Content-Type", "no Content-Type").partition(";")[0]
        return wrong(
            f"{where} is no JSON object but {kind}",
            wanted="a JSON object",
            mend="The address is a page for people, or of a login: compare the issuer in Providers with a token's iss.",
        )
    return answer.body


def _of_discovery(provider: Provider, document: Mapping[str, Any]) -> Finding:
    issuer, named, address = provider.issuers[0], document.get("issuer"), document.get("jwks_uri")
    if named != issuer:
        slash = ", which differs in the slash at the end" if str(named).rstrip("/") == issuer.rstrip("/") else ""
        return wrong(
            f'{provider.name}: the discovery document says "issuer": {named!r}{slash}',
            wanted=f"{issuer!r}, as Providers has it",
            mend=f'Write "issuer": "{named}" in Providers, if a token\'s iss says so too, and make deploy.',
        )
    if (
        not isinstance(address, str)
        or not is_allowed(address)
        or (issuer.startswith("https:") > address.startswith("https:"))
    ):
        return wrong(
            f"{provider.name}: the discovery document has jwks_uri {address!r}",
            wanted="an https address",
            mend="Have whoever runs the issuer mend that, or write jwks_uri in Providers.",
        )
    return ok(f"{provider.name}: {issuer} names its keys at {address}")


def _of_keys(found: Configured, provider: Provider, seconds: float) -> Finding:
    if found.has_written_keys(provider):
        return ok(f"{provider.name}: its keys stand in the settings")
    fetch = found.fetches.get(provider.name)
    address = found.keys_address(provider) or _discovered(found, provider, seconds)
    document = _document(provider.name, address, seconds) if address else {}
    if fetch is not None and fetch.succeeded:
        return ok(f"{provider.name}: {_told(document, provider)}, in {fetch.milliseconds:,.0f} ms")
    if isinstance(document, Finding):
        return document
    if not address:
        return unknown(f"{provider.name}: where its keys are is not known; see discovery")
    why = fetch.outcome if fetch else "no fetch was begun"
    return wrong(
        f"{provider.name}: {address}: {why}{_unusable(document, provider)}",
        wanted=f"a key for {' or '.join(provider.algorithms)}, an RSA one of {MIN_RSA_BITS} bits or more",
        mend="Have the issuer publish such a key, or write its algorithm into algorithms in Providers and make deploy.",
    )


def _discovered(found: Configured, provider: Provider, seconds: float) -> str:
    document = _document(provider.name, found.discovery_address(provider), seconds)
    if isinstance(document, Finding) or _of_discovery(provider, document).verdict is not Verdict.OK:
        return ""
    return str(document["jwks_uri"])


def _told(document: Mapping[str, Any] | Finding, provider: Provider) -> str:
    """Return how many keys there are to use, and which are left out."""
    if isinstance(document, Finding):
        return "the authorizer has its keys"
    listed = _listed(document)
    usable = [jwk for jwk in listed if _is_usable(jwk, provider)]
    named = ", ".join(str(jwk.get("kid", "without a kid")) for jwk in usable)
    return f"{len(usable)} usable of {len(listed)} keys ({named}){_unusable(document, provider)}"


def _unusable(document: Mapping[str, Any], provider: Provider) -> str:
    """Return why keys cannot be used, for those that cannot."""
    reasons = [
        f"{jwk.get('kid', 'one without a kid')} {_why_unusable(jwk, provider)}"
        for jwk in _listed(document)
        if not _is_usable(jwk, provider)
    ]
    return f"; left out: {', '.join(reasons)}" if reasons else ""


def _listed(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = document.get("keys")
    return [jwk for jwk in listed if isinstance(jwk, dict)] if isinstance(listed, list) else []


def _is_usable(jwk: Mapping[str, Any], provider: Provider) -> bool:
    try:
        key_set({"keys": [jwk]}, provider.algorithms)
    except ValueError:
        return False
    return True


def _why_unusable(jwk: Mapping[str, Any], provider: Provider) -> str:
    bits = len(str(jwk.get("n", "")).rstrip("=")) * BITS_OF_A_CHARACTER // 8 * 8
    if "d" in jwk:
        return "is a private key: whoever runs the issuer must replace it"
    if jwk.get("use", "sig") != "sig":
        return f"is for {jwk['use']}, not for signatures"
    if jwk.get("kty") == "RSA" and bits < MIN_RSA_BITS:
        return f"has {bits} bits"
    own = one_name(jwk.get("alg"))
    if not set(of_jwk(jwk) if own is None else (own,)) & set(provider.algorithms):
        return f"is for {own or jwk.get('kty')}"
    return "is malformed"

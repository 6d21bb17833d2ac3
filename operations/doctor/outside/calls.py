"""Call the service or an issuer once, as it is: no redirect is followed, nothing is tried again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3 import exceptions as failures

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 512 * 1024
"""Bytes of an answer that are read; as many as the authorizer reads of a key set."""
OK = 200


@dataclass(frozen=True)
class Answer:
    """What came back. `json` is the body read as JSON, or None."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    @property
    def body(self) -> Mapping[str, Any]:
        """The body, if it is a JSON object; an empty one otherwise."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def is_ours(self) -> bool:
        """Whether it is an error as this service answers it: JSON with `error`."""
        return isinstance(self.body.get("error"), str)

    def __str__(self) -> str:
        """Return the status, and what of the body tells who has answered."""
        kind = self.headers.get("Content-Type", "no Content-Type").partition(";")[0]
        if self.is_ours:
            return f"{self.status} {self.body.get('reason') or self.body['error']}"
        said = " ".join(self.text[:120].split())
        return f"{self.status}, {kind}: {said}" if said else f"{self.status}, an empty answer"


class UnreachableError(Exception):
    """No answer came. The text says why, `mend` what to do about it."""

    def __init__(self, why: str, mend: str) -> None:
        """Take both."""
        super().__init__(why)
        self.mend = mend


def call(method: str, url: str, headers: Mapping[str, str] | None, seconds: float) -> Answer:
    """
    Return the answer; connecting and each piece of it may take so many *seconds*.

    Raises:
        UnreachableError: There is none.
    """
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=seconds, read=seconds))
    try:
        response = pool.request(method, url, headers=dict(headers or {}), redirect=False, preload_content=False)
        data = response.read(LONGEST)
    except (failures.HTTPError, ValueError) as error:
        raise UnreachableError(*_explained(error)) from error
    finally:
        pool.clear()
    text = data.decode("utf-8", "replace")
    return Answer(response.status, response.headers, text, _json(text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _explained(error: Exception) -> tuple[str, str]:
    if isinstance(error, (failures.NameResolutionError, failures.LocationParseError)):
        return "its name leads to no address", "Check the name for a typing mistake, and its DNS entry."
    if isinstance(error, failures.SSLError):
        return f"TLS fails: {_of_certificate(error)}", _mend_of_certificate(_of_certificate(error))
    if isinstance(error, failures.NewConnectionError):  # which urllib3 counts as a timeout, too
        return "nobody answers there", "Look whether it is up, and compare host and port."
    if isinstance(error, failures.TimeoutError):
        return "no answer in time", "Look whether it is up, and whether a firewall lets this machine reach it."
    return f"the answer breaks off, or is no HTTP ({type(error).__name__})", "Look at what answers there."


def _of_certificate(error: failures.SSLError) -> str:
    cause: Any = error.args[0] if error.args else error
    return str(getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "no TLS is spoken there")


def _mend_of_certificate(said: str) -> str:
    if "expired" in said:
        return "Renew the certificate."
    if "issuer" in said or "self-signed" in said or "self signed" in said:
        return (
            "Have the server send its whole chain, up to an authority that everybody trusts; a certificate that it has "
            "signed itself is not accepted."
        )
    if "match" in said:
        return "Use a name that the certificate has, or have it issued for this one."
    return "Look at what answers there: https is needed, with TLS 1.2 or newer."

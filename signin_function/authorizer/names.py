"""Choose, from what a token says of its user, the name that people can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from authorizer import claim_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ID = re.compile(
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|(?:google|facebook|loginwithamazon|signinwithapple)_.+",
    re.IGNORECASE,
)
"""What stands where a name could, and is none: a UUID, and Cognito's username of somebody from elsewhere."""
_BLANK = re.compile(
    r"[ \u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Printable to Python, and yet shown as nothing: the space, marks without a form, the Hangul and Braille blanks."""
_ADDRESS = re.compile(r"([^@\s]+)@[^@\s]+")


def shown(claims: Mapping[str, Any], wanted: tuple[str, ...], subject: str) -> str:
    """
    Return the first of the *wanted* names that is there, or nothing.

    Each is a claim's path; several joined by " + " are one name, if all are there; of one that ends in "@" the part
    before the @ is taken if it is an e-mail address, which is not everybody's to see. The *subject*, or another id,
    is no name. One that is no text, or shows nothing, is no reason to keep somebody out.
    """
    for form in wanted:
        for name in _names(claims, form):
            if name != subject and not _ID.fullmatch(name):
                return name
    return ""


def has_something_to_see(text: str) -> bool:
    """Say whether anything of *text* shows: neither blanks nor characters without width alone."""
    return any(character.isprintable() for character in _BLANK.sub("", text))


def _names(claims: Mapping[str, Any], form: str) -> list[str]:
    whole = list(_texts(claims, form))
    if whole:
        return whole
    if " + " in form:
        parts = [next(_texts(claims, part), "") for part in form.split(" + ")]
        return [" ".join(parts)] if all(parts) else []
    return [_before_the_at(text) for text in _texts(claims, form[:-1])] if form.endswith("@") else []


def _texts(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    for claim in claim_paths.found(claims, path):
        if isinstance(claim, str) and has_something_to_see(claim):
            yield claim.strip()


def _before_the_at(text: str) -> str:
    address = _ADDRESS.fullmatch(text)
    return address[1] if address else text

"""Choose, from the claims of a token, the display name of its user."""

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
"""What some claims hold in place of a name: a UUID, or Cognito's username of a user of another identity provider."""
_BLANK = re.compile(
    r"[ \u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Printable to Python, but invisible: the space, marks without a form, the Hangul and Braille blanks."""
_ADDRESS = re.compile(r"([^@\s]+)@[^@\s]+")


def display_name(claims: Mapping[str, Any], wanted: tuple[str, ...], subject: str) -> str:
    """
    Return the first of the *wanted* names that the claims have, or an empty text.

    Each is the path of a claim, or several paths joined by " + ", which make one name if all are there. If a path ends
    in "@" and the claim is an e-mail address, only the part before the @ is used, because not everybody may see the
    address. The *subject*, or another id, is not used as a name. A claim that is no text, or invisible, is passed over.
    """
    for form in wanted:
        for name in _names(claims, form):
            if name != subject and not _ID.fullmatch(name):
                return name
    return ""


def is_visible(text: str) -> bool:
    """Say whether *text* has any visible character."""
    return any(map(str.isprintable, _BLANK.sub("", text)))


def _names(claims: Mapping[str, Any], form: str) -> list[str]:
    whole = list(_texts(claims, form))
    if whole:
        return whole
    if " + " in form:
        parts = [next(_texts(claims, part), "") for part in form.split(" + ")]
        return [" ".join(parts)] if all(parts) else []
    return [_before_the_at(text) for text in _texts(claims, form[:-1])] if form.endswith("@") else []


def _texts(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    for claim in claim_paths.values_at(claims, path):
        if isinstance(claim, str) and is_visible(claim):
            yield claim.strip()


def _before_the_at(text: str) -> str:
    address = _ADDRESS.fullmatch(text)
    return address[1] if address else text

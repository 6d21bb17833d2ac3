"""Find a claim by its path, the same way for everything that settings name by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from authorizer.errors import Reason, TokenRefused


def found(claims: Mapping[str, Any], path: str) -> Iterator[Any]:
    """
    Yield what *path* leads to, best first: the claim of that very name, or what stands in claims within claims.

    The path is taken apart at its dots in every way, the longest names first, because names may hold dots themselves:
    `resource_access.com.example.chat.roles` is `roles` in `com.example.chat` in `resource_access`, if that is there.

    Each object of a token lies on one way at most, so that no token is looked through twice, however it is made.
    """
    if path in claims:
        yield claims[path]
    dot = path.rfind(".")
    while dot >= 0:
        within = claims.get(path[:dot])
        if isinstance(within, Mapping):
            yield from found(within, path[dot + 1 :])
        dot = path.rfind(".", 0, dot)


def first(claims: Mapping[str, Any], path: str) -> Any:
    """Return the best of what *path* leads to; None if it leads nowhere."""
    return next(found(claims, path), None) if "." in path else claims.get(path)


def only(claims: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """
    Return what *path* leads to, *default* if it leads nowhere. For what says who somebody is, or what they may do.

    Raises:
        TokenRefused: It leads to two things that differ: which one is meant is not for us to guess.
    """
    if "." not in path:
        return claims.get(path, default)
    all_found = list(found(claims, path))
    # As JSON, because in Python true equals 1.
    if len(all_found) > 1 and len({json.dumps(one, sort_keys=True) for one in all_found}) > 1:
        raise TokenRefused(Reason.INVALID_CLAIM)
    return all_found[0] if all_found else default

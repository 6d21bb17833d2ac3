"""Find a claim by its path, in the same way for all settings that name a claim."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from authorizer.errors import Reason, TokenRefused


def values_at(claims: Mapping[str, Any], path: str) -> Iterator[Any]:
    """
    Yield the values that *path* leads to, best first: the claim of exactly that name, then claims within claims.

    The path is split at its dots in every way, longest names first, because names may contain dots themselves:
    `resource_access.com.example.chat.roles` is `roles` in `com.example.chat` in `resource_access`, if that is there.

    Every object in a token is visited once at most, so that no token can make the search slow.
    """
    if path in claims:
        yield claims[path]
    dot = path.rfind(".")
    while dot >= 0:
        within = claims.get(path[:dot])
        if isinstance(within, Mapping):
            yield from values_at(within, path[dot + 1 :])
        dot = path.rfind(".", 0, dot)


def best_value(claims: Mapping[str, Any], path: str) -> Any:
    """Return the best value that *path* leads to; None if there is none."""
    return next(values_at(claims, path), None) if "." in path else claims.get(path)


def only_value(claims: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """
    Return the one value that *path* leads to; *default* if there is none.

    To be used for claims that say who somebody is, or what they may do: those must be unambiguous.

    Raises:
        TokenRefused: The path leads to two values that differ.
    """
    if "." not in path:
        return claims.get(path, default)
    all_found = list(values_at(claims, path))
    # As JSON, because in Python true equals 1.
    if len(all_found) > 1 and len({json.dumps(one, sort_keys=True) for one in all_found}) > 1:
        raise TokenRefused(Reason.INVALID_CLAIM, path, all_found, "one value")
    return all_found[0] if all_found else default

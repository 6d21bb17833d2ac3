"""
Limits that tests enforce: modules imported at a cold start, what is shipped, AWS calls of a sign-in and of rooms.

A count is the same on every machine; benchmarks/README.md has the times. Raise a limit here if a change is worth it.
"""

from __future__ import annotations

MODULES = {"authorizer": 304, "signin": 430, "rooms": 437}
"""Imported when the function has started and answered once, Python's own included, on Python 3.11 to 3.14."""

BEFORE_ASKING = 146
"""How many of them the authorizer imports before it asks issuers for their keys."""

MEGABYTES = {
    "AuthorizerLayer": 19.2,
    "SigninLayer": 3.8,
    "RoomsLayer": 3.8,
    "AuthorizerFunction": 0.5,
    "SigninFunction": 0.24,
    "RoomsFunction": 0.39,
}
"""Of 1,000,000 bytes, as `sam build` made it with a CPython 3.13 at hand. cryptography's library alone is 14."""

FILES = {
    "AuthorizerLayer": 505,  # a quarter of them are roots, one file each
    "SigninLayer": 315,
    "RoomsLayer": 315,
    "AuthorizerFunction": 66,
    "SigninFunction": 46,
    "RoomsFunction": 76,
}

WARM_STEPS = 130
"""Calls of functions of ours that the authorizer makes to decide about a good token, when all is warm."""

CALLS = {
    "a new user": ["AssumeRole", "CreateAppInstanceUser", "DescribeAppInstanceUser"],
    "a user who comes back": ["AssumeRole", "DescribeAppInstanceUser"],
    "a renewal": ["AssumeRole"],
    "a user with another name": ["AssumeRole", "DescribeAppInstanceUser", "UpdateAppInstanceUser"],
    "a room that is opened": [
        *("CreateAttendee", "CreateMeeting", "GetItem", "PutItem", "PutItem", "UpdateItem"),
    ],
    "a room that is open": ["CreateAttendee", "GetItem"],
    "leaving a room": ["DeleteAttendee", "GetItem", "ListAttendees"],
    "ending a room": ["DeleteMeeting", "GetItem", "UpdateItem", "UpdateItem"],
    "a room that is not open": ["GetItem"],
}
"""Which calls a sign-in makes, and which the function of rooms."""

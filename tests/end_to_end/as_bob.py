"""What Ada says beside her token, or in it, in order to be Bob or more than she is."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.rooms import SPEAKS

BOB = {"ExternalUserId": "bob", "externalUserId": "bob", "subject": "bob", "sub": "bob", "user": "bob", "name": "bob"}
IN_BODY = {**BOB, "requestContext": {"authorizer": BOB}, "Attendee": BOB, "Capabilities": SPEAKS}
CONTEXT_MEMBERS: dict[str, Any] = {
    "subject": "bob",
    "user_id": "bob",
    "ChimeUserId": "bob",
    "ExternalUserId": "bob",
    "principalId": "bob",
    "provider": "other",
    "namespace": "",
    "scope": "",
    "keep_subject": True,
    "plain": True,
    "role": "",
    "expires": 1,
    "host": True,
    "listens": False,
    "guest": True,
    "guests": ["bob"],
    "forbidden": "",
    "context": BOB,
}
"""Claims that are named like what the authorizer tells the handler."""

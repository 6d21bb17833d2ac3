"""Keep tokens, secrets and credentials out of what is printed: the one place through which all of it goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CUT = "[withheld]"
SHORTEST = 8
"""In characters; a shorter secret would also be cut out of words that have nothing to do with it."""
# In time that grows with the length of a text and not with its square, because an issuer may choose the text.
LIKE_SECRETS = re.compile(
    r"""
    (?<![\w-])[\w-]{10,}+\.[\w-]{10,}+\.[\w-]{16,}  # a JWT
    | \beyJ[\w-]{10,}                          # a part of one: base64url of an object
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}             # an access key
    | -----BEGIN[ A-Z]*PRIVATE\ KEY.*          # a private key
    | (?<=\bBearer\ )[\w.~+/-]{8,}=*(?![="])      # any other token; not realm="…"
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Withheld:
    """The secrets that a run has in hand, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the *secrets*. Each part of a token counts as one, too: it may be quoted alone."""
        parts = {part for secret in secrets for part in (secret, *secret.split("."))}
        # The longest first, because a part that is cut first would leave the rest of the whole.
        known = sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(part) for part in known)) if known else None

    def cut(self, text: str) -> str:
        """Return *text* without any of them."""
        cut = self._known.sub(CUT, text) if self._known else text
        return LIKE_SECRETS.sub(CUT, cut)

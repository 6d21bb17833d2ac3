"""Make a display name that people can read of whatever name a token has. docs/decisions/0011 says why."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata

MAX_LENGTH = 100
"""Characters (https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_CreateAppInstanceUser.html)."""
MAX_MARKS = 8
"""Combining marks on one letter. Burmese and Tibetan need six."""
MAX_GENERAL_MARKS = 4
"""Marks on one letter that go with any script (UTS 39, 5.4). Vietnamese and polytonic Greek need three."""
LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
"""The characters of fallback names. No two look alike, and without vowels they make no words."""

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_DEFAULT_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that are shown as nothing (the property of that name in Unicode's DerivedCoreProperties)."""
_SOMETIMES_NEEDED = "\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_BLANKS = {"\u2800": " ", "\U00013441": " ", "\U00013442": " ", "\U0001d159": "", "\U00016fe4": ""}
"""Blanks that do not have that property, with what replaces them. Those of Braille and hieroglyphs separate words."""
_NEWEST_EMOJI = "\U0001f000-\U0001faff"
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    f"\u303d\u3297\u3299{_NEWEST_EMOJI}"
)
_JOINING_SCRIPTS = (
    "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
"""Blocks whose letters change their form when joined: Arabic, Mongolian, and scripts of India and its neighbours."""
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_GENERAL_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

_NEEDED = (
    f"(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])",  # emoji made of several emoji
    f"(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])",  # Persian, and conjuncts in India
    f"(?<=[{_VIRAMAS}])[\u200c\u200d]",  # also at the end of a name, where many Malayalam names have one
    f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]",  # selects whether an emoji is shown as a picture or as text
    "(?<=[0-9#*])\ufe0f(?=\u20e3)",  # keycaps
    f"(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef]",  # the form of a character, as in Japanese names
    "(?<=[\u1000-\u109f\ua840-\ua877])\ufe00",  # Burmese, Phags-pa
    "(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]",  # Mongolian
    "(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])",
    "(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f",  # flags: England's, Scotland's
)


def display_name(name: str) -> str:
    """
    Return *name* as Chime can show it, up to 100 characters, or nothing if nothing of it is visible.

    Taken out are control and formatting characters, and blanks, which could make one name look like another, and
    combining marks beyond what scripts need, which would cover other names. Scripts and emoji keep those of them that
    they need. The name is normalised (NFC), and each run of white space becomes one space.
    """
    if name.isascii() and name.isprintable():
        return " ".join(name.split())[:MAX_LENGTH].rstrip()
    # Repeated until nothing changes, because a character may have been kept for a neighbour that was then taken out.
    shown, before = _readable(name), name
    while shown != before:
        shown, before = _readable(shown), shown
    return shown


def fallback_name(user_id: str) -> str:
    """Return the name of a user without one, as "User 7f3q": made of the id's hash, and always the same for that id."""
    number = int.from_bytes(hashlib.sha256(user_id.encode()).digest(), "big")
    characters = []
    for _ in range(4):
        number, at = divmod(number, len(LETTERS))
        characters.append(LETTERS[at])
    return "User " + "".join(characters)


def _readable(name: str) -> str:
    patterns = _Patterns.compiled()
    text = "".join(_BLANKS.get(character, character) for character in unicodedata.normalize("NFC", name))
    text = patterns.ignorable.sub("", text)
    text = "".join(character for character in text if patterns.keeps(character))
    text = patterns.needed_or_not.sub(lambda found: found[1] or "", text)
    # NFD separates letters and marks, so that all marks of a letter are counted.
    text = patterns.with_few_marks(unicodedata.normalize("NFD", " ".join(text.split())))
    return unicodedata.normalize("NFC", text)[:MAX_LENGTH].rstrip()


class _Patterns:
    """The compiled patterns. Most names need none, so they are compiled for the first that does, and not at start."""

    def __init__(self) -> None:
        self.ignorable = re.compile(f"(?![{_SOMETIMES_NEEDED}])[{_DEFAULT_IGNORABLE}]")
        self.needed_or_not = re.compile(f"({'|'.join(_NEEDED)})|[{_SOMETIMES_NEEDED}]")
        # Includes the blocks of emoji, because Unicode adds emoji that this Python takes for unassigned characters.
        self._kept_anyway = re.compile(rf"[\s{_SOMETIMES_NEEDED}{_NEWEST_EMOJI}]")
        self._general = re.compile(f"[{_GENERAL_MARKS}]")

    @classmethod
    @functools.cache
    def compiled(cls) -> _Patterns:
        """Return the patterns, compiled once."""
        return cls()

    def keeps(self, character: str) -> bool:
        """Tell whether *character* is visible, or may be needed by one that is."""
        return unicodedata.category(character) not in _INVISIBLE or bool(self._kept_anyway.match(character))

    def with_few_marks(self, text: str) -> str:
        """Return *text* without marks beyond what scripts need, marks twice in a row, and marks without a letter."""
        kept: list[str] = []
        marks: list[str] = []
        for character in text:
            if unicodedata.category(character)[0] != "M":
                marks = []
            elif not kept or kept[-1] == " " or not self._fits(character, marks):
                continue
            else:
                marks.append(character)
            kept.append(character)
        return "".join(kept)

    def _fits(self, mark: str, marks: list[str]) -> bool:
        if mark in marks[-1:] or len(marks) == MAX_MARKS:
            return False
        return not self._general.match(mark) or sum(map(bool, map(self._general.match, marks))) < MAX_GENERAL_MARKS

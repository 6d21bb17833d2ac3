"""Names that people can read: what Chime shows of a caller, whatever their provider calls them."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata

LONGEST = 100
"""Characters (https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_identity-chime_CreateAppInstanceUser.html)."""
MOST_MARKS = 8
"""On one letter: Burmese and Tibetan need six."""
MOST_GENERAL_MARKS = 4
"""Of those that go with any script (UTS 39, 5.4); Vietnamese and polytonic Greek need three."""
LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
"""No two of them look alike, and without vowels they make no words."""

_NOTHING = {"Cc", "Cf", "Cs", "Co", "Cn"}
_DEFAULT_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Shown as nothing (the property of that name in Unicode's DerivedCoreProperties)."""
_SOMETIMES_NEEDED = "\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_BLANKS = {"\u2800": " ", "\U00013441": " ", "\U00013442": " ", "\U0001d159": "", "\U00016fe4": ""}
"""Not in that property, and without ink all the same; those of Braille and hieroglyphs stand between words."""
_NEWEST_EMOJI = "\U0001f000-\U0001faff"
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    f"\u303d\u3297\u3299{_NEWEST_EMOJI}"
)
_JOINING_SCRIPTS = (
    "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
"""Arabic, Mongolian and those of India and its neighbours: blocks in which letters take other forms when joined."""
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_GENERAL_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

_NEEDED = (
    f"(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])",  # emoji of several
    f"(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])",  # Persian, and conjuncts in India
    f"(?<=[{_VIRAMAS}])[\u200c\u200d]",  # at the end of a name, too: in Malayalam many end so
    f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]",  # as a picture or as text
    "(?<=[0-9#*])\ufe0f(?=\u20e3)",  # keycaps
    f"(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef]",  # how a family writes its character
    "(?<=[\u1000-\u109f\ua840-\ua877])\ufe00",  # Burmese, Phags-pa
    "(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]",  # Mongolian
    "(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])",
    "(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f",  # flags: England's, Scotland's
)


def display_name(name: str) -> str:
    """
    Return *name* as Chime can show it, up to 100 characters; nothing if there is nothing to see in it.

    Without what shows nothing, what could make one name look like another's, and what grows over its neighbours:
    control and formatting characters, blanks, marks upon marks. Scripts and emoji keep what they need of these.
    Normalised (NFC), with white space folded.
    """
    if name.isascii() and name.isprintable():
        return " ".join(name.split())[:LONGEST].rstrip()
    # What is cut off or taken out may have been another character's reason to stay.
    shown, before = _readable(name), name
    while shown != before:
        shown, before = _readable(shown), shown
    return shown


def fallback_name(user_id: str) -> str:
    """Return what a user without a name is called for ever: "User 7f3q", told from others by the hash of their id."""
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
    # Taken apart, so that the marks of one letter are counted whole.
    text = patterns.with_few_marks(unicodedata.normalize("NFD", " ".join(text.split())))
    return unicodedata.normalize("NFC", text)[:LONGEST].rstrip()


class _Patterns:
    """Compiled when a name first needs them: most do not, and every start would pay."""

    def __init__(self) -> None:
        self.ignorable = re.compile(f"(?![{_SOMETIMES_NEEDED}])[{_DEFAULT_IGNORABLE}]")
        self.needed_or_not = re.compile(f"({'|'.join(_NEEDED)})|[{_SOMETIMES_NEEDED}]")
        # Emoji are newer each year than this Python, which takes the newest for nothing.
        self._excused = re.compile(rf"[\s{_SOMETIMES_NEEDED}{_NEWEST_EMOJI}]")
        self._general = re.compile(f"[{_GENERAL_MARKS}]")

    @classmethod
    @functools.cache
    def compiled(cls) -> _Patterns:
        """Return them."""
        return cls()

    def keeps(self, character: str) -> bool:
        """Say whether *character* shows something, or may be needed by one that does."""
        return unicodedata.category(character) not in _NOTHING or bool(self._excused.match(character))

    def with_few_marks(self, text: str) -> str:
        """Return *text* with as many marks on each letter as scripts need, none twice in a row, and none on nothing."""
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
        if mark in marks[-1:] or len(marks) == MOST_MARKS:
            return False
        return not self._general.match(mark) or sum(map(bool, map(self._general.match, marks))) < MOST_GENERAL_MARKS

"""Names that people can read: what is taken out of one, what stays, and what is shown where there is none."""

from __future__ import annotations

import re
import string
import sys
import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from signin.names import display_name, fallback_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("Ada Lovelace", "Ada Lovelace", id="an ordinary name"),
        pytest.param("  Ada \t\n Lovelace ", "Ada Lovelace", id="white space"),
        pytest.param("\u00a0Ada\u3000Lovelace\u2028", "Ada Lovelace", id="white space outside ASCII"),
        pytest.param("Ada\nLovelace", "Ada Lovelace", id="a line break alone"),
        pytest.param("Ame\u0301lie", "Am\u00e9lie", id="a combining accent"),
        pytest.param("Ame\u200b\u0301lie", "Am\u00e9lie", id="a combining accent behind nothing"),
        pytest.param("Ada\u202eecalevoL", "AdaecalevoL", id="a change of direction"),
        pytest.param("Ada\x00\x1b[31m", "Ada[31m", id="control characters"),
        pytest.param("\ud800Ada", "Ada", id="half a surrogate pair"),
        pytest.param("\ue000Ada\U000e0080", "Ada", id="characters of private use, and of none"),
        pytest.param("\ufeffA\u200bd\u2060a\u00ad", "Ada", id="characters without width"),
        pytest.param("A\u034fd\u115fa\u3164\uffa0", "Ada", id="letters and marks that show nothing"),
        pytest.param("A\u200dd\u200ca\ufe0f", "Ada", id="joiners and selectors where nothing needs them"),
        pytest.param("A\U000e0064d\U000e0061a", "Ada", id="tags that belong to no flag"),
        pytest.param("x" * 101, "x" * 100, id="a long name"),
        pytest.param("\u00e4" * 101, "\u00e4" * 100, id="a long name outside ASCII"),
        pytest.param("x" * 99 + " y", "x" * 99, id="a long name that would end in a space"),
        pytest.param("\u00e4" * 99 + " y", "\u00e4" * 99, id="one outside ASCII"),
        pytest.param("x" * 99 + "\U0001f469\u200d\U0001f4bb", "x" * 99 + "\U0001f469", id="an emoji cut in two"),
        pytest.param("", "", id="no name"),
        pytest.param(" \u200d\u202e ", "", id="nothing to see"),
        pytest.param("\u3164\u2800\u115f", "", id="letters that show nothing alone"),
        pytest.param("\U00013441\U00016fe4\U0001d159", "", id="a hieroglyph, a filler and a note that show nothing"),
        pytest.param("\u0301\u0489", "", id="marks on nothing"),
        pytest.param("\u0301Ada \u0489L", "Ada L", id="marks that would grow over a neighbour"),
        pytest.param("Ada" + "\u0301\u0302" * 50, "Ad\u00e1\u0302\u0301\u0302", id="a flood of marks"),
        pytest.param("\u0e2a" + "\u0e47" * 50, "\u0e2a\u0e47", id="one Thai mark fifty times"),
        pytest.param("\u0b95" + "\u0bbe\u0bcd" * 50, "\u0b95" + "\u0bbe\u0bcd" * 4, id="a flood of Tamil marks"),
        pytest.param(
            "a" + "\u0301\u200d\u0302\u200b" * 50, "\u00e1\u0302\u0301\u0302", id="a flood with joiners in it"
        ),
    ],
)
def test_name_is_one_that_people_can_read(name: str, shown: str) -> None:
    assert display_name(name) == shown


NEEDED = {
    "an accent": "Ren\u00e9e Zo\u00eb",
    "Vietnamese": "Nguy\u1ec5n Th\u1ecb \u1ec6m",
    "polytonic Greek": "\u1f0d\u03b9\u03b4\u03b7\u03c2 \u1f8f",
    "Hebrew with points": "\u05d3\u05bc\u05b8\u05d5\u05b4\u05d3 \u05e9\u05c1\u05bc\u05b8",
    "Arabic with vowels": "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Hindi": "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937",
    "Bengali": "\u09b0\u200d\u09cd\u09af",
    "Malayalam": "\u0d30\u0d3e\u0d1c\u0d28\u0d4d\u200d",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "Thai": "\u0e19\u0e49\u0e33 \u0e1b\u0e39\u0e48",
    "Burmese": "\u1006\u103d\u103e\u102d\u102f\u1037 \u1000\u103c\u103d\u103e\u1031\u1038",
    "Tibetan": "\u0f66\u0f92\u0fb2\u0f74\u0f56 \u0f67\u0fb7\u0fa8\u0fb3\u0fb2\u0fb1\u0f7e",
    "Mongolian": "\u182a\u1820\u180b \u1828\u180e\u1820",
    "Korean": "\uae40\ubbfc\uc900",
    "a Japanese family": "\u845b\U000e0100\u57ce",
    "Braille": "\u2801\u2819\u2801",
    "a joined emoji": "\U0001f469\u200d\U0001f4bb",
    "an emoji with a colour of skin": "\U0001f469\U0001f3fd\u200d\U0001f680",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a rainbow flag": "\U0001f3f3\ufe0f\u200d\U0001f308",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a heart as text": "\u2764\ufe0e",
    "somebody with a gender": "\U0001f937\u200d\u2640\ufe0f",
    "a keycap": "1\ufe0f\u20e3 #\ufe0f\u20e3",
    "flags": "\U0001f1e9\U0001f1ea \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "an emoji of next year": "\U0001f7ff\U0001faff",
}


@pytest.mark.parametrize("name", NEEDED.values(), ids=NEEDED)
def test_scripts_and_emoji_keep_what_they_need(name: str) -> None:
    assert display_name(name) == unicodedata.normalize("NFC", name)


def test_no_character_that_unicode_calls_ignorable_stays_where_nothing_needs_it() -> None:
    ignorable = [chr(code) for code in range(sys.maxunicode + 1) if regex.fullmatch(r"\p{DI}", chr(code))]

    assert len(ignorable) > 4000
    assert [hex(ord(each)) for each in ignorable if display_name(f"A{each}b") != "Ab"] == []
    assert [hex(ord(each)) for each in ignorable if display_name(each)] == []


def test_no_other_character_that_shows_something_is_lost() -> None:
    lost = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code))[0] in "LNPS"
        and not regex.fullmatch(r"\p{DI}", chr(code))
        and chr(code) not in "\u2800\U00013441\U00013442\U0001d159"
        and not display_name(chr(code))
    ]

    assert lost == []


# What names are made of, and what breaks them, much of it close together.
NAMES = st.text(
    st.characters()
    | st.sampled_from(
        "aé \u0301\u0302\u0323\u200b\u200c\u200d\ufe0f\ufe0e\u094d\u0915\u0645\u064e\u1820\u180b\u180e\u845b"
    )
    | st.sampled_from(
        "\U0001f469\U0001f3fd\u2764\U0001f3f4\U000e0067\U000e007f\U000e0100\u20e31\u2800\u1160\u1100\u1161\u0b95\u0bbe"
    ),
    max_size=150,
)


@given(NAMES)
@example("\u0958" * 100)
@example("\U0001d160" * 100)
def test_every_name_fits_chime_or_is_none(name: str) -> None:
    shown = display_name(name)

    assert len(shown) <= 100
    assert shown == shown.strip()
    assert unicodedata.is_normalized("NFC", shown)
    assert display_name(shown) == shown
    assert not shown or regex.search(r"[\p{L}\p{N}\p{P}\p{S}\p{Cn}--\p{DI}]", shown, flags=regex.VERSION1)
    assert not regex.search(r"\p{M}{9}|[\u0300-\u036f]{5}|(?:^| )\p{M}", shown)


# Stable across releases: what a user is called stays.
@pytest.mark.parametrize(
    ("user_id", "name"),
    [
        ("ada", "User x6pj"),
        ("8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11", "User w9k3"),
        ("hash-k5r2ildqslf6d5f6vp3dkv5i66zbgpikago7z44nlywfrb74niiq", "User 7n9c"),
    ],
)
def test_user_without_a_name_is_called_by_four_characters_of_their_own(user_id: str, name: str) -> None:
    assert fallback_name(user_id) == name


def test_users_without_names_are_told_apart_by_letters_that_do_not_look_alike() -> None:
    names = {fallback_name(f"user-{number}") for number in range(1000)}

    assert len(names) > 995
    assert set("".join(name.removeprefix("User ") for name in names)) <= set(
        string.digits + string.ascii_lowercase
    ) - set("01aeioul")
    assert all(re.fullmatch("User .{4}", name) for name in names)

"""Origins as deployers write them, and as browsers send them."""

from __future__ import annotations

import idna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signin.origins import serialized

# What a deployer may write, and what a browser (`new URL(written).origin`) or a web view sends.
SENT = {
    "https://app.example.com": "https://app.example.com",
    "HTTPS://App.Example.COM": "https://app.example.com",
    "http://localhost:9000": "http://localhost:9000",
    "https://app.example.com:443": "https://app.example.com",
    "http://localhost:80": "http://localhost",
    "http://localhost:0080": "http://localhost",
    "https://app.example.com:80": "https://app.example.com:80",
    "http://app.example.com:443": "http://app.example.com:443",
    "https://app.example.com:65535": "https://app.example.com:65535",
    "https://my_app.example": "https://my_app.example",
    "https://app.example.": "https://app.example.",
    "http://127.0.0.1:3000": "http://127.0.0.1:3000",
    "http://[::1]:5173": "http://[::1]:5173",
    "http://[0:0:0:0:0:0:0:1]:5173": "http://[::1]:5173",
    "http://[FE80::ABCD]:80": "http://[fe80::abcd]",
    "http://[::ffff:7f00:1]": "http://[::ffff:7f00:1]",
    "https://b\u00fccher.example": "https://xn--bcher-kva.example",
    "https://B\u00dcCHER.example:443": "https://xn--bcher-kva.example",
    "https://bu\u0308cher.example": "https://xn--bcher-kva.example",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "https://stra\u00dfe.example": "https://xn--strae-oqa.example",
    "https://\u4f8b\u3048\u3002\u30c6\u30b9\u30c8": "https://xn--r8jz45g.xn--zckzah",
    "capacitor://localhost": "capacitor://localhost",
    "ionic://localhost": "ionic://localhost",
    "tauri://localhost": "tauri://localhost",
    "capacitor://localhost:443": "capacitor://localhost:443",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop": "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://0e2f1c5a-0c0b-4a3f-9a43-2b1d3f4e5a6b": "moz-extension://0e2f1c5a-0c0b-4a3f-9a43-2b1d3f4e5a6b",
    "app://.": "app://.",
}
NONE = {
    "no origin": "null",
    "nothing": "",
    "a file": "file://",
    "a file on a host": "file://localhost",
    "a file in capitals": "FILE://localhost",
    "all": "*",
    "all of a scheme": "https://*",
    "all below a domain": "https://*.example.com",
    "all ports": "https://app.example.com:*",
    "a pattern": "https://[a-z]+.example.com",
    "a pattern of one character": "https://app?.example.com",
    "a pattern with an end": "https://app.example.com$",
    "no scheme": "app.example.com",
    "no host": "https://",
    "a port alone": "https://:443",
    "a path": "https://app.example.com/chat",
    "a closing slash": "https://app.example.com/",
    "a query": "https://app.example.com?a=b",
    "a user": "https://ada@app.example.com",
    "a port that is empty": "https://app.example.com:",
    "a port that is too large": "https://app.example.com:65536",
    "a port that is a word": "https://app.example.com:https",
    "a space": "https://app example.com",
    "a line break": "https://app.example.com\n",
    "an empty label": "https://app..example.com",
    "a label that is too long": f"https://{'a' * 64}.example.com",
    "percent signs": "https://app%2eexample.com",
    "half an address": "http://127.1",
    "an address in hexadecimal": "http://0x7f.0.0.1",
    "an address with leading zeros": "http://127.0.0.01",
    "an address in one number": "http://2130706433",
    "no IPv6": "http://[::g]",
    "IPv6 with a zone": "http://[fe80::1%eth0]",
    "IPv6 without brackets": "http://::1",
    "an origin within another": "blob:https://app.example.com",
}


def origin(text: str) -> str | None:
    try:
        return serialized(text)
    except ValueError:
        return None


@pytest.mark.parametrize(("written", "sent"), SENT.items())
def test_origin_is_what_browsers_send(written: str, sent: str) -> None:
    assert serialized(written) == sent
    assert serialized(sent) == sent


@pytest.mark.parametrize("written", NONE.values(), ids=NONE)
def test_what_is_no_origin_is_refused(written: str) -> None:
    assert origin(written) is None


# Letters of the scripts that domain names are in; `idna` knows which of them registries take.
LETTERS = "".join(
    chr(code)
    for first, last in ((0x61, 0x7A), (0xDF, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x3042, 0x3093))
    for code in range(first, last + 1)
)


@given(st.text(LETTERS, min_size=1, max_size=12))
def test_international_name_is_written_as_its_standard_says(label: str) -> None:
    try:
        expected = idna.encode(f"{label}.example", uts46=True).decode()
    except idna.IDNAError:
        assume(False)  # noqa: FBT003 - hypothesis takes it so

    assert serialized(f"https://{label}.example") == f"https://{expected}"


@given(st.text(max_size=60) | st.from_regex(r"\A[a-z]{1,5}://[^/]{0,20}(:[0-9]{0,6})?\Z"))
def test_anything_is_an_origin_that_stays_as_it_is_or_none(text: str) -> None:
    sent = origin(text)

    assert sent is None or (sent.isascii() and origin(sent) == sent)

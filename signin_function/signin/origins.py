"""Web origins as browsers write them: scheme, host, and the port unless it is the scheme's own (RFC 6454, 6.2)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:]+\]|[^\s/?#@:\[\]\\%*]+)(?::([0-9]{1,5}))?")
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII)
_OPAQUE_NAME = re.compile(r"[a-z0-9._-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_OWN_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""Of the schemes whose hosts are names of the internet (https://url.spec.whatwg.org/#special-scheme)."""
_LARGEST_PORT = 65_535


def serialized(text: str) -> str:
    """
    Return the origin *text* as browsers send it: in small letters, an international name in Punycode, no default port.

    Other schemes than those of the web are there for apps: `capacitor://localhost`, `chrome-extension://…`.

    Raises:
        ValueError: It is none. `null` and `file:` are not, as every page without an origin has them; nor is a pattern.
    """
    parts = _ORIGIN.fullmatch(text.lower())
    if not parts or parts[1] == "file":
        raise ValueError(text)
    scheme, host, port = parts.groups()
    shown = _host(host, internet=scheme in _OWN_PORTS)
    if port is None or int(port) == _OWN_PORTS.get(scheme):
        return f"{scheme}://{shown}"
    if int(port) > _LARGEST_PORT:
        raise ValueError(text)
    return f"{scheme}://{shown}:{int(port)}"


def _host(host: str, *, internet: bool) -> str:
    if host.startswith("["):
        return _ipv6(host.strip("[]"))
    if not internet:
        return _matching(_OPAQUE_NAME, host)
    name = _matching(_NAME, ".".join(_ascii(label) for label in _DOTS.split(host)))
    # What ends in a number is an address to browsers, which write it in one way only.
    if _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
        return str(IPv4Address(name))
    return name


def _ascii(label: str) -> str:
    """Return *label* as the DNS has it (RFC 3492). Browsers keep what the codec `idna` of Python replaces, as ß."""
    if label.isascii():
        return label
    import unicodedata  # noqa: PLC0415 - few have such names, and every start would pay

    # Once more in small letters: some come to light only so (UTS 46, 4).
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    return normal if normal.isascii() else "xn--" + normal.encode("punycode").decode("ascii")


def _ipv6(text: str) -> str:
    address = IPv6Address(text)
    inner = address.ipv4_mapped
    if inner is None:
        return f"[{address.compressed}]"
    # Python writes the end of these with dots, from 3.13 on.
    return f"[::ffff:{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}]"


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text

"""Web origins as browsers write them: scheme, host, and the port unless it is the scheme's default (RFC 6454, 6.2)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:]+\]|[^\s/?#@:\[\]\\%*]+)(?::([0-9]{1,5}))?")
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII)
_OPAQUE_NAME = re.compile(r"[a-z0-9._-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""Default ports of the schemes whose hosts are internet names (https://url.spec.whatwg.org/#special-scheme)."""
_LARGEST_PORT = 65_535


def serialized(text: str) -> str:
    """
    Return the origin *text* as browsers send it: in lower case, an international name in Punycode, no default port.

    Schemes of apps are origins, too: `capacitor://localhost`, `chrome-extension://…`.

    Raises:
        ValueError: *text* is no origin. `null` and `file:` are refused, because every page without an origin sends
            them. A pattern is no origin.
    """
    parts = _ORIGIN.fullmatch(text.lower())
    if not parts or parts[1] == "file":
        raise ValueError(text)
    scheme, host, port = parts.groups()
    shown = _host(host, internet=scheme in _DEFAULT_PORTS)
    if port is None or int(port) == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{shown}"
    if int(port) > _LARGEST_PORT:
        raise ValueError(text)
    return f"{scheme}://{shown}:{int(port)}"


def _host(host: str, *, internet: bool) -> str:
    if host.startswith("["):
        return _ipv6(host.strip("[]"))
    if not internet:
        return _matched(_OPAQUE_NAME, host)
    name = _matched(_NAME, ".".join(_ascii(label) for label in _DOTS.split(host)))
    # Browsers take a host that ends in a number for an IPv4 address, and write an address in one way only.
    if _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
        return str(IPv4Address(name))
    return name


def _ascii(label: str) -> str:
    """Return *label* in Punycode (RFC 3492). Not by Python's codec `idna`, which replaces what browsers keep, as ß."""
    if label.isascii():
        return label
    import unicodedata  # noqa: PLC0415 - few names need it, and it would slow down every start

    # Normalised again after lower-casing, which may give characters that normalisation changes (UTS 46, 4).
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    return normal if normal.isascii() else "xn--" + normal.encode("punycode").decode("ascii")


def _ipv6(text: str) -> str:
    address = IPv6Address(text)
    inner = address.ipv4_mapped
    if inner is None:
        return f"[{address.compressed}]"
    # From 3.13 on, Python writes the end of such an address with dots. Browsers do not.
    return f"[::ffff:{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}]"


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text

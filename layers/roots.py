"""
Make the folder of roots by which the authorizer checks issuers: `python3 roots.py LAYER`, on Python 3.9 or newer.

OpenSSL finds a root in such a folder by its file's name, and so reads the one that it needs: that takes a tenth of a
millisecond, where reading a whole bundle takes seventeen. The roots are certifi's, which are Mozilla's. They are
written anew here, because `openssl rehash` and links are not there, or differ, on many machines that build.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

BUNDLE = Path("certifi", "cacert.pem")
FOLDER = "issuer_roots"
FEWEST = 80
"""Mozilla has always trusted more roots than this, so a bundle with fewer is broken, or cut off."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n(.+?)-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _SET, _UTF8, _VERSION = 0x30, 0x31, 0x0C, 0xA0
_LONG = 0x80
"""With this bit, the first octet of a length is no length, but the number of the octets after it, which hold it."""
_ENCODINGS = {
    _UTF8: "utf-8",
    **dict.fromkeys((0x13, 0x14, 0x16, 0x1A), "latin-1"),  # PrintableString, T61String, IA5String, VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
"""How OpenSSL reads the bytes of each ASN.1 string type, by the type's tag."""
_BLANKS = re.compile("[ \t\n\v\f\r]+")
_CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def main(layer: Path) -> None:
    """Write the roots of *layer*'s certifi into a folder of *layer*. Raises ValueError if they are suspiciously few."""
    roots = certificates((layer / BUNDLE).read_text(encoding="utf-8"))
    if len(roots) < FEWEST:
        raise ValueError(f"{BUNDLE} has {len(roots)} certificates, which are too few to be all that Mozilla trusts")
    write(layer / FOLDER, roots)


def certificates(bundle: str) -> list[bytes]:
    """Return the certificates of a *bundle* in PEM, each in DER."""
    return [base64.b64decode(text) for text in _PEM.findall(bundle)]


def write(folder: Path, roots: list[bytes]) -> None:
    """Write *roots*, in DER, into *folder* under the names that OpenSSL looks for; what is there already stays."""
    folder.mkdir(exist_ok=True)
    taken = Counter(path.stem for path in folder.iterdir())
    for root in roots:
        name = subject_hash(root)
        text = "\n".join(textwrap.wrap(base64.b64encode(root).decode("ascii"), 64))
        pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
        (folder / f"{name}.{taken[name]}").write_text(pem, encoding="ascii")
        taken[name] += 1


def subject_hash(certificate: bytes) -> str:
    """
    Return OpenSSL's hash of the subject of a *certificate* in DER (its `X509_subject_name_hash`).

    It is the beginning of the SHA-1 of the name in a form in which case and blanks do not matter.

    Source: OpenSSL's crypto/x509/x_name.c, x509_name_canon, and RFC 5280, 4.1.
    """
    (_, whole), *_ = _elements(certificate)
    (_, signed), *_ = _elements(whole)
    fields = [content for tag, content in _elements(signed) if tag != _VERSION]
    subject = fields[4]  # after serial number, algorithm, issuer and validity
    canonical = b"".join(_canonical_set(content) for _, content in _elements(subject))
    return hashlib.sha1(canonical, usedforsecurity=False).digest()[3::-1].hex()


def _canonical_set(content: bytes) -> bytes:
    # A set's members are sorted in DER, and their canonical form may sort in another way.
    return _element(_SET, b"".join(sorted(_canonical_attribute(member) for _, member in _elements(content))))


def _canonical_attribute(content: bytes) -> bytes:
    (kind, name), (tag, value) = _elements(content)
    if tag in _ENCODINGS:
        text = _BLANKS.sub(" ", value.decode(_ENCODINGS[tag])).strip(" ").translate(_CAPITALS)
        tag, value = _UTF8, text.encode("utf-8")
    return _element(_SEQUENCE, _element(kind, name) + _element(tag, value))


def _elements(encoded: bytes) -> list[tuple[int, bytes]]:
    """Return the tag and the content of each element in DER (X.690, 8.1)."""
    elements = []
    while encoded:
        tag, length, start = encoded[0], encoded[1], 2
        if length & _LONG:
            start += length ^ _LONG
            length = int.from_bytes(encoded[2:start], "big")
        elements.append((tag, encoded[start : start + length]))
        encoded = encoded[start + length :]
    return elements


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(octets)]) + octets + content


if __name__ == "__main__":
    main(Path(sys.argv[1]))

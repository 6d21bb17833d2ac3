"""
Write Amazon's roots into a file of their own: `python3 amazon_roots.py LAYER`, on any Python 3.

They come from the bundle that botocore brings. signin_function/signin/trust.py says what for.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

BUNDLE = Path("botocore", "cacert.pem")
FILE = "amazon_roots.pem"
NAMES = (
    *(f"Amazon Root CA {number}" for number in range(1, 5)),
    "Starfield Services Root Certificate Authority - G2",
)
"""The roots that Amazon says a trust store of one's own should have: https://www.amazontrust.com/repository/."""


def main(layer: Path) -> None:
    """Write the roots into *layer*. Raises ValueError if botocore's bundle lacks one of them."""
    bundle = (layer / BUNDLE).read_text(encoding="utf-8")
    (layer / FILE).write_text("".join(_root(bundle, name) for name in NAMES), encoding="ascii")


def _root(bundle: str, name: str) -> str:
    found = re.findall(
        rf'^# Label: "{re.escape(name)}"\n(?:#.*\n)*(-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n)',
        bundle,
        re.MULTILINE,
    )
    if len(found) != 1:
        raise ValueError(f"{BUNDLE} has {len(found)} certificates labelled {name}; one was expected")
    return str(found[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

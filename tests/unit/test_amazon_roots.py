"""The layers' own file of Amazon's roots, as it is made of what botocore brings."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signin.trust import FILE
from tests import layers

if TYPE_CHECKING:
    from collections.abc import Callable

amazon_roots = layers.module("amazon_roots")
BUNDLE = (Path(botocore.__file__).parent / "cacert.pem").read_text()
# SHA-256 of their public keys, from https://www.amazontrust.com/repository/.
PUBLISHED = {
    "Amazon Root CA 1": "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
    "Amazon Root CA 2": "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
    "Amazon Root CA 3": "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
    "Amazon Root CA 4": "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
    "Starfield Services Root Certificate Authority - G2": (
        "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92"
    ),
}


def made(folder: Path, bundle: str) -> bytes:
    (folder / "botocore").mkdir()
    (folder / "botocore" / "cacert.pem").write_text(bundle)
    amazon_roots.main(folder)
    return (folder / FILE).read_bytes()


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")  # Starfield's is 0
def test_file_has_the_roots_that_amazon_publishes_and_no_others(tmp_path: Path) -> None:
    roots = x509.load_pem_x509_certificates(made(tmp_path, BUNDLE))

    names = [root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value for root in roots]
    keys = [root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for root in roots]
    found = {name: hashlib.sha256(key).hexdigest() for name, key in zip(names, keys, strict=True)}
    assert len(roots) == 5
    assert found == PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize(
    ("change", "count"),
    [
        pytest.param(lambda _: "", 0, id="missing"),
        pytest.param(lambda root: root.replace("# Label", "# Name"), 0, id="not labelled"),
        pytest.param(lambda root: root * 2, 2, id="twice"),
    ],
)
def test_bundle_without_one_of_them_fails_the_build(
    name: str, change: Callable[[str], str], count: int, tmp_path: Path
) -> None:
    root = re.search(rf'^# Label: "{name}"\n.*?END CERTIFICATE-----\n', BUNDLE, re.MULTILINE | re.DOTALL)
    assert root is not None

    with pytest.raises(ValueError, match=f"^botocore/cacert.pem has {count} certificates labelled {name};"):
        made(tmp_path, BUNDLE.replace(root[0], change(root[0])))
    assert not (tmp_path / FILE).exists()

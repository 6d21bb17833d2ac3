"""The folder of roots: OpenSSL finds each by its name, as if its own program had made the folder."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
from cryptography.x509 import Name, NameAttribute, NameOID, RelativeDistinguishedName
from cryptography.x509.name import _ASN1Type

from tests import layers
from tests.authorities import Authority, common_name, shake_hands

if TYPE_CHECKING:
    from collections.abc import Iterable

roots = layers.module("roots")


def name(*texts: str, kind: _ASN1Type = _ASN1Type.UTF8String) -> Name:
    oids = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME
    return Name([NameAttribute(oid, text, kind) for oid, text in zip(oids, texts, strict=False)])


def connect(folder: Path, authorities: Iterable[Authority]) -> None:
    client = ssl.create_default_context(capath=str(folder))
    for authority in authorities:
        shake_hands(client, authority.server())


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(common_name("Root CA"), id="plain"),
        pytest.param(name("  Root \t CA  "), id="with blanks"),
        pytest.param(name("Łódź ÄÖ Ñandú"), id="with letters that have no lower case in ASCII"),
        pytest.param(name("Root CA", "An Organisation", "A Town"), id="of several parts"),
        pytest.param(name("x" * 60, "y" * 60, "z" * 60), id="long"),
        pytest.param(name("Root CA", kind=_ASN1Type.PrintableString), id="PrintableString"),
        pytest.param(name("Root CA", kind=_ASN1Type.T61String), id="T61String"),
        pytest.param(name("Root CA", kind=_ASN1Type.IA5String), id="IA5String"),
        pytest.param(name("Łódź CA", kind=_ASN1Type.BMPString), id="BMPString"),
        pytest.param(name("Łódź CA", kind=_ASN1Type.UniversalString), id="UniversalString"),
        pytest.param(
            Name(
                [
                    RelativeDistinguishedName(
                        [
                            NameAttribute(NameOID.COMMON_NAME, "Z", _ASN1Type.PrintableString),
                            NameAttribute(NameOID.COMMON_NAME, "a"),
                            NameAttribute(NameOID.ORGANIZATION_NAME, "B"),
                        ]
                    )
                ]
            ),
            id="of one part with several values",
        ),
    ],
)
def test_root_is_found_whatever_its_name(subject: Name, tmp_path: Path) -> None:
    authority = Authority(subject)
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        connect(tmp_path, [authority])

    roots.write(tmp_path, [authority.der])

    connect(tmp_path, [authority])


def test_root_is_found_when_its_name_is_spelled_in_another_way(tmp_path: Path) -> None:
    authority = Authority(name("Root CA"), name("  ROOT  ca", kind=_ASN1Type.PrintableString))

    roots.write(tmp_path, [authority.der])

    connect(tmp_path, [authority])


def test_roots_of_one_name_are_all_found(tmp_path: Path) -> None:
    authorities = [Authority(common_name("Root CA")) for _ in range(3)]

    roots.write(tmp_path, [authorities[0].der])
    roots.write(tmp_path, [authority.der for authority in authorities[1:]])

    connect(tmp_path, authorities)


def test_layer_gets_all_of_certifi_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(Path(certifi.where()).parent, tmp_path / "certifi")

    roots.main(tmp_path)

    files = list((tmp_path / "issuer_roots").iterdir())
    found = sorted(ssl.PEM_cert_to_DER_cert(file.read_text()) for file in files)
    bundle = ssl.create_default_context(cafile=certifi.where())
    assert found == sorted(bundle.get_ca_certs(binary_form=True))


def test_names_are_those_that_openssl_gives(tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None or subprocess.run([program, "rehash", "-help"], capture_output=True, check=False).returncode:
        pytest.skip("needs the program openssl")
    for number, der in enumerate(roots.certificates(Path(certifi.where()).read_text(encoding="utf-8"))):
        (tmp_path / f"{number}.pem").write_text(ssl.DER_cert_to_PEM_cert(der))

    subprocess.run([program, "rehash", str(tmp_path)], check=True)

    links = [path for path in tmp_path.iterdir() if path.is_symlink()]
    assert len(links) >= roots.FEWEST
    assert all(path.stem == roots.subject_hash(ssl.PEM_cert_to_DER_cert(path.read_text())) for path in links)


def test_bundle_with_too_few_roots_fails_the_build(tmp_path: Path) -> None:
    whole = Path(certifi.where()).read_text(encoding="utf-8")
    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "cacert.pem").write_text(whole[: len(whole) // 2], encoding="utf-8")

    with pytest.raises(ValueError, match="too few"):
        roots.main(tmp_path)


def test_roots_are_made_before_their_source_is_pruned() -> None:
    makefile = (layers.ROOT / "layers" / "Makefile").read_text()

    recipe = makefile.partition("\nbuild-AuthorizerLayer:")[2].partition("\n\n")[0]
    steps = [line.split()[1] for line in recipe.splitlines() if line.startswith("\tpython3 ")]
    assert steps == ["roots.py", "prune.py"]

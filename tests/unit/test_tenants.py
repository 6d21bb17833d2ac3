"""Which issuers' tokens a key may sign: Entra's sets hold the keys of several, and one key signs for two forms."""

from __future__ import annotations

import pytest

from authorizer.tenants import may_sign_for

TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
OTHER = "9188040d-6c67-4c5b-b112-36a304b66dad"
CLOUDS = [
    pytest.param("https://login.microsoftonline.com", "https://sts.windows.net", id="global"),
    pytest.param("https://login.microsoftonline.us", "https://sts.windows.net", id="US government"),
    pytest.param("https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn", id="China"),
]


@pytest.mark.parametrize(("login", "sts"), CLOUDS)
@pytest.mark.parametrize("named", [TID, "{tenantid}"], ids=["literal", "any tenant"])
def test_entra_s_key_signs_for_both_forms_of_its_tenant_s_issuer(login: str, sts: str, named: str) -> None:
    v2, v1 = f"{login}/{TID}/v2.0", f"{sts}/{TID}/"

    assert all(may_sign_for(f"{login}/{named}/v2.0", issuer) for issuer in (v2, v1))
    assert all(may_sign_for(f"{sts}/{named}/", issuer) for issuer in (v2, v1))


@pytest.mark.parametrize(("login", "sts"), CLOUDS)
def test_another_tenant_s_key_signs_for_neither(login: str, sts: str) -> None:
    for key_issuer in (f"{login}/{OTHER}/v2.0", f"{sts}/{OTHER}/"):
        assert not any(may_sign_for(key_issuer, issuer) for issuer in (f"{login}/{TID}/v2.0", f"{sts}/{TID}/"))


@pytest.mark.parametrize(
    ("key_issuer", "issuer"),
    [
        pytest.param("https://login.microsoftonline.com/{tenantid}/v2.0", f"https://evil.example/{TID}/", id="a host"),
        pytest.param("https://login.microsoftonline.com/{tenantid}/v2.0", "https://sts.windows.net/common/", id="none"),
        pytest.param("https://login.microsoftonline.com/{tenantid}/v2.0", f"https://sts.windows.net/{TID}", id="slash"),
        pytest.param(
            "https://login.microsoftonline.com/{tenantid}/v2.0", f"https://sts.chinacloudapi.cn/{TID}/", id="a cloud"
        ),
        pytest.param("https://id.example/{tenantid}", f"https://id.example/{TID}/more", id="more behind it"),
        pytest.param("https://id.example/{tenantid}", "https://id.example/", id="no tenant"),
        pytest.param("{tenantid}", "https://id.example/", id="nothing but a tenant"),
        pytest.param(
            f"https://login.microsoftonline.com/{TID}/v2.0",
            f"https://{OTHER}.ciamlogin.com/{OTHER}/v2.0",
            id="another tenant's External ID",
        ),
        pytest.param(
            "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0", f"https://{TID}.ciamlogin.com/{OTHER}/v2.0", id="two"
        ),
    ],
)
def test_key_signs_for_nobody_else(key_issuer: str, issuer: str) -> None:
    assert not may_sign_for(key_issuer, issuer)


@pytest.mark.parametrize(
    ("key_issuer", "issuer"),
    [
        pytest.param("https://id.example/{tenantid}", f"https://id.example/{TID}", id="nothing behind the tenant"),
        pytest.param(
            "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0", f"https://{TID}.ciamlogin.com/{TID}/v2.0", id="twice"
        ),
        pytest.param(
            f"https://login.microsoftonline.com/{TID}/v2.0",
            f"https://{TID}.ciamlogin.com/{TID}/v2.0",
            id="Entra External ID",
        ),
        pytest.param("https://id.example/a+b", "https://id.example/a+b", id="letter for letter"),
    ],
)
def test_key_signs_for_the_issuer_that_it_names(key_issuer: str, issuer: str) -> None:
    assert may_sign_for(key_issuer, issuer)

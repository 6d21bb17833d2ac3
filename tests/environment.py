"""
Which environment variables of the user are passed on to tests, and to the processes that they start.

This is a list of what is kept, not of what is removed, because boto3, Powertools, moto, Python, make and the SAM CLI
read hundreds, and more with each version.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = (
    "PATH", "HOME", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR",  # where things are on this machine
    "DOCKER_", "LAMBDA_IMAGE_WORK", "LAMBDA_RUNTIME_IMAGE",  # where Docker is
    "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_",  # what pytest tells itself
)  # fmt: skip
"""Kept for every test. A name that ends in `_` is a prefix."""

REACH = (
    "CURL_CA_BUNDLE", "PIP_", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""How this machine reaches package indexes: for the SAM CLI alone, which builds."""

INSTEAD = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Set for every test, because HOME is kept and leads to the user's AWS configuration."""

_given = dict(os.environ)


def kept(variables: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return those of *variables* that are in KEPT or in *names*."""
    wanted = (*KEPT, *names)
    begins = tuple(name for name in wanted if name.endswith("_"))
    return {name: value for name, value in variables.items() if name in wanted or name.startswith(begins)}


def with_reach() -> dict[str, str]:
    """Return the environment of tests, and the variables with which package indexes are reached."""
    return {**kept(_given, *REACH), **INSTEAD}

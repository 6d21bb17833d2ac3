"""
Amazon Chime SDK identity, messaging and meetings in moto's form, for as long as moto has none of them.

Nothing here depends on the local stack, so that moto could take it as it is. Each service is a package with `models`,
`responses` and `urls`, as moto's own are. They share `chime_responses`, `constraints`, and identity's `exceptions`.

The services are imported as `moto.chimesdkidentity` and so on, never as `local.chime...`, because moto finds a
service's errors, urls and state by that name. `register` makes these names exist.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import moto
from moto import backend_index

URL_PATTERNS = {
    "chimesdkidentity": re.compile(r"https?://(identity-)?chime\.(.+)\.amazonaws\.com"),
    "chimesdkmessaging": re.compile(r"https?://messaging-chime\.(.+)\.amazonaws\.com"),
    "chimesdkmeetings": re.compile(r"https?://meetings-chime\.(.+)\.amazonaws\.com"),
}
"""The services, each with the addresses for which `moto.mock_aws` answers instead of AWS."""


def register() -> None:
    """Make moto serve these services, under `mock_aws` and as a server. A second call does nothing."""
    folder = str(Path(__file__).parent)
    if folder in moto.__path__:
        return
    moto.__path__.append(folder)
    backend_index.backend_url_patterns.extend(URL_PATTERNS.items())
    # Imported now, because moto's CloudFormation looks only once which resource types there are.
    for service in URL_PATTERNS:
        import_module(f"moto.{service}.models")

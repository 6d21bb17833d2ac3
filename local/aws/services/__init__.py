"""
Services that moto lacks, each in moto's own form, and what they share.

This folder is put on moto's path: its packages are imported as `moto.<name>`, never by their place here, because moto
finds a service's errors, urls and state through that name.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import moto
from moto import backend_index

CHIME = "chimesdkidentity"
_CHIME_HOST = re.compile(r"https?://(identity-|messaging-)?chime\.(.+)\.amazonaws\.com")


def register() -> None:
    """Make moto, as a decorator and as a server alike, serve what stands in this folder; twice is as good as once."""
    folder = str(Path(__file__).parent)
    if folder in moto.__path__:
        return
    moto.__path__.append(folder)
    backend_index.backend_url_patterns.append((CHIME, _CHIME_HOST))
    # moto's CloudFormation asks once which resources there are: by then they must have been imported.
    import_module(f"moto.{CHIME}.models")

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

HOSTS = {
    "chimesdkidentity": re.compile(r"https?://(identity-)?chime\.(.+)\.amazonaws\.com"),
    "chimesdkmessaging": re.compile(r"https?://messaging-chime\.(.+)\.amazonaws\.com"),
}
"""What stands in this folder, each with the addresses that moto, as a decorator, is to catch for it."""


def register() -> None:
    """Make moto, as a decorator and as a server alike, serve what stands in this folder; twice is as good as once."""
    folder = str(Path(__file__).parent)
    if folder in moto.__path__:
        return
    moto.__path__.append(folder)
    backend_index.backend_url_patterns.extend(HOSTS.items())
    # moto's CloudFormation asks once which resources there are: by then they must have been imported.
    for service in HOSTS:
        import_module(f"moto.{service}.models")

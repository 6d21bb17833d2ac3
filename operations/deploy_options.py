"""
Write the template that `make deploy` deploys with GRADUAL=1, SNAPSTART=1 or both.

`python -m operations.deploy_options TEMPLATE OPTION…` prints TEMPLATE with properties added to the handler. The options
are `gradual` and `snapstart`: files of signin_function/, which say what they do and why no parameter of template.yaml
does it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTIONS = Path(__file__).resolve().parent.parent / "signin_function"
HANDLER = "SigninFunction"
NEEDED_BY_ALL = "live"


def add_options(template: str, options: Sequence[str], release: str) -> str:
    """
    Return the SAM *template*, which is YAML, with the properties of *options* added to the handler, as JSON.

    *release* has to be another one for each deployment, in its first ten characters: SAM compares no more.
    """
    document = yaml_parse(template)
    properties = document["Resources"][HANDLER]["Properties"]
    for name in (NEEDED_BY_ALL, *options):
        properties |= yaml_parse((OPTIONS / f"{name}.yaml").read_text(encoding="utf-8"))
    properties["AutoPublishCodeSha256"] = release
    return json.dumps(document, indent=2)


if __name__ == "__main__":
    template, *options = sys.argv[1:]
    seconds = str(int(time.time()))
    print(add_options(Path(template).read_text(encoding="utf-8"), options, seconds))  # noqa: T201 - for the Makefile

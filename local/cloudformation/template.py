"""Turn template.yaml into the CloudFormation template that `sam deploy` would send."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CODE_BUCKET = "local"
"""The bucket that code locations name after translation; the key is the folder as the template names it."""

_CODE_PROPERTIES = ("CodeUri", "ContentUri")


def isolated_session(region: str) -> boto3.Session:
    """Return a session that knows nothing of the profiles, credentials and settings of whoever runs this."""
    nothing: tuple[None, None, None, None] = (None, None, None, None)
    empty = (None, None, os.devnull, None)
    variables: dict[str, Any] = {"profile": nothing, "config_file": empty, "credentials_file": empty}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=variables), region_name=region)


def translate(template: Path, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    """
    Return the SAM *template* as CloudFormation, its intrinsics unresolved.

    Raises:
        samtranslator.model.exceptions.InvalidDocumentException: It is no valid SAM template.
    """
    # Its messages are about missing managed policies and the like; mistakes are exceptions.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    document = yaml_parse(template.read_text(encoding="utf-8"))
    _mark_code(document)
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=isolated_session(region))
    translated: dict[str, Any] = translator.translate(document, dict(parameters))
    return translated


def _mark_code(document: dict[str, Any]) -> None:
    resources = [resource.get("Properties", {}) for resource in document["Resources"].values()]
    for properties in [*resources, *document.get("Globals", {}).values()]:
        for name in _CODE_PROPERTIES:
            if isinstance(properties.get(name), str):
                properties[name] = f"s3://{CODE_BUCKET}/{properties[name]}"

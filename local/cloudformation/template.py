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
"""The bucket of code locations after the translation. Their key is the folder that the template names."""

_CODE_PROPERTIES = ("CodeUri", "ContentUri")


def isolated_session(region: str) -> boto3.Session:
    """Return a session without the AWS profiles, credentials and settings of the person who runs the local stack."""
    unset: tuple[None, None, None, None] = (None, None, None, None)
    empty = (None, None, os.devnull, None)
    variables: dict[str, Any] = {"profile": unset, "config_file": empty, "credentials_file": empty}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=variables), region_name=region)


def translate(template: Path, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    """
    Return the SAM *template* as a CloudFormation template, with its intrinsics.

    Raises:
        samtranslator.model.exceptions.InvalidDocumentException: It is not a valid SAM template.
    """
    # Not its warnings, which are about managed policies that it cannot look up: mistakes are exceptions.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    document = yaml_parse(template.read_text(encoding="utf-8"))
    _use_code_bucket(document)
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=isolated_session(region))
    translated: dict[str, Any] = translator.translate(document, dict(parameters))
    return translated


def _use_code_bucket(document: dict[str, Any]) -> None:
    resources = [resource.get("Properties", {}) for resource in document["Resources"].values()]
    for properties in [*resources, *document.get("Globals", {}).values()]:
        for name in _CODE_PROPERTIES:
            if isinstance(properties.get(name), str):
                properties[name] = f"s3://{CODE_BUCKET}/{properties[name]}"

"""A clone in which `make deploy` asks and checks, with the local stack as AWS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.cloudformation.deployment import REGION
from operations.answers import read
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local.stack import LocalStack

AUTH0 = {"name": "main", "preset": "auth0", "domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"}
REST = [
    ("Origins", "https://app.example.com"),
    ("Its ARN", ""),
    ("minimal or member", ""),
    ("none, open or hosted", ""),
]
"""The answers to questions two to five."""
OFFLINE = ("Is it right all the same", "y")
"""The answer where an issuer is out of this machine's reach, as every one is but the local one."""


@dataclass
class Clone:
    """A copy of what `make deploy` uses, in which files may be written."""

    path: Path
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "operations", "prepare", *arguments]

    def typed(self, *answers: tuple[str, str], arguments: Sequence[str] = (), **changes: str | None) -> tuple[int, str]:
        """Run it in a terminal. Return its exit status and all that was shown."""
        conversation = Conversation(self.command(*arguments), self.path, self.changed(changes))
        for prompt, answer in answers:
            conversation.answer(prompt, answer)
        return conversation.finish(), conversation.shown

    def run(self, *arguments: str, **changes: str | None) -> tuple[int, str]:
        """Run it where nobody can be asked. Return its exit status and all that it said."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.path, env=self.changed(changes), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def changed(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        return {name: value for name, value in {**self.environment, **changes}.items() if value is not None}

    def answers(self, name: str = "dev") -> Mapping[str, str]:
        return read(self.file(name)).values

    def file(self, name: str = "dev") -> Path:
        return self.path / "environments" / f"{name}.yaml"

    def write(self, text: str, name: str = "dev") -> None:
        self.file(name).write_text(text)

    def providers(self) -> Any:
        return json.loads(self.answers()["Providers"])


def clone_for(stack: LocalStack, tmp_path: Path) -> Clone:
    for name in ("operations", "environments", "template.yaml", "samconfig.toml"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    keys = stack.endpoint.admin_credentials()
    return Clone(
        tmp_path,
        {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'tests' / 'end_to_end' / 'offline'}:{ROOT / 'signin_function'}:{tmp_path}",
            "AWS_ENDPOINT_URL": stack.urls["aws"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
    )

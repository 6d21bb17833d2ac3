"""
Secrets Manager dates each change and remembers which version is current, where moto forgets both when labels move.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html (LastChangedDate: "the
last date and time that this secret was modified in any way") and API_UpdateSecretVersionStage.html there. That moving a
label and rotating count as such changes is inferred.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

if TYPE_CHECKING:
    from collections.abc import Callable

_MOTOS: dict[str, Callable[..., Any]] = {
    name: getattr(SecretsManagerBackend, name) for name in ("update_secret_version_stage", "rotate_secret")
}


def install() -> None:
    """Put ours in moto's place."""
    for name, motos in _MOTOS.items():
        setattr(SecretsManagerBackend, name, _dated(motos))


def uninstall() -> None:
    """Give moto its own back."""
    for name, motos in _MOTOS.items():
        setattr(SecretsManagerBackend, name, motos)


def _dated(motos: Callable[..., Any]) -> Callable[..., Any]:
    def changes(backend: SecretsManagerBackend, secret_id: str, *given: Any, **named: Any) -> Any:
        answer = motos(backend, secret_id, *given, **named)
        secret = backend.secrets[secret_id]
        if not isinstance(secret, FakeSecret):
            return answer  # a replica follows its secret
        secret.last_changed_date = int(time.time())
        for version_id, version in secret.versions.items():
            if "AWSCURRENT" in version["version_stages"]:
                secret.set_default_version_id(version_id)
        return answer

    return changes

"""Amazon Chime SDK identity: AppInstances and the users in them."""

from __future__ import annotations

from .models import chimesdkidentity_backends

__all__ = ["chimesdkidentity_backends"]

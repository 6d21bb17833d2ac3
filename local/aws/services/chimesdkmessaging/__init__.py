"""Amazon Chime SDK messaging: where a session connects, and nothing of channels and messages."""

from __future__ import annotations

from .models import chimesdkmessaging_backends

__all__ = ["chimesdkmessaging_backends"]

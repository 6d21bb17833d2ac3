"""Amazon Chime SDK messaging: where a session connects, channels with their members, and messages."""

from __future__ import annotations

from .models import chimesdkmessaging_backends

__all__ = ["chimesdkmessaging_backends"]

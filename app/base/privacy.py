"""What the kiosk keeps of a session after its visitor has gone."""

from __future__ import annotations

from enum import Enum


class Privacy(Enum):
    """What is kept; the values are those of `privacy.when_idle` in the settings file."""

    KEEP = "keep"  # samples and pictures
    EMBEDDINGS = "embeddings"  # samples without their pictures
    ERASE = "erase"  # nothing

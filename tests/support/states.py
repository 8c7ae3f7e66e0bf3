"""States of the kiosk to start a test with, and a function that applies events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.base.picture import Picture
from app.base.ports import Drive
from app.config.schema import Config
from app.core.events import Command, Event
from app.core.facts import TaughtClass, TrainedFacts
from app.core.state import KioskState, Mode
from app.core.transitions import advance

PICTURE = Picture(("sample", 1), np.zeros((2, 2, 3), np.uint8))
LABELS = ("apple", "cup", "book")

_REPORT: dict[str, Any] = {
    "curve": [{"fraction": 0.5, "validation_accuracy": 0.5}, {"fraction": 1.0, "validation_accuracy": 0.75}],
    "confusion": [[1, 1], [0, 2]],
    "held_out": [
        {"sample": 1, "truth": 0, "answer": 0, "confidence": 0.8},
        {"sample": 2, "truth": 0, "answer": 1, "confidence": 0.9},
        {"sample": 5, "truth": 1, "answer": 1, "confidence": 0.7},
        {"sample": 6, "truth": 1, "answer": 1, "confidence": 0.6},
    ],
    "wrong": [{"sample": 2, "truth": 0, "answer": 1, "confidence": 0.9}],
}
MODEL_WITH_RESULTS = TrainedFacts(0.75, 0.5, (3, 3), _REPORT)
"""Two classes with three samples each; of the four held out, sample 2 was answered wrongly."""


def stick(name: str = "STICK", *, read_only: bool = False) -> Drive:
    """A mounted drive with free space."""
    return Drive(name, Path("/media", name), 1_000_000_000, read_only, "vfat")


def kiosk(*shots: int, mode: Mode = Mode.TEACH, model: TrainedFacts | None = None) -> KioskState:
    """The state of a kiosk with `shots` samples per class."""
    classes = tuple(TaughtClass(label, count) for label, count in zip(LABELS, shots, strict=False))
    settings = Config()
    config = replace(settings, classes=replace(settings.classes, labels=LABELS[: len(classes)]))
    return KioskState(classes=classes, mode=mode, model=model, camera="test camera", config=config)


def run(state: KioskState, *happened: Event) -> tuple[KioskState, list[Command]]:
    """Apply events one after the other; returns the new state and all commands."""
    commands: list[Command] = []
    for event in happened:
        state, more = advance(state, event)
        commands += more
    return state, commands

"""What the state consists of, and what crosses threads, never changes: threads share it without a lock."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args

import pytest

import app.core
from app.core import events as ev


def classes() -> Iterator[type]:
    """Every dataclass of the package, and every event and command."""
    for module in pkgutil.walk_packages(app.core.__path__, "app.core."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__ == module.name and dataclasses.is_dataclass(value):
                yield value
    yield from get_args(ev.Event) + get_args(ev.Command)


@pytest.mark.parametrize("one", sorted(set(classes()), key=lambda one: one.__qualname__), ids=lambda one: one.__name__)
def test_every_event_command_and_part_of_the_state_is_a_frozen_value(one: type) -> None:
    assert dataclasses.is_dataclass(one), "two of them would never be equal"
    assert one.__dataclass_params__.frozen  # type: ignore[attr-defined]

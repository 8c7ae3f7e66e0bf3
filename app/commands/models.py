"""`models [list|pull NAME|verify]`: the embedding extractors that are known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.base.paths import program_name
from app.commands.report import write_json
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.models import (
    BUILT_IN_NAME,
    KNOWN_MODELS,
    KnownModel,
    default_extractor_path,
    find_model,
    is_intact,
    local_path,
    pull,
)

NOT_PULLED, INTACT, DAMAGED = "not pulled", "intact", "DAMAGED"


def run_models(action: str, name: str | None, write: Callable[[str], None], *, json_path: Path | None = None) -> None:
    """List, pull or verify extractors.

    Args:
        action: "list", "pull" or "verify".
        name: What to pull or to verify; None verifies all.
        write: Takes what is told, a line at a time.
        json_path: Where the same is written as JSON.

    Raises:
        RuntimeLayerError: If a name is missing or unknown, a download fails, or a file is damaged, or not there though
            it was named.
    """
    if action == "pull":
        _pull(name, write)
        return
    states = {model: _state(model) for model in _chosen(name)}
    if action == "list":
        _list(states, write)
    write_json(json_path, [_facts(model, state) for model, state in states.items()])
    if action == "verify":
        _verify(states, name, write)


def _chosen(name: str | None) -> tuple[KnownModel, ...]:
    """The models that a name means: all but the built-in one where there is none."""
    if name is None:
        return KNOWN_MODELS
    return () if name == BUILT_IN_NAME else (find_model(name),)


def _pull(name: str | None, write: Callable[[str], None]) -> None:
    if name is None:
        raise RuntimeLayerError("name the model to pull. `models list` shows them.")
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write(str(pull(find_model(name), on_progress=show)))


def _list(states: Mapping[KnownModel, str], write: Callable[[str], None]) -> None:
    write(f"{BUILT_IN_NAME:24} {default_extractor_path()}")
    for model, state in states.items():
        size = f"{model.size_bytes / 1e6:.1f} MB, " if model.size_bytes is not None else ""
        write(f"{model.name:24} {state:12} {model.about} ({size}{model.licence})")


def _verify(states: Mapping[KnownModel, str], name: str | None, write: Callable[[str], None]) -> None:
    if name in (None, BUILT_IN_NAME):
        EmbeddingExtractor(default_extractor_path()).close()  # the program knows no hash of it: it has to open
        write(f"{BUILT_IN_NAME:24} {'ok':12} {default_extractor_path()}")
    for model, state in states.items():
        shown = "ok" if state == INTACT else state
        write(f"{model.name:24} {shown:12} {local_path(model) if state != NOT_PULLED else ''}".rstrip())
    damaged = [model.name for model, state in states.items() if state == DAMAGED]
    if damaged:
        raise RuntimeLayerError(f"damaged: {', '.join(damaged)}. Pull them again.")
    if name is not None and NOT_PULLED in states.values():
        raise RuntimeLayerError(f"{name} is not on this machine. Fetch it: {program_name()} models pull {name}.")


def _state(model: KnownModel) -> str:
    if not local_path(model).is_file():
        return NOT_PULLED
    return INTACT if is_intact(model) else DAMAGED


def _facts(model: KnownModel, state: str) -> dict[str, Any]:
    return {
        "name": model.name,
        "state": state.lower(),
        "path": str(local_path(model)),
        "licence": model.licence,
        "bytes": model.size_bytes,
    }

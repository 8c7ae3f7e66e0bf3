"""`models [list|pull NAME|verify [NAME]]`: list, download or verify the known embedding extractors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.base.errors import DownloadsDamaged
from app.base.paths import program_name
from app.commands.exit_codes import DONE
from app.commands.report import line_writer, write_json
from tpu.errors import ModelNotDownloaded
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


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.action == "pull" and options.name is None:
        options.usage_error(f"pull needs the NAME of a model. To list them: {program_name()} models")
    if options.action == "list" and options.name is not None:
        options.usage_error("list takes no NAME: it always lists all models")
    if options.action == "pull":
        pull_model(options.name, line_writer(options), json_path=options.json)
    else:
        check_models(options.action, options.name, line_writer(options), json_path=options.json)
    return DONE


def pull_model(name: str, write: Callable[[str], None], *, json_path: Path | None = None) -> None:
    """Download a model, with a progress bar if a person watches, and write its path; `json_path` gets what `list` says.

    Raises:
        UnknownModel: If no known model has the name.
        DownloadFailed: If it cannot be downloaded.
    """
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        model = find_model(name)
        path = pull(model, on_progress=show)
    write(str(path))
    write_json(json_path, [_facts(model, _state(model))])


def check_models(action: str, name: str | None, write: Callable[[str], None], *, json_path: Path | None = None) -> None:
    """List the extractors, or verify them.

    Args:
        action: "list" or "verify".
        name: The model to verify; None for all.
        write: Receives the output, one line at a time.
        json_path: File for the state of each model as JSON; None writes none.

    Raises:
        UnknownModel: If no known model has the name.
        DownloadsDamaged: From "verify", if a file is not what was published.
        ModelNotDownloaded: From "verify", if the named model is not on this machine.
    """
    states = {model: _state(model) for model in _chosen(name)}
    if action == "list":
        _list(states, write)
    built_in = [_built_in_facts()] if name in (None, BUILT_IN_NAME) else []
    write_json(json_path, built_in + [_facts(model, state) for model, state in states.items()])
    if action == "verify":
        _verify(states, name, write)


def _chosen(name: str | None) -> tuple[KnownModel, ...]:
    """The model with that name; without a name all models, except the built-in one, which is not in the table."""
    if name is None:
        return KNOWN_MODELS
    return () if name == BUILT_IN_NAME else (find_model(name),)


def _list(states: Mapping[KnownModel, str], write: Callable[[str], None]) -> None:
    write(f"{BUILT_IN_NAME:24} {default_extractor_path()}")
    for model, state in states.items():
        size = f"{model.size_bytes / 1e6:.1f} MB, " if model.size_bytes is not None else ""
        write(f"{model.name:24} {state:12} {model.about} ({size}{model.licence})")


def _verify(states: Mapping[KnownModel, str], name: str | None, write: Callable[[str], None]) -> None:
    if name in (None, BUILT_IN_NAME):
        EmbeddingExtractor(default_extractor_path()).close()  # no hash is published for it: check that it opens
        write(f"{BUILT_IN_NAME:24} {'ok':12} {default_extractor_path()}")
    for model, state in states.items():
        shown = "ok" if state == INTACT else state
        write(f"{model.name:24} {shown:12} {local_path(model) if state != NOT_PULLED else ''}".rstrip())
    damaged = tuple(model.name for model, state in states.items() if state == DAMAGED)
    if damaged:
        raise DownloadsDamaged(damaged)
    if name is not None and NOT_PULLED in states.values():
        raise ModelNotDownloaded(name)


def _state(model: KnownModel) -> str:
    if not local_path(model).is_file():
        return NOT_PULLED
    return INTACT if is_intact(model) else DAMAGED


def _built_in_facts() -> dict[str, Any]:
    path = default_extractor_path()
    return {
        "name": BUILT_IN_NAME,
        "state": INTACT,
        "path": str(path),
        "licence": "Apache-2.0",
        "bytes": path.stat().st_size,
    }


def _facts(model: KnownModel, state: str) -> dict[str, Any]:
    return {
        "name": model.name,
        "state": state.lower(),
        "path": str(local_path(model)),
        "licence": model.licence,
        "bytes": model.size_bytes,
    }

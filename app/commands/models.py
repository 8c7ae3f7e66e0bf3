"""`models [list|pull NAME|verify]`: the embedding extractors that are known."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from app.commands.report import write_json
from tpu.errors import RuntimeLayerError
from tpu.models import KNOWN_MODELS, default_extractor_path, find_model, is_intact, local_path, pull


def run_models(action: str, name: str | None, write: Callable[[str], None], *, json_path: Path | None = None) -> None:
    """List, pull or verify extractors.

    Raises:
        RuntimeLayerError: If a name is missing or unknown, a download fails, or a file is damaged.
    """
    if action == "pull":
        if name is None:
            raise RuntimeLayerError("name the model to pull. `models list` shows them.")
        with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

            def show(done: int, total: int | None) -> None:
                bar.total = total
                bar.update(done - bar.n)

            write(str(pull(find_model(name), on_progress=show)))
        return
    write(f"{'built-in':24} {default_extractor_path()}")
    damaged, told = [], []
    for model in KNOWN_MODELS:
        path = local_path(model)
        state = "not pulled" if not path.is_file() else "intact" if is_intact(model) else "DAMAGED"
        size = f"{model.size_bytes / 1e6:.1f} MB, " if model.size_bytes is not None else ""
        write(f"{model.name:24} {state:12} {model.about} ({size}{model.licence})")
        damaged += [model.name] if state == "DAMAGED" else []
        told.append(
            {
                "name": model.name,
                "state": state.lower(),
                "path": str(path),
                "licence": model.licence,
                "bytes": model.size_bytes,
            }
        )
    write_json(json_path, told)
    if action == "verify" and damaged:
        raise RuntimeLayerError(f"damaged: {', '.join(damaged)}. Pull them again.")

"""The engine of the page in saved folders, LiteRT.js, which the build fetches into `assets/web/engine/`."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.paths import asset_path

FETCH = asset_path("web", "fetch_engine.py")
FOLDER = asset_path("web", "engine")


@dataclass(frozen=True)
class Engine:
    """The parts of the engine.

    Attributes:
        script: JavaScript that defines `ModuleFactory`.
        wasm_gz: The WebAssembly module, compressed with gzip.
    """

    script: str
    wasm_gz: bytes


def read_engine() -> Engine | None:
    """Read the engine; None if it was not fetched, because the build had no network or no npm."""
    try:
        script = (FOLDER / "engine.js").read_text(encoding="utf-8")
        return Engine(script, (FOLDER / "engine.wasm.gz").read_bytes())
    except OSError:
        return None

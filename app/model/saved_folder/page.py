"""Make `open_me.html`: one file that runs a saved model in a browser, without a network.

The page is `assets/web/page.html` with everything inside: styles, scripts, the engine, the model, and facts as JSON.
Its content security policy allows these scripts by their hashes, WebAssembly, and pictures from memory; nothing can be
loaded from anywhere. Labels may come from a stranger's drive, so they are in the page as JSON without `<`, `>` and `&`,
and the scripts write them as text only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE
from app.base.not_sure import STRICT_FACTOR, STRICT_SHARE
from app.base.paths import asset_path
from app.model.saved_folder.page_engine import Engine
from app.model.saved_folder.page_texts import page_texts
from app.model.saved_folder.page_why import page_explanation
from tpu.input_metadata import read_normalization
from tpu.novelty import FILE, read_novelty_test

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WEB = asset_path("web")
SCRIPTS = (
    "bytes.js", "words.js", "shapes.js", "resize.js", "png.js", "pictures.js", "model.js", "runner.js", "novelty.js",
    "why.js", "classifier.js", "live.js", "table.js", "snippets.js", "main.js",
)  # fmt: skip
FONTS = {"font_500": "MPLUSRounded1c-Medium.ttf", "font_800": "MPLUSRounded1c-ExtraBold.ttf"}
LICENCES = (
    asset_path("web", "LICENCE-LiteRT.txt"),
    asset_path("web", "LICENCE-LiteRT-parts.txt"),
    asset_path("fonts", "LICENCE-MPLUSRounded1c.txt"),
)
LARGEST_MODEL_BYTES = 25_000_000  # larger models stay beside the page, which then asks for the file
GZIP_LEVEL = 6  # of the model: a higher one takes much longer and saves nearly nothing
LARGEST_PAGE_BYTES = 8_000_000  # for a mail; pictures for which there is no room are left out
PICTURES_PER_CLASS = 4
SMALLEST_FOUND_BYTES = 1000  # of an array of the novelty test that is not in the page but found in the model
AUTOMATIC = {"paper", "night"}  # the page chooses between these by the browser's light or dark mode


@dataclass(frozen=True)
class PageFacts:
    """What the page says about a model.

    Attributes:
        model_file: Path of the model inside the folder.
        labels, shots: Per class, in the order of the model's output.
        class_accuracy: Per class the share of held-out pictures that were named correctly, 0..1; None if unknown.
        validation_accuracy: 0..1; None if it is unknown.
        threshold, crop_share: 0..1.
        extractor_name: Name of the embedding extractor.
        date: When it was saved, as YYYY-MM-DD.
        language: Language that the page starts in.
        palette: Palette of the kiosk, which the page starts with.
        pictures: Per class some JPEG files to show; empty if pictures must not leave the kiosk. Of many, as many are
            shown as the page has room for: first one of each class, then the second ones, and so on.
        validation_from: What the accuracy was measured on: "holds" or "views"; None if that is unknown.
        report: Name of the report beside the page; None if there is none.
    """

    model_file: str
    labels: Sequence[str]
    shots: Sequence[int]
    class_accuracy: Sequence[float | None]
    validation_accuracy: float | None
    threshold: float
    crop_share: float
    extractor_name: str
    date: str
    language: str = SOURCE_LANGUAGE
    palette: str = "paper"
    pictures: Sequence[Sequence[bytes]] = ()
    validation_from: str | None = None
    report: str | None = None


def open_me_page(facts: PageFacts, model: bytes, engine: Engine) -> bytes:
    """Make the page, as UTF-8.

    Args:
        facts: What the page says about the model.
        model: The model file, one that runs on the CPU.
        engine: What runs it.
    """
    is_beside = len(model) > LARGEST_MODEL_BYTES
    parts = {
        **_static_parts(engine),
        "facts": _json(_facts(facts, model, is_beside=is_beside)),
        "model": "" if is_beside else base64.b64encode(gzip.compress(model, GZIP_LEVEL, mtime=0)).decode(),
    }
    template = (WEB / "page.html").read_text(encoding="utf-8")
    before, after = (
        re.sub(r"{{(\w+)}}", lambda found: parts[found[1]], half).encode()
        for half in template.split("{{class_pictures}}")
    )
    pictures = _fitting(facts.pictures, len(facts.labels), LARGEST_PAGE_BYTES - len(before) - len(after))
    return before + json.dumps(pictures, separators=(",", ":")).encode() + after


def _fitting(pictures: Sequence[Sequence[bytes]], classes: int, room_bytes: int) -> list[list[str]]:
    """For each class, those JPEG files in base64 for which there is room: the first of each class, then the second."""
    shown: list[list[str]] = [[] for _ in range(classes)]
    room_bytes -= 3 * classes  # brackets and commas
    for place in range(PICTURES_PER_CLASS):
        for own, some in zip(shown, pictures, strict=False):
            if len(some) <= place:
                continue
            packed = base64.b64encode(some[place]).decode()
            room_bytes -= len(packed) + 3  # quotes and a comma
            if room_bytes < 0:
                return shown
            own.append(packed)
    return shown


def _facts(facts: PageFacts, model: bytes, *, is_beside: bool) -> dict[str, Any]:
    record = json.loads((WEB / "engine.json").read_text(encoding="utf-8"))
    palettes = tomllib.loads(asset_path("themes", "palettes.toml").read_text(encoding="utf-8"))
    return {
        "labels": list(facts.labels),
        "shots": list(facts.shots),
        "classAccuracy": list(facts.class_accuracy),
        "accuracy": facts.validation_accuracy,
        "accuracyFrom": facts.validation_from,
        "threshold": facts.threshold,
        "nearNovelty": STRICT_FACTOR,
        "nearShare": STRICT_SHARE,
        "cropShare": facts.crop_share,
        "extractor": facts.extractor_name,
        "date": facts.date,
        "language": facts.language,
        "languages": LANGUAGES,
        "texts": page_texts(),
        "palette": "automatic" if facts.palette in AUTOMATIC or facts.palette not in palettes else facts.palette,
        "palettes": palettes,
        "floatInput": asdict(read_normalization(model)),
        "novelty": _novelty_arrays(model),
        "report": facts.report,
        "why": page_explanation(model),
        "modelFile": facts.model_file,
        "modelBeside": is_beside,
        "modelSha256": hashlib.sha256(model).hexdigest() if is_beside else None,
        "engine": f"{record['package']}@{record['version']}",
        "licences": "\n\n".join(path.read_text(encoding="utf-8") for path in LICENCES),
    }


def _novelty_arrays(model: bytes) -> dict[str, dict[str, Any]] | None:
    """The arrays of the model's novelty test; None if the model has no test that is known here.

    They are float32, or float16 if the model has them so. The page finds the large ones in the model file, by their
    place in it, so that it does not hold them twice.
    """
    if read_novelty_test(model) is None:
        return None
    with zipfile.ZipFile(io.BytesIO(model)) as archive, np.load(io.BytesIO(archive.read(FILE))) as arrays:
        return {name: _packed_array(arrays[name], model) for name in arrays.files}


def _packed_array(values: NDArray[Any], model: bytes) -> dict[str, Any]:
    half = values.dtype == np.float16
    data = np.asarray(values, "<f2" if half else "<f4").tobytes()
    place = model.find(data) if len(data) >= SMALLEST_FOUND_BYTES else -1
    where = {"place": place} if place >= 0 else {"data": base64.b64encode(data).decode()}
    return {"shape": list(values.shape), "half": half, **where}


@cache
def _static_parts(engine: Engine) -> dict[str, str]:
    """What is the same in every page, made once, because packing takes longer than writing."""
    style = (WEB / "page.css").read_text(encoding="utf-8")
    script = "'use strict';\n" + "\n".join((WEB / name).read_text(encoding="utf-8") for name in SCRIPTS)
    fonts = {name: _packed_font(asset_path("fonts", file)) for name, file in FONTS.items()}
    return {
        **fonts,
        "style": style,
        "engine": engine.script,
        "script": script,
        "engine_wasm": base64.b64encode(engine.wasm_gz).decode(),
        "policy": "; ".join(
            (
                "default-src 'none'",
                f"script-src {_hash(engine.script)} {_hash(script)} 'wasm-unsafe-eval'",
                f"style-src {_hash(style)}",
                "img-src blob: data:",
                "media-src blob:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
    }


def _packed_font(path: Path) -> str:
    return base64.b64encode(gzip.compress(path.read_bytes(), 9, mtime=0)).decode()


def _hash(content: str) -> str:
    """The source of an inline script or style in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _json(value: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element that it is in."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

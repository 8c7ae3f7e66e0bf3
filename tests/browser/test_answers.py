"""The page answers as the kiosk does: the same bytes, the same class and the same "not sure".

PICTURES=1000 makes the comparison of bytes longer.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.page import PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from run_kiosk import main
from tests.browser.conftest import COLOURS, EXTRACTORS, Open, speckled, write
from tpu.classifier import ClassificationEngine
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_browser

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURES = int(os.environ.get("PICTURES", "100"))
STEP = 7 if PICTURES >= 1000 else 20  # through the photographs
SIZES = ((97, 131), (331, 240), (500, 500), (61, 45), (1023, 767))  # width, height
UPRIGHT, UPSIDE_DOWN, QUARTER, MIRRORED = 1, 3, 6, 2  # of EXIF


def classified(model: Path, pictures: list[Path], tmp_path: Path) -> list[dict[str, Any]]:
    """The answers of the command line."""
    output = tmp_path / "answers.json"
    assert main(["classify", str(model), *map(str, pictures), "--json", str(output)]) == 0
    answers: list[dict[str, Any]] = json.loads(output.read_text())
    return answers


def compare(page: list[dict[str, str]], kiosk: list[dict[str, Any]]) -> None:
    for found, expected in zip(page, kiosk, strict=True):
        assert found["name"] == Path(expected["image"]).name
        assert json.loads(found["probabilities"]) == expected["probabilities"], found["name"]
        assert found["known"] == str(expected["known"]).lower(), (found["name"], found["novelty"], expected["novelty"])
        assert float(found["novelty"]) == pytest.approx(expected["novelty"], rel=1e-3, abs=1e-4)


def photographs(shared_photos: Path) -> list[Path]:
    return sorted((shared_photos / "sign-digits").glob("*/*.JPG"))[::STEP] + sorted(
        (shared_photos / "scenes").glob("*.jpg")
    )


def test_pictures_of_the_model_s_own_size_have_the_same_probabilities_to_the_last_bit(
    open_page: Open, hands: Path, shared_photos: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    photos = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in photographs(shared_photos)]
    size = ClassificationEngine(hands / PLAIN_FILE).input_size_px
    pictures = []
    for number in range(PICTURES):
        photo = photos[rng.integers(len(photos))]
        side = int(rng.integers(40, min(photo.shape[:2]) + 1))
        top, left = (int(rng.integers(0, edge - side + 1)) for edge in photo.shape[:2])
        cut = cv2.resize(photo[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
        noisy = np.clip(cut + rng.normal(0, rng.uniform(0, 40), cut.shape), 0, 255)
        pictures.append(write(tmp_path / f"{number}.png", noisy.astype(np.uint8)))
    page = open_page(hands / "open_me.html")
    compare(page.answers(pictures), classified(hands, pictures, tmp_path))


def test_photographs_of_odd_sizes_turned_mirrored_and_transparent_have_the_same_answers(
    open_page: Open, hands: Path, shared_photos: Path, tmp_path: Path
) -> None:
    pictures = []
    for number, path in enumerate(photographs(shared_photos)):
        with Image.open(path) as opened:
            picture = opened.convert("RGB").resize(SIZES[number % len(SIZES)])
        exif = Image.Exif()
        exif[0x0112] = (UPRIGHT, UPSIDE_DOWN, QUARTER, MIRRORED)[number % 4]
        picture.save(tmp_path / f"{number}.jpg", exif=exif, quality=90)
        pictures.append(tmp_path / f"{number}.jpg")
        if number % 3 == 0:
            alpha = Image.fromarray(np.random.default_rng(number).integers(0, 256, picture.size[::-1], np.uint8))
            picture.putalpha(alpha)
            picture.save(tmp_path / f"{number}.png")
            pictures.append(tmp_path / f"{number}.png")
    page = open_page(hands / "open_me.html")
    found, expected = page.answers(pictures), classified(hands, pictures, tmp_path)
    agreed = [
        one["label"] == other["label"] and one["known"] == str(other["known"]).lower()
        for one, other in zip(found, expected, strict=True)
    ]
    same_bits = [
        json.loads(one["probabilities"]) == other["probabilities"] for one, other in zip(found, expected, strict=True)
    ]
    print(f"{sum(agreed)} of {len(agreed)} answers agree; {sum(same_bits)} have the same probabilities")
    assert np.mean(agreed) >= 0.995


def test_known_and_unknown_things_are_told_apart(open_page: Open, saved: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    red = write(tmp_path / "red.png", speckled(COLOURS["red"], rng))
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((12, 12))) * 255
    board = write(tmp_path / "board.png", np.repeat(checks[..., np.newaxis], 3, axis=2).astype(np.uint8))
    page = open_page(saved / "open_me.html")
    found = page.answers([red, board])
    assert (found[0]["label"], found[0]["known"], found[1]["known"]) == ("red", "true", "false")
    assert "not sure" in page.texts("[data-testid=answer]")[1]


@pytest.mark.parametrize("name", EXTRACTORS)
def test_extractors_of_every_type_answer_alike(
    name: str, open_page: Open, saved_with: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = saved_with(name)
    pictures = sorted(folder.glob("*.png"))
    found = open_page(folder / "model/open_me.html").answers(pictures)
    for one, other in zip(found, classified(folder / "model", pictures, tmp_path), strict=True):
        probabilities = json.loads(one["probabilities"])
        assert list(probabilities) == list(other["probabilities"])
        assert list(probabilities.values()) == pytest.approx(list(other["probabilities"].values()), abs=1e-5)
        assert one["known"] == str(other["known"]).lower()


def test_a_model_of_version_0_1_answers_alike(open_page: Open, tmp_path: Path) -> None:
    """Its novelty test is of version 1, which has a matrix for each class."""
    old = REPOSITORY / "tests/data/version_0_1"
    (exported,) = (old / "drive/teachable").iterdir()
    metadata = json.loads((exported / "metadata.json").read_text())
    model = (exported / metadata["model"]).read_bytes()
    assert read_novelty_test(model).precision.ndim == 3
    engine = read_engine()
    assert engine is not None
    labels = metadata["labels"]
    facts = PageFacts(
        metadata["model"], labels, [5] * len(labels), [None] * len(labels), 1, metadata["threshold"], 1, "x",
        "2026-01-31",
    )  # fmt: skip
    (tmp_path / "open_me.html").write_bytes(open_me_page(facts, model, engine))
    pictures = sorted((old / "pictures").iterdir())
    compare(open_page(tmp_path / "open_me.html").answers(pictures), classified(exported, pictures, tmp_path))


def test_transparent_and_deep_pictures_of_every_kind_keep_their_colours(
    open_page: Open, saved: Path, tmp_path: Path
) -> None:
    picture = Image.fromarray(speckled(COLOURS["green"], np.random.default_rng(7), 131, 97))
    alpha = Image.fromarray(np.random.default_rng(8).integers(0, 256, (97, 131), np.uint8))
    rgb = np.asarray(picture).astype(np.uint16) * 256 + np.arange(131, dtype=np.uint16)[:, np.newaxis]
    deep = np.dstack([rgb[..., ::-1], np.asarray(alpha) * np.uint16(257)])
    for name, pixels in (("16 bits", deep[..., :3]), ("16 bits, alpha", deep), ("16 bits, grey", deep[..., 1])):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    for mode in ("RGB", "L"):
        see_through = picture.convert(mode)
        see_through.putalpha(alpha)
        see_through.save(tmp_path / f"{mode}, alpha.png")
    for count in (2, 4, 16, 200):  # 1, 2, 4 and 8 bits
        name = f"{count} colours.png"
        picture.quantize(count).save(tmp_path / name, transparency=bytes(range(count)), bits=(count - 1).bit_length())
    see_through = picture.convert("RGB")
    see_through.putalpha(alpha)
    tab = open_page(saved / "open_me.html")
    if tab.evaluate("() => document.createElement('canvas').getContext('webgl') !== null"):  # Firefox needs a display
        see_through.save(tmp_path / "lossless.webp", lossless=True, exact=True)
    (tmp_path / "interlaced.png").write_bytes(interlaced(np.asarray(see_through)))
    pictures = sorted([*tmp_path.glob("*.png"), *tmp_path.glob("*.webp")])
    compare(tab.answers(pictures), classified(saved, pictures, tmp_path))


def interlaced(rgba: np.ndarray) -> bytes:
    """A PNG file whose pixels come in the seven passes of Adam7; OpenCV and Pillow write no such file."""
    height, width = rgba.shape[:2]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b"".join(
        b"\0" + row.tobytes() for left, top, across, down in passes for row in rgba[top::down, left::across]
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )

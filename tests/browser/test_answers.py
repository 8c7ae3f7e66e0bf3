"""The page answers as the kiosk does: the same bytes, the same class and the same "not sure".

PICTURES=1000 compares so many pictures instead of 60, and prints with -s how long the page takes.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from math import exp, lgamma, log
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.page import PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from run_kiosk import main
from tests.browser.conftest import COLOURS, EVERY_EXTRACTOR, IN_CHROMIUM, Open, speckled, write
from tests.browser.tab import Tab
from tpu.classifier import ClassificationEngine
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_browser

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURES = int(os.environ.get("PICTURES", "60"))  # twice every orientation as JPEG, and as PNG
LEAST_PX, MOST_PX = 40, 900  # edges of the pictures
MOST_STRETCHED = 2.2  # one edge to the other
ORIENTATIONS = range(1, 9)  # of EXIF: upright, turned and mirrored
LEAST_AGREEMENT = 0.995
CERTAINTY = 0.95


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


def photographs(shared_photos: Path, count: int) -> list[Path]:
    """So many photographs of hands, coins, cartons and scenes; each of them once, if there are enough."""
    found = sorted(path for path in shared_photos.rglob("*") if path.suffix.lower() == ".jpg")
    order = np.random.default_rng(0).permutation(len(found))
    return [found[order[number % len(found)]] for number in range(count)]


def odd_picture(photo: Path, number: int, folder: Path) -> Path:
    """The photograph in an odd size, as a JPEG that EXIF turns, or as a PNG with random transparency."""
    rng = np.random.default_rng(number)
    long = int(rng.integers(LEAST_PX, MOST_PX + 1))
    short = max(LEAST_PX, round(long / rng.uniform(1, MOST_STRETCHED)))
    with Image.open(photo) as opened:
        picture = opened.convert("RGB").resize((short, long) if number % 2 else (long, short))
    if number % 3 == 0:
        picture.putalpha(Image.fromarray(rng.integers(0, 256, picture.size[::-1], np.uint8)))
        path = folder / f"{number}.png"
        picture.save(path, compress_level=1)
        return path
    exif = Image.Exif()
    exif[0x0112] = ORIENTATIONS[number % len(ORIENTATIONS)]
    path = folder / f"{number}.jpg"
    picture.save(path, exif=exif, quality=90)
    return path


def at_least(agreed: int, of: int) -> float:
    """The share of all such pictures that agree, of which one can be CERTAINTY sure.

    Source: Clopper and Pearson 1934, the one-sided bound.
    """

    def chance(misses: int, share: float) -> float:
        ways = lgamma(of + 1) - lgamma(misses + 1) - lgamma(of - misses + 1)
        return exp(ways + misses * log(1 - share) + (of - misses) * log(share))

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        so_few = sum(chance(misses, middle) for misses in range(of - agreed + 1))
        low, high = (middle, high) if so_few < 1 - CERTAINTY else (low, middle)
    return low


def times(page: Tab, found: list[dict[str, str]]) -> str:
    """How long the page took."""
    ready_ms = page.evaluate("() => document.body.dataset.readyMs")
    return f"ready after {ready_ms} ms; an explained answer takes {median(float(one['ms']) for one in found):.1f} ms"


def test_pictures_of_the_model_s_own_size_have_the_same_probabilities_to_the_last_bit(
    open_page: Open, hands: Path, shared_photos: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    photos = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in photographs(shared_photos, 60)]
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
    found = page.answers(pictures)
    compare(found, classified(hands, pictures, tmp_path))
    print(f"{len(found)} pictures of the model's own size have the same probabilities; {times(page, found)}")


def test_photographs_of_odd_sizes_turned_mirrored_and_transparent_have_the_same_answers(
    open_page: Open, hands: Path, shared_photos: Path, tmp_path: Path
) -> None:
    photos = photographs(shared_photos, PICTURES)
    pictures = [odd_picture(photo, number, tmp_path) for number, photo in enumerate(photos)]
    page = open_page(hands / "open_me.html")
    found, expected = page.answers(pictures), classified(hands, pictures, tmp_path)
    pairs = list(zip(found, expected, strict=True))
    agreed = sum(one["label"] == other["label"] and one["known"] == str(other["known"]).lower() for one, other in pairs)
    same_bits = sum(json.loads(one["probabilities"]) == other["probabilities"] for one, other in pairs)
    unsure = sum(one["known"] == "false" for one in found)
    bound = at_least(agreed, len(pairs))
    print(f"{agreed} of {len(pairs)} answers agree ({unsure} “not sure”), {same_bits} to the last bit")
    print(f"so at least {bound:.2%} of such pictures agree; {times(page, found)}")
    assert agreed >= LEAST_AGREEMENT * len(pairs)
    if len(pairs) >= 1000:
        assert bound >= LEAST_AGREEMENT


def test_known_and_unknown_things_are_told_apart(open_page: Open, saved: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    red = write(tmp_path / "red.png", speckled(COLOURS["red"], rng))
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((12, 12))) * 255
    board = write(tmp_path / "board.png", np.repeat(checks[..., np.newaxis], 3, axis=2).astype(np.uint8))
    page = open_page(saved / "open_me.html")
    found = page.answers([red, board])
    assert (found[0]["label"], found[0]["known"], found[1]["known"]) == ("red", "true", "false")
    assert "not sure" in page.texts("[data-testid=answer]")[1]


@EVERY_EXTRACTOR
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


@IN_CHROMIUM
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

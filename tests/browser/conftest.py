"""Browsers without a network, and saved folders to open in them. `make test-browser` runs these tests."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.model.saved_folder.page_engine import FETCH, read_engine
from run_kiosk import main
from tests.browser.tab import Browser, Camera, Tab, Window
from tests.support.descriptions import with_normalization
from tests.support.extractors import Kind, tiny_extractor

HERE = Path(__file__).resolve().parent
RECORD = FETCH.with_name("engine.json")
COLOURS = {"blue": (40, 40, 200), "green": (30, 160, 60), "red": (200, 40, 40)}
VIDEO_SIZE = (640, 480)
EXTRACTORS: dict[str, tuple[Kind, tuple[list[float], list[float]] | None]] = {
    "uint8": ("uint8", None),
    "int8": ("int8", None),
    "float32": ("float32", None),
    "float32 with its own normalisation": ("float32", ([10, 20, 30], [60, 70, 80])),
}


# For what depends on no browser, but on the page or its model alone. Everything else runs in each of them.
IN_CHROMIUM = pytest.mark.parametrize("browser", ["chromium"], indirect=True)
IN_FIREFOX = pytest.mark.parametrize("browser", ["firefox"], indirect=True)
EVERY_EXTRACTOR = pytest.mark.parametrize(  # each of them in one browser, and one of them in both
    ("browser", "name"),
    [
        ("chromium", "uint8"),
        ("firefox", "uint8"),
        *zip(("firefox", "chromium", "firefox"), [*EXTRACTORS][1:], strict=True),
    ],
    indirect=["browser"],
)


def speckled(colour: tuple[int, int, int], rng: np.random.Generator, width: int = 64, height: int = 64) -> np.ndarray:
    """A picture of about one colour with soft spots, which any resizing keeps: RGB, uint8, (H, W, 3)."""
    spots = np.clip(rng.normal(colour, 25, (12, 12, 3)), 0, 255).astype(np.uint8)
    return cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture(scope="session")
def red_square() -> np.ndarray:
    """What a camera sees: red in the square that the model sees, blue beside it."""
    width, side = VIDEO_SIZE
    frame = np.full((side, width, 3), COLOURS["blue"], np.uint8)
    left = (width - side) // 2
    frame[:, left : left + side] = speckled(COLOURS["red"], np.random.default_rng(3), side, side)
    return frame


@pytest.fixture(scope="session")
def red_video(tmp_path_factory: pytest.TempPathFactory, red_square: np.ndarray) -> Path:
    """The same as a video for Chromium, which expects levels from 16 to 235."""
    video = tmp_path_factory.mktemp("camera") / "red.mjpeg"
    picture = write(video.with_suffix(".jpg"), (16 + red_square * (219 / 255)).astype(np.uint8))
    video.write_bytes(picture.read_bytes() * 10)
    return video


@pytest.fixture(scope="session", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest, red_video: Path) -> Iterator[Browser]:
    """Each browser in turn."""
    from tests.browser.chromium import Chromium  # other environments collect this file, too
    from tests.browser.firefox import Firefox, installed

    if request.param == "firefox" and installed() is None:
        pytest.skip("Firefox is missing: sudo apt install firefox-esr")
    opened: Browser = Chromium(red_video, "red") if request.param == "chromium" else Firefox()
    yield opened
    opened.close()


Open = Callable[..., Tab]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page from the disk; at the end, it must have loaded nothing and reported no error."""
    tabs: list[Tab] = []

    def opened(path: Path, *, wait: bool = True, camera: Camera = Camera.ALLOWED, **window: Any) -> Tab:
        tab = browser.open(path.as_uri(), camera, Window(**window))
        tabs.append(tab)
        if wait:
            tab.wait_until_ready()
        return tab

    yield opened
    for tab in tabs:
        browser.close_tab(tab)
        assert tab.problems == []


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `train` wrote: red, green and blue."""
    assert read_engine() is not None, f"fetch the engine of the page: python {FETCH}"
    folder = tmp_path_factory.mktemp("saved")
    rng = np.random.default_rng(0)
    for label, colour in COLOURS.items():
        for number in range(8):
            write(folder / "data" / label / f"{number}.png", speckled(colour, rng))
    assert main(["train", str(folder / "data"), "--out", str(folder / "model")]) == 0
    return folder / "model"


@pytest.fixture(scope="session")
def saved_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """By the name of an extractor: a folder that `train` wrote with it, `model`, and pictures beside it."""

    @cache
    def made(name: str) -> Path:
        kind, normalization = EXTRACTORS[name]
        folder, rng = tmp_path_factory.mktemp("other"), np.random.default_rng(2)
        extractor = tiny_extractor(kind, input_px=8, feature_dim=16)
        path = folder / "tiny.tflite"
        path.write_bytes(with_normalization(extractor, *normalization) if normalization else extractor)
        for label, colour in COLOURS.items():
            for number in range(6):
                write(folder / "data" / label / f"{number}.png", speckled(colour, rng))
            write(folder / f"{label}.png", speckled(colour, rng, 41, 33))
        words = ["train", str(folder / "data"), "--out", str(folder / "model"), "--extractor", str(path)]
        assert main(words) == 0
        return folder

    return made


@pytest.fixture(scope="session")
def hands(tmp_path_factory: pytest.TempPathFactory, shared_photos: Path) -> Path:
    """A folder that `train` wrote from photographs of hands that show digits."""
    folder = tmp_path_factory.mktemp("hands")
    for digit in ("1", "2", "5"):
        for path in sorted((shared_photos / "sign-digits" / digit).glob("*.JPG"))[:20]:
            (folder / "data" / digit).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / "data" / digit)
    assert main(["train", str(folder / "data"), "--out", str(folder / "model")]) == 0
    return folder / "model"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, which checks accessibility."""
    folder = Path(os.environ.get("AXE_FOLDER") or tmp_path_factory.mktemp("axe"))
    runpy.run_path(str(FETCH))["fetch_engine"](folder, HERE / "axe.json")
    return (folder / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def engine_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the engine's package, as `npm install` leaves it. Nothing of it runs while it is installed."""
    folder = tmp_path_factory.mktemp("maker")
    step, record = runpy.run_path(str(FETCH)), json.loads(RECORD.read_text(encoding="utf-8"))
    package = f"{record['package']}@{record['version']}"
    words = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), package]
    subprocess.run([*step["npm_words"](folder), *words], check=True, capture_output=True, cwd=folder)
    lock = json.loads((folder / "node_modules/.package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][f"node_modules/{record['package']}"]["integrity"] == record["integrity"]
    return folder

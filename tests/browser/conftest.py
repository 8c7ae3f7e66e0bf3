"""A browser without a network, and saved folders to open in it. `make test-browser` runs these tests."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from app.model.saved_folder.page_engine import FETCH, read_engine
from run_kiosk import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).resolve().parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
COLOURS = {"blue": (40, 40, 200), "green": (30, 160, 60), "red": (200, 40, 40)}
LOCAL = ("file:", "blob:", "data:")
VIDEO_SIZE = (640, 480)


def speckled(colour: tuple[int, int, int], rng: np.random.Generator, width: int = 64, height: int = 64) -> np.ndarray:
    """A picture of about one colour with soft spots, which any resizing keeps: RGB, uint8, (H, W, 3)."""
    spots = np.clip(rng.normal(colour, 25, (12, 12, 3)), 0, 255).astype(np.uint8)
    return cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


@dataclass(frozen=True)
class Browsers:
    """Chromium with a fake camera that shows red, which pages may use, and one that refuses its camera to all pages."""

    with_camera: Browser
    refusing: Browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """Both browsers."""
    from playwright.sync_api import sync_playwright  # other environments collect this file, too

    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert program, "install a browser: sudo apt install chromium"
    video = tmp_path_factory.mktemp("camera") / "red.mjpeg"
    frame = np.full((VIDEO_SIZE[1], VIDEO_SIZE[0], 3), COLOURS["blue"], np.uint8)
    side = VIDEO_SIZE[1]
    left = (VIDEO_SIZE[0] - side) // 2
    frame[:, left : left + side] = speckled(COLOURS["red"], np.random.default_rng(3), side, side)  # blue beside it
    frame = (16 + frame * (219 / 255)).astype(np.uint8)  # Chromium takes it for video, whose levels are 16 to 235
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert done
    video.write_bytes(jpeg.tobytes() * 10)
    camera = [
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        browsers = [launch(executable_path=program, args=["--no-sandbox", *more]) for more in (camera, camera[1:])]
        yield Browsers(*browsers)
        for browser in browsers:
            browser.close()


@dataclass
class Opened:
    """A page that was opened, and what it did that it must not do."""

    page: Page
    problems: list[str]

    def answers(self, pictures: list[Path]) -> list[dict[str, str]]:
        """Give it pictures, and return the data of their answers, by their names without `data-`."""
        before = self.page.locator("[data-testid=answer]").count()
        self.page.set_input_files("[data-testid=pictures]", [str(path) for path in pictures])
        self.page.locator("[data-testid=answer]").nth(before + len(pictures) - 1).wait_for(timeout=60_000)
        found: list[dict[str, str]] = self.page.eval_on_selector_all(
            "[data-testid=answer]", "rows => rows.map(row => ({...row.dataset}))"
        )
        return found[before:]


Open = Callable[..., Opened]


@pytest.fixture
def open_page(chromium: Browsers) -> Iterator[Open]:
    """Open a page from the disk in a new context; afterwards, it must have loaded nothing and reported no error."""
    contexts: list[tuple[BrowserContext, list[str]]] = []

    def opened(path: Path, *, wait: bool = True, camera: bool = True, **options: object) -> Opened:
        browser = chromium.with_camera if camera else chromium.refusing
        context = browser.new_context(offline=True, **options)  # type: ignore[arg-type]
        problems: list[str] = []
        contexts.append((context, problems))
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "blob:", "data:")) else problems.append(request.url)
            ),
        )
        page.goto(path.as_uri())
        if wait:
            page.wait_for_selector("body[data-state=ready]", timeout=30_000)
        return Opened(page, problems)

    yield opened
    for context, problems in contexts:
        context.close()
        assert problems == []


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

"""Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Process
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.browser.tab import DEFAULT, LOCAL, LONGEST_MS, Browser, Camera, Tab, Window

NAMES = ("chromium", "chromium-browser", "google-chrome")


class ChromiumTab(Tab):
    """A tab of Chromium."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems = problems = []
        page.set_default_timeout(LONGEST_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda one: None if one.url.startswith(LOCAL) else problems.append(one.url))

    def evaluate(self, function: str, *values: Any) -> Any:
        return self.page.evaluate(f"(values) => ({function})(...values)", list(values))

    def click(self, selector: str) -> None:
        self.page.click(selector)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def give(self, selector: str, paths: Sequence[Path]) -> None:
        self.page.set_input_files(selector, [str(path) for path in paths])

    def saved_by(self, selector: str) -> bytes:
        with self.page.expect_download() as download:
            self.page.click(selector)
        return Path(download.value.path()).read_bytes()

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def picture(self) -> bytes:
        return self.page.screenshot()


class Chromium(Browser):
    """Chromium with a fake camera that shows a video.

    Args:
        video: A file of JPEG pictures.
        label: What it shows.
    """

    def __init__(self, video: Path, label: str) -> None:
        self.camera_shows = label
        program = next((path for name in NAMES if (path := shutil.which(name))), None)
        assert program, "install a browser: sudo apt install chromium"
        self._program: str = program
        self._playing = sync_playwright()
        self._playwright: Playwright = self._playing.start()
        self._processes: dict[Camera, Process] = {}
        allow = "--use-fake-ui-for-media-stream"
        fake = "--use-fake-device-for-media-stream"
        show = f"--use-file-for-fake-video-capture={video}"
        self._flags = {
            Camera.ALLOWED: (allow, fake, show),
            Camera.REFUSED: (fake, show),  # without a window nobody can allow it
            Camera.MISSING: (allow, f"{fake}=device-count=0"),
        }

    def open(self, address: str, camera: Camera = Camera.ALLOWED, window: Window = DEFAULT) -> Tab:
        if camera not in self._processes:
            flags = ["--no-sandbox", *self._flags[camera]]
            self._processes[camera] = self._playwright.chromium.launch(executable_path=self._program, args=flags)
        context = self._processes[camera].new_context(
            offline=not window.online,
            viewport={"width": window.width, "height": window.height},
            color_scheme="dark" if window.dark else "light",
        )
        tab = ChromiumTab(context.new_page())
        tab.page.goto(address)
        return tab

    def close_tab(self, tab: Tab) -> None:
        assert isinstance(tab, ChromiumTab)
        tab.page.context.close()

    def close(self) -> None:
        for process in self._processes.values():
            process.close()
        self._playing.__exit__()

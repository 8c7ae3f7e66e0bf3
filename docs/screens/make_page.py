"""Make the pictures of `open_me.html` in this folder: `make page-screenshots`.

Things of the demonstration are taught, shown to a fake camera and dropped.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from PIL import Image
from playwright.sync_api import sync_playwright

from app.demo.camera import DemonstrationCamera
from run_kiosk import main as run_kiosk

THINGS = ("apple", "cup", "duck")
SHOWN = "duck"
LOOKS = {
    "open_me": (1120, 900, "light", "en"),
    "open_me_why": (1120, 900, "light", "en"),
    "open_me_dark": (1120, 900, "dark", "de"),
    "open_me_320": (320, 900, "light", "fr"),
}


def main() -> None:
    """Train, open the page in each look, and save what is on the screen."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, camera = Path(scratch), DemonstrationCamera(seed=1)
        for thing in THINGS:
            (folder / "data" / thing).mkdir(parents=True)
            for number in range(16):
                photograph(camera, thing, folder / "data" / thing / f"{number}.png")
        assert run_kiosk(["train", str(folder / "data"), "--out", str(folder / "model")]) == 0
        pictures = [folder / f"{thing}.png" for thing in (*THINGS, "book")]
        for path in pictures:
            photograph(camera, path.stem, path)
        video = folder / "camera.mjpeg"
        frame = photograph(camera, SHOWN, folder / "frame.jpg").point(lambda level: 16 + level * 219 // 255)
        frame.save(folder / "frame.jpg", quality=95)
        video.write_bytes((folder / "frame.jpg").read_bytes() * 10)
        for name, look in LOOKS.items():
            screenshot(folder / "model/open_me.html", pictures, video, HERE / f"{name}.png", look)


def photograph(camera: DemonstrationCamera, thing: str, path: Path) -> Image.Image:
    camera.show(thing)
    camera.new_view()
    picture = Image.fromarray(camera.read())
    picture.save(path)
    return picture


def screenshot(page: Path, pictures: list[Path], video: Path, out: Path, look: tuple[int, int, str, str]) -> None:
    width, height, scheme, language = look
    arguments = [
        "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        opened = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
        opened.goto(page.as_uri())
        opened.wait_for_selector("body[data-state=ready]")
        opened.select_option("#language", language)
        opened.set_input_files("[data-testid=pictures]", [str(path) for path in pictures])
        opened.locator("[data-testid=answer]").nth(len(pictures) - 1).wait_for()
        if out.stem.endswith("_why"):
            opened.click("[data-testid=why]")
        opened.click("#camera-button")
        opened.locator("#verdict", has_text=SHOWN).wait_for()
        opened.wait_for_timeout(1500)
        opened.evaluate("document.querySelector('#camera option').textContent = 'Webcam'")  # not the path of a video
        opened.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        opened.screenshot(path=out, full_page=width > 400)
        browser.close()
    Image.open(out).convert("RGB").quantize(256, kmeans=6).save(out, optimize=True)


if __name__ == "__main__":
    main()

"""The code for makers runs as the page shows it, for models of every type."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from tests.browser.conftest import COLOURS, EVERY_EXTRACTOR, Open, speckled, write
from tests.browser.tab import Browser, Tab, Window

pytestmark = pytest.mark.needs_browser


@EVERY_EXTRACTOR
def test_the_code_that_is_shown_answers_as_the_page_does(
    name: str,
    open_page: Open,
    browser: Browser,
    saved_with: Callable[[str], Path],
    engine_package: Path,
    tmp_path: Path,
) -> None:
    """A picture of the model's own size: every program resizes in its own way."""
    tab = open_page(saved_with(name) / "model/open_me.html")
    red = write(tmp_path / "red.png", speckled(COLOURS["red"], np.random.default_rng(5), 8, 8))
    (answer,) = tab.answers([red])
    shares: dict[str, float] = json.loads(answer["probabilities"])
    codes, model = snippets(tab), tab.saved_by("#download")
    assert list(codes) == ["Python", "JavaScript", "Android (Kotlin)"]
    for folder in (tmp_path, engine_package):
        (folder / "model.tflite").write_bytes(model)
        (folder / "picture.jpg").write_bytes(red.read_bytes())
    assert python_answer(codes["Python"], tmp_path) == pytest.approx(shares, abs=0.001)
    assert script_answer(codes["JavaScript"], engine_package, browser) == pytest.approx(shares, abs=0.001)
    assert kotlin_answer(codes["Android (Kotlin)"], tmp_path) == pytest.approx(shares, abs=0.001)


def python_answer(code: str, folder: Path) -> dict[str, float]:
    """Run the code in a folder with the model and a picture."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {
        label: float(share.rstrip("%")) / 100
        for label, share in (one.split(": ") for one in done.stdout.split("\n")[:-1])
    }


def script_answer(code: str, folder: Path, browser: Browser) -> dict[str, float]:
    """As its first line says: in a folder with the package, the model and a picture, from a server."""
    (folder / "index.html").write_text(code, encoding="utf-8")
    with served(folder) as address:
        tab = browser.open(address, window=Window(online=True))
        tab.wait("() => document.querySelector('#answer').textContent !== ''")
        answer = tab.text("#answer")
        browser.close_tab(tab)
    return {label: float(share) for label, share in (line.split(": ") for line in answer.splitlines())}


def kotlin_answer(code: str, folder: Path) -> dict[str, float]:
    """What the code computes, without a compiler: its sizes and its arithmetic, put into Python, around the model.

    It does not show that the code compiles. Each line that is used must be there as it is expected.
    """

    def only(pattern: str) -> re.Match[str]:
        (found,) = re.finditer(pattern, code)
        return found

    assert all(code.count(one) == code.count(other) for one, other in ("()", "{}", "[]"))
    (file,) = only(r'context\.assets\.open\("([^"]+)"\)').groups()
    labels = json.loads(f"[{only(r'val LABELS = listOf[(](.*)[)]')[1]}]")
    model = Interpreter(str(folder / file))
    model.allocate_tensors()
    entry, output = model.get_input_details()[0], model.get_output_details()[0]
    side = int(only(r"extractThumbnail\(picture, (\d+), \1\)")[1])
    only(rf"square\.getPixels\(it, 0, {side}, 0, 0, {side}, {side}\)")
    pixels = Image.open(folder / "picture.jpg").convert("RGB")
    assert pixels.size == (side, side)
    put = re.findall(r"\.put(Float)?\((.*?)\)(?=\.put|\n)", only(r"for \(pixel in pixels\) input(.*\n)")[1])
    assert len(put) == 3
    data = bytearray()
    for red, green, blue in np.asarray(pixels).reshape(-1, 3).tolist():
        for kind, expression in put:
            value = eval(in_python(expression), {"pixel": red << 16 | green << 8 | blue})
            data += struct.pack("=f", value) if kind else struct.pack("=B", int(value) & 0xFF)
    sizes = [
        eval(one.replace("LABELS.size", str(len(labels)))) for one in re.findall(r"Direct\(([\w.* ]+\*.*?)\)", code)
    ]
    assert sizes == [len(data), output["dtype"]().nbytes * int(np.prod(output["shape"]))]
    model.set_tensor(entry["index"], np.frombuffer(data, entry["dtype"]).reshape(entry["shape"]))
    model.invoke()
    expression = in_python(only(r"LABELS\.associateWith { (.*) }")[1])
    return {
        label: eval(expression, {"taken": raw.item()})
        for label, raw in zip(labels, model.get_tensor(output["index"])[0], strict=True)
    }


def in_python(expression: str) -> str:
    """An expression of the Kotlin code in Python; `taken` is the number that the buffer `output` yields."""
    for pattern, replacement in (
        (r"\bshr (\d+) and (0x\w+)", r">> \1 & \2"), (r"output\.get\(\)\.toInt\(\) and (0x\w+)", r"taken & \1"),
        (r"\.toByte\(\)", ""), (r"output\.(float|get\(\))", "taken"), (r"(?<=\d)f\b", ""),
    ):  # fmt: skip
        expression = re.sub(pattern, replacement, expression)
    return expression


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this computer; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def snippets(tab: Tab) -> dict[str, str]:
    """The code for makers by its title."""
    found: dict[str, str] = tab.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('[data-testid=snippet]')].map(
            (one) => [one.dataset.name, one.textContent]))"""
    )
    return found

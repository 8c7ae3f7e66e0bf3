"""The code for makers runs as the page shows it, for models of every type."""

from __future__ import annotations

import json
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

from tests.browser.conftest import COLOURS, EXTRACTORS, Open, speckled, write
from tests.browser.tab import Browser, Tab, Window

pytestmark = pytest.mark.needs_browser


@pytest.mark.parametrize("name", EXTRACTORS)
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

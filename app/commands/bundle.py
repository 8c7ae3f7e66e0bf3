"""`doctor --bundle FILE`: pack what somebody needs to find a fault, without pictures, secrets or visitors' words.

The ZIP archive holds text files only: the results of `doctor`, versions, settings, incidents and log, tables of the
kernel, the sizes of the files in the data directory, and counts from the stored session.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import tomli_w

from app.base.errors import BundleNotWritten
from app.base.incidents import CRASHES, FOLDER, INCIDENTS, LOG
from app.base.redaction import HIDDEN, redacted, without_class_names
from app.config.schema import Config
from app.session.archive import FOLDER as ARCHIVE
from app.session.database import DATABASE_ERRORS, SESSION_FILE

LARGEST_PART_BYTES = 1 << 20
SHORTEST_NAME = 3
EARLIEST = (1980, 1, 1, 0, 0, 0)  # in an archive; a computer without a battery may begin in 1970
TABLES = (
    "/etc/os-release", "/proc/version", "/proc/cmdline", "/proc/cpuinfo", "/proc/meminfo", "/proc/loadavg",
    "/proc/uptime", "/proc/mounts", "/proc/partitions", "/proc/modules", "/proc/device-tree/model",
)  # fmt: skip
SECRET = ("staff.pin", "staff.contact")  # settings that are left out


def write_bundle(path: Path, config: Config, results: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
    """Write the archive.

    Args:
        path: The file to write.
        config: The settings.
        results: The lines of `doctor`.
        clock: Unix time.

    Raises:
        BundleNotWritten: If there is no room or no permission.
    """
    parts = {
        "doctor.txt": "\n".join(results),
        "versions.txt": _versions(),
        "settings.toml": _settings(config),
        "files.txt": _files(config.data_dir),
        "session.txt": _session(config.data_dir / SESSION_FILE),
        **{f"tables{name}.txt": _read(Path(name)) for name in TABLES},
        **_kept(config.data_dir / FOLDER),
    }
    names = _class_names(config)
    try:
        with ZipFile(path, "w", ZIP_DEFLATED) as bundle:
            for name, text in parts.items():
                hide = names if name.startswith(FOLDER) else None
                shown = "\n".join(_private(line, hide) for line in text.splitlines()) + "\n"
                member = ZipInfo(name, max(time.localtime(clock())[:6], EARLIEST))
                member.compress_type = ZIP_DEFLATED
                bundle.writestr(member, shown.encode("utf-8", "replace"))  # names of files can be any bytes
    except OSError as error:
        raise BundleNotWritten(path, error.strerror or type(error).__name__) from error


def _private(line: str, names: re.Pattern[str] | None) -> str:
    """Return a line without secrets and, where `names` is given, without these names."""
    line = without_class_names(redacted(line))
    return line if names is None else names.sub(HIDDEN, line)


def _class_names(config: Config) -> re.Pattern[str] | None:
    """Return a pattern of all names of classes that are known here; None if there are none.

    Error texts in the log may hold them. One or two letters would be found in every other word.
    """
    names = set(config.classes.labels)
    for path in (config.data_dir / SESSION_FILE, *(config.data_dir / ARCHIVE).glob("*.sqlite3")):
        with suppress(*DATABASE_ERRORS), closing(_opened(path)) as database:
            names.update(str(name) for (name,) in database.execute("SELECT label FROM labels"))
    known = sorted((re.escape(name) for name in names if len(name) >= SHORTEST_NAME), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", re.IGNORECASE) if known else None


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():  # opening a pipe would block for ever
        raise sqlite3.OperationalError("no plain file")
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, timeout=1.0)


def _versions() -> str:
    packages = sorted({f"{one.metadata['Name']} {one.version}" for one in distributions()}, key=str.casefold)
    return "\n".join([f"Python {sys.version}", platform.platform(), *packages])


def _settings(config: Config) -> str:
    """Every setting that differs from its default; of secret ones only that they are set."""
    changed: dict[str, dict[str, object]] = {}
    for section, settings in vars(config).items():
        for key, value in vars(settings).items():
            if value == getattr(getattr(Config(), section), key):
                continue
            shown = list(value) if isinstance(value, tuple) else redacted(value) if isinstance(value, str) else value
            name = f"{section}.{key}"
            if name == "classes.labels":
                shown = len(value)
            changed.setdefault(section, {})[key] = "(set, left out)" if name in SECRET else shown
    return tomli_w.dumps(changed)


def _files(folder: Path) -> str:
    """Number and size of the files in the data directory by folder and ending: their names may be visitors' words."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            kind = f"{path.parent.relative_to(folder).parts[:1]}/*{path.suffix}"
            counts[kind] += 1
            sizes[kind] += path.stat().st_size
    lines = [f"{kind}: {count} files, {sizes[kind]} bytes" for kind, count in sorted(counts.items())]
    try:
        disk = shutil.disk_usage(folder)
        lines.append(f"the disk: {disk.free} of {disk.total} bytes are free")
    except OSError as error:
        lines.append(f"the disk: {error.strerror}")
    return "\n".join(lines)


def _session(path: Path) -> str:
    """Counts from the stored session."""
    queries = {
        "version": "PRAGMA user_version",
        "integrity": "PRAGMA integrity_check(5)",
        "classes": "SELECT count(*) FROM labels",
        "samples": "SELECT count(*), count(DISTINCT hold), sum(length(picture)), max(length(embedding)) FROM samples",
        "views": "SELECT count(*) FROM made_views",
        "models": "SELECT count(*) FROM model",
    }
    lines = []
    try:
        with closing(_opened(path)) as database:
            for name, query in queries.items():
                lines.append(f"{name}: {database.execute(query).fetchall()}")
    except DATABASE_ERRORS as error:
        lines.append(f"it cannot be read: {str(error) or type(error).__name__}")
    return "\n".join(lines)


def _kept(folder: Path) -> dict[str, str]:
    names = [name for kept in (INCIDENTS, LOG) for name in (kept, kept.replace(".txt", ".1.txt"))]
    return {f"{FOLDER}/{name}": _read(folder / name) for name in (*names, CRASHES)}


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            return "(no plain file)"
        with path.open("rb") as file:
            return file.read(LARGEST_PART_BYTES).decode("utf-8", "replace").replace("\0", "")
    except OSError as error:
        return f"({error.strerror})"

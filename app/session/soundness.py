"""Check that a stored session is sound: its pages, its tables, and every row.

Whatever a flipped bit or a bad block can do to a database that SQLite still opens is found here, before the rest of the
kiosk trusts it. The checks of single rows also decide which rows `app.session.salvage` takes over.
"""

from __future__ import annotations

import math
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from app.session.database import DATABASE_ERRORS, NAMES_FROM, create_tables
from app.session.pictures import LONGEST_EDGE_PX
from tpu.picture_files import picture_size

MOST_CLASSES = 9
LONGEST_LABEL = 200
LARGEST_HOLD = 1 << 40
LARGEST_VALUE = 1e9  # of an embedding; those of known extractors stay below 1000
DEVICE = re.compile(r"cpu|(usb|pci):\d{1,6}")
SHA256 = re.compile(r"[0-9a-zA-Z]{0,64}")
FACTS = ("extractor_name", "extractor_sha256", "ending", NAMES_FROM)
ORIGINS = (None, "holds", "views")
SAMPLE_COLUMNS = "sample_id, class_index, embedding, picture, taken_at_s, extractor_sha256, device, hold"
VIEW_COLUMNS = "sample_id, number, embedding, extractor_sha256"
MODEL_COLUMNS = "path, sha256, validation_accuracy, threshold, shots, validation_from, provisional"

DAMAGE_ERRORS = (*DATABASE_ERRORS, ValueError, OverflowError)
"""What reading a damaged database raises; ValueError if it has bytes that are no text where SQLite needs names."""

Row = Sequence[object]


def find_damage(database: sqlite3.Connection) -> str:
    """Return the first thing in a session that is damaged, in English for the log; empty if all of it is sound.

    Raises:
        sqlite3.Error: If the database is so damaged that a check cannot run.
    """
    (first,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if first != "ok":
        return f"its pages are inconsistent ({first})"
    if _definitions(database) != _expected_definitions():
        return "its tables are not those of a session"
    return _rows_damage(database)


def labels_problem(rows: Sequence[Row]) -> str:
    """Return what is wrong with the rows of `read_label_rows`; empty if they are sound."""
    names = [label for _, label in rows]
    if [index for index, _ in rows] != list(range(len(rows))) or len(rows) > MOST_CLASSES:
        return "the classes are not numbered one after the other"
    if not all(label_is_sound(name) for name in names):
        return "the name of a class is damaged"
    return "two classes have the same name" if len(set(names)) != len(names) else ""


def label_is_sound(name: object) -> bool:
    """Return whether this can be the name of a class."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_LABEL:
        return False
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)


def read_label_rows(database: sqlite3.Connection) -> list[tuple[object, object]]:
    """Read index and name of the classes in their order; the name is None if it is no valid text.

    Raises:
        sqlite3.Error: If the table is damaged.
    """
    rows = database.execute("SELECT class_index, CAST(label AS BLOB) FROM labels ORDER BY class_index").fetchall()
    return [(index, _strict_text(label)) for index, label in rows]


def sample_problem(row: Row, classes: int) -> str:
    """Return what is wrong with a row of SAMPLE_COLUMNS in a session with `classes` classes; empty if it is sound.

    A damaged picture is no problem of the sample, whose embedding can be used without it: see `picture_is_sound`.
    """
    sample_id, class_index, embedding, picture, taken_at_s, sha256, device, hold = row
    if not _whole(sample_id, 1) or not _whole(class_index, 0, classes - 1):
        return "its class does not exist"
    if not _is_vector(embedding):
        return "its embedding is damaged"
    if not isinstance(picture, bytes) or not isinstance(taken_at_s, int | float) or not math.isfinite(taken_at_s):
        return "its picture or its time is damaged"
    if not isinstance(sha256, str) or SHA256.fullmatch(sha256) is None:
        return "its extractor is damaged"
    if not isinstance(device, str) or DEVICE.fullmatch(device) is None:
        return "its device is damaged"
    if hold is not None and not _whole(hold, 0, LARGEST_HOLD):
        return "its hold is damaged"
    return ""


def picture_is_sound(picture: object) -> bool:
    """Return whether a stored picture is missing, or a JPEG of a size that may be decoded."""
    if not isinstance(picture, bytes):
        return False
    size = picture_size(picture) if picture else (1, 1)
    return size is not None and min(size) > 0 and max(size) <= LONGEST_EDGE_PX


def view_problem(row: Row, embedding_bytes: int | None) -> str:
    """Return what is wrong with a row of VIEW_COLUMNS whose sample has an embedding of that size."""
    _sample_id, number, embedding, sha256 = row
    if not _whole(number, 0) or not isinstance(sha256, str) or SHA256.fullmatch(sha256) is None:
        return "it is damaged"
    if not _is_vector(embedding) or not isinstance(embedding, bytes) or len(embedding) != embedding_bytes:
        return "its embedding is damaged"
    return ""


def model_problem(row: Row, classes: int) -> str:
    """Return what is wrong with a row of MODEL_COLUMNS; empty if it is sound."""
    path, sha256, accuracy, threshold, shots, origin, provisional = row
    if not isinstance(path, str) or not path or "\0" in path or not isinstance(sha256, str):
        return "its path is damaged"
    if not _is_share(threshold) or (accuracy is not None and not _is_share(accuracy)):
        return "its numbers are damaged"
    counts = re.fullmatch(r"\d{1,9}(,\d{1,9})*", shots) if isinstance(shots, str) else None
    if counts is None or any(int(count) for count in counts[0].split(",")[classes:]):
        return "its counts of samples are damaged"
    if origin not in ORIGINS or provisional not in (0, 1):
        return "its origin is damaged"
    return ""


def usual_length(vectors: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return the usual number of bytes of an embedding by extractor; `vectors` are (extractor_sha256, bytes)."""
    counted: dict[str, Counter[int]] = {}
    for sha256, length in vectors:
        counted.setdefault(sha256, Counter())[length] += 1
    return {sha256: lengths.most_common(1)[0][0] for sha256, lengths in counted.items()}


def _rows_damage(database: sqlite3.Connection) -> str:
    for row in database.execute("SELECT name, value FROM facts"):
        if row[0] not in FACTS or not isinstance(row[1], str):
            return f"the fact {str(row[0])!r} is damaged"
    labels = read_label_rows(database)
    if problem := labels_problem(labels):
        return problem
    lengths: dict[int, int] = {}
    vectors = []
    for row in database.execute(f"SELECT {SAMPLE_COLUMNS} FROM samples ORDER BY sample_id"):
        problem = sample_problem(row, len(labels)) or ("" if picture_is_sound(row[3]) else "its picture is damaged")
        if problem:
            return f"sample {row[0]}: {problem}"
        lengths[row[0]] = len(row[2])
        vectors.append((row[5], len(row[2])))
    usual = usual_length(vectors)
    if odd := [length for sha256, length in vectors if length != usual[sha256]]:
        return f"an embedding has {odd[0]} bytes"
    for row in database.execute(f"SELECT {VIEW_COLUMNS} FROM made_views"):
        if problem := view_problem(row, lengths.get(row[0])):
            return f"a view of sample {row[0]}: {problem}"
    models = database.execute(f"SELECT {MODEL_COLUMNS} FROM model").fetchall()
    problems = [problem for row in models if (problem := model_problem(row, len(labels)))]
    if problems or len(models) > 1:
        return f"the model: {problems[0] if problems else 'it is there twice'}"
    return ""


def _strict_text(data: object) -> str | None:
    try:
        return data.decode("utf-8") if isinstance(data, bytes) else None
    except UnicodeDecodeError:
        return None


def _whole(value: object, least: int, most: int = (1 << 62)) -> bool:
    return isinstance(value, int) and least <= value <= most


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1


def _is_vector(data: object) -> bool:
    if not isinstance(data, bytes) or not data or len(data) % 4:
        return False
    values = np.frombuffer(data, np.float32)
    return bool(np.isfinite(values).all() and np.abs(values).max() <= LARGEST_VALUE)


def _definitions(database: sqlite3.Connection) -> dict[str, str]:
    """Return every table with its columns, and every index and trigger with its definition, by kind and name."""
    rows = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {f"{kind} {name}": _columns(database, name) if kind == "table" else sql for kind, name, sql in rows}


def _columns(database: sqlite3.Connection, table: str) -> str:
    """Return the columns of a table; its own definition differs between migrated databases and new ones."""
    return str(database.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,)).fetchall())


@cache
def _expected_definitions() -> dict[str, str]:
    database = sqlite3.connect(":memory:")
    try:
        create_tables(database)
        return _definitions(database)
    finally:
        database.close()

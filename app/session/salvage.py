"""Save what can be read of a damaged session: row by row, and what is missing from the last good copy.

The result is a new database in memory. The damaged file is only read.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from urllib.parse import quote

from app.session.database import create_tables
from app.session.soundness import (
    DAMAGE_ERRORS,
    FACTS,
    MODEL_COLUMNS,
    SAMPLE_COLUMNS,
    VIEW_COLUMNS,
    Row,
    find_damage,
    label_is_sound,
    model_problem,
    picture_is_sound,
    read_label_rows,
    sample_problem,
    usual_length,
    view_problem,
)

logger = logging.getLogger(__name__)

_HEADER_CONSTANTS = ((0, b"SQLite format 3\0"), (18, b"\x01\x01\x00\x40\x20\x20"), (44, b"\0\0\0\4"), (56, b"\0\0\0\1"))
"""Bytes of the header that are the same in every session. Source: sqlite.org/fileformat.html, "The Database Header"."""

_USUAL_PAGE_BYTES = 4096
_LARGEST_REPAIRED_BYTES = 256 << 20  # larger files are read as they are


@dataclass
class Salvaged:
    """What could be read of a session.

    Attributes:
        labels: The names of the classes.
        samples: Rows of SAMPLE_COLUMNS by sample id.
        views: Rows of VIEW_COLUMNS by sample id.
        facts: By name.
        model: A row of MODEL_COLUMNS; None if there is no model, or its row is damaged.
        lost: Number of samples that are known to have been there and could not be read.
    """

    labels: list[str] = field(default_factory=list)
    samples: dict[int, Row] = field(default_factory=dict)
    views: dict[int, list[Row]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    model: Row | None = None
    lost: int = 0


def salvage(path: Path, good_copy: Path, labels: Sequence[str]) -> Salvaged:
    """Read all that is sound in a damaged session, and from its good copy what is missing.

    Args:
        path: The damaged database; it may be missing.
        good_copy: The last good copy; it may be missing.
        labels: Names for classes whose stored name is damaged.
    """
    good = _read(good_copy, labels) if good_copy.is_file() else Salvaged()
    found = _read(path, good.labels or labels)
    missing = [sample_id for sample_id in good.samples if sample_id not in found.samples]
    found.labels = _completed(found.labels, good.labels, labels)
    renumbered = {
        (row[2], row[4]): other for other, row in found.samples.items() if other not in good.samples
    }  # by embedding and time
    for sample_id in missing:
        row = good.samples[sample_id]
        other = renumbered.get((row[2], row[4]))
        if other is not None:  # the damage has changed its number alone
            row = (sample_id, *found.samples.pop(other)[1:])
            found.views.pop(other, None)
        found.samples[sample_id] = row
        found.views[sample_id] = good.views.get(sample_id, [])
    found.lost = max(0, found.lost - len(missing))
    found.facts = {**good.facts, **found.facts}
    found.model = found.model or good.model
    return found


def _completed(names: Sequence[str], good: Sequence[str], spare: Sequence[str]) -> list[str]:
    """Add the names of further classes from the good copy; one that was given to another class is replaced."""
    completed = list(names)
    for name in good[len(names) :]:
        used = {one.casefold() for one in completed}
        numbered = (f"{name} {number}" for number in count(2))
        completed.append(next(one for one in chain([name], spare, numbered) if one.casefold() not in used))
    return completed


def rebuild(found: Salvaged) -> sqlite3.Connection:
    """Make a sound database in memory of what was salvaged."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    create_tables(database)
    with database:
        database.executemany("INSERT INTO labels VALUES (?, ?)", list(enumerate(found.labels)))
        database.executemany("INSERT INTO facts VALUES (?, ?)", list(found.facts.items()))
        samples = [found.samples[sample_id] for sample_id in sorted(found.samples)]
        database.executemany(f"INSERT INTO samples ({SAMPLE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", samples)
        for rows in found.views.values():
            database.executemany(f"INSERT OR IGNORE INTO made_views ({VIEW_COLUMNS}) VALUES (?, ?, ?, ?)", rows)
        if found.model is not None:
            database.execute(f"INSERT INTO model ({MODEL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", found.model)
    if damage := find_damage(database):  # then a check above is missing; less of a session is better than none
        logger.error("what was salvaged of the session is damaged, too: %s", damage)
        if found.views or found.model:
            database.close()
            return rebuild(replace(found, views={}, model=None))
        more = found.samples or found.facts
        if more or found.labels:
            database.close()
            return rebuild(Salvaged(labels=found.labels) if more else Salvaged())
    return database


def _read(path: Path, labels: Sequence[str]) -> Salvaged:
    """Read a database in the way in which most of it can be read."""
    found = Salvaged()
    for repair in (False, True):
        with suppress(*DAMAGE_ERRORS, OSError):
            one = _read_opened(path, labels, repair=repair)
            if len(one.samples) > len(found.samples) or not found.labels:
                found = one
        if found.samples and not found.lost:
            break
    return found


def _read_opened(path: Path, labels: Sequence[str], *, repair: bool) -> Salvaged:
    with closing(_open(path, repair=repair)) as database:
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        found = Salvaged(labels=_labels(database, labels))
        with suppress(*DAMAGE_ERRORS):
            found.facts = {str(name): str(value) for name, value in database.execute("SELECT name, value FROM facts")}
            found.facts = {name: value for name, value in found.facts.items() if name in FACTS}
        ids = _sample_ids(database)
        for sample_id in ids:
            row = _one(database, f"SELECT {SAMPLE_COLUMNS} FROM samples WHERE sample_id = ?", sample_id)
            if row is None or (problem := sample_problem(row, len(found.labels))):
                found.lost += 1
                logger.warning("sample %s is left out: %s", sample_id, "unreadable" if row is None else problem)
                continue
            found.samples[sample_id] = row if picture_is_sound(row[3]) else (*row[:3], b"", *row[4:])
        _drop_odd_lengths(found)
        for sample_id, row in found.samples.items():
            length = len(bytes(row[2])) if isinstance(row[2], bytes) else None
            with suppress(*DAMAGE_ERRORS):
                rows = database.execute(f"SELECT {VIEW_COLUMNS} FROM made_views WHERE sample_id = ?", (sample_id,))
                # A damaged index also returns views of other samples.
                found.views[sample_id] = [one for one in rows if one[0] == sample_id and not view_problem(one, length)]
        with suppress(*DAMAGE_ERRORS):
            models = database.execute(f"SELECT {MODEL_COLUMNS} FROM model").fetchall()
            found.model = models[0] if len(models) == 1 and not model_problem(models[0], len(found.labels)) else None
    return found


def _open(path: Path, *, repair: bool) -> sqlite3.Connection:
    """Open a database read-only, without its journal; with `repair`, a copy in memory whose header is corrected."""
    if not repair or sys.version_info < (3, 11):  # Python 3.10 cannot open a copy in memory
        database = sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", uri=True)
        database.execute("PRAGMA writable_schema = ON")  # a damaged definition hides one table, not all of them
        return database
    data = bytearray(path.read_bytes() if path.stat().st_size <= _LARGEST_REPAIRED_BYTES else b"")
    for at, constant in _HEADER_CONSTANTS:
        data[at : at + len(constant)] = constant
    page_bytes = int.from_bytes(data[16:18], "big")
    if page_bytes & (page_bytes - 1) or page_bytes < 512 or len(data) % page_bytes:
        page_bytes = _USUAL_PAGE_BYTES
    data[16:18] = page_bytes.to_bytes(2, "big")
    data[28:32] = (len(data) // page_bytes).to_bytes(4, "big")
    data[92:96] = data[24:28]  # "the size above is valid"
    data[32:40] = bytes(8)  # an empty list of free pages
    database = sqlite3.connect(":memory:")
    database.deserialize(bytes(data))
    database.execute("PRAGMA writable_schema = ON")
    return database


def _labels(database: sqlite3.Connection, labels: Sequence[str]) -> list[str]:
    """Read the names of the classes; one that is damaged gets its name from `labels`, or a number."""
    stored: dict[int, str] = {}
    with suppress(*DAMAGE_ERRORS):
        for index, name in read_label_rows(database):
            if isinstance(index, int) and 0 <= index < 9:
                stored[index] = str(name) if label_is_sound(name) else ""
    names: list[str] = []
    for index in range(max((*stored, -1)) + 1 or len(labels)):
        given = (stored.get(index, ""), labels[index] if index < len(labels) else "", str(index + 1))
        names.append(next((one for one in given if one and one not in names), f"{index + 1}."))
    return names


def _sample_ids(database: sqlite3.Connection) -> list[int]:
    """Return the ids of all samples that any path through the database leads to."""
    found: dict[int, None] = {}
    for source in (
        "NOT INDEXED ORDER BY sample_id",
        "NOT INDEXED ORDER BY sample_id DESC",
        "INDEXED BY samples_by_hold",
    ):
        for (sample_id,) in _rows(database, f"SELECT sample_id FROM samples {source}"):
            if isinstance(sample_id, int) and 1 <= sample_id < 1 << 62:
                found[sample_id] = None
    return sorted(found)


def _rows(database: sqlite3.Connection, query: str) -> Iterator[Row]:
    """Yield rows until the damage."""
    with suppress(*DAMAGE_ERRORS):
        yield from database.execute(query)


def _one(database: sqlite3.Connection, query: str, value: int) -> Row | None:
    with suppress(*DAMAGE_ERRORS):
        row: Row | None = database.execute(query, (value,)).fetchone()
        return row
    return None


def _drop_odd_lengths(found: Salvaged) -> None:
    """Leave out samples whose embedding has not the length of the others of the same extractor."""
    vectors = {key: (str(row[5]), len(row[2])) for key, row in found.samples.items() if isinstance(row[2], bytes)}
    usual = usual_length(list(vectors.values()))
    for sample_id, (sha256, length) in vectors.items():
        if length != usual[sha256]:
            del found.samples[sample_id]
            found.lost += 1

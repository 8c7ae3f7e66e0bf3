"""Where the labels of a session come from, recorded beside them: default names follow the language later, too."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from app.session.database import NAMES_FROM, get_fact, get_labels, set_fact, set_labels

Origin = str | int | None
"""In words, or as the place of a label in its list; None if it is not known."""


def set_labels_from(database: sqlite3.Connection, labels: Sequence[str], names_from: Sequence[Origin]) -> None:
    """Replace the class labels, and record where they come from."""
    set_labels(database, labels)
    set_fact(database, NAMES_FROM, json.dumps([list(labels), list(names_from)]))


def recorded_origins(database: sqlite3.Connection) -> tuple[Origin, ...]:
    """Return what was recorded with the present labels; empty if nothing was, as by older versions."""
    labels, recorded = get_labels(database), get_fact(database, NAMES_FROM)
    try:
        of_labels, names_from = json.loads(recorded)
        known = of_labels == list(labels) and len(names_from) == len(labels)
    except (ValueError, TypeError):
        return ()
    return tuple(one if isinstance(one, str | int) else None for one in names_from) if known else ()

"""Models, sessions and other files that strangers made."""

from __future__ import annotations

from benchmarks.fault_rows import FaultRow

ROWS = (
    FaultRow(
        "a stranger's session unpacks to gigabytes",
        "“That folder is not used: it cannot be used: session.npz would unpack to more than a session holds.”",
        "the visitor's own session and model",
        "tests/app/importing/test_sessions.py",
    ),
)

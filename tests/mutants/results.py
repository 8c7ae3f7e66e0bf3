"""What became of each change, kept in a file so that a second call goes on where the first one stopped."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.candidates import Mutant


@dataclass(frozen=True)
class Outcome:
    """What became of one change.

    Attributes:
        noticed: Whether a test failed, or the tests took far too long.
        by: The test that failed, or why else the change counts as noticed.
        diff: The lines that the change removed and added.
        seconds: How long it took.
        tests: How many tests were chosen.
    """

    noticed: bool
    by: str
    diff: str
    seconds: float
    tests: int


class Results:
    """The results so far: one line of JSON for each change that was tried.

    Args:
        repository: The repository.
        path: The file. A new result is added at its end.
        tests_digest: Digest of all tests.
    """

    def __init__(self, repository: Path, path: Path, tests_digest: str) -> None:
        self._repository, self._path, self._tests_digest = repository, path, tests_digest
        self._lock = threading.Lock()
        self._by_key: dict[str, dict[str, object]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            result = json.loads(line)
            self._by_key[result["key"]] = result

    def of(self, mutant: Mutant) -> str | None:
        """The result of a change, "noticed" or "survived", or None if it must be tried."""
        result = self._by_key.get(mutant.key)
        if result is None or result["file"] != digest([self._repository / mutant.path]):
            return None
        if result["outcome"] == "survived" and result["tests_digest"] != self._tests_digest:
            return None
        return str(result["outcome"])

    def diff(self, mutant: Mutant) -> str:
        """The lines that the change removed and added."""
        return str(self._by_key[mutant.key]["diff"])

    def add(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep a result, and print it."""
        result: dict[str, object] = {
            "key": mutant.key,
            "place": f"{mutant.path}:{mutant.line}",
            "outcome": "noticed" if outcome.noticed else "survived",
            "by": outcome.by,
            "seconds": round(outcome.seconds, 1),
            "tests": outcome.tests,
            "file": digest([self._repository / mutant.path]),
            "tests_digest": self._tests_digest,
            "diff": outcome.diff,
        }
        with self._lock:
            self._by_key[mutant.key] = result
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
            print(f"{result['outcome']:9} {outcome.seconds:5.1f} s  {mutant.key} {result['place']}", flush=True)


def digest(paths: Iterable[Path]) -> str:
    """A short digest of the contents of files."""
    together = hashlib.sha256()
    for path in sorted(paths):
        together.update(path.read_bytes())
    return together.hexdigest()[:12]

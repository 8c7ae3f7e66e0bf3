"""Trying one change: in a copy of the repository, with the tests that are likeliest to notice it first."""

from __future__ import annotations

import difflib
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.mutants.candidates import Mutant
from tests.mutants.results import Outcome
from tests.mutants.tests_by_line import TestsByLine

LIMIT_S, LIMIT_FACTOR = 60.0, 20.0  # a test may take this, and so many times its usual time
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
SERVER = Path(__file__).with_name("server.py")


def tried(mutant: Mutant, tree: Path, pytest: Pytest, tests: TestsByLine, seconds: float) -> Outcome:
    """Make a change in a copy of the repository and run the tests that run its line, those of its file first.

    Args:
        mutant: The change.
        tree: The copy. It is as it was afterwards.
        pytest: Runs tests there.
        tests: Which tests run which line.
        seconds: How long tests outside the package of the change usually take together, at most. A change that only a
            longer test would notice counts as not noticed.
    """
    file, started_s = tree / mutant.path, time.monotonic()
    source = file.read_text(encoding="utf-8")
    changed = mutant.applied(source)
    diff = "\n".join(list(difflib.unified_diff(source.splitlines(), changed.splitlines(), n=0, lineterm=""))[3:])
    own = tests.folder_of(mutant.path)
    chosen = sorted(tests.of(mutant.path, mutant.line, own), key=lambda name: tests.seconds[name])
    others, left_s = [], seconds
    for name in (name for name in chosen if not name.startswith(own)):
        left_s -= tests.seconds[name]
        if left_s < 0:
            break
        others.append(name)
    by = ""
    file.write_text(changed, encoding="utf-8")
    try:
        nearest = f"{own}test_{Path(mutant.path).stem}"  # the tests of the file itself
        first = [name for name in chosen if name.startswith(nearest)]
        rest = [name for name in chosen if name.startswith(own) and name not in set(first)]
        for names in (first, rest, others):
            by = by or (pytest.noticed_by(names, tests) if names else "")
    finally:
        file.write_text(source, encoding="utf-8")
    return Outcome(bool(by), by, diff, time.monotonic() - started_s, len(chosen))


class Pytest:
    """Runs tests in a copy of the repository; see `tests.mutants.server`.

    Args:
        tree: The copy.
    """

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._server = subprocess.Popen(
            [sys.executable, str(SERVER)],
            cwd=tree,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def noticed_by(self, names: list[str], tests: TestsByLine) -> str:
        """The first of these tests that fails or takes far too long; "" if all pass."""
        (self._tree / "chosen_tests").write_text("\n".join(names), encoding="utf-8")
        longest_s = LIMIT_S + LIMIT_FACTOR * max(tests.seconds[name] for name in names)
        arguments = ["-qx", "-p", "no:cacheprovider", "--tb=no", f"--timeout={longest_s}", "@chosen_tests"]
        limit_s = longest_s + LIMIT_FACTOR * sum(tests.seconds[name] for name in names)
        question = {"folder": str(self._tree), "arguments": arguments, "seconds": limit_s}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(question), file=self._server.stdin, flush=True)
        answer = json.loads(self._server.stdout.readline())
        code, output = answer["code"], answer["output"]
        if code == 0:
            return ""
        if code is None:
            return "it took far too long"
        if "not found:" in output or code == 5:
            sys.exit(f"pytest did not run (exit {code}):\n{output}")
        failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", output, re.MULTILINE)
        return failed[1] if failed else output.strip()[-200:] or f"exit {code}"

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


def copied(repository: Path, tree: Path) -> Path:
    """Copy the repository's files, and what is needed beside them, without their history."""
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=repository, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.split("\0") if (repository / name).is_file()]
    for path in [path for path in tree.rglob("*.py") if str(path.relative_to(tree)) not in names]:
        path.unlink()
    for name in names:
        if (tree / name).is_file() and filecmp.cmp(repository / name, tree / name, shallow=False):
            continue  # compiled tests beside it stay
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repository / name, tree / name)
    engine = repository / "assets" / "web" / "engine"
    if engine.exists():
        shutil.copytree(engine, tree / "assets" / "web" / "engine", dirs_exist_ok=True)
    # Python compares these compiled files with the text, not with its time, so it never runs the text before a change.
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*compiling, "app", "learning", "tpu", "tests"], cwd=tree, check=True)
    return tree

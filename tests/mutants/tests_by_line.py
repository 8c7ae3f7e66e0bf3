"""Which tests run which line: one run of the suite under coverage, kept until a test changes."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Iterable, Sequence
from pathlib import Path

import coverage


class TestsByLine:
    """The tests of each line, and how long each takes.

    Args:
        folder: The folder with the results of `measure`.
    """

    __test__ = False  # pytest takes it for a class of tests otherwise

    def __init__(self, folder: Path) -> None:
        self._data = coverage.CoverageData(str(folder / "coverage"))
        self._data.read()
        self.seconds: dict[str, float] = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))

    def folder_of(self, path: str) -> str:
        """The folder with the tests of the package of a file: "tests/app/core/modes/", or the nearest one above."""
        folder = Path("tests") / Path(path).parent
        while not any(name.startswith(f"{folder}/") for name in self.seconds):
            folder = folder.parent
        return f"{folder}/"

    def of(self, path: str, line: int, own: str) -> set[str]:
        """Identifiers of the tests that run a line.

        Of a line that runs when its file is imported, those that run any line of the file; of one that runs only in
        another process, those of its own package, too.
        """
        contexts = self._data.contexts_by_lineno(path)
        tests = _tests(contexts.get(line, []))
        if not tests:
            tests = _tests(name for names in contexts.values() for name in names)
            tests |= {name for name in self.seconds if name.startswith(own)}
        return tests & set(self.seconds)


def measure(tree: Path, folder: Path, workers: int, tests: Sequence[str]) -> None:
    """Run the suite in `tree` and write which tests ran which lines into `folder`.

    A test that fails without any change of the code is named and never used.

    Raises:
        SystemExit: If the suite does not run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results, settings = folder / "results.xml", folder / "coveragerc"
    settings.write_text("[run]\nrelative_files = true\nsource = app, learning, tpu\n", encoding="utf-8")
    of_coverage = ["--cov", "--cov-context=test", f"--cov-config={settings}", "--cov-report="]
    several = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
    command = [sys.executable, "-m", "pytest", "-q", *several, "-p", "no:cacheprovider", f"--junitxml={results}"]
    done = subprocess.run([*command, *of_coverage, *tests], cwd=tree, check=False)
    if done.returncode not in {0, 1} or not (tree / ".coverage").exists():
        sys.exit(f"The tests do not run (pytest ended with {done.returncode}).")
    (tree / ".coverage").replace(folder / "coverage")
    seconds: dict[str, float] = {}
    for case in xml.etree.ElementTree.parse(results).iter("testcase"):
        names = case.get("classname", "").split(".")
        module = next(n for n in range(len(names), 0, -1) if (tree / "/".join(names[:n])).with_suffix(".py").exists())
        name = "::".join(["/".join(names[:module]) + ".py", *names[module:], case.get("name", "")])
        if case.find("failure") is not None or case.find("error") is not None:
            print(f"Fails without any change, so it is not used: {name}")
        elif case.find("skipped") is None:
            seconds[name] = float(case.get("time", 0))
    (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")


def _tests(contexts: Iterable[str]) -> set[str]:
    """The tests of pytest-cov's contexts, which end in `|setup`, `|run` or `|teardown`; "" is the import."""
    return {context.rpartition("|")[0] for context in contexts if context}

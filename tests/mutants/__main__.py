"""`make mutants`: make small changes to the code, one at a time, and see whether a test fails.

A change is tried in a copy of the repository: first with the tests of its package, then with others that run its line.
The first failure ends it. Results are kept in `build/mutants/`, and a second call goes on where the first one stopped.
A change that was noticed is tried again only when its file changes; one that was not, also when a test changes.
Changes that no test notices are listed in `survivors.toml`, as equivalent with the reason, or as open.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
from contextlib import closing
from pathlib import Path

from tests.mutants.candidates import Mutant, sample
from tests.mutants.results import Results, digest
from tests.mutants.tests_by_line import TestsByLine, measure
from tests.mutants.trying import Pytest, copied, tried

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("learning", "app/core", "app/session", "app/model", "app/importing", "tpu")
LISTED = Path(__file__).with_name("survivors.toml")
WORK = REPOSITORY / "build" / "mutants"
ENOUGH = 0.9  # the share of changes that tests must notice
SUITE = ("tests/learning", "tests/tpu", "tests/app", "--ignore=tests/app/ui")  # ui imports nothing of these folders


def main() -> None:
    """Try the sample and print which changes no test noticed; exit with 1 if there are too many."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="number of changes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="changes that are tried at the same time")
    parser.add_argument("--folders", nargs="+", default=FOLDERS)
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="how long the tests of one change take, at most, besides its package's",
    )
    parser.add_argument(
        "--lines", type=Path, help="a folder with an earlier measurement of which tests run which lines"
    )
    parser.add_argument("--report", action="store_true", help="only print the results so far")
    options = parser.parse_args()
    os.environ.setdefault("KIOSK_SHARED", str(REPOSITORY.parent / "shared"))  # the copies lie elsewhere
    chosen = sample(REPOSITORY, options.folders, options.sample, options.seed, WORK / "candidates.json")
    tests_digest = digest(path for path in (REPOSITORY / "tests").rglob("*.py") if "mutants" not in path.parts)
    results = Results(REPOSITORY, WORK / "results.jsonl", tests_digest)
    if not options.report:
        try_all(chosen, results, options, options.lines or WORK / f"lines-{tests_digest}")
    sys.exit(report(chosen, results))


def try_all(chosen: list[Mutant], results: Results, options: argparse.Namespace, by_line: Path) -> None:
    """Try every change that has no result yet, `options.jobs` of them at the same time."""
    trees = [copied(REPOSITORY, WORK / f"tree{number}") for number in range(options.jobs)]
    if not (by_line / "seconds.json").exists():
        measure(trees[0], by_line, options.jobs, SUITE)
    tests = TestsByLine(by_line)
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in chosen:
        if results.of(mutant) is None:
            waiting.put(mutant)
    print(f"{len(chosen)} changes, {waiting.qsize()} of them to try.", flush=True)

    def work(tree: Path) -> None:
        with closing(Pytest(tree)) as pytest:
            while True:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                results.add(mutant, tried(mutant, tree, pytest, tests, options.seconds))

    threads = [threading.Thread(target=work, args=(tree,)) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def report(chosen: list[Mutant], results: Results) -> int:
    """Print the share of changes that were noticed, and the others; returns the exit code."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8")) if LISTED.exists() else {}
    noticed = [mutant for mutant in chosen if results.of(mutant) == "noticed"]
    survivors = [mutant for mutant in chosen if results.of(mutant) == "survived"]
    equivalent = [mutant for mutant in survivors if listed.get(mutant.key, {}).get("equivalent")]
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path, mutant.line)):
        entry = listed.get(mutant.key, {})
        reason = f"equivalent: {entry['equivalent']}" if "equivalent" in entry else f"open: {entry.get('open', '?')}"
        print(f"\n{mutant.key} {mutant.path}:{mutant.line}  {reason}\n{results.diff(mutant)}")
    changes = len(noticed) + len(survivors) - len(equivalent)
    share = len(noticed) / max(1, changes)
    print(f"\n{len(noticed)} of {changes} changes were noticed ({share:.1%}); {len(equivalent)} more change nothing.")
    if len(noticed) + len(survivors) < len(chosen):
        print(f"{len(chosen) - len(noticed) - len(survivors)} were not tried yet.")
    print(f"{'Enough' if share >= ENOUGH else 'Too few'}: {ENOUGH:.0%} are asked for.")
    return int(share < ENOUGH)


if __name__ == "__main__":
    main()

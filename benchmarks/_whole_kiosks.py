"""Start whole kiosks without a window, one after the other; a second call goes on where the first one stopped."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from app.compose import Start, compose
from app.config.schema import Config


class Case(Protocol):
    """One start.

    Attributes:
        name: Tells it from all others.
    """

    name: str

    def prepare(self) -> tuple[Config, tuple[str, ...]]:
        """Lay its files; return its settings, and what did not hold in them."""


def start_each(cases: Iterable[Case], state: Path | None, expected: Sequence[str] = ()) -> int:
    """Start a kiosk for each case, and print what came of them.

    Args:
        cases: What to start.
        state: A file with the results of earlier calls, which are not repeated; None to start all.
        expected: How the texts begin that staff must have read after one start or more.

    Returns:
        How many did not start, and how many of the expected texts nobody read.
    """
    done = _read(state)
    ways: Counter[str] = Counter()
    failed, started, started_s = 0, 0, time.perf_counter()
    for case in cases:
        if case.name not in done:
            started += 1
            done[case.name] = _started(case)
            if state is not None:
                state.parent.mkdir(parents=True, exist_ok=True)
                with state.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([case.name, done[case.name]]) + "\n")
        ways[done[case.name]] += 1
        if done[case.name].startswith("FAILED"):
            failed += 1
            print(f"{case.name}: {done[case.name]}", flush=True)
    seconds = (time.perf_counter() - started_s) / max(1, started)
    print(f"{sum(ways.values())} whole kiosks, {started} of them now: {failed} did not start; {seconds:.1f} s each")
    for way, count in ways.most_common():
        print(f"    {count:4}  {way}")
    missing = [one for one in expected if not any(way.startswith(one) for way in ways)]
    if missing:
        print(f"{len(missing)} of {len(expected)} known ways did not occur: {'; '.join(missing)}")
    return failed + len(missing)


def _read(state: Path | None) -> dict[str, str]:
    if state is None or not state.exists():
        return {}
    return dict(json.loads(line) for line in state.read_text(encoding="utf-8").splitlines())


def _started(case: Case) -> str:
    """What staff read first of what was wrong; "nothing to say", or "FAILED" with the reason."""
    try:
        config, problems = case.prepare()
        with compose(config, headless=True, start=Start(problems=problems)) as composed:
            composed.loop.tick()
            composed.loop.tick()
            if composed.kiosk.state.fault is not None:
                return f"FAILED: {composed.kiosk.state.fault}"
            found = composed.kiosk.state.start_problems
            return " ".join(str(found[0]).split()) if found else "nothing to say"
    except (Exception, SystemExit) as error:
        return f"FAILED: {type(error).__name__}: {error}"

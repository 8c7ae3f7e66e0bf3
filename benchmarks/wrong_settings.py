"""Start whole kiosks with wrong values of settings: each starts, with the default or with the value.

python benchmarks/wrong_settings.py [--kiosks N] [--state FILE]

Every key with every wrong value of its kind goes through the functions that read settings in
tests/app/config/test_tolerant.py; here a random sample of them starts the kiosk, one value at a time, every key first.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.config.schema import Config
from app.config.tolerant import apply_what_holds
from benchmarks._shared import machine_line, option_parser
from benchmarks._whole_kiosks import start_each
from tests.support.settings import WRONG, setting_types


@dataclass(frozen=True)
class WrongSetting:
    """A kiosk with one wrong value."""

    name: str
    section: str
    key: str
    value: Any
    folder: Path

    def prepare(self) -> tuple[Config, tuple[str, ...]]:
        """Return its settings."""
        config = Config()
        config = replace(config, storage=replace(config.storage, data_dir=str(self.folder / "data")))
        config = replace(config, camera=replace(config.camera, source="demo"))
        config, _, problems = apply_what_holds(config, {self.section: {self.key: self.value}}, "kiosk.toml")
        return config, problems


def main() -> None:
    """Start the sample; exit with 1 if a kiosk did not start."""
    parser = option_parser(__doc__)
    parser.add_argument("--kiosks", type=int, default=200, help="how many to start (default: 200)")
    parser.add_argument("--state", type=Path, help="a file that keeps the results, so that another call goes on")
    options = parser.parse_args()
    state = None if options.state is None else options.state.resolve()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # some of the values are paths
        cases = [
            WrongSetting(f"{section}.{key} = {value!r:.60}", section, key, value, Path(folder))
            for section, key, kind in setting_types()
            for value in WRONG[kind]
        ]
        random.Random(0).shuffle(cases)
        seen: Counter[str] = Counter()
        ranks = {}
        for case in cases:
            ranks[case.name] = seen[f"{case.section}.{case.key}"]
            seen[f"{case.section}.{case.key}"] += 1
        cases.sort(key=lambda case: ranks[case.name])
        failed = start_each(cases[: options.kiosks], state)
    print(machine_line())
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()

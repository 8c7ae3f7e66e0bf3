"""Flip bits of a small stored session: each opens, with all samples if the last good copy is there.

python benchmarks/bit_flips.py [--every] [--bits N] [--kiosks N] [--state FILE]

Every bit goes through the function that opens a session, in this process; `--every` takes about 25 minutes of a core.
Then the whole kiosk starts without a window with a sample of flipped bits. If a known way of repairing a session does
not occur among 500 of them, that is a failure, too. With `--state` a second call goes on where the first one stopped.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.config.schema import Config
from benchmarks._shared import machine_line, option_parser
from benchmarks._whole_kiosks import start_each
from tests.support.bit_flips import SAMPLES, Flipper

IN_MEMORY = Path("/dev/shm")
HEADER_BITS = 800
WRITTEN_EVERY = 500
ENOUGH = 500  # kiosks: so many meet every known way
WAYS = (
    "nothing to say",
    "The stored session was damaged and has been repaired.",
    "The stored session was damaged. Pictures kept: ",
    "The stored session was damaged and could not be read. A new one begins.",
)
"""How the texts begin that staff read: see `app.session.opening.Opened.repair`."""
IN_FILE_NAMES = str.maketrans({" ": "-", ",": None})


def main() -> None:
    """Flip, open, count, and exit with 1 if anything did not open, or if a known way of repairing did not occur."""
    parser = option_parser(__doc__)
    parser.add_argument("--every", action="store_true", help="every bit, not only a sample")
    parser.add_argument("--bits", type=int, default=2000, help="size of the sample (default: 2000)")
    parser.add_argument("--minutes", type=float, default=60, help="the longest time for each half (default: 60)")
    parser.add_argument("--kiosks", type=int, default=500, help="how many whole kiosks to start (default: 500)")
    parser.add_argument("--state", type=Path, help="keeps what was opened and started, so that another call goes on")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    failed = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        for good_copy in (True, False):
            flipper = Flipper(Path(folder) / str(good_copy), good_copy=good_copy)
            number = flipper.bits if options.every else min(options.bits, flipper.bits)
            bits = random.Random(0).sample(range(flipper.bits), number)
            counts = Counts(options.state, f"{number} bits, {'with' if good_copy else 'without'} the last good copy")
            failed += open_each(flipper, bits, counts, minutes=options.minutes, complete=good_copy)
        ways = WAYS if options.kiosks >= ENOUGH else ()
        failed += start_each(flipped_kiosks(Path(folder) / "kiosks", options.kiosks), options.state, ways)
    print(machine_line())
    if failed:
        sys.exit(1)


class Counts:
    """What came of the flipped bits so far.

    Args:
        state: The file of the kiosks that have started; the counts lie beside it. None to keep nothing.
        name: Tells these bits from others.
    """

    def __init__(self, state: Path | None, name: str) -> None:
        self._path, self.name = state and state.with_name(f"{state.name}.{name.translate(IN_FILE_NAMES)}"), name
        self._counts: Counter[str] = Counter()
        if self._path is not None and self._path.exists():
            self._counts.update(json.loads(self._path.read_text(encoding="utf-8")))

    def __getitem__(self, what: str) -> int:
        return self._counts[what]

    def add(self, *what: str) -> None:
        """Count one bit."""
        self._counts.update(what)

    def write(self) -> None:
        """Write the file."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial = self._path.with_name(f"{self._path.name}.partial")
            partial.write_text(json.dumps(self._counts), encoding="utf-8")
            partial.replace(self._path)


def open_each(flipper: Flipper, bits: Sequence[int], counts: Counts, *, minutes: float, complete: bool) -> int:
    """Open the session after each flipped bit, for so many minutes at most.

    Returns:
        How many did not open or, if each session must be `complete`, lost samples.
    """
    before, started_s = counts["opened"], time.perf_counter()
    for bit in bits[before:]:
        if time.perf_counter() - started_s > 60 * minutes:
            break
        try:
            samples, damage = flipper.open_with(bit, use=False)
        except Exception as error:
            counts.add("opened", "failed")
            print(f"bit {bit}: {type(error).__name__}: {error}", flush=True)
        else:
            counts.add("opened", f"with {samples} samples", *(["noticed"] if damage else []))
            if complete and samples < SAMPLES:
                counts.add("failed")
                print(f"bit {bit}: {samples} of {SAMPLES} samples, although the last good copy has all", flush=True)
        if counts["opened"] % WRITTEN_EVERY == 0:
            counts.write()
    counts.write()
    each_ms = 1e3 * (time.perf_counter() - started_s) / max(1, counts["opened"] - before)
    kept = ", ".join(
        f"{counts[f'with {samples} samples']} with {samples} of {SAMPLES} samples"
        for samples in range(2 * SAMPLES)
        if counts[f"with {samples} samples"]
    )
    print(
        f"{counts['opened']} of {counts.name} ({flipper.bits} in all): "
        f"{counts['failed']} failed; {counts['noticed']} noticed; {kept}; {each_ms:.1f} ms each",
        flush=True,
    )
    return counts["failed"]


@dataclass(frozen=True)
class FlippedBit:
    """A kiosk whose stored session has a flipped bit."""

    name: str
    flipper: Flipper
    bit: int

    def prepare(self) -> tuple[Config, tuple[str, ...]]:
        """Lay the session; return the settings."""
        path = self.flipper.prepare(self.bit)
        path.rename(path.with_name("session.sqlite3"))
        for other in path.parent.glob("s.*"):
            other.rename(other.with_name(other.name.replace("s.", "session.sqlite3.", 1)))
        config = Config()
        config = replace(config, storage=replace(config.storage, data_dir=str(path.parent)))
        return replace(config, camera=replace(config.camera, source="demo")), ()


def flipped_kiosks(folder: Path, kiosks: int) -> Iterator[FlippedBit]:
    """Yield the sample: half of them with the last good copy, and a third of the bits in the header."""
    rng = random.Random(1)
    flippers = [Flipper(folder / str(number), good_copy=bool(number)) for number in range(2)]
    for number in range(kiosks):
        flipper = flippers[number % 2]
        bit = rng.randrange(HEADER_BITS) if number % 3 == 0 else rng.randrange(flipper.bits)
        copy = "with" if number % 2 else "without"
        yield FlippedBit(f"bit {bit} {copy} the last good copy", flipper, bit)


if __name__ == "__main__":
    main()

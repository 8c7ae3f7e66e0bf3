"""Flip bits of a small stored session: each opens; and start the whole kiosk with a sample of them.

python benchmarks/bit_flips.py [--every] [--bits N] [--kiosks N] [--state FILE]

Every bit goes through the function that opens a session, in this process; `--every` takes minutes. Then the whole kiosk
starts without a window with a sample of flipped bits, in which every way of repairing a session occurs.
"""

from __future__ import annotations

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


def main() -> None:
    """Flip, open, count, and exit with 1 if anything did not open."""
    parser = option_parser(__doc__)
    parser.add_argument("--every", action="store_true", help="every bit, not only a sample")
    parser.add_argument("--bits", type=int, default=2000, help="size of the sample (default: 2000)")
    parser.add_argument("--minutes", type=float, default=60, help="the longest time for each half (default: 60)")
    parser.add_argument("--kiosks", type=int, default=500, help="how many whole kiosks to start (default: 500)")
    parser.add_argument("--state", type=Path, help="keeps which kiosks have started, so that another call goes on")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    failed = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        for good_copy in (True, False):
            flipper = Flipper(Path(folder) / str(good_copy), good_copy=good_copy)
            number = flipper.bits if options.every else min(options.bits, flipper.bits)
            bits = random.Random(0).sample(range(flipper.bits), number)
            failed += open_each(flipper, bits, good_copy=good_copy, minutes=options.minutes)
        failed += start_each(flipped_kiosks(Path(folder) / "kiosks", options.kiosks), options.state)
    print(machine_line())
    if failed:
        sys.exit(1)


def open_each(flipper: Flipper, bits: Sequence[int], *, good_copy: bool, minutes: float) -> int:
    """Open the session after each flipped bit, for so many minutes at most; return how many did not open."""
    kept: Counter[int] = Counter()
    failed, damaged, started_s = 0, 0, time.perf_counter()
    opened = 0
    for bit in bits:
        if time.perf_counter() - started_s > 60 * minutes:
            break
        opened += 1
        try:
            samples, damage = flipper.open_with(bit, use=False)
        except Exception as error:
            failed += 1
            print(f"bit {bit}: {type(error).__name__}: {error}")
            continue
        kept[samples] += 1
        damaged += bool(damage)
    each_ms = 1e3 * (time.perf_counter() - started_s) / max(1, opened)
    counts = ", ".join(f"{count} with {samples} of {SAMPLES} samples" for samples, count in sorted(kept.items()))
    print(
        f"{opened} of {flipper.bits} bits, {'with' if good_copy else 'without'} the last good copy: "
        f"{failed} failed; {damaged} noticed; {counts}; {each_ms:.1f} ms each",
        flush=True,
    )
    return failed


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

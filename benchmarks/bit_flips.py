"""Flip bits of a small stored session: each opens; and start the whole kiosk with a sample of them.

python benchmarks/bit_flips.py [--every] [--bits N] [--kiosks N]

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
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.compose import Start, compose
from app.config.schema import Config
from benchmarks._shared import machine_line, option_parser
from tests.support.bit_flips import SAMPLES, Flipper

IN_MEMORY = Path("/dev/shm")
HEADER_BITS = 800


def main() -> None:
    """Flip, open, count, and exit with 1 if anything did not open."""
    parser = option_parser(__doc__)
    parser.add_argument("--every", action="store_true", help="every bit, not only a sample")
    parser.add_argument("--bits", type=int, default=2000, help="size of the sample (default: 2000)")
    parser.add_argument("--kiosks", type=int, default=500, help="how many whole kiosks to start (default: 500)")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    failed = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        for good_copy in (True, False):
            flipper = Flipper(Path(folder) / str(good_copy), good_copy=good_copy)
            bits = sorted(random.Random(0).sample(range(flipper.bits), min(options.bits, flipper.bits)))
            failed += open_each(flipper, range(flipper.bits) if options.every else bits, good_copy=good_copy)
        failed += start_each(Path(folder) / "kiosks", options.kiosks)
    print(machine_line())
    if failed:
        sys.exit(1)


def open_each(flipper: Flipper, bits: range | list[int], *, good_copy: bool) -> int:
    """Open the session after each flipped bit; return how many did not open."""
    kept: Counter[int] = Counter()
    failed, damaged, started_s = 0, 0, time.perf_counter()
    for bit in bits:
        try:
            samples, damage = flipper.open_with(bit, use=False)
        except Exception as error:
            failed += 1
            print(f"bit {bit}: {type(error).__name__}: {error}")
            continue
        kept[samples] += 1
        damaged += bool(damage)
    each_ms = 1e3 * (time.perf_counter() - started_s) / len(bits)
    counts = ", ".join(f"{count} with {samples} of {SAMPLES} samples" for samples, count in sorted(kept.items()))
    print(
        f"{len(bits)} of {flipper.bits} bits, {'with' if good_copy else 'without'} the last good copy: "
        f"{failed} failed; {damaged} noticed; {counts}; {each_ms:.1f} ms each",
        flush=True,
    )
    return failed


def start_each(folder: Path, kiosks: int) -> int:
    """Start whole kiosks, half of them with the last good copy; return how many did not start."""
    failed, ways, started_s, rng = 0, Counter[str](), time.perf_counter(), random.Random(1)
    flippers = [Flipper(folder / str(number), good_copy=bool(number)) for number in range(2)]
    for number in range(kiosks):
        flipper = flippers[number % 2]
        bit = rng.randrange(HEADER_BITS) if number % 3 == 0 else rng.randrange(flipper.bits)
        path = flipper.prepare(bit)
        path.rename(path.with_name("session.sqlite3"))
        for other in path.parent.glob("s.*"):
            other.rename(other.with_name(other.name.replace("s.", "session.sqlite3.", 1)))
        config = Config()
        config = replace(config, storage=replace(config.storage, data_dir=str(path.parent)))
        config = replace(config, camera=replace(config.camera, source="demo"))
        try:
            with compose(config, headless=True, start=Start()) as composed:
                composed.loop.tick()
                assert composed.kiosk.state.fault is None
                ways[
                    str(composed.kiosk.state.start_problems[0]) if composed.kiosk.state.start_problems else "sound"
                ] += 1
        except Exception as error:
            failed += 1
            print(f"kiosk with bit {bit}: {type(error).__name__}: {error}")
    seconds = (time.perf_counter() - started_s) / max(1, kiosks)
    print(f"{kiosks} whole kiosks: {failed} did not start; {seconds:.1f} s each")
    for way, count in ways.most_common():
        print(f"    {count:4}  {way}")
    return failed


if __name__ == "__main__":
    main()

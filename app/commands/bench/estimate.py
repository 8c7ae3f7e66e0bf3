"""Estimate the speed of boards that were not measured, from the operations of the model alone.

An estimate is the operations of one picture over the operations per second that a board reaches with 8-bit integers on
one core. It leaves out memory, heat and everything but the model, so it says no more than the order of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """A board, with the multiply-adds per second that one core reaches with 8-bit integers, in billions.

    Attributes:
        macs_per_cycle: 8-bit multiply-adds per cycle that XNNPACK's kernels reach. Two 128-bit vector units could do 32
            with the dot product instructions that the Cortex-A76 has, and 8 without them on the Cortex-A72; a half of
            that is what convolutions usually reach.
        ghz: Its clock.
    """

    name: str
    macs_per_cycle: float
    ghz: float

    def seconds(self, multiply_adds: float) -> float:
        """Seconds of a model of this size."""
        return multiply_adds / (self.macs_per_cycle * self.ghz * 1e9)


BOARDS = (
    Board("Raspberry Pi 4 (Cortex-A72, 1.8 GHz)", 4.0, 1.8),
    Board("Raspberry Pi 5 (Cortex-A76, 2.4 GHz)", 16.0, 2.4),
)
EXTRACTOR_MULTIPLY_ADDS = 193.5e6
"""Of the built-in extractor for one picture (`benchmarks/operations.py`)."""


def estimates() -> list[tuple[str, float]]:
    """Name of each board, and the estimated milliseconds of one picture."""
    return [(board.name, 1000 * board.seconds(EXTRACTOR_MULTIPLY_ADDS)) for board in BOARDS]

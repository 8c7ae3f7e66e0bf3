"""The rows of the table in docs/faults.md: one for each fault that the kiosk is tested with.

Add a row: put a `FaultRow` into `ROWS` of a module of this package; a new module needs nothing else. The row names a
test by the id that pytest uses. That test provokes the fault and measures it. `benchmarks/faults.py` runs the tests of
all rows and fills the last two columns from what they recorded with pytest's `record_property`:

    def test_a_model_that_hangs_is_replaced(record_property):
        ...
        record_property("recovery_s", replaced_s - hung_s)   # from the fault until all is well again, in seconds
        record_property("pictures kept", "12 of 12")         # any other figure: its name, and a number or a text

A test without `recovery_s` has "at once" in that column: nothing stopped working. If a test has several cases
(`parametrize`), the row shows the longest recovery time, and every figure as "smallest to largest". A test that fails
or skips has that in its row instead of figures.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class FaultRow:
    """One fault.

    Attributes:
        fault: What goes wrong, in a few words.
        seen: What the visitor sees, or what the command line prints.
        kept: What is kept, and what is lost.
        test: The test that provokes it: "tests/app/test_x.py::test_a_sentence"; without "::", all tests of the file.
    """

    fault: str
    seen: str
    kept: str
    test: str


def all_rows() -> tuple[FaultRow, ...]:
    """Return the rows of all modules of this package, the modules in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(row for name in names for row in importlib.import_module(f"{__name__}.{name}").ROWS)

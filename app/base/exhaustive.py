"""`assert_never` for the end of a `match`: mypy proves that no case is missing."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from typing import assert_never
else:
    from typing import NoReturn

    def assert_never(value: NoReturn, /) -> NoReturn:
        """Raise AssertionError: no case handles this value."""
        raise AssertionError(f"Expected code to be unreachable, but got: {value!r}")


__all__ = ["assert_never"]

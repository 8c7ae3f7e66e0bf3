"""Standard streams that never make a command fail: closed ones, and names that the terminal cannot show."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path

from app.base.errors import OutputStreamNotWritten


def prepare_streams() -> None:
    """Open closed standard streams, and let the others show "?" for what their encoding lacks.

    A file that is opened while a standard stream is closed gets its number, and libraries would print into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(open(0, "rb", closefd=False))  # noqa: SIM115  # for as long as the process
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(open(number, "wb", closefd=False), write_through=True))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_line(line: object = "", *, to_errors: bool = False) -> None:
    """Print a line at once. If nobody reads it any more (`… | head -1`), it is dropped, and so is all that follows.

    The work of a command goes on without a reader: only its last line may have been of interest.

    Raises:
        OutputStreamNotWritten: If the line cannot be written, because the disk is full, for example.
    """
    try:
        print(line, file=sys.stderr if to_errors else sys.stdout, flush=True)
    except BrokenPipeError:
        drop_output()
    except OSError as error:
        drop_output()
        name = f"standard {'error' if to_errors else 'output'}"
        raise OutputStreamNotWritten(Path(name), error.strerror or type(error).__name__) from error


def drop_output() -> None:
    """Send what is left in the buffers of standard output and standard error to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

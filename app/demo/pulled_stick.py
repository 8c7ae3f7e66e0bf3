"""An Edge TPU stick that a long test pulls out and plugs in again, as far as a program can do that."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tpu.edgetpu.devices import Accelerator
from tpu.edgetpu.supervisor import ListDevices

CHILD = b"tpu.edgetpu.child"  # in the command line of the process that has the stick open


class PulledStick:
    """The Edge TPUs of this computer, or none while the stick is out.

    Args:
        list_devices: Lists those that are plugged in.
    """

    def __init__(self, list_devices: ListDevices) -> None:
        self._list_devices = list_devices
        self._out = False

    def list(self) -> Sequence[Accelerator]:
        """Return the Edge TPUs that the kiosk should find."""
        return () if self._out else self._list_devices()

    def pull(self) -> None:
        """Hide the stick and abort the process that has it open, as its driver does when a stick is pulled out."""
        self._out = True
        for pid in _children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGABRT)

    def plug_in(self) -> None:
        """Show the stick again."""
        self._out = False


def _children() -> Iterator[int]:
    """Yield the processes that this one started for the Edge TPU."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            parent = int((folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
            if parent == os.getpid() and CHILD in (folder / "cmdline").read_bytes():
                yield int(folder.name)

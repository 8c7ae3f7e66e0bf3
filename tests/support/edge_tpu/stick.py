"""A USB stick without hardware: a driver library, the sysfs entries it has while plugged in, and verbs for what goes
wrong with it. The kiosk's own code finds, opens, watches and loses it as it would a real one.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.runtime import Driver

SOURCE = Path(__file__).with_name("libedgetpu.c")
PORT = "1-1"


def can_compile() -> bool:
    """Whether the driver library can be made here."""
    return shutil.which("gcc") is not None


class SimulatedStick:
    """Made unplugged, in a folder of its own.

    Args:
        folder: Empty; holds the library, its orders and the false /sys and /dev.
        counterpart: The CPU file that it computes through; None lets every output be the mean of a block of the input.
    """

    def __init__(self, folder: Path, counterpart: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.library = folder / "libedgetpu.so"
        command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(self.library), str(SOURCE), "-ldl", "-lpthread"]
        subprocess.run(command, check=True, capture_output=True)
        self._node_number = 4
        if counterpart is not None:
            self._order("counterpart", counterpart.resolve())

    @property
    def driver(self) -> Driver:
        """What opens it."""
        return Driver(str(self.library))

    def list(self) -> tuple[Accelerator, ...]:
        """What the kiosk finds when it looks for accelerators."""
        return list_accelerators(self.folder / "sys", self.folder / "dev")

    # --- the world's side -------------------------------------------------------------------------------

    def plug_in(self) -> None:
        """It appears, as a stick that has not got its firmware yet; its number is a new one each time."""
        self._node_number += 1
        node = self.folder / f"dev/bus/usb/001/{self._node_number:03d}"
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        device = self.folder / "sys/bus/usb/devices" / PORT
        coming = self.folder / "sys/coming"  # a kernel shows a device when all of it is there
        coming.mkdir(parents=True)
        device.parent.mkdir(parents=True, exist_ok=True)
        for name, value in (
            ("idVendor", "1a6e"), ("idProduct", "089a"), ("busnum", "1"), ("devnum", str(self._node_number)),
        ):  # fmt: skip
            (coming / name).write_text(f"{value}\n")
        coming.rename(device)
        self._order("plugged", f"usb {device}")

    def unplug(self) -> None:
        """Pull it, idle or not: whoever holds it open aborts."""
        (self.folder / "plugged").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "sys", ignore_errors=True)
        shutil.rmtree(self.folder / "dev", ignore_errors=True)

    def open_slowly(self, ms: int) -> None:
        """Opening takes so long from now on."""
        self._order("open_ms", ms)

    def refuse_to_open(self) -> None:
        """Opening fails without a word from now on: busy, forbidden and broken look the same."""
        self._order("open_fails", 1)

    def open_again(self) -> None:
        """Opening works again."""
        (self.folder / "open_fails").unlink(missing_ok=True)

    def abort_when_opened(self, times: int) -> None:
        """The next so many openings abort."""
        self._order("open_aborts", times)

    def compute_slowly(self, ms: int) -> None:
        """A call takes so long from now on."""
        self._order("invoke_ms", ms)

    def hang_at(self, call: int) -> None:
        """The so-many-eth call from now on never returns."""
        self._order("hang_at", call)

    def abort_at(self, call: int) -> None:
        """The so-many-eth call from now on aborts the process."""
        self._order("abort_at", call)

    def fail_at(self, call: int) -> None:
        """The so-many-eth call from now on returns an error."""
        self._order("error_at", call)

    def give_wrong_shape_at(self, call: int) -> None:
        """The so-many-eth call from now on gives a result of another shape."""
        self._order("shape_at", call)

    @property
    def pending(self) -> tuple[str, ...]:
        """Orders for single calls that have not struck yet."""
        return tuple(name for name in ("hang_at", "abort_at", "error_at", "shape_at") if (self.folder / name).exists())

    @property
    def options(self) -> dict[str, str]:
        """The options it was opened with last."""
        lines = (self.folder / "options").read_text().splitlines()
        return {line.partition("=")[0]: line.partition("=")[2] for line in lines}

    def _order(self, name: str, value: object) -> None:
        partial = self.folder / f"{name}.new"
        partial.write_text(f"{value}\n")
        partial.replace(self.folder / name)

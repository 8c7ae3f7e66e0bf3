"""SimulatedStick: a driver library, the sysfs entries of a plugged-in stick, and methods for what can go wrong.

The kiosk's own code finds, opens, watches and loses it as it would a real stick.
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
    """Return whether the driver library can be compiled here."""
    return shutil.which("gcc") is not None


class SimulatedStick:
    """A stick, at first not plugged in.

    Args:
        folder: An empty folder for the library, its instructions and the simulated /sys and /dev.
        counterpart: The CPU file that computes its outputs; None makes every output the mean of a block of the input.
    """

    def __init__(self, folder: Path, counterpart: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.library = folder / "libedgetpu.so"
        command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(self.library), str(SOURCE), "-ldl", "-lpthread"]
        subprocess.run(command, check=True, capture_output=True)
        self._node_number = 4
        if counterpart is not None:
            self._instruct("counterpart", counterpart.resolve())

    @property
    def driver(self) -> Driver:
        """The driver that opens it."""
        return Driver(str(self.library))

    def list(self) -> tuple[Accelerator, ...]:
        """Return the accelerators that the kiosk finds."""
        return list_accelerators(self.folder / "sys", self.folder / "dev")

    def plug_in(self) -> None:
        """Plug it in: it appears without its firmware, with a new device number each time."""
        self._node_number += 1
        node = self.folder / f"dev/bus/usb/001/{self._node_number:03d}"
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        device = self.folder / "sys/bus/usb/devices" / PORT
        coming = self.folder / "sys/coming"  # the kernel shows a device only when it is complete
        coming.mkdir(parents=True)
        device.parent.mkdir(parents=True, exist_ok=True)
        for name, value in (
            ("idVendor", "1a6e"), ("idProduct", "089a"), ("busnum", "1"), ("devnum", str(self._node_number)),
        ):  # fmt: skip
            (coming / name).write_text(f"{value}\n")
        coming.rename(device)
        self._instruct("plugged", f"usb {device}")

    def unplug(self) -> None:
        """Unplug it: a process that has it open aborts, even if it is idle."""
        (self.folder / "plugged").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "sys", ignore_errors=True)
        shutil.rmtree(self.folder / "dev", ignore_errors=True)

    def open_slowly(self, ms: int) -> None:
        """Make opening take this long from now on."""
        self._instruct("open_ms", ms)

    def refuse_to_open(self) -> None:
        """Make opening fail without a message from now on, as for a busy, forbidden or broken device."""
        self._instruct("open_fails", 1)

    def open_again(self) -> None:
        """Make opening work again."""
        (self.folder / "open_fails").unlink(missing_ok=True)

    def abort_when_opened(self, times: int) -> None:
        """Abort the process the next `times` times that it is opened."""
        self._instruct("open_aborts", times)

    def compute_slowly(self, ms: int) -> None:
        """Make every call take this long from now on."""
        self._instruct("invoke_ms", ms)

    def hang_at(self, call: int) -> None:
        """Make call number `call` from now on never return."""
        self._instruct("hang_at", call)

    def abort_at(self, call: int) -> None:
        """Make call number `call` from now on abort the process."""
        self._instruct("abort_at", call)

    def fail_at(self, call: int) -> None:
        """Make call number `call` from now on return an error."""
        self._instruct("error_at", call)

    def give_wrong_shape_at(self, call: int) -> None:
        """Make call number `call` from now on return a result of another shape."""
        self._instruct("shape_at", call)

    @property
    def options(self) -> dict[str, str]:
        """The options of the last opening."""
        lines = (self.folder / "options").read_text().splitlines()
        return {line.partition("=")[0]: line.partition("=")[2] for line in lines}

    def _instruct(self, name: str, value: object) -> None:
        partial = self.folder / f"{name}.new"
        partial.write_text(f"{value}\n")
        partial.replace(self.folder / name)

"""Whether libedgetpu is there and fits, found out without opening a device.

Apart from `tpu.edgetpu.driver`, which the accelerator's child imports and which has to start fast.
"""

from __future__ import annotations

import subprocess
import sys

from tpu.edgetpu.driver import driver_version
from tpu.edgetpu.python_process import module_command, module_environment
from tpu.errors import DriverMismatch
from tpu.runtime import INSTALL_DRIVER

ASKED_S = 20.0  # for starting Python and loading a library, on a Raspberry Pi that is busy
TOO_OLD = ("a4dfb8d1",)  # TensorFlow's commit in the label of Google's own 16.0 of 2021, whose structs are shorter


def driver_problem(library: str) -> str:
    """Why a driver cannot be used, and the command that mends it; empty when nothing is known to be wrong.

    The library is loaded in a process of its own; no device is opened.
    """
    try:
        asked = subprocess.run(
            module_command("tpu.edgetpu.driver_check", library),
            env=module_environment(),
            capture_output=True,
            text=True,
            timeout=ASKED_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the Edge TPU driver {library} hangs when it is loaded: {INSTALL_DRIVER}"
    told, _, what = asked.stdout.strip().partition(" ")
    if told == "version":
        return str(DriverMismatch()).rstrip(".") if any(commit in what for commit in TOO_OLD) else ""
    if told == "missing":
        return f"the Edge TPU driver is missing ({what}): {INSTALL_DRIVER}"
    return f"the Edge TPU driver {library} crashes when it is loaded: {INSTALL_DRIVER}"


def main(library: str) -> None:
    """Print "version" and what `driver_version` gives, or "missing" and why it gives nothing."""
    try:
        print("version", driver_version(library))
    except (OSError, AttributeError) as error:  # no such file, or a library of something else
        print("missing", str(error).splitlines()[0])


if __name__ == "__main__":
    main(sys.argv[1])

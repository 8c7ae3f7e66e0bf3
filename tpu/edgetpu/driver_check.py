"""Check that libedgetpu is installed and fits the runtime, without opening a device.

The library is loaded in a process of its own, because loading it may crash. This module is apart from
`tpu.edgetpu.driver`, which the accelerator's child imports and which must load fast.
"""

from __future__ import annotations

import subprocess
import sys

from tpu.edgetpu.driver import driver_version
from tpu.edgetpu.python_process import module_command, module_environment
from tpu.errors import INSTALL_DRIVER, DriverMismatch

TIMEOUT_S = 20.0  # to start Python and load a library on a busy Raspberry Pi
OLD_TENSORFLOW_COMMITS = ("a4dfb8d1",)  # in the build label of Google's 16.0 of 2021, whose structs are shorter


def driver_problem(library: str) -> str:
    """Return why a driver library cannot be used and how to fix it; empty if no problem was found."""
    try:
        result = subprocess.run(
            module_command("tpu.edgetpu.driver_check", library),
            env=module_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the Edge TPU driver {library} hangs when it is loaded: {INSTALL_DRIVER}"
    outcome, _, detail = result.stdout.strip().partition(" ")
    if outcome == "version":
        is_old = any(commit in detail for commit in OLD_TENSORFLOW_COMMITS)
        return str(DriverMismatch()).rstrip(".") if is_old else ""
    if outcome == "missing":
        return f"the Edge TPU driver is missing ({detail}): {INSTALL_DRIVER}"
    return f"the Edge TPU driver {library} crashes when it is loaded: {INSTALL_DRIVER}"


def main(library: str) -> None:
    """Print "version" and the driver's version, or "missing" and the reason."""
    try:
        print("version", driver_version(library))
    except (OSError, AttributeError) as error:  # the file is missing, or it is another library
        print("missing", str(error).splitlines()[0])


if __name__ == "__main__":
    main(sys.argv[1])

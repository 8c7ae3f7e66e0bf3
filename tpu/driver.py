"""What libedgetpu itself says: its version, and the devices in the order of its own numbers.

It may be loaded only where a crash does not matter: in a process of its own.

Source: the C interface `edgetpu_c.h` of libedgetpu: edgetpu_list_devices, edgetpu_free_devices, edgetpu_version.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

from tpu.errors import DriverMismatch
from tpu.runtime import INSTALL_DRIVER, load_runtime

ROOT = Path(__file__).resolve().parent.parent
ASKED_S = 20.0  # for starting Python and loading a library, on a Raspberry Pi that is busy
TOO_OLD = ("a4dfb8d1",)  # TensorFlow's commit in the label of Google's own 16.0 of 2021, whose structs are shorter
KINDS = ("pci", "usb")  # enum edgetpu_device_type


class _Device(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("path", ctypes.c_char_p))


def driver_version(library: str) -> str:
    """Such as "BuildLabel(COMPILER=…,TENSORFLOW_COMMIT=…), RuntimeVersion(14)".

    Raises:
        OSError: If the library, or one that it needs, is not there.
    """
    version = ctypes.CDLL(library).edgetpu_version
    version.restype = ctypes.c_char_p
    return (version() or b"").decode(errors="replace")


def driver_problem(library: str) -> str:
    """Why a driver cannot be used, and the command that mends it; empty when nothing is known to be wrong.

    The library is loaded in a process of its own; no device is opened.
    """
    asks = "import sys; from tpu.driver import told_version; told_version(sys.argv[1])"
    try:
        asked = subprocess.run(
            [sys.executable, "-c", asks, library],
            cwd=ROOT,
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


def told_version(library: str) -> None:
    """Print "version" and what `driver_version` gives, or "missing" and why it gives nothing."""
    try:
        print("version", driver_version(library))
    except (OSError, AttributeError) as error:  # no such file, or a library of something else
        print("missing", str(error).splitlines()[0])


def driver_devices(library: str) -> tuple[tuple[str, str], ...]:
    """Devices as ("usb" or "pci", path in /sys or /dev), in the driver's order.

    Raises:
        OSError: If the library, or one that it needs, is not there.
    """
    opened = ctypes.CDLL(library)
    opened.edgetpu_list_devices.restype = ctypes.POINTER(_Device)
    opened.edgetpu_list_devices.argtypes = (ctypes.POINTER(ctypes.c_size_t),)
    opened.edgetpu_free_devices.argtypes = (ctypes.POINTER(_Device),)
    count = ctypes.c_size_t()
    devices = opened.edgetpu_list_devices(ctypes.byref(count))
    found = tuple(
        (KINDS[device.kind], device.path.decode(errors="replace"))
        for device in (devices[number] for number in range(count.value))
    )
    opened.edgetpu_free_devices(devices)
    return found


def device_name(runtime: str, library: str, path: str) -> str:
    """What the driver calls the device at a path: "usb:1"; empty when it does not list it, or cannot be asked.

    Two sticks have the order of the driver, which need not be that of sysfs.
    """
    try:
        if runtime == "pycoral":
            listed = [(one["type"], one["path"]) for one in load_runtime(runtime).list_edge_tpus()]
        else:
            listed = list(driver_devices(library))
    except (OSError, AttributeError):
        return ""
    kind = "usb" if "usb" in path else "pci"
    of_kind = [Path(where).name for what, where in listed if what == kind]
    name = Path(path).name
    return f"{kind}:{of_kind.index(name)}" if name in of_kind else ""

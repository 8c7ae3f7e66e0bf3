"""Ask libedgetpu for its version and its list of devices.

Load the library only in a process of its own, because loading it may crash.

Source: the C interface `edgetpu_c.h` of libedgetpu: edgetpu_list_devices, edgetpu_free_devices, edgetpu_version.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

from tpu.runtime import load_runtime

KINDS = ("pci", "usb")  # enum edgetpu_device_type


class _Device(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("path", ctypes.c_char_p))


def driver_version(library: str) -> str:
    """Return text such as "BuildLabel(COMPILER=…,TENSORFLOW_COMMIT=…), RuntimeVersion(14)".

    Raises:
        OSError: If the library, or one that it needs, is missing.
    """
    version = ctypes.CDLL(library).edgetpu_version
    version.restype = ctypes.c_char_p
    return (version() or b"").decode(errors="replace")


def driver_devices(library: str) -> tuple[tuple[str, str], ...]:
    """Return devices as ("usb" or "pci", path in /sys or /dev), in the driver's order.

    Raises:
        OSError: If the library, or one that it needs, is missing.
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
    """Return the driver's name of the device at a path, such as "usb:1"; empty if the driver does not list it.

    The driver numbers several sticks in its own order, which may differ from that of sysfs.
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

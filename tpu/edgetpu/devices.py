"""List the Edge TPUs that are plugged in, and why one cannot be used. Reads sysfs; needs no driver library.

Sources:
    USB ids of the Coral stick before (1a6e:089a) and after (18d1:9302) its firmware is loaded, PCIe id 1ac1:089a,
    /sys/class/apex/apex_N with its device file /dev/apex_N: Coral documentation.
    `temp` (thousandths of a degree) and `is_device_owned`: Google's gasket driver.
    A USB interface that a process has claimed shows `usbfs` as its driver: Linux, drivers/usb/core/devio.c.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tpu.errors import StrPath

USB_IDS = (("1a6e", "089a"), ("18d1", "9302"))
PCI_ID = ("0x1ac1", "0x089a")
INSTALL_KERNEL_DRIVER = (
    "build gasket-dkms with https://github.com/jnicolson/gasket-builder, install it with "
    "`sudo apt install ./gasket-dkms_*.deb`, then restart"
)


@dataclass(frozen=True)
class Accelerator:
    """An Edge TPU that is plugged in.

    Attributes:
        device: Its name for `--device`: "usb:0", "pci:1".
        node: Its device file.
        problem: Why it cannot be used now, and the command that fixes it; empty if there is no problem.
        path: The driver's path of it: its folder in /sys (USB) or its device file (PCIe).
        temperature_c: Degrees Celsius; None if it has no sensor (USB).
    """

    device: str
    node: Path
    problem: str = ""
    path: str = ""
    temperature_c: float | None = None


def list_accelerators(sys_root: StrPath = "/sys", dev_root: StrPath = "/dev") -> tuple[Accelerator, ...]:
    """List Edge TPUs: USB first, then PCIe, each sorted by the system's names."""
    sys_folder, dev_folder = Path(sys_root), Path(dev_root)
    return (*_usb(sys_folder, dev_folder), *_pci(sys_folder, dev_folder))


def _usb(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    found: list[Accelerator] = []
    for folder in sorted((sys_root / "bus/usb/devices").glob("*")):
        if (_text(folder / "idVendor"), _text(folder / "idProduct")) in USB_IDS:
            bus, number = _text(folder / "busnum"), _text(folder / "devnum")
            if not (bus and number):  # it is just being plugged in or unplugged
                continue
            node = dev_root / "bus/usb" / bus.zfill(3) / number.zfill(3)
            problem = _permission_problem(node, "plugdev") or _claim_problem(folder, node)
            found.append(Accelerator(f"usb:{len(found)}", node, problem, str(folder)))
    return found


def _pci(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    found: list[Accelerator] = []
    for folder in sorted((sys_root / "class/apex").glob("apex_*")):
        node = dev_root / folder.name
        owned = _text(folder / "is_device_owned") not in ("", "0")
        problem = _permission_problem(node, "apex") or (_busy_problem(node) if owned else "")
        found.append(Accelerator(f"pci:{len(found)}", node, problem, str(node), _temperature_c(folder)))
    on_the_bus = [
        folder
        for folder in sorted((sys_root / "bus/pci/devices").glob("*"))
        if (_text(folder / "vendor"), _text(folder / "device")) == PCI_ID
    ]
    for folder in on_the_bus[len(found) :]:
        found.append(
            Accelerator(
                f"pci:{len(found)}",
                dev_root / f"apex_{len(found)}",
                f"the kernel driver for {folder.name} is missing: {INSTALL_KERNEL_DRIVER}",
                str(folder),
            )
        )
    return found


def _permission_problem(node: Path, usual_group: str) -> str:
    if os.access(node, os.R_OK | os.W_OK):
        return ""
    group = _group(node) or usual_group
    return f"no permission for {node}: run `sudo usermod -aG {group} $USER`, then log in again"


def _group(node: Path) -> str:
    """Return the group of a device file; empty if it is root's or unknown."""
    try:
        group = node.group()
    except (OSError, KeyError):
        return ""
    return "" if group == "root" else group


def _claim_problem(folder: Path, node: Path) -> str:
    claims = (interface / "driver" for interface in folder.parent.glob(f"{folder.name}:*"))
    return (
        _busy_problem(node)
        if any(driver.is_symlink() and driver.readlink().name == "usbfs" for driver in claims)
        else ""
    )


def _busy_problem(node: Path) -> str:
    return f"another program uses it: find it with `sudo fuser -v {node}` and close it"


def _temperature_c(folder: Path) -> float | None:
    try:
        return int(_text(folder / "temp")) / 1000
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""

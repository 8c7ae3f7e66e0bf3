"""Which Edge TPUs are plugged in, and why one cannot be used: read from sysfs without any driver.

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

USB_IDS = (("1a6e", "089a"), ("18d1", "9302"))
PCI_ID = ("0x1ac1", "0x089a")


@dataclass(frozen=True)
class Accelerator:
    """An Edge TPU that is plugged in.

    Attributes:
        device: What `--device` calls it: "usb:0", "pci:1".
        node: Its device file.
        problem: Why it cannot be used now, and the command that mends that; empty when nothing is wrong.
        path: What the driver calls it: its folder in /sys (USB) or its device file (PCIe).
        temperature_c: Degrees; None where it has no sensor (USB).
    """

    device: str
    node: Path
    problem: str = ""
    path: str = ""
    temperature_c: float | None = None


def list_accelerators(sys_root: Path = Path("/sys"), dev_root: Path = Path("/dev")) -> tuple[Accelerator, ...]:
    """List Edge TPUs, USB first, each in the order of the system's own names."""
    return (*_usb(sys_root, dev_root), *_pci(sys_root, dev_root))


def _usb(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    found: list[Accelerator] = []
    for folder in sorted((sys_root / "bus/usb/devices").glob("*")):
        if (_text(folder / "idVendor"), _text(folder / "idProduct")) in USB_IDS:
            bus, number = _text(folder / "busnum"), _text(folder / "devnum")
            if not (bus and number):  # it comes or goes at this very moment
                continue
            node = dev_root / "bus/usb" / bus.zfill(3) / number.zfill(3)
            problem = _forbidden(node, "plugdev") or _claimed(folder, node)
            found.append(Accelerator(f"usb:{len(found)}", node, problem, str(folder)))
    return found


def _pci(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    found: list[Accelerator] = []
    for folder in sorted((sys_root / "class/apex").glob("apex_*")):
        node = dev_root / folder.name
        owned = _text(folder / "is_device_owned") not in ("", "0")
        problem = _forbidden(node, "apex") or (_busy(node) if owned else "")
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
                f"the kernel driver for {folder.name} is missing: run `sudo apt install gasket-dkms`, then restart",
                str(folder),
            )
        )
    return found


def _forbidden(node: Path, usual_group: str) -> str:
    if os.access(node, os.R_OK | os.W_OK):
        return ""
    group = _group(node) or usual_group
    return f"no permission for {node}: run `sudo usermod -aG {group} $USER`, then log in again"


def _group(node: Path) -> str:
    """Whom the system's rules gave a device file to; empty where they left it to root."""
    try:
        group = node.group()
    except (OSError, KeyError):
        return ""
    return "" if group == "root" else group


def _claimed(folder: Path, node: Path) -> str:
    claims = (interface / "driver" for interface in folder.parent.glob(f"{folder.name}:*"))
    return _busy(node) if any(driver.is_symlink() and driver.readlink().name == "usbfs" for driver in claims) else ""


def _busy(node: Path) -> str:
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

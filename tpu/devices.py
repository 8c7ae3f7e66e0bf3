"""Which accelerators are plugged in, read from sysfs without any driver.

Source: USB ids of the Coral stick before (1a6e:089a) and after (18d1:9302) its firmware is loaded; PCIe and
M.2 modules appear as /sys/class/apex/apex_N with their device file /dev/apex_N (Coral documentation).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

USB_IDS = (("1a6e", "089a"), ("18d1", "9302"))


@dataclass(frozen=True)
class Accelerator:
    """An Edge TPU that is plugged in.

    Attributes:
        device: What `--device` calls it: "usb:0", "pci:1".
        node: Its device file.
        problem: Why this user cannot use it, and the command that mends that; empty when nothing is wrong.
    """

    device: str
    node: Path
    problem: str = ""


def list_accelerators(sys_root: Path = Path("/sys"), dev_root: Path = Path("/dev")) -> tuple[Accelerator, ...]:
    """List Edge TPUs, USB first, each in the order of the system's own names."""
    return (*_usb(sys_root, dev_root), *_pci(sys_root, dev_root))


def _usb(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    found: list[Accelerator] = []
    for folder in sorted((sys_root / "bus/usb/devices").glob("*")):
        if (_text(folder / "idVendor"), _text(folder / "idProduct")) in USB_IDS:
            bus, number = _text(folder / "busnum"), _text(folder / "devnum")
            node = dev_root / "bus/usb" / bus.zfill(3) / number.zfill(3)
            found.append(Accelerator(f"usb:{len(found)}", node, _problem(node, "plugdev")))
    return found


def _pci(sys_root: Path, dev_root: Path) -> list[Accelerator]:
    nodes = [dev_root / folder.name for folder in sorted((sys_root / "class/apex").glob("apex_*"))]
    return [Accelerator(f"pci:{number}", node, _problem(node, "apex")) for number, node in enumerate(nodes)]


def _problem(node: Path, group: str) -> str:
    if os.access(node, os.R_OK | os.W_OK):
        return ""
    return f"no permission for {node}: run `sudo usermod -aG {group} $USER`, then log in again"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""

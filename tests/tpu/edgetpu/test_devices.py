"""Accelerators are found in /sys and /dev, with the reason if one cannot be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.edge_tpu.stick import SimulatedStick
from tpu.edgetpu.devices import Accelerator, list_accelerators
from tpu.edgetpu.driver import device_name, driver_devices, driver_version

pytestmark = pytest.mark.needs_runtime


class World:
    """A simulated /sys and /dev."""

    def __init__(self, folder: Path) -> None:
        self.sys, self.dev = folder / "sys", folder / "dev"

    def usb(self, port: str, vendor: str, product: str, number: int) -> Path:
        device = self.sys / "bus/usb/devices" / port
        _write(device, idVendor=vendor, idProduct=product, busnum="2", devnum=str(number))
        node = self.dev / f"bus/usb/002/{number:03d}"
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        return node

    def claim(self, port: str, driver: str) -> None:
        interface = self.sys / "bus/usb/devices" / f"{port}:1.0"
        interface.mkdir()
        (interface / "driver").symlink_to(f"../../../bus/usb/drivers/{driver}")

    def pci(self, address: str) -> None:
        _write(self.sys / "bus/pci/devices" / address, vendor="0x1ac1", device="0x089a")

    def apex(self, number: int, **facts: str) -> Path:
        _write(self.sys / f"class/apex/apex_{number}", **facts)
        self.dev.mkdir(exist_ok=True)
        (self.dev / f"apex_{number}").touch()
        return self.dev / f"apex_{number}"

    def list(self) -> tuple[Accelerator, ...]:
        return list_accelerators(self.sys, self.dev)


def _write(folder: Path, **facts: str) -> None:
    folder.mkdir(parents=True)
    for name, value in facts.items():
        (folder / name).write_text(f"{value}\n")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_without_an_accelerator_the_list_is_empty(world: World) -> None:
    assert world.list() == ()


def test_sticks_are_found_before_and_after_their_firmware_is_loaded_and_other_devices_are_ignored(world: World) -> None:
    world.usb("2-1", "1a6e", "089a", 5)
    world.usb("2-2", "18d1", "9302", 6)
    world.usb("2-3", "046d", "0825", 7)  # a webcam
    found = world.list()
    assert [(one.device, one.problem, Path(one.path).name) for one in found] == [
        ("usb:0", "", "2-1"),
        ("usb:1", "", "2-2"),
    ]
    assert found[0].node == world.dev / "bus/usb/002/005"


@pytest.mark.parametrize("missing", ["busnum", "devnum"])
def test_a_stick_that_is_just_being_plugged_in_is_not_listed_yet(missing: str, world: World) -> None:
    world.usb("2-1", "18d1", "9302", 5)
    world.usb("2-2", "18d1", "9302", 6)
    (world.sys / "bus/usb/devices/2-1" / missing).unlink()
    assert [(one.device, Path(one.path).name) for one in world.list()] == [("usb:0", "2-2")]


def test_the_problem_of_a_device_file_that_cannot_be_opened_names_its_group(world: World) -> None:
    usb, apex = world.usb("2-1", "1a6e", "089a", 5), world.apex(0)
    usb.unlink()
    apex.unlink()  # root may open everything, except what does not exist
    assert [one.problem for one in world.list()] == [
        f"no permission for {usb}: run `sudo usermod -aG plugdev $USER`, then log in again",
        f"no permission for {apex}: run `sudo usermod -aG apex $USER`, then log in again",
    ]


def test_if_the_rules_gave_the_device_file_to_another_group_that_group_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = world.apex(0)
    if os.getuid() != 0:
        pytest.skip("needs root, to give a file to a group that the user is not in")
    shutil.chown(card, group="daemon")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open everything
    assert [one.problem for one in world.list()] == [
        f"no permission for {card}: run `sudo usermod -aG daemon $USER`, then log in again"
    ]


def test_a_stick_that_a_program_has_claimed_is_busy(world: World) -> None:
    node = world.usb("2-1", "18d1", "9302", 5)
    world.claim("2-1", "usbfs")
    assert world.list()[0].problem == (f"another program uses it: find it with `sudo fuser -v {node}` and close it")


def test_a_kernel_driver_on_the_interface_does_not_count_as_a_program(world: World) -> None:
    world.usb("2-1", "1a6e", "089a", 5)
    world.claim("2-1", "usbhid")
    assert world.list()[0].problem == ""


def test_the_temperature_and_the_owner_of_a_card_are_read(world: World) -> None:
    world.pci("0000:01:00.0")
    world.pci("0000:02:00.0")
    world.apex(0, temp="54300", is_device_owned="0")
    busy = world.apex(1, temp="gone", is_device_owned="1")
    first, second = world.list()
    assert (first.device, first.problem, first.temperature_c) == ("pci:0", "", 54.3)
    assert (second.device, second.temperature_c) == ("pci:1", None)
    assert second.problem == f"another program uses it: find it with `sudo fuser -v {busy}` and close it"


def test_a_card_without_its_kernel_driver_says_what_to_install(world: World) -> None:
    world.pci("0000:01:00.0")
    (found,) = world.list()
    assert (found.device, found.problem) == (
        "pci:0",
        "the kernel driver for 0000:01:00.0 is missing: build gasket-dkms with "
        "https://github.com/jnicolson/gasket-builder, "
        "install it with `sudo apt install ./gasket-dkms_*.deb`, then restart",
    )


def test_the_driver_lists_devices_in_its_own_order(stick: SimulatedStick) -> None:
    other = "/sys/bus/usb/devices/9-9"
    stick.plug_in()
    ours = (stick.folder / "plugged").read_text().split()[1]
    (stick.folder / "plugged").write_text(f"usb {other}\npci /dev/apex_0\nusb {ours}\n")
    library = str(stick.library)
    assert driver_devices(library) == (("usb", other), ("pci", "/dev/apex_0"), ("usb", ours))
    assert device_name("litert", library, ours) == "usb:1"
    assert device_name("litert", library, "/dev/apex_0") == "pci:0"
    assert device_name("litert", library, "/sys/bus/usb/devices/7-7") == ""
    assert device_name("litert", "libnowhere.so.1", ours) == ""
    assert driver_version(library).endswith("RuntimeVersion(14)")

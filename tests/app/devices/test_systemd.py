"""What the service manager hears: once that the start is over, then signs of life while frames are shown."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.devices.systemd import SystemdNotifier


class Manager:
    """The other end of the socket, as systemd holds it."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(100).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, str]]:
    name = str(tmp_path / "notify")
    made = Manager(name if request.param == "file" else "\0" + name)
    yield made, name if request.param == "file" else "@" + name
    made.socket.close()


def supervised(address: str, clock: list[float], **more: str) -> SystemdNotifier:
    return SystemdNotifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000", **more}, lambda: clock[0])


def test_the_first_frame_is_ready_and_later_ones_are_signs_of_life(manager: tuple[Manager, str]) -> None:
    systemd, address = manager
    now_s = [100.0]
    notifier = supervised(address, now_s)
    assert systemd.heard() == []
    notifier.frame_shown()
    assert systemd.heard() == ["READY=1", "WATCHDOG=1"]
    signs = 0
    for _ in range(20 * 60):
        now_s[0] += 1 / 60
        notifier.frame_shown()
        signs += systemd.heard().count("WATCHDOG=1")
    assert 3 <= signs <= 4  # within a patience of 20 s, and not one for every frame


def test_a_screen_that_stands_still_gives_no_sign(manager: tuple[Manager, str]) -> None:
    systemd, address = manager
    now_s = [100.0]
    supervised(address, now_s).frame_shown()
    systemd.heard()
    now_s[0] += 60
    assert systemd.heard() == []


def test_a_kiosk_with_a_dead_part_starts_but_gives_no_sign_of_life(manager: tuple[Manager, str]) -> None:
    systemd, address = manager
    supervised(address, [100.0]).frame_shown(healthy=False)
    assert systemd.heard() == ["READY=1"]


def test_the_end_is_told(manager: tuple[Manager, str]) -> None:
    systemd, address = manager
    supervised(address, [100.0]).stopping()
    assert systemd.heard() == ["STOPPING=1"]


def test_a_watchdog_for_another_process_is_not_fed(manager: tuple[Manager, str]) -> None:
    systemd, address = manager
    supervised(address, [100.0], WATCHDOG_PID=str(os.getpid() + 1)).frame_shown()
    assert systemd.heard() == ["READY=1"]


def test_without_a_manager_and_with_one_that_is_gone_the_kiosk_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SystemdNotifier({}, lambda: 0.0).frame_shown()
    assert caplog.text == ""
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "none")}, lambda: 0.0).frame_shown()
    assert "the service manager cannot be told READY=1" in caplog.text

"""Notifications to systemd: ready after the first frame, then the watchdog while frames are shown."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.devices.systemd import STARTS_WITHIN_S, SystemdNotifier


class Systemd:
    """The end of the socket that systemd reads."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def received(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(100).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Systemd, str]]:
    name = str(tmp_path / "notify")
    made = Systemd(name if request.param == "file" else "\0" + name)
    yield made, name if request.param == "file" else "@" + name
    made.socket.close()


def notifier_of(address: str, clock: list[float], **more: str) -> SystemdNotifier:
    return SystemdNotifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000", **more}, lambda: clock[0])


def test_the_first_frame_reports_ready_and_later_ones_feed_the_watchdog(manager: tuple[Systemd, str]) -> None:
    systemd, address = manager
    now_s = [100.0]
    notifier = notifier_of(address, now_s)
    assert systemd.received() == []
    notifier.frame_shown()
    assert systemd.received() == ["READY=1", "WATCHDOG=1"]
    notifications = 0
    for _ in range(20 * 60):
        now_s[0] += 1 / 60
        notifier.frame_shown()
        notifications += systemd.received().count("WATCHDOG=1")
    assert 3 <= notifications <= 4  # in 20 s, and not one for every frame


def test_a_frozen_screen_does_not_feed_the_watchdog(manager: tuple[Systemd, str]) -> None:
    systemd, address = manager
    now_s = [100.0]
    notifier_of(address, now_s).frame_shown()
    systemd.received()
    now_s[0] += 60
    assert systemd.received() == []


def test_an_unhealthy_kiosk_reports_ready_but_does_not_feed_the_watchdog(manager: tuple[Systemd, str]) -> None:
    systemd, address = manager
    notifier_of(address, [100.0]).frame_shown(healthy=False)
    assert systemd.received() == ["READY=1"]


def test_closing_is_reported(manager: tuple[Systemd, str]) -> None:
    systemd, address = manager
    notifier_of(address, [100.0]).stopping()
    assert systemd.received() == ["STOPPING=1"]


def test_a_program_that_starts_again_in_its_process_is_not_stopping_and_has_the_time_of_a_start(
    manager: tuple[Systemd, str],
) -> None:
    systemd, address = manager
    notifier_of(address, [100.0]).starting_again()
    assert systemd.received() == ["WATCHDOG_USEC=300000000"]
    service = (Path(__file__).parents[3] / "assets/systemd/teachable-kiosk.service").read_text()
    assert f"TimeoutStartSec={STARTS_WITHIN_S:.0f}\n" in service
    notifier_of(address, [100.0], KIOSK_STARTED_AGAIN="1").frame_shown()
    assert systemd.received() == ["READY=1", "WATCHDOG_USEC=20000000", "WATCHDOG=1"]


def test_a_watchdog_of_another_process_is_not_fed(manager: tuple[Systemd, str]) -> None:
    systemd, address = manager
    notifier_of(address, [100.0], WATCHDOG_PID=str(os.getpid() + 1)).frame_shown()
    assert systemd.received() == ["READY=1"]


def test_the_kiosk_runs_without_systemd_and_after_systemd_has_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SystemdNotifier({}, lambda: 0.0).frame_shown()
    assert caplog.text == ""
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "none")}, lambda: 0.0).frame_shown()
    assert "cannot send READY=1 to the service manager" in caplog.text

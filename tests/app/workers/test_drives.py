"""The drive worker announces drives that are plugged in and pulled out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from app.base.ports import Drive, UnmountedDrive
from app.core.events import DrivesChanged, Event
from app.workers.drives import watch_drives
from tests.support.disks import Disk, Sticks


class Script:
    """A stop signal that runs one step of a script before each look of the drive worker, then stops it."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    def is_set(self) -> bool:
        if not self._steps:
            return True
        self._steps.pop(0)()
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


def test_every_change_of_the_drives_is_announced_once(socket: Sticks) -> None:
    events: list[Event] = []
    disks: list[Disk] = []

    def pull_first() -> None:
        disks[0].pull()

    watch_drives(
        socket.drives,
        events.append,
        stop=Script(
            lambda: None,
            lambda: disks.append(socket.plug_in(label="A")),
            lambda: None,
            lambda: disks.append(socket.plug_in(label="B", mounted=False)),
            pull_first,
        ),
    )
    assert all(isinstance(event, DrivesChanged) for event in events)
    unmounted = Path(disks[1].device).name
    assert [(names(event.drives), names(event.unmounted)) for event in changes(events)] == [
        (["A"], []),
        (["A"], [unmounted]),
        ([], [unmounted]),
    ]
    assert [one.name for one in changes(events)[0].drives if not one.read_only] == ["A"]


def names(drives: Iterable[Drive | UnmountedDrive]) -> list[str]:
    return [one.name for one in drives]


def changes(events: list[Event]) -> list[DrivesChanged]:
    return [event for event in events if isinstance(event, DrivesChanged)]

"""A window that is not in front is brought back, then replaced, and it is known for how long it was away."""

from __future__ import annotations

import pytest

from app.ui.foreground import AlwaysInFront, Foreground, front_of


class Screen:
    """A window whose manager obeys after some requests, or only when the window is new."""

    def __init__(self, obeys_after: int = 1, *, only_new: bool = False) -> None:
        self.now_s = 50.0
        self.in_front = True
        self.brought = self.reopened = 0
        self.closed = False
        self._obeys_after, self._only_new = obeys_after, only_new

    def is_in_front(self) -> bool:
        return self.in_front

    def bring(self) -> None:
        self.brought += 1
        self.in_front = not self._only_new and self.brought >= self._obeys_after

    def close(self) -> None:
        self.closed = True

    def reopen(self) -> None:
        self.reopened += 1
        self.in_front = True

    def foreground(self) -> Foreground:
        return Foreground(self, self.reopen, lambda: self.now_s)

    def pass_time(self, foreground: Foreground, seconds: float) -> None:
        for _ in range(round(seconds * 20)):
            self.now_s += 0.05
            foreground.step()


def test_a_window_in_front_is_left_alone() -> None:
    screen = Screen()
    foreground = screen.foreground()
    screen.pass_time(foreground, 60.0)
    assert (screen.brought, screen.reopened, foreground.behind_s) == (0, 0, 0.0)


@pytest.mark.parametrize(("obeys_after", "within_s"), [(1, 1.1), (3, 2.1)])
def test_a_window_behind_is_brought_to_the_front(obeys_after: int, within_s: float) -> None:
    screen = Screen(obeys_after)
    foreground = screen.foreground()
    screen.in_front = False
    screen.pass_time(foreground, within_s)
    assert (screen.in_front, screen.brought, screen.reopened) == (True, obeys_after, 0)
    screen.pass_time(foreground, 1.0)
    assert foreground.behind_s == 0.0


def test_a_window_that_does_not_come_is_replaced() -> None:
    screen = Screen(only_new=True)
    foreground = screen.foreground()
    screen.in_front = False
    screen.pass_time(foreground, 6.0)
    assert screen.reopened == 0
    assert 5.0 < foreground.behind_s < 6.0
    screen.pass_time(foreground, 2.0)
    assert (screen.reopened, foreground.behind_s) == (1, 0.0)


def test_the_connection_of_a_window_that_was_replaced_is_closed() -> None:
    old, new = Screen(), Screen()
    foreground = old.foreground()
    foreground.watch(new)
    assert (old.closed, new.closed) == (True, False)


def test_the_console_has_no_other_window() -> None:
    front = front_of("KMSDRM")
    assert isinstance(front, AlwaysInFront)
    assert front.is_in_front()

"""A mailbox keeps the newest item; a worker stops on request and reports its failure."""

from __future__ import annotations

import threading

import pytest

from app.base.errors import WorkerStuck
from app.base.workers import Mailbox, StopSignal, Worker


def nobody(_name: str, _error: Exception) -> None:
    raise AssertionError("no failure was expected")


def test_the_newest_item_wins() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(1)
    box.put(2)
    assert box.take() == 2


def test_an_item_is_taken_once() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(1)
    box.take()
    assert box.take() is None


def test_a_waiting_reader_wakes_for_an_item() -> None:
    box: Mailbox[str] = Mailbox()
    threading.Timer(0.02, box.put, ["news"]).start()
    assert box.take(timeout_s=10) == "news"


def test_zero_and_false_are_items_too() -> None:
    box: Mailbox[float] = Mailbox()
    box.put(0.0)
    assert box.take() == 0.0


def test_a_worker_stops_on_request() -> None:
    running = threading.Event()

    def body(stop: StopSignal) -> None:
        running.set()
        stop.wait()

    worker = Worker("camera", body, nobody).start()
    assert running.wait(10)
    worker.stop()
    assert "camera" not in [thread.name for thread in threading.enumerate()]


def test_a_failure_is_reported_with_the_name_of_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[tuple[str, str]] = []
    done = threading.Event()

    def fail(name: str, error: Exception) -> None:
        failures.append((name, str(error)))
        done.set()

    def body(_stop: StopSignal) -> None:
        raise RuntimeError("lens fell off")

    Worker("camera", body, fail).start()
    assert done.wait(10)
    assert failures == [("camera", "lens fell off")]
    assert "the camera worker failed" in caplog.text


def test_a_worker_that_does_not_stop_raises_an_error() -> None:
    free = threading.Event()
    worker = Worker("vision", lambda _stop: (free.wait(10), None)[1], nobody).start()
    with pytest.raises(WorkerStuck) as caught:
        worker.stop(timeout_s=0.05)
    free.set()
    assert str(caught.value) == "the vision worker did not stop within 0 s. Restart the kiosk."


def test_stopping_a_worker_that_has_ended_does_nothing() -> None:
    worker = Worker("drive", lambda _stop: None, nobody).start()
    worker.stop()
    worker.stop()


def test_a_mailbox_is_full_until_its_item_is_taken() -> None:
    mailbox: Mailbox[int] = Mailbox()
    seen = [mailbox.full]
    mailbox.put(0)
    seen.append(mailbox.full)
    mailbox.take()
    assert [*seen, mailbox.full] == [False, True, False]

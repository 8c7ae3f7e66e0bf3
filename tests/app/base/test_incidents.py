"""What happened before a warning is kept over restarts, in files of limited size."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.incidents import CONTEXT, CRASHES, ENDED, INCIDENTS, LOG, STARTED, Incidents, RingFile


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger of its own, so that other tests' messages stay out."""
    logger = logging.Logger("kiosk", logging.INFO)
    yield logger
    for handler in logger.handlers:
        handler.close()


def begin(folder: Path, log: logging.Logger, now_s: list[float] | None = None) -> Incidents:
    clock = now_s or [0.0]
    handler = Incidents(folder, clock=lambda: clock[0])
    log.addHandler(handler)
    return handler


def end(handler: Incidents, log: logging.Logger) -> None:
    log.removeHandler(handler)
    handler.close()


def test_a_warning_is_kept_over_restarts_with_what_came_before_it(tmp_path: Path, log: logging.Logger) -> None:
    for run in ("first", "second"):
        handler = begin(tmp_path, log)
        log.info("%s: somebody pressed TRAIN", run)
        log.warning("%s: the disk is gone", run)
        end(handler, log)
    lines = [line for line in (tmp_path / INCIDENTS).read_text().splitlines() if line]
    assert [line.split(" ", 2)[2] for line in lines] == [
        "INFO kiosk: first: somebody pressed TRAIN",
        "WARNING kiosk: first: the disk is gone",
        "INFO kiosk: second: somebody pressed TRAIN",
        "WARNING kiosk: second: the disk is gone",
    ]


def test_a_run_that_did_not_end_as_intended_is_noticed_by_the_next(tmp_path: Path, log: logging.Logger) -> None:
    first = begin(tmp_path, log)
    assert first.ended_well
    end(first, log)
    second = begin(tmp_path, log)
    assert second.ended_well
    text = (tmp_path / LOG).read_text()
    assert (text.count(STARTED), text.count(ENDED)) in ((1, 1), (2, 1))
    end(second, log)
    path = tmp_path / LOG
    path.write_text(path.read_text().rpartition(ENDED)[0])  # the power went away
    assert not begin(tmp_path, log).ended_well


def test_the_same_warning_is_written_once_a_minute(tmp_path: Path, log: logging.Logger) -> None:
    now_s = [0.0]
    handler = begin(tmp_path, log, now_s)
    for second in range(150):
        now_s[0] = float(second)
        log.warning("camera %d is gone", second)
    end(handler, log)
    text = (tmp_path / INCIDENTS).read_text()
    assert [number for number in range(150) if f"camera {number} is gone\n\n" in text] == [0, 60, 120]
    assert text.count("camera") == 3 + 2 * CONTEXT


def test_the_files_are_never_larger_than_their_limit(tmp_path: Path) -> None:
    ring = RingFile(tmp_path / "x.txt", 1000)
    for number in range(500):
        ring.append(f"line {number}\n")
    ring.append("y" * 5000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000
    assert {path.name for path in tmp_path.iterdir()} == {"x.txt", "x.1.txt"}
    assert "line 499\n" in (tmp_path / "x.1.txt").read_text()


def test_pipes_in_the_place_of_its_files_stop_nothing(tmp_path: Path, log: logging.Logger) -> None:
    for name in (INCIDENTS, LOG, CRASHES):
        os.mkfifo(tmp_path / name)
    handler = begin(tmp_path, log)
    log.warning("kept")
    end(handler, log)
    assert (tmp_path / INCIDENTS).read_text().endswith("WARNING kiosk: kept\n\n")


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, log: logging.Logger) -> None:
    (tmp_path / "file").write_text("")
    handler = begin(tmp_path / "file" / "incidents", log)
    log.warning("nobody keeps this")
    end(handler, log)
    assert (tmp_path / "file").read_text() == ""

"""Speech in a real child process: it speaks settled verdicts, with pauses, and the kiosk never waits for it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.ui.speech import AGAIN_S, QUIET_S, SETTLE_S, Speech
from app.views.model import KioskView, Verdict
from tests.support.views import main_views

LIVE = main_views()["live"]


class Voice:
    """A speech program that writes its arguments to a file instead of speaking."""

    def __init__(self, folder: Path, takes_s: float = 0.0) -> None:
        self._log, self.path = folder / "said.txt", folder / "espeak-ng"
        self.path.write_text(
            f"#!{sys.executable}\nimport sys, time\n"
            f"open({str(self._log)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))\ntime.sleep({takes_s})\n"
        )
        self.path.chmod(0o755)

    def find(self, name: str) -> str | None:
        return str(self.path) if name == self.path.name else None

    def said(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def wait_for(self, count: int) -> list[str]:
        until_s = time.monotonic() + 100
        while len(self.said()) < count and time.monotonic() < until_s:
            time.sleep(0.01)
        return self.said()


def shows(text: str | None, now_s: float, language: str = "en") -> KioskView:
    verdict = None if text is None else Verdict(text, 0.9, 1, "90 %")
    return replace(LIVE, verdict=verdict, now_s=now_s, language_code=language)


@pytest.fixture
def voice(tmp_path: Path) -> Voice:
    return Voice(tmp_path)


def follow(speech: Speech, view: Callable[[float], KioskView], start_s: float, end_s: float) -> None:
    """Show ten views a second; wait for the child process before the next view."""
    for step in range(round((end_s - start_s) * 10)):
        speech.follow(view(start_s + step / 10))
        while (process := speech._process) is not None and process.poll() is None:
            time.sleep(0.002)


def test_a_settled_verdict_is_spoken_in_the_language_of_the_view(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    follow(speech, lambda now_s: shows("Apfel", now_s, "de"), 0.0, SETTLE_S)
    assert voice.said() == []
    follow(speech, lambda now_s: shows("Apfel", now_s, "de"), SETTLE_S, 2.0)
    assert voice.wait_for(1) == ["-v de -s 150 -a 75 -- Apfel"]


def test_the_same_verdict_is_repeated_only_after_a_while(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    follow(speech, lambda now_s: shows("cup", now_s), 0.0, SETTLE_S + 0.2 + AGAIN_S - 0.5)
    assert len(voice.wait_for(1)) == 1
    follow(speech, lambda now_s: shows("cup", now_s), SETTLE_S + 0.2 + AGAIN_S, SETTLE_S + 0.2 + AGAIN_S + 0.5)
    assert len(voice.wait_for(2)) == 2


def test_a_near_miss_and_not_sure_are_not_spoken(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    near_miss, not_sure = Verdict("cup?", 0.9, 1, near_miss=True), Verdict("not sure", 0.4, None)
    for n, verdict in enumerate((near_miss, not_sure)):
        follow(speech, lambda now_s, verdict=verdict: replace(shows("", now_s), verdict=verdict), 5.0 * n, 5.0 * n + 4)
    assert voice.said() == []


def test_a_flickering_verdict_is_not_spoken(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    follow(speech, lambda now_s: shows(("cup", "duck")[round(now_s * 10) % 2], now_s), 0.0, 4.0)
    assert voice.said() == []


def test_another_verdict_waits_for_a_pause(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    follow(speech, lambda now_s: shows("cup", now_s), 0.0, 1.0)
    follow(speech, lambda now_s: shows("duck", now_s), 1.0, SETTLE_S + QUIET_S - 0.2)
    assert len(voice.wait_for(1)) == 1
    follow(speech, lambda now_s: shows("duck", now_s), SETTLE_S + QUIET_S - 0.2, SETTLE_S + QUIET_S + 0.5)
    assert voice.wait_for(2)[-1].endswith("-- duck")


def test_nothing_is_spoken_without_a_class_when_muted_or_on_other_screens(voice: Voice) -> None:
    follow(Speech(lambda: True, lambda: 0.5, voice.find), lambda now_s: shows(None, now_s), 0.0, 3.0)
    follow(Speech(lambda: True, lambda: 0.0, voice.find), lambda now_s: shows("cup", now_s), 0.0, 3.0)
    follow(Speech(lambda: False, lambda: 0.5, voice.find), lambda now_s: shows("cup", now_s), 0.0, 3.0)
    question = main_views()["still_there"].question
    follow(
        Speech(lambda: True, lambda: 0.5, voice.find),
        lambda now_s: replace(shows("cup", now_s), question=question),
        0.0,
        3.0,
    )
    assert voice.said() == []


def test_a_slow_program_is_not_waited_for_and_is_stopped(tmp_path: Path) -> None:
    voice = Voice(tmp_path, takes_s=60)
    speech = Speech(lambda: True, lambda: 0.5, voice.find)
    started_s = time.monotonic()
    for step in range(12):
        speech.follow(shows("cup", step / 10))
    voice.wait_for(1)
    process = speech._process
    assert process is not None
    speech.follow(shows("cup", 20.0))
    assert process.returncode is not None
    speech.close()
    assert time.monotonic() - started_s < 50


def test_without_a_speech_program_nothing_is_spoken() -> None:
    speech = Speech(lambda: True, lambda: 0.5, lambda _name: None)
    speech.follow(shows("cup", 5.0))
    assert speech.engine is None


def test_a_name_that_looks_like_an_option_is_spoken(voice: Voice) -> None:
    speech = Speech(lambda: True, lambda: 1.0, voice.find)
    follow(speech, lambda now_s: shows("-f /etc/passwd", now_s), 0.0, 1.2)
    assert voice.wait_for(1) == ["-v en -s 150 -a 150 -- -f /etc/passwd"]


def test_a_program_that_cannot_be_started_is_not_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_bytes(os.urandom(16))
    broken.chmod(0o755)
    speech = Speech(lambda: True, lambda: 1.0, lambda _name: str(broken))
    follow(speech, lambda now_s: shows("cup", now_s), 0.0, 1.5)
    assert speech.engine is None
    assert [record.message.split(":")[0] for record in caplog.records] == ["cannot speak"]

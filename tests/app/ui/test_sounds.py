"""Sounds: short, soft, repeatable, and silent without an audio device."""

from __future__ import annotations

import numpy as np
import pytest

from app.ui.sounds import NOTES, PENTATONIC_HZ, RATE_HZ, Sounds, synthesised


@pytest.mark.parametrize("name", NOTES)
def test_every_sound_is_short_starts_and_ends_in_silence_and_does_not_clip(name: str) -> None:
    wave = synthesised(NOTES[name])
    assert wave.size < 1.3 * RATE_HZ
    assert np.abs(wave).max() <= 1
    assert np.abs(wave).max() > 0.3
    assert abs(wave[0]) < 0.05
    assert np.abs(wave[-RATE_HZ // 100 :]).max() < 0.02
    assert np.array_equal(wave, synthesised(NOTES[name]))


def test_a_note_has_its_pitch() -> None:
    wave = synthesised(NOTES["tick4"])
    spectrum = np.abs(np.fft.rfft(wave))
    assert spectrum.argmax() * RATE_HZ / wave.size == pytest.approx(880, abs=3)


def test_ticks_climb_the_scale_and_another_sound_returns_it_to_its_start() -> None:
    sounds = Sounds(enabled=False)

    def played(name: str) -> str:
        sounds.play(name)
        return sounds.played

    assert [played("tick") for _ in range(3)] == ["tick0", "tick1", "tick2"]
    assert played("undo") == "undo"
    assert played("tick") == "tick0"
    top = f"tick{len(PENTATONIC_HZ) - 1}"
    assert [played("tick") for _ in range(2 * len(PENTATONIC_HZ))][7:15] == [top] * 8


def test_the_volume_can_be_changed_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sounds = Sounds(enabled=True, volume=0.5)
    try:
        sounds.play("ready")
        sounds.set_volume(0.0)
        assert sounds.volume == 0
        sounds.set_volume(7.0)
        assert sounds.volume == 1
        sounds.play("no such sound")
    finally:
        sounds.close()


def test_without_an_audio_device_sounds_are_silent_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    caplog.set_level("INFO", logger="app.ui.sounds")
    sounds = Sounds(enabled=True)
    sounds.play("ready")
    sounds.close()
    assert [record.message.split(":")[0] for record in caplog.records] == ["no sound"]

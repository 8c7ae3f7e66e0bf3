"""Short sounds, synthesised when the program starts: notes of a pentatonic scale with a soft end."""

from __future__ import annotations

import logging

import numpy as np
import pygame

logger = logging.getLogger(__name__)

RATE_HZ = 44_100
NOTES: dict[str, tuple[tuple[float, float], ...]] = {  # (frequency in Hz, seconds)
    "tick": ((880.0, 0.05),),
    "train": ((440.0, 0.09), (523.25, 0.09)),
    "ready": ((523.25, 0.1), (659.25, 0.1), (783.99, 0.25)),
    "saved": ((659.25, 0.12), (880.0, 0.3)),
    "undo": ((392.0, 0.08), (329.63, 0.12)),
    "refused": ((220.0, 0.15),),
}


class Sounds:
    """Plays sounds by name; without an audio device it is silent, and says so once in the log."""

    def __init__(self, enabled: bool, volume: float = 0.4) -> None:
        self._sounds: dict[str, pygame.mixer.Sound] = {}
        if not enabled:
            return
        try:
            pygame.mixer.init(RATE_HZ, -16, 1, 512)
        except pygame.error as error:
            logger.warning("no sound: %s", error)
            return
        channels = (pygame.mixer.get_init() or (0, 0, 1))[2]
        for name, notes in NOTES.items():
            wave = (synthesised(notes) * 32767).astype(np.int16)
            stereo = np.repeat(wave[:, np.newaxis], channels, axis=1) if channels > 1 else wave
            self._sounds[name] = pygame.mixer.Sound(buffer=np.ascontiguousarray(stereo).tobytes())

        self.set_volume(volume)

    def set_volume(self, volume: float) -> None:
        """How loud from now on, 0..1."""
        for sound in self._sounds.values():
            sound.set_volume(volume)

    def play(self, name: str) -> None:
        """Start a sound; an unknown name is silent."""
        if name in self._sounds:
            self._sounds[name].play()

    def close(self) -> None:
        """Give the audio device back."""
        if self._sounds:
            pygame.mixer.quit()
            self._sounds.clear()


def synthesised(notes: tuple[tuple[float, float], ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Notes one after the other as a mono wave, −1..1: a sine with two overtones, dying away."""
    parts = []
    for frequency_hz, seconds in notes:
        t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        tone = sum(np.sin(2 * np.pi * frequency_hz * n * t) / n**2 for n in (1, 2, 3))
        parts.append(tone * np.minimum(1, t / 0.005) * np.exp(-3 * t / seconds) * (1 - t / seconds))
    wave: np.ndarray[tuple[int], np.dtype[np.float64]] = np.concatenate(parts)
    return wave / max(1.0, float(np.abs(wave).max()))

"""Short sounds, synthesised when the program starts: a soft marimba on a pentatonic scale.

A held button ticks up the scale, so that one hears pictures pile up; every other sound starts it anew.
"""

from __future__ import annotations

import logging

import numpy as np
import pygame
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

RATE_HZ = 44_100
SEED = 7  # of the touch of the mallet
OVERTONES = ((1, 1.0, 3.2), (4, 0.28, 9.0), (9.2, 0.1, 18.0))  # multiple, loudness, decay: those of a tuned wooden bar
PENTATONIC_HZ = (523.25, 587.33, 659.25, 783.99, 880.0, 1046.5, 1174.66, 1318.51)  # C D E G A C D E
Notes = tuple[tuple[float, float], ...]  # (frequency in Hz, seconds until the next)
NOTES: dict[str, Notes] = {
    **{f"tick{step}": ((frequency_hz, 0.12),) for step, frequency_hz in enumerate(PENTATONIC_HZ)},
    "train": ((392.0, 0.1), (523.25, 0.1), (392.0, 0.1), (523.25, 0.16)),
    "ready": ((523.25, 0.1), (659.25, 0.1), (783.99, 0.1), (1046.5, 0.45)),
    "saved": ((783.99, 0.14), (659.25, 0.14), (1046.5, 0.45)),
    "undo": ((523.25, 0.09), (392.0, 0.2)),
    "refused": ((196.0, 0.11), (185.0, 0.22)),
}
FULL = 0.8  # peak of the loudest sound at full volume


class Sounds:
    """Plays sounds by name; without an audio device it is silent, and says so once in the log.

    Args:
        enabled: Open the audio device at all.
        volume: 0 (mute) to 1.

    Attributes:
        played: The sound that was started last; ticks are numbered.
    """

    def __init__(self, enabled: bool, volume: float = 0.5) -> None:
        self._sounds: dict[str, pygame.mixer.Sound] = {}
        self._volume = volume
        self.played = ""
        self._ticks = 0
        if not enabled:
            return
        try:
            pygame.mixer.init(RATE_HZ, -16, 1, 512)
        except pygame.error as error:
            logger.info("no sound: %s", error)  # many a machine has none, and nothing is wrong with it
            return
        channels = (pygame.mixer.get_init() or (0, 0, 1))[2]
        for name, notes in NOTES.items():
            wave = (synthesised(notes) * FULL * 32767).astype(np.int16)
            stereo = np.repeat(wave[:, np.newaxis], channels, axis=1) if channels > 1 else wave
            self._sounds[name] = pygame.mixer.Sound(buffer=np.ascontiguousarray(stereo).tobytes())
        self.set_volume(volume)

    @property
    def volume(self) -> float:
        """0 (mute) to 1."""
        return self._volume

    def set_volume(self, volume: float) -> None:
        """Change the volume at once, also of what plays now. 0 mutes."""
        self._volume = min(1.0, max(0.0, volume))
        for sound in self._sounds.values():
            sound.set_volume(self._volume**2)  # ears hear ratios: the square makes the steps even

    def play(self, name: str) -> None:
        """Start a sound; an unknown name is silent."""
        if name == "tick":
            name = f"tick{min(self._ticks, len(PENTATONIC_HZ) - 1)}"
            self._ticks = (self._ticks + 1) % (2 * len(PENTATONIC_HZ))
        else:
            self._ticks = 0
        if name in self._sounds and self._volume > 0:
            self._sounds[name].play()
        self.played = name

    def close(self) -> None:
        """Give the audio device back."""
        if self._sounds:
            pygame.mixer.quit()
            self._sounds.clear()


def synthesised(notes: Notes) -> NDArray[np.float64]:
    """Notes as a mono wave, −1..1, float64 (N,): each rings on under the next, and the last fades to silence."""
    rng = np.random.default_rng(SEED)
    ring_s = 0.35
    total_s = sum(seconds for _, seconds in notes) + ring_s
    wave = np.zeros(round(total_s * RATE_HZ))
    at_s = 0.0
    for frequency_hz, seconds in notes:
        t = np.arange(round((seconds + ring_s) * RATE_HZ)) / RATE_HZ
        bar = sum(
            loud * np.sin(2 * np.pi * frequency_hz * multiple * t) * np.exp(-decay * t / (seconds + ring_s) * 2)
            for multiple, loud, decay in OVERTONES
            if frequency_hz * multiple < RATE_HZ / 2
        )
        touch = rng.normal(0, 0.12, t.size) * np.exp(-t / 0.004)
        fade = np.minimum(1, t / 0.003) * np.clip((t[-1] - t) / 0.08, 0, 1)
        start = round(at_s * RATE_HZ)
        end = min(wave.size, start + t.size)
        wave[start:end] += ((bar + touch) * fade)[: end - start]
        at_s += seconds
    return wave / max(1.0, float(np.abs(wave).max()))

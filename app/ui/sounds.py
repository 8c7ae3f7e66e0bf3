"""Short sounds of a soft marimba on a pentatonic scale, synthesised when the program starts.

Each picture that is taken ticks one note higher; every other sound returns the scale to its first note.
"""

from __future__ import annotations

import logging

import numpy as np
import pygame
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

RATE_HZ = 44_100
SEED = 7  # of the noise when the mallet strikes
OVERTONES = ((1, 1.0, 3.2), (4, 0.28, 9.0), (9.2, 0.1, 18.0))  # multiple, loudness, decay of a tuned wooden bar
PENTATONIC_HZ = (523.25, 587.33, 659.25, 783.99, 880.0, 1046.5, 1174.66, 1318.51)  # C D E G A C D E
Notes = tuple[tuple[float, float], ...]  # frequency in Hz, and seconds until the next note
NOTES: dict[str, Notes] = {
    **{f"tick{step}": ((frequency_hz, 0.12),) for step, frequency_hz in enumerate(PENTATONIC_HZ)},
    "train": ((392.0, 0.1), (523.25, 0.1), (392.0, 0.1), (523.25, 0.16)),
    "ready": ((523.25, 0.1), (659.25, 0.1), (783.99, 0.1), (1046.5, 0.45)),
    "saved": ((783.99, 0.14), (659.25, 0.14), (1046.5, 0.45)),
    "undo": ((523.25, 0.09), (392.0, 0.2)),
    "refused": ((196.0, 0.11), (185.0, 0.22)),
}
PEAK = 0.8  # of the loudest sound at full volume, 0..1


class Sounds:
    """Plays sounds by name. Without an audio device it is silent, and logs that once.

    Args:
        enabled: Whether to open the audio device.
        volume: 0 (mute) to 1.

    Attributes:
        played: The name of the sound that was started last; ticks are numbered.
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
            logger.info("no sound: %s", error)  # many machines have no audio device: not a fault
            return
        channels = (pygame.mixer.get_init() or (0, 0, 1))[2]
        for name, notes in NOTES.items():
            wave = (synthesised(notes) * PEAK * 32767).astype(np.int16)
            stereo = np.repeat(wave[:, np.newaxis], channels, axis=1) if channels > 1 else wave
            self._sounds[name] = pygame.mixer.Sound(buffer=np.ascontiguousarray(stereo).tobytes())
        self.set_volume(volume)

    @property
    def volume(self) -> float:
        """0 (mute) to 1."""
        return self._volume

    def set_volume(self, volume: float) -> None:
        """Change the volume, also of sounds that are playing. 0 mutes."""
        self._volume = min(1.0, max(0.0, volume))
        for sound in self._sounds.values():
            sound.set_volume(self._volume**2)  # loudness is heard as a ratio: the square makes equal steps sound equal

    def play(self, name: str) -> None:
        """Start a sound; an unknown name plays nothing."""
        if name == "tick":
            name = f"tick{min(self._ticks, len(PENTATONIC_HZ) - 1)}"
            self._ticks = (self._ticks + 1) % (2 * len(PENTATONIC_HZ))
        else:
            self._ticks = 0
        if name in self._sounds and self._volume > 0:
            self._sounds[name].play()
        self.played = name

    def close(self) -> None:
        """Close the audio device."""
        if self._sounds:
            pygame.mixer.quit()
            self._sounds.clear()


def synthesised(notes: Notes) -> NDArray[np.float64]:
    """Synthesise notes as a mono wave, −1..1, float64, shape (N,). Each note rings on under the next ones."""
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
        strike = rng.normal(0, 0.12, t.size) * np.exp(-t / 0.004)
        fade = np.minimum(1, t / 0.003) * np.clip((t[-1] - t) / 0.08, 0, 1)
        start = round(at_s * RATE_HZ)
        end = min(wave.size, start + t.size)
        wave[start:end] += ((bar + strike) * fade)[: end - start]
        at_s += seconds
    return wave / max(1.0, float(np.abs(wave).max()))

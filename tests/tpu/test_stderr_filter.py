"""Known harmless lines of native libraries are kept off standard error; errors pass through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tpu.runtime import available_runtimes
from tpu.stderr_filter import ALSA, hide_lines

pytestmark = pytest.mark.needs_runtime

REPOSITORY = Path(__file__).resolve().parents[2]
OPENS = """
import sys
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
import numpy as np
with EmbeddingExtractor(default_extractor_path(), runtime=sys.argv[1]) as extractor:
    extractor.embed(np.zeros((96, 96, 3), np.uint8))
print("an error of its own", file=sys.stderr)
"""


def test_known_lines_are_left_out_and_all_others_pass_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    with hide_lines(ALSA):
        os.write(2, b"ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM default\nthe disk ")
        os.write(2, b"is on fire\nALSA lib is mentioned by ALSA lib\nsee ALSA lib pcm.c\nno end of line")
    os.write(2, b", nor here")
    assert capfd.readouterr().err == "the disk is on fire\nsee ALSA lib pcm.c\nno end of line, nor here"


def test_lines_written_before_an_exception_pass(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with hide_lines(ALSA):
            os.write(2, b"why\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert capfd.readouterr().err == "why\n"


@pytest.mark.parametrize("runtime", [name for name in available_runtimes() if name != "pycoral"])
def test_opening_a_model_says_nothing(runtime: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENS, runtime], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == "an error of its own\n"


def test_a_program_without_standard_error_runs() -> None:
    real, ran = os.dup(2), []
    os.close(2)
    try:
        with hide_lines(ALSA):
            ran.append("here")
    finally:
        os.dup2(real, 2)
        os.close(real)
    assert ran == ["here"]

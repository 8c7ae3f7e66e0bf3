"""README's examples work as they stand: its Python runs, and every command line that it shows is one that exists."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.commands.parser import make_parser
from tpu.classifier import ClassificationEngine

pytestmark = pytest.mark.needs_runtime

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
VIEWS = 6
SGD_LINE = r"Loss \d+: \d+\.\d+  Train Acc \d+\.\d+%  Val Acc \d+\.\d+%"


def blocks(language: str) -> list[str]:
    """The text of README's code blocks in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Every command line in README's `sh` blocks and between single backticks, as words, without comments."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL))
    return [
        words
        for line in [
            *lines,
            *(text for text in inline if re.match(r"(\S*/)?(make|python|run_kiosk\.py|teachable-kiosk) ", text)),
        ]
        if (words := shlex.split(line, comments=True))
    ]


def kiosk_commands() -> list[list[str]]:
    """The arguments of every call of the kiosk that README shows."""
    return [
        words[index + 1 :]
        for words in commands()
        for index, word in enumerate(words)
        if word.rpartition("/")[2] in ("run_kiosk.py", "teachable-kiosk")
    ]


def apple(rng: np.random.Generator) -> Any:
    """A red disc on green."""
    picture = np.full((120, 160, 3), (60, 140, 60), np.uint8)  # blue, green, red
    place = (int(rng.integers(70, 90)), int(rng.integers(50, 70)))
    return cv2.circle(picture, place, int(rng.integers(25, 35)), (30, 30, 200), -1)


def cup(rng: np.random.Generator) -> Any:
    """A blue box on white."""
    picture = np.full((120, 160, 3), 230, np.uint8)
    x, y = (int(value) for value in rng.integers(40, 60, 2))
    return cv2.rectangle(picture, (x, y - 20), (x + 60, y + 40), (180, 80, 20), -1)


def test_the_code_in_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, draw in (("apple", apple), ("cup", cup)):
        folder = tmp_path / "pictures" / label
        folder.mkdir(parents=True)
        for number in range(VIEWS):
            assert cv2.imwrite(str(folder / f"{number}.jpg"), draw(rng))
    (tmp_path / "assets").symlink_to(REPOSITORY / "assets")
    script = tmp_path / "readme.py"
    script.write_text("".join(blocks("python")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *training = done.stdout.splitlines()
    assert first == "apple"  # the first picture's folder
    assert len(training) == 5
    assert all(re.fullmatch(SGD_LINE, line) for line in training)
    for name in ("classifier.tflite", "classifier_by_sgd.tflite"):
        engine = ClassificationEngine(tmp_path / name, labels=("apple", "cup"))
        answers = [
            engine.classify(draw(rng)[:, :, ::-1].copy()).argmax() for draw in (apple, cup) for _ in range(VIEWS)
        ]
        engine.close()
        assert answers == [0] * VIEWS + [1] * VIEWS


def test_the_readme_shows_every_command_of_the_kiosk() -> None:
    assert {"train", "classify", "models", "doctor", "install", "bench"} <= {
        words[0] for words in kiosk_commands() if words
    }


@pytest.mark.parametrize("words", kiosk_commands(), ids=" ".join)
def test_a_command_line_of_the_readme_is_understood(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        options = make_parser().parse_args(words)
    except SystemExit as stopped:
        pytest.fail(f"run_kiosk.py {' '.join(words)} ends with {stopped.code}: {capsys.readouterr().err}")
    assert options.command == (words[0] if words and not words[0].startswith("-") else "kiosk")


@pytest.mark.parametrize("words", [words for words in commands() if words[0] == "make"], ids=" ".join)
def test_a_make_target_of_the_readme_exists(words: list[str]) -> None:
    assert re.search(rf"^{re.escape(words[1])}:", MAKEFILE, re.MULTILINE)


def test_every_flag_that_the_readme_names_exists() -> None:
    known = "".join(map(help_text, [[], *([words[0]] for words in kiosk_commands() if words and words[0].isalpha())]))
    flags = set(re.findall(r"`(--[a-z-]+)", README))
    assert {"--json", "--runtime"} <= flags
    assert {flag for flag in flags if not re.search(rf"{flag}\b", known)} == set()


def help_text(command: list[str]) -> str:
    """What `run_kiosk.py COMMAND --help` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, pytest.raises(SystemExit):
        make_parser().parse_args([*command, "--help"])
    return printed.getvalue()

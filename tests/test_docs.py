"""The documents agree with the program: links lead to a heading, commands and make targets exist, settings load."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from app.commands.parser import make_parser
from app.config.load import load_config

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").glob("*.md"),
        REPOSITORY / "assets/models/MODEL_CARD.md",
        REPOSITORY / "tests/data/version_0_1/README.md",
    ]
)
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of a document in a language."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def command_lines(document: Path) -> list[str]:
    """Every command of the `sh` blocks and between backticks in a document, one a line, without comments."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    lines += [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose)]
    return [one.strip() for line in lines for one in re.split(r"&&|;", line.partition(" #")[0])]


@each_document
def test_every_link_within_the_project_leads_to_a_file_and_a_heading(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@each_document
def test_every_documented_command_is_understood(document: Path) -> None:
    for line in command_lines(document):
        command = re.fullmatch(r"(?:\S*python )?(?:\S*/)?(?:run_kiosk\.py|teachable-kiosk) (.+)", line)
        if command is None:
            continue
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
            make_parser().parse_args(shlex.split(command[1]))
        assert said.getvalue() == "", line


@each_document
def test_every_make_target_exists(document: Path) -> None:
    for line in command_lines(document):
        if target := re.fullmatch(r"make ([a-z-]+)", line):
            assert re.search(rf"^{re.escape(target[1])}:", MAKEFILE, re.MULTILINE), line


def test_the_settings_for_the_wiring_load(tmp_path: Path) -> None:
    (block,) = blocks(REPOSITORY / "docs/hardware.md", "toml")
    path = tmp_path / "kiosk.toml"
    path.write_text(block, encoding="utf-8")
    config = load_config(path)
    assert config.inputs.class_1 == ("gpio:17", "key:1")
    assert config.inputs.reset == ("gpio:16", "key:r")
    assert config.lamps.class_1 == "gpio:5"
    assert config.lamps.reset == "gpio:20"

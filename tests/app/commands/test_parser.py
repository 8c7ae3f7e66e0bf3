"""The parser: help for every command and argument, and errors for those that do not exist."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import get_args

import pytest

from app.commands.bench import topics_in
from app.commands.parser import CommandName, make_parser
from run_kiosk import main


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser of every command, by name; "kiosk" is the main one."""
    yield "kiosk", make_parser()
    for action in make_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def test_every_command_and_every_argument_has_a_help_text() -> None:
    found = dict(parsers())
    assert set(found) == set(get_args(CommandName))
    for name, parser in found.items():
        assert parser.description, name
        for action in parser._actions:
            known = isinstance(action, argparse._SubParsersAction)
            assert known or action.help, (name, action.dest)


def test_the_help_of_bench_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    text = re.sub(r"-\n\s*", "-", capsys.readouterr().out)  # a line may end at the hyphen of a name
    assert [topic for topic in topics_in() if topic not in text] == []


def test_the_help_of_train_shows_the_default_seed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "(default: 0)" in capsys.readouterr().out


def test_the_error_for_an_unknown_command_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bogus"])
    assert ended.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("run_kiosk.py: error: argument COMMAND: invalid choice: 'bogus' (choose from ")
    assert all(name in error for name, _ in parsers() if name != "kiosk")


@pytest.mark.parametrize(
    "command",
    [["classify", "m", "p", "--extractor", "x"], ["classify", "--extractor", "x", "m", "p"],
     ["--extractor", "x", "classify", "m", "p"]],
)  # fmt: skip
def test_classify_refuses_an_extractor_before_and_after_the_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("usage: run_kiosk.py classify ")
    assert error[-1] == "run_kiosk.py classify: error: classify takes no --extractor: the model contains its own"


def test_the_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"teachable-kiosk {version('teachable-kiosk')}\n")


@pytest.mark.parametrize(
    ("line", "ignored"),
    [
        ("--headless --camera 0 models", ["--camera", "--headless"]),
        ("--json x.json lessons", ["--json"]),
        ("--device cpu --json x.json train data --out out", []),
        ("--headless", []),
        ("models --json x.json", []),
    ],
)
def test_options_before_a_command_that_it_does_not_have_are_named(line: str, ignored: list[str]) -> None:
    options = make_parser().parse_args(line.split())
    assert sorted(options.meaningless(options)) == ignored

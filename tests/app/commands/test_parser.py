"""The grammar: what is told of commands and arguments, and of those that do not exist."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from app.commands.bench import topics_in
from app.commands.parser import make_parser
from run_kiosk import COMMANDS, main


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser, and that of every command, by name."""
    yield "kiosk", make_parser()
    for action in make_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def test_every_command_and_every_argument_says_what_it_is() -> None:
    found = dict(parsers())
    assert set(found) == set(COMMANDS)
    for name, parser in found.items():
        assert parser.description, name
        for action in parser._actions:
            known = isinstance(action, argparse._SubParsersAction)
            assert known or action.help, (name, action.dest)


def test_the_help_of_benchmarks_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    told = capsys.readouterr().out.replace("-\n", "-")
    assert all(topic in told for topic in topics_in())


def test_the_help_tells_the_seed_where_none_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "(default: 0)" in capsys.readouterr().out


def test_a_command_that_does_not_exist_is_told_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bogus"])
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("run_kiosk.py: error: argument COMMAND: invalid choice: 'bogus' (choose from ")
    assert all(name in told for name, _ in parsers() if name != "kiosk")


@pytest.mark.parametrize(
    "command",
    [["classify", "m", "p", "--extractor", "x"], ["classify", "--extractor", "x", "m", "p"],
     ["--extractor", "x", "classify", "m", "p"]],
)  # fmt: skip
def test_classify_takes_no_extractor_wherever_it_stands(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("usage: run_kiosk.py classify ")
    assert told[-1] == "run_kiosk.py classify: error: classify takes no --extractor: the model brings its own"

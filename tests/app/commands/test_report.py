"""Where commands write their results."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from app.base.errors import JsonNotWritten
from app.commands.report import STANDARD_OUTPUT, line_writer, write_json


def test_json_goes_to_standard_output_and_lines_for_people_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line_writer(argparse.Namespace(json=STANDARD_OUTPUT))("done")
    write_json(STANDARD_OUTPUT, {"name": "Äpfel"})
    output = capsys.readouterr()
    assert (output.out, output.err) == ('{\n  "name": "Äpfel"\n}\n', "done\n")


def test_the_folder_of_the_json_file_is_created(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "report.json", [1])
    assert (tmp_path / "new" / "report.json").read_text() == "[\n  1\n]\n"


def test_a_json_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(JsonNotWritten) as caught:
        write_json(tmp_path, [])
    assert str(caught.value) == f"cannot write {tmp_path}: Is a directory. Name another file with --json."

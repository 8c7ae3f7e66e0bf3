"""Where commands write their results."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from app.base.errors import JsonNotWritten
from app.commands.report import STANDARD_OUTPUT, check_json, line_writer, write_json
from run_kiosk import main


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


def place_without_files(tmp_path: Path) -> dict[Path, str]:
    """Places that take no JSON file, with the reason."""
    (tmp_path / "file").touch()
    return {
        tmp_path: "Is a directory",
        tmp_path / "file/x.json": "Not a directory",
        tmp_path / "file/folder/x.json": "Not a directory",
        Path("/proc/x.json"): "that place takes no files",
    }


def test_every_command_checks_the_json_file_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = (["train", "nowhere", "--out", "out"], ["classify", "m", "p"], ["models"], ["doctor"], ["--demo"])
    for path, reason in place_without_files(tmp_path).items():
        for command in commands:
            assert main([*command, "--json", str(path)]) == 1
            error = f"error: cannot write {path}: {reason}. Name another file with --json.\n"
            assert capsys.readouterr() == ("", error)


def test_the_demonstration_checks_its_folder_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo-out").touch()
    monkeypatch.chdir(tmp_path)
    assert main(["--demo"]) == 1
    assert capsys.readouterr().err == (
        "error: cannot write demo-out/demo.json: Not a directory. Name another file with --json.\n"
    )


def test_the_check_of_a_json_file_changes_no_file_and_does_not_open_a_pipe(tmp_path: Path) -> None:
    kept, new, pipe = tmp_path / "kept.json", tmp_path / "folder/new.json", tmp_path / "pipe"
    kept.write_text("as it was")
    os.mkfifo(pipe)
    for path in (kept, new, pipe, STANDARD_OUTPUT, None):
        check_json(path)
    assert kept.read_text() == "as it was"
    assert not new.exists()


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0picture", b"my notes", b"\x00"])
def test_a_file_that_is_not_json_and_not_called_so_is_never_overwritten(content: bytes, tmp_path: Path) -> None:
    """`classify MODEL --json *.jpg` names a picture."""
    path = tmp_path / "1.jpg"
    path.write_bytes(content)
    with pytest.raises(JsonNotWritten) as caught:
        check_json(path)
    assert str(caught.value) == (
        f"cannot write {path}: it holds something else than JSON. Name another file with --json."
    )
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b'{"earlier": 1}', b"\n [1]"])
def test_an_earlier_report_and_an_empty_file_are_overwritten(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    check_json(path)
    write_json(path, [2])
    assert path.read_text() == "[\n  2\n]\n"

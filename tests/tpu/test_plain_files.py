"""Files of unknown origin are read only if they are plain and not too large, however they claim to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tpu.plain_files import read_plain_file

pytestmark = pytest.mark.needs_runtime


def test_a_file_of_just_the_allowed_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 100)
    assert read_plain_file(tmp_path / "f", 100) == b"x" * 100


def test_a_larger_file_is_refused_with_the_limit_in_megabytes(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate((3 << 20) + 1)
    with pytest.raises(OSError, match="it is larger than 3 MB"):
        read_plain_file(tmp_path / "f", 3 << 20)


def test_a_file_that_claims_to_be_empty_and_is_not_is_refused_too() -> None:
    assert Path("/proc/kallsyms").stat().st_size == 0
    with pytest.raises(OSError, match="it is larger than 1 MB"):
        read_plain_file(Path("/proc/kallsyms"), 1 << 20)


def test_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is not a plain file"):
        read_plain_file(tmp_path / "pipe", 100)
    with pytest.raises(IsADirectoryError):
        read_plain_file(tmp_path, 100)

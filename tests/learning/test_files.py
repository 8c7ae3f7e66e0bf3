"""Files that cannot be read or written: one line each, with the file's name and what to do next."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from learning.errors import CheckpointUnreadable, ExtractorUnreadable, OutputNotWritten, UnsupportedExtractor
from learning.softmax_regression import SoftmaxRegression
from tests.support.extractors import tiny_extractor

pytestmark = pytest.mark.needs_runtime

Reader = Callable[[SoftmaxRegression, str | Path, Path], object]
NOBODY = 65534


def serialized(head: SoftmaxRegression, source: str | Path, _target: Path) -> object:
    return head.serialize_model(source)


def saved(head: SoftmaxRegression, source: str | Path, target: Path) -> object:
    return head.save_as_tflite_model(source, target)


READERS = pytest.mark.parametrize("read", [serialized, saved])
AS = pytest.mark.parametrize("kind", [str, Path])


def test_a_model_can_be_written_into_a_pipe(head: SoftmaxRegression, tmp_path: Path) -> None:
    """As with `/dev/stdout` in a shell: the name leads to something that has no path of its own."""
    source = tmp_path / "extractor.tflite"
    source.write_bytes(tiny_extractor(feature_dim=6))
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read, os.fdopen(writing, "wb") as write:
        head.save_as_tflite_model(source, f"/dev/fd/{write.fileno()}")
        write.close()
        assert read.read() == head.serialize_model(source)


@pytest.fixture
def head() -> SoftmaxRegression:
    trained = SoftmaxRegression(6, 3, rng=0)
    trained.min_score, trained.max_score = -3.0, 3.0
    return trained


@pytest.fixture
def extractor(tmp_path: Path) -> Path:
    path = tmp_path / "extractor.tflite"
    path.write_bytes(tiny_extractor(feature_dim=6))
    return path


@contextmanager
def without_rights() -> Iterator[None]:
    """Permissions mean nothing to root, so be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def unreadable(path: Path, reason: str) -> str:
    return f"the embedding extractor {path} cannot be read: {reason}. Name an existing .tflite file that you may read."


def not_written(path: Path, reason: str) -> str:
    return (
        f"{path} cannot be written: {reason}. "
        "Name a file in an existing folder that you may write to and that has room."
    )


@READERS
@AS
def test_a_missing_extractor_is_named(
    head: SoftmaxRegression, read: Reader, kind: type[str] | type[Path], tmp_path: Path
) -> None:
    missing, target = tmp_path / "missing.tflite", tmp_path / "out.tflite"
    with pytest.raises(ExtractorUnreadable) as caught:
        read(head, kind(missing), target)
    assert str(caught.value) == unreadable(missing, "No such file or directory")
    assert list(tmp_path.iterdir()) == []


@READERS
def test_a_folder_is_no_extractor(head: SoftmaxRegression, read: Reader, tmp_path: Path) -> None:
    with pytest.raises(ExtractorUnreadable) as caught:
        read(head, tmp_path, tmp_path / "out.tflite")
    assert str(caught.value) == unreadable(tmp_path, "Is a directory")


@READERS
def test_an_extractor_that_may_not_be_read_is_named(
    head: SoftmaxRegression, read: Reader, extractor: Path, tmp_path: Path
) -> None:
    extractor.chmod(0)
    with without_rights(), pytest.raises(ExtractorUnreadable) as caught:
        read(head, extractor, tmp_path / "out.tflite")
    assert str(caught.value) == unreadable(extractor, "Permission denied")


@READERS
def test_a_file_that_is_no_extractor_is_named_with_the_reason(
    head: SoftmaxRegression, read: Reader, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("this is not a model")
    with pytest.raises(UnsupportedExtractor) as caught:
        read(head, text, tmp_path / "out.tflite")
    assert str(caught.value) == (
        f"the embedding extractor {text} cannot be used: this is no TFLite file. "
        "Use an embedding extractor: one picture in, one vector out, no classifier."
    )


def test_a_path_with_a_zero_byte_is_refused(head: SoftmaxRegression) -> None:
    with pytest.raises(ExtractorUnreadable) as caught:
        head.serialize_model("a\0b")
    assert str(caught.value) == unreadable(Path("a\0b"), "embedded null byte")


def model_to(head: SoftmaxRegression, extractor: Path, target: str | Path) -> None:
    head.save_as_tflite_model(extractor, target)


def checkpoint_to(head: SoftmaxRegression, _extractor: Path, target: str | Path) -> None:
    head.save(target)


Writer = Callable[[SoftmaxRegression, Path, str | Path], None]
WRITERS = pytest.mark.parametrize("write", [model_to, checkpoint_to])


@WRITERS
@AS
def test_a_missing_folder_for_the_output_is_named(
    head: SoftmaxRegression, write: Writer, kind: type[str] | type[Path], extractor: Path, tmp_path: Path
) -> None:
    target = tmp_path / "missing" / "out"
    with pytest.raises(OutputNotWritten) as caught:
        write(head, extractor, kind(target))
    assert str(caught.value) == not_written(target, "No such file or directory")


@WRITERS
def test_an_output_that_is_a_folder_is_refused(
    head: SoftmaxRegression, write: Writer, extractor: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputNotWritten) as caught:
        write(head, extractor, tmp_path)
    assert str(caught.value) == not_written(tmp_path, "Is a directory")


def test_an_output_in_a_folder_without_the_right_to_write_is_refused(head: SoftmaxRegression) -> None:
    with tempfile.TemporaryDirectory() as name:  # not below pytest's folder, which others may not enter
        folder = Path(name)
        folder.chmod(0o555)
        with without_rights(), pytest.raises(OutputNotWritten) as caught:
            head.save(folder / "out")
        folder.chmod(0o755)
    assert str(caught.value) == not_written(folder / "out", "Permission denied")


@WRITERS
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    head: SoftmaxRegression, write: Writer, extractor: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    (tmp_path / "out.partial").mkdir()  # so the file that is written first cannot be created
    with pytest.raises(OutputNotWritten) as caught:
        write(head, extractor, target)
    assert str(caught.value) == (
        f"{target} cannot be written: Is a directory. "
        "Name a file in an existing folder that you may write to and that has room."
    )
    assert target.read_bytes() == b"old"


def test_a_link_as_the_output_is_followed(head: SoftmaxRegression, extractor: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "model.tflite", tmp_path / "newest.tflite"
    target.write_bytes(b"old")
    link.symlink_to(target)
    head.save_as_tflite_model(extractor, link)
    assert link.is_symlink()
    assert target.read_bytes() == head.serialize_model(extractor)


def test_a_device_as_the_output_is_written_to_and_not_replaced(head: SoftmaxRegression, extractor: Path) -> None:
    head.save_as_tflite_model(extractor, "/dev/null")
    assert Path("/dev/null").is_char_device()


def test_a_failed_export_leaves_the_output_alone(head: SoftmaxRegression, tmp_path: Path) -> None:
    target = tmp_path / "out.tflite"
    target.write_bytes(b"old")
    with pytest.raises(ExtractorUnreadable) as caught:
        head.save_as_tflite_model(tmp_path / "missing.tflite", target)
    assert str(caught.value) == (
        f"the embedding extractor {tmp_path / 'missing.tflite'} cannot be read: No such file or directory. "
        "Name an existing .tflite file that you may read."
    )
    assert target.read_bytes() == b"old"


@AS
def test_checkpoints_take_text_and_paths_alike(
    head: SoftmaxRegression, kind: type[str] | type[Path], tmp_path: Path
) -> None:
    head.save(kind(tmp_path / "head.npz"))
    assert SoftmaxRegression.load(kind(tmp_path / "head.npz")).max_score == 3.0
    with pytest.raises(CheckpointUnreadable) as caught:
        SoftmaxRegression.load(kind(tmp_path))
    assert str(caught.value) == (
        f"the checkpoint {tmp_path} cannot be read: Is a directory. Name one that save() wrote, or train again."
    )

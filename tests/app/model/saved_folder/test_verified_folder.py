"""Atomic writing and verification of folders, on real file systems."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import ExportFailed, FolderOccupied, ReadBackDiffers
from app.model.saved_folder.drive_paths import pinned
from app.model.saved_folder.medium import sha256_on_medium
from app.model.saved_folder.verified_folder import CHECKSUMS, with_checksums, write_folder
from tests.support.disks import Sticks, run

RNG = np.random.default_rng(5)
FILES = {"model.tflite": RNG.bytes(300_000), "samples/0_äpfel/001.jpg": RNG.bytes(20_000), "README.txt": b"hello\n"}
SUMMED = {**FILES, CHECKSUMS: b"".join(f"{hashlib.sha256(d).hexdigest()}  {n}\n".encode() for n, d in FILES.items())}


def test_after_a_save_and_a_hard_pull_the_medium_holds_every_byte(socket: Sticks, tmp_path: Path) -> None:
    """The oracle is the kernel on another mount of the medium, and sha256sum."""
    disk = socket.plug_in()
    write_folder(disk.path / "teachable" / "now", SUMMED)
    as_it_is = tmp_path / "copy.img"
    as_it_is.write_bytes(disk.image.read_bytes())  # the medium at this moment; nothing was unmounted
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run("mount", "-o", "loop", as_it_is, elsewhere)
    try:
        run("sh", "-c", f"cd '{elsewhere}/teachable/now' && sha256sum --strict -c {CHECKSUMS}")
        assert {path.name for path in (elsewhere / "teachable").iterdir()} == {"now"}
    finally:
        run("umount", elsewhere)


@pytest.mark.parametrize("kind", ["ext4", "exfat", "fat"])
@pytest.mark.parametrize("size", [0, 1, 511, 4096, 4097, 1 << 20, (1 << 20) + 5])
def test_files_of_every_length_are_read_from_the_medium(socket: Sticks, kind: str, size: int) -> None:
    disk, data = socket.plug_in(kind), RNG.bytes(size)
    path = disk.path / "file.bin"
    path.write_bytes(data)
    assert sha256_on_medium(path) == hashlib.sha256(data).hexdigest()


def test_files_written_after_a_pull_never_land_on_another_disk(socket: Sticks) -> None:
    disk = socket.plug_in()

    def pull(step: str, done: bool) -> None:
        if (step, done) == ("write", False):
            disk.pull()

    with pinned(disk.path) as root:
        write_folder(root / "teachable" / "now", SUMMED, on_step=pull)
    assert list(disk.path.iterdir()) == []  # the empty folder that it was mounted on


def test_a_link_under_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "now.partial").symlink_to(elsewhere)
    with pytest.raises(FolderOccupied) as caught:
        write_folder(tmp_path / "now", SUMMED)
    assert str(caught.value) == f"{tmp_path}/now.partial is a file. Name an empty or new folder."
    assert list(elsewhere.iterdir()) == []
    assert not (tmp_path / "now").exists()


def test_a_drive_that_becomes_write_protected_is_reported(socket: Sticks) -> None:
    disk = socket.plug_in()

    def protect(step: str, done: bool) -> None:
        if (step, done) == ("write", False):
            run("mount", "-o", "remount,ro", disk.path)

    with pytest.raises(ExportFailed) as caught:
        write_folder(disk.path / "teachable" / "now", SUMMED, on_step=protect)
    assert str(caught.value) == (
        f"the model could not be saved to {disk.path}/teachable: Read-only file system. "
        "The drive is write-protected: use another one, then save again."
    )


@pytest.mark.parametrize("harm", ["changed", "shorter", "gone"])
def test_a_folder_that_reads_back_differently_is_removed_and_the_old_one_comes_back(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "teachable" / "now"
    earlier = with_checksums({"metadata.json": b"{}", "model.tflite": b"the one before"})
    write_folder(folder, earlier)

    def spoil(step: str, done: bool) -> None:
        if (step, done) == ("name", True):
            assert (folder / CHECKSUMS).read_bytes() == SUMMED[CHECKSUMS]  # it has its name by now
            readme = folder / "README.txt"
            {"changed": lambda: readme.write_bytes(b"jello\n"), "shorter": lambda: readme.write_bytes(b""),
             "gone": readme.unlink}[harm]()  # fmt: skip

    with pytest.raises(ReadBackDiffers) as caught:
        write_folder(folder, SUMMED, on_step=spoil)
    assert str(caught.value) == "README.txt reads back changed: the drive is failing. Use another drive."
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == earlier
    assert [path.name for path in folder.parent.iterdir()] == ["now"]


@pytest.mark.parametrize("fails_at", [("write", True), ("name", True), ("read_back", False)])
def test_what_a_failed_save_leaves_is_overwritten_because_it_may_hold_pictures(
    fails_at: tuple[str, bool], tmp_path: Path
) -> None:
    folder, kept = tmp_path / "teachable" / "now", tmp_path / "kept"
    picture = "samples/0_äpfel/001.jpg"

    def fail(step: str, done: bool) -> None:
        if (step, done) == fails_at:
            place = next(one for one in (folder, folder.with_name("now.partial")) if one.exists())
            os.link(place / picture, kept)
            raise OSError(5, os.strerror(5))

    with pytest.raises(ExportFailed):
        write_folder(folder, SUMMED, on_step=fail)
    assert list((tmp_path / "teachable").iterdir()) == []
    assert kept.read_bytes() == bytes(len(SUMMED[picture]))


def test_a_backup_with_hard_links_keeps_the_folder_that_is_replaced(tmp_path: Path) -> None:
    folder, backup = tmp_path / "now", tmp_path / "backup"
    write_folder(folder, with_checksums({"metadata.json": b"old\n"}))
    os.link(folder / "metadata.json", backup)
    write_folder(folder, with_checksums({"metadata.json": b"new\n"}))
    assert (folder / "metadata.json").read_bytes() == b"new\n"
    assert backup.read_bytes() == b"old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "now"]


SAVED = with_checksums({"metadata.json": b"{}", "samples/0_apple/001.jpg": b"picture"})
STRANGERS = {
    "files that a download came with": with_checksums({"debian.iso": b"disk", "README": b"text"}),
    "one file more": {**SAVED, "thesis.odt": b"three years"},
    "one file more in a folder": {**SAVED, "samples/0_apple/002.jpg": b"picture"},
    "sums of other files": {"metadata.json": b"{}", CHECKSUMS: b"0  notes.txt\n"},
    "sums that are no text": {"metadata.json": b"{}", CHECKSUMS: b"\xff\xfe\x00"},
}


@pytest.mark.parametrize("content", STRANGERS.values(), ids=STRANGERS)
def test_only_a_saved_folder_and_nothing_else_is_replaced(content: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "now"
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with pytest.raises(FolderOccupied) as caught:
        write_folder(folder, SUMMED)
    assert str(caught.value) == f"{folder} holds other files. Name an empty or new folder."
    assert {name: (folder / name).read_bytes() for name in content} == content


def test_what_a_file_manager_leaves_in_a_saved_folder_does_not_keep_it(tmp_path: Path) -> None:
    folder = tmp_path / "now"
    write_folder(folder, {**SAVED, "starter.hmac": b"signature"})
    for name in (".DS_Store", "samples/Thumbs.db", "._metadata.json"):
        (folder / name).write_bytes(b"view")
    write_folder(folder, SUMMED)
    assert {path.name for path in folder.iterdir()} == {"model.tflite", "samples", "README.txt", CHECKSUMS}


def test_a_folder_that_reads_back_differently_and_cannot_be_deleted_is_marked_unfinished(tmp_path: Path) -> None:
    folder = tmp_path / "teachable" / "now"
    kept = folder.with_name("now.partial") / "kept"

    def spoil(step: str, done: bool) -> None:
        if (step, done) == ("name", True):
            (folder / "README.txt").write_bytes(b"jello\n")
            run("mount", "--mkdir", "-t", "tmpfs", "tmpfs", folder / "kept")  # a mounted folder can't be deleted

    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a file system")
    try:
        with pytest.raises(ReadBackDiffers) as caught:
            write_folder(folder, SUMMED, on_step=spoil)
        assert str(caught.value) == "README.txt reads back changed: the drive is failing. Use another drive."
        assert not folder.exists()
        assert not (folder.with_name("now.partial") / CHECKSUMS).exists()
    finally:
        run("umount", kept)


def test_a_folder_that_a_power_cut_left_without_its_last_name_is_replaced(tmp_path: Path) -> None:
    """It carries its checksums already, and no mark any more."""
    files = with_checksums({"metadata.json": b"{}"})
    write_folder(tmp_path / "folder", files, on_drive=False)
    (tmp_path / "folder").rename(tmp_path / "folder.partial")
    write_folder(tmp_path / "folder", files, on_drive=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder"]

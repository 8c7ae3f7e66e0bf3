"""What a computer lacks for a system in a folder is said in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distribution import roots


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A computer where root may mount, with every program; `/proc/sys/fs/binfmt_misc` is an empty folder."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mmdebstrap", "unshare", "setpriv", "ip"):
        (programs / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(roots, "BINFMT", tmp_path / "binfmt")
    monkeypatch.setattr(roots, "KEYRING", __file__)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (tmp_path / "binfmt").mkdir()
    return tmp_path


def why_not(architecture: str) -> str:
    with pytest.raises(roots.RootUnavailable) as caught:
        roots.check_roots(architecture)
    return str(caught.value)


def test_somebody_without_root_rights_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert why_not("amd64") == "Root rights are missing: mounting and chroot need them. Run it with sudo."


def test_a_missing_program_is_named_with_its_package(as_root: Path) -> None:
    (as_root / "programs/mmdebstrap").unlink()
    assert why_not("amd64") == "mmdebstrap is missing. Install it: sudo apt install mmdebstrap"


def test_a_container_that_may_not_mount_is_told(as_root: Path) -> None:
    unshare = as_root / "programs/unshare"
    unshare.unlink()
    unshare.write_text("#!/bin/sh\necho unshare failed: Operation not permitted >&2\nexit 1\n")
    unshare.chmod(0o755)
    assert why_not("amd64") == (
        "Nothing can be mounted here: unshare failed: Operation not permitted. Allow it, or use a real computer."
    )


def test_without_binfmt_the_other_processor_is_refused_and_the_own_is_not(as_root: Path) -> None:
    binfmt = as_root / "binfmt"
    assert why_not("arm64") == (
        f"binfmt_misc is not mounted on {binfmt}. Mount it: sudo mount -t binfmt_misc binfmt_misc {binfmt}"
    )
    (binfmt / "status").write_text("enabled")
    assert why_not("arm64") == (
        "The kernel cannot run programs of arm64 here. Install qemu: sudo apt install qemu-user-static arch-test"
    )
    (binfmt / "qemu-aarch64").write_text("enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\n")
    roots.check_roots("arm64")
    roots.check_roots("amd64")


@pytest.mark.parametrize(("architecture", "played"), [("amd64", []), ("arm64", ["QEMU_CPU=cortex-a72"])])
def test_a_finished_system_is_used_again_with_the_processor_that_qemu_plays(
    architecture: str, played: list[str], as_root: Path
) -> None:
    (as_root / "binfmt/status").write_text("enabled")
    (as_root / "binfmt/qemu-aarch64").write_text("enabled\n")
    folder = finished_system(as_root, architecture)
    root = roots.make_root(folder, "trixie", architecture, ["ca-certificates"])
    (folder / "etc").mkdir()
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    assert [word for word in root.words("true") if word.startswith("QEMU_CPU")] == 2 * played


def test_a_finished_system_that_cannot_run_here_is_refused_and_stays(as_root: Path) -> None:
    folder = finished_system(as_root, "arm64")
    with pytest.raises(roots.RootUnavailable, match="binfmt_misc is not mounted on "):
        roots.make_root(folder, "trixie", "arm64", ["ca-certificates"])
    assert folder.is_dir()


def finished_system(place: Path, architecture: str) -> Path:
    (place / "system").mkdir()
    (place / "system.finished").write_text(f"trixie {architecture} ca-certificates\n")
    return place / "system"

"""Recognise folders whose content does not survive a restart: memory file systems, overlays, read-only disks."""

from __future__ import annotations

from pathlib import Path

READ_ONLY = "a read-only file system"
MOUNTS = Path("/proc/self/mounts")
_IN_MEMORY = (b"tmpfs", b"ramfs")
_OVERLAY = (b"overlay", b"overlayfs", b"aufs")


def lost_at_restart(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return on what kind of file system a folder is, if it forgets what is written; else an empty text.

    Args:
        folder: May be missing.
        mounts: The kernel's table of mounts, which is read as bytes: names of mount points can have any.
    """
    try:
        table = mounts.read_bytes()
    except OSError:
        return ""
    wanted, best, found = bytes(folder.absolute()), -1, ""
    for line in table.split(b"\n"):
        fields = line.split(b" ")
        if len(fields) < 4:
            continue
        place = _unescaped(fields[1])
        inside = place in (b"/", wanted) or wanted.startswith(place + b"/")
        if inside and len(place) >= best:
            best, found = len(place), _kind(fields[2], fields[3].split(b","))
    return found


def _kind(filesystem: bytes, options: list[bytes]) -> str:
    if filesystem in _IN_MEMORY:
        return "a file system in memory"
    if filesystem in _OVERLAY:
        return "an overlay file system"
    return READ_ONLY if b"ro" in options else ""


def _unescaped(name: bytes) -> bytes:
    """Undo the kernel's escapes. Source: proc(5), getmntent(3)."""
    for written, meant in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        name = name.replace(written, meant)
    return name

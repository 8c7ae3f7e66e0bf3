"""A fixture: the mounted image of a system to install into."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A mounted image of Raspberry Pi OS with a desktop, with the files that `install` reads."""
    root = tmp_path / "image"
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "usr/lib/systemd/system").mkdir(parents=True)
    (root / "etc/udev/rules.d").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n")
    (root / "etc/group").write_text(
        "root:x:0:\nvideo:x:44:pi\naudio:x:29:\ninput:x:105:\nplugdev:x:46:pi\ngpio:x:986:pi\nsudo:x:27:pi\npi:x:1000:\n"
    )
    (root / "usr/lib/systemd/system/default.target").symlink_to("graphical.target")
    (root / "etc/systemd/system/display-manager.service").symlink_to("/lib/systemd/system/lightdm.service")
    return root

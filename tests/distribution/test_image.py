"""The script that installs the package in an image for a Raspberry Pi, with a stand-in for `chroot`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "distribution/raspberry_pi_image/install-kiosk"
WANTS = "etc/systemd/system/multi-user.target.wants/teachable-kiosk.service"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system; installing the package in it makes the service start, and `pin` keeps what it reads."""
    root = tmp_path / "root"
    for folder in ("tmp", "boot/firmware", "etc/teachable-kiosk", str(Path(WANTS).parent)):
        (root / folder).mkdir(parents=True)
    (root / "boot/firmware/cmdline.txt").write_text("console=tty1 rootwait\n")
    (tmp_path / "kiosk.deb").write_text("a package")
    program = tmp_path / "programs/chroot"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\nroot=$1; shift\n"
        'case "$*" in\n'
        f'*apt-get*) cat "$root/tmp/teachable-kiosk.deb" >"$root/installed"; ln -s x "$root/{WANTS}" ;;\n'
        '"teachable-kiosk pin") cat >"$root/pin" ;;\n'
        "*) exit 9 ;;\nesac\n"
    )
    program.chmod(0o755)
    return root


def build(root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {f"IGconf_kiosk_{name}": value for name, value in variables.items()}
    return subprocess.run(
        [SCRIPT, root],
        capture_output=True, text=True, check=False,
        env={"PATH": f"{root.parent}/programs{os.pathsep}/usr/bin:/bin", **environment},
    )  # fmt: skip


def test_the_package_is_installed_with_a_pin_and_settings(root: Path) -> None:
    settings = root.parent / "mine.toml"
    settings.write_text("[screen]\n")
    done = build(root, package=f"{root.parent}/kiosk.deb", pin="2468", settings=str(settings))
    assert (done.returncode, done.stderr) == (0, "")
    assert (root / "installed").read_text() == "a package"
    assert (root / "pin").read_text() == "2468\n"
    assert (root / "etc/teachable-kiosk/kiosk.toml").read_text() == "[screen]\n"
    assert not (root / "tmp/teachable-kiosk.deb").exists()
    assert (root / "boot/firmware/cmdline.txt").read_text() == "console=tty1 rootwait cgroup_enable=memory\n"


def test_an_image_that_would_not_start_the_kiosk_is_not_finished(root: Path) -> None:
    (root.parent / "programs/chroot").write_text("#!/bin/sh\ncat >/dev/null\n")
    done = build(root, package=f"{root.parent}/kiosk.deb", pin="2468")
    assert done.returncode == 1
    assert done.stderr == (
        "install-kiosk: the kiosk would not start with the computer. Read what teachable-kiosk install wrote above.\n"
    )


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (
            {"pin": "2468"},
            'there is no package "". Build it with make deb ARCH=arm64, and name its full path.',
        ),
        ({"package": "{here}/kiosk.deb"}, "the staff pages need a PIN: set IGconf_kiosk_pin."),
        (
            {"package": "{here}/kiosk.deb", "pin": "2468", "settings": "/nowhere.toml"},
            'there is no settings file "/nowhere.toml".',
        ),
    ],
)
def test_what_is_missing_is_named_before_anything_is_installed(
    root: Path, variables: dict[str, str], reason: str
) -> None:
    done = build(root, **{name: value.format(here=root.parent) for name, value in variables.items()})
    assert (done.returncode, done.stderr) == (1, f"install-kiosk: {reason}\n")
    assert not (root / "installed").exists()

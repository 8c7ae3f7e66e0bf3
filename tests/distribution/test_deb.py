"""The Debian package: its files and control files, with a few files in place of wheels, and its scripts in a folder.

`make test-deb` installs, uses, upgrades and purges the real package in a clean system.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from app.commands.extras import extras_for
from app.commands.installation import System, plan_for
from app.commands.parser import CommandName
from distribution.deb import build
from tests.support.package_scripts import script_in_folder

PYTHONS = ("3.11", "3.13")
HOME = "opt/teachable-kiosk"


def few_files(packages: Path, processor: str, python: str) -> None:
    """Fill a folder as pip does: a module that is the same for every Python, one that is not, a command, records."""
    (packages / "bin").mkdir()
    (packages / "bin/teachable-kiosk").write_text("#!/build/machine/python\n")
    (packages / "run_kiosk.py").write_text("def main():\n    return 7\n")
    (packages / "fast.so").write_text(f"{processor} {python}")
    info = packages / "teachable_kiosk-0.1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text('{"url": "file:///build/machine/wheel"}')
    (info / "RECORD").write_text(
        "../../bin/teachable-kiosk,sha256=x,20\n../../bin/f2py,sha256=x,20\nrun_kiosk.py,sha256=x,27\n"
        "teachable_kiosk-0.1.0.dist-info/direct_url.json,sha256=x,9\nteachable_kiosk-0.1.0.dist-info/RECORD,,\n"
    )


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb") / "staging"
    build.stage(folder, "arm64", PYTHONS, "0.1.0", few_files)
    return folder


def field(package: Path, name: str) -> str:
    words = ["dpkg-deb", "--field", str(package), name]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb: install it with `sudo apt install dpkg`")
def test_the_package_names_what_it_needs_and_holds_the_same_bytes_each_time(staging: Path, tmp_path: Path) -> None:
    first = build.pack(staging, tmp_path / "first", fast=True)
    assert first.name == "teachable-kiosk_0.1.0_arm64.deb"
    assert field(first, "Architecture") == "arm64"
    needed = field(first, "Depends").split(", ")
    assert needed[:3] == ["python3.11 | python3.13", "python3 (>= 3.11)", "python3 (<< 3.14)"]
    assert first.read_bytes() == build.pack(staging, tmp_path / "second", fast=True).read_bytes()
    listed = subprocess.run(["dpkg-deb", "--contents", str(first)], capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}


def test_a_file_that_is_equal_for_two_pythons_is_stored_once(staging: Path) -> None:
    of_python = [staging / HOME / f"lib/python{python}/site-packages" for python in PYTHONS]
    assert len({(packages / "run_kiosk.py").stat().st_ino for packages in of_python}) == 1
    assert [(packages / "fast.so").read_text() for packages in of_python] == ["aarch64 3.11", "aarch64 3.13"]


def test_nothing_of_the_computer_that_built_it_is_in_the_package(staging: Path) -> None:
    texts = [path.read_bytes() for path in staging.rglob("*") if path.is_file()]
    assert len(texts) > 20
    assert [text for text in texts if b"build/machine" in text or b"bin/f2py" in text] == []


def test_the_record_leads_to_the_command(staging: Path) -> None:
    packages = staging / HOME / "lib/python3.11/site-packages"
    record = (packages / "teachable_kiosk-0.1.0.dist-info/RECORD").read_text().splitlines()
    (line,) = (line for line in record if "bin/" in line)
    command = (packages / line.split(",")[0]).resolve()
    assert command == (staging / HOME / "bin/teachable-kiosk").resolve()
    assert os.access(command, os.X_OK)
    assert command.read_text().splitlines()[0] == f"#!/{HOME}/bin/python3"
    assert (staging / "usr/bin/teachable-kiosk").readlink() == Path(f"/{HOME}/bin/teachable-kiosk")


def test_the_settings_are_the_one_configuration_file(staging: Path) -> None:
    assert (staging / "DEBIAN/conffiles").read_text() == "/etc/teachable-kiosk/kiosk.toml\n"
    assert [str(path.relative_to(staging)) for path in (staging / "etc").rglob("*") if path.is_file()] == [
        "etc/teachable-kiosk/kiosk.toml"
    ]


def test_every_file_has_its_sum(staging: Path) -> None:
    files = {str(path.relative_to(staging)) for path in staging.rglob("*") if path.is_file() and not path.is_symlink()}
    files -= {name for name in files if name.startswith("DEBIAN/")}
    assert {line.split("  ")[1] for line in (staging / "DEBIAN/md5sums").read_text().splitlines()} == files


@pytest.mark.parametrize(
    ("wheel", "version"),
    [
        ("teachable_kiosk-0.1.0-py3-none-any.whl", "0.1.0"),
        ("teachable_kiosk-1.0rc2-py3-none-any.whl", "1.0~rc2"),
        ("teachable_kiosk-1.0.dev3-py3-none-any.whl", "1.0~dev3"),
    ],
)
def test_versions_before_a_release_sort_before_it(wheel: str, version: str) -> None:
    assert build.version_of(Path(wheel)) == version


def test_without_dpkg_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(build.BuildRefused) as caught:
        build.check_tools()
    assert str(caught.value) == "dpkg-deb is missing. Install it: sudo apt install dpkg"


def test_the_manual_names_every_command_and_no_other(staging: Path) -> None:
    page = (build.PARTS / "teachable-kiosk.1").read_text()
    commands = page.split(".SH COMMANDS")[1].split(".SH")[0]
    heads = re.findall(r"^\.TP\n(.*)", commands, re.MULTILINE)
    named = {word for head in heads for word in re.findall(r"[a-z]+", re.sub(r'"[^"]*"', "", head))}
    assert named - {"out"} == set(get_args(CommandName)) - {"kiosk"}


# --- the scripts --------------------------------------------------------------------------------------------


def test_a_folder_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / HOME).mkdir(parents=True)
    done = script_in_folder("preinst", tmp_path, "install")
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path}/{HOME} exists already and does not belong to this package. Move it away, then install again.\n"
    )
    assert script_in_folder("preinst", tmp_path, "upgrade", "0.1.0").returncode == 0


def test_the_service_is_set_up_once_and_then_as_the_operator_left_it(tmp_path: Path) -> None:
    home, calls = tmp_path / HOME, tmp_path / "calls"
    (home / "bin").mkdir(parents=True)
    (home / "pythons").write_text("")
    command = home / "bin/teachable-kiosk"
    command.write_text(f'#!/bin/sh\necho "$@" >>{calls}\n')
    command.chmod(0o755)
    assert script_in_folder("postinst", tmp_path, "configure").returncode == 0
    assert calls.read_text() == "install --packaged\n"
    script_in_folder("postinst", tmp_path, "configure", "0.1.0")
    assert calls.read_text() == "install --packaged\n", "the operator uninstalled the service"
    (tmp_path / "etc/teachable-kiosk").mkdir(parents=True)
    (tmp_path / "etc/teachable-kiosk/installed.json").touch()
    script_in_folder("postinst", tmp_path, "configure", "0.1.0")
    assert calls.read_text() == "install --packaged\n" * 2


def test_a_package_whose_service_cannot_be_set_up_is_installed_nevertheless(tmp_path: Path) -> None:
    home = tmp_path / HOME
    (home / "bin").mkdir(parents=True)
    (home / "pythons").write_text("")
    (home / "bin/teachable-kiosk").symlink_to("/bin/false")
    done = script_in_folder("postinst", tmp_path, "configure")
    assert (done.returncode, done.stdout) == (
        0, "The kiosk is not set up as a service. Later: sudo teachable-kiosk install --user NAME\n",
    )  # fmt: skip


def test_purge_removes_everything_of_the_kiosk_and_nothing_else(tmp_path: Path) -> None:
    ours = [
        f"{HOME}/lib/x.pyc", "etc/teachable-kiosk/kiosk.toml", "var/lib/teachable-kiosk/session.sqlite3",
        "etc/systemd/system/teachable-kiosk.service.d/override.conf", "etc/udev/rules.d/60-teachable-kiosk.rules",
    ]  # fmt: skip
    others = ["etc/udev/rules.d/60-other.rules", "var/lib/other/file", "opt/other/file"]
    kept = tmp_path / "home/anna/.local/share/teachable-kiosk/session.sqlite3"
    for path in (*(tmp_path / name for name in (*ours, *others)), kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = script_in_folder("postrm", tmp_path, "purge")
    assert (done.returncode, done.stdout) == (
        0, f"{kept.parent} stays: it belongs to the person who used the kiosk there.\n",
    )  # fmt: skip
    assert [name for name in ours if (tmp_path / name).parent.exists() and (tmp_path / name).exists()] == []
    assert not (tmp_path / "var/lib/teachable-kiosk").exists()
    assert all((tmp_path / name).exists() for name in others)
    assert kept.exists()


@pytest.mark.parametrize(
    ("screen", "manager"),
    [("cage", "etc/lightdm/"), ("kmsdrm", "etc/lightdm/"), ("desktop", "etc/lightdm/"), ("desktop", "usr/bin/sddm")],
)
def test_purge_removes_all_that_install_writes_even_if_uninstall_failed(
    screen: str, manager: str, tmp_path: Path
) -> None:
    (tmp_path / manager).parent.mkdir(parents=True)
    (tmp_path / manager).mkdir() if manager.endswith("/") else (tmp_path / manager).touch()
    command = Path("/opt/teachable-kiosk/bin/teachable-kiosk")
    plan = plan_for(System("teachable-kiosk", 999, frozenset(), screen, (command,)))
    extras = extras_for(tmp_path, "anna", Path("/home/anna"), screen).extras
    files = (*plan.files, *(file for extra in extras for file in extra.files))
    places = [tmp_path / one.path.relative_to("/") for one in (*files, *plan.links)]
    texts = [file.text.replace("/opt/", f"{tmp_path}/opt/") for file in files]
    for place, text in zip(places, (*texts, *("" for _ in plan.links)), strict=True):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert script_in_folder("postrm", tmp_path, "purge").returncode == 0
    assert [place for place in places if place.exists()] == []


def test_purge_leaves_the_service_of_another_installation(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/teachable-kiosk.service"
    session = tmp_path / "var/lib/teachable-kiosk/session.sqlite3"
    for path in (unit, session):
        path.parent.mkdir(parents=True)
        path.touch()
    unit.write_text("ExecStart=/home/anna/kiosk/.venv/bin/python /home/anna/kiosk/run_kiosk.py --fullscreen\n")
    done = script_in_folder("postrm", tmp_path, "purge")
    data, settings = tmp_path / "var/lib/teachable-kiosk", tmp_path / "etc/teachable-kiosk"
    assert done.stdout == f"Another installation uses {unit}: {settings} and {data} stay.\n"
    assert unit.exists()
    assert session.exists()

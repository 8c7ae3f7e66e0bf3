"""`install` into a system that is not running, and `uninstall`, which restores it byte for byte."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.errors import InstallRefused
from app.commands.install import run_install
from app.commands.installation import System, plan_for
from app.commands.programs import run_program
from app.commands.system import DRIVERS, User, blanks_its_screen, check_reachable, screen_for
from app.config.load import load_config
from app.config.schema import Config
from run_kiosk import main
from tests.support.images import SCREEN, UNIT, install

REPOSITORY = Path(__file__).resolve().parents[3]


def tree(root: Path) -> dict[str, str]:
    """Every folder, file and link below `root`, with its content or target."""
    found = {}
    for path in root.rglob("*"):
        text = path.read_text() if path.is_file() and not path.is_symlink() else ""
        found[str(path.relative_to(root))] = str(path.readlink()) if path.is_symlink() else text
    return found


def without_desktop(image: Path) -> Path:
    (image / "etc/systemd/system/display-manager.service").unlink()
    (image / "usr/bin").mkdir(parents=True)
    (image / "usr/bin/cage").touch()
    return image


def test_the_service_runs_as_the_user_in_the_groups_that_the_system_has(image: Path) -> None:
    assert install(image) == 0
    unit = (image / UNIT).read_text()
    assert re.findall(r"^User=(.*)$", unit, re.MULTILINE) == ["pi"]
    assert re.findall(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE) == ["video audio input plugdev gpio"]
    assert re.findall(r"@[A-Z_]+@", unit + (image / SCREEN).read_text()) == []
    wants = image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service"
    assert str(wants.readlink()) == f"/{UNIT}"


def test_the_service_of_a_checkout_starts_its_python_and_names_its_manual(image: Path) -> None:
    install(image)
    unit = (image / UNIT).read_text()
    assert re.findall(r"^ExecStart=(\S+ \S+) ", unit, re.MULTILINE) == [f"{sys.executable} {REPOSITORY}/run_kiosk.py"]
    assert re.findall(r"^Documentation=(.*)$", unit, re.MULTILINE) == [f"file://{REPOSITORY}/docs/operating.md"]


def test_a_foreign_model_that_takes_too_much_memory_does_not_stop_the_kiosk(image: Path) -> None:
    """The kernel kills the process that opened the model; by default systemd would then stop the whole service."""
    install(image)
    assert re.findall(r"^(MemoryMax|OOMPolicy)=(.*)$", (image / UNIT).read_text(), re.MULTILINE) == [
        ("MemoryMax", "70%"), ("OOMPolicy", "continue"),
    ]  # fmt: skip


def test_the_service_joins_the_group_apex_if_the_system_has_it(image: Path) -> None:
    with (image / "etc/group").open("a") as groups:
        groups.write("apex:x:130:\n")
    install(image)
    assert re.findall(r"^SupplementaryGroups=(.*)$", (image / UNIT).read_text(), re.MULTILINE) == [
        "video audio input plugdev apex gpio"
    ]


def test_the_udev_rules_open_both_usb_ids_of_the_edge_tpu_and_the_card(image: Path) -> None:
    install(image)
    rules = (image / "etc/udev/rules.d/60-teachable-kiosk.rules").read_text()
    lines = [line for line in rules.splitlines() if 'SUBSYSTEM=="usb"' in line]
    ids = [re.findall(r'ATTRS\{id(?:Vendor|Product)\}=="(\w+)"', line) for line in lines]
    assert ids == [["1a6e", "089a"], ["18d1", "9302"]]
    lines += [line for line in rules.splitlines() if 'SUBSYSTEM=="apex"' in line]
    assert [re.findall(r'(?:GROUP|MODE)="(\w+)"', line) for line in lines] == [["0660", "plugdev"]] * 3  # as docs say


def test_the_installed_settings_are_the_defaults(image: Path) -> None:
    install(image)
    assert load_config(image / "etc/teachable-kiosk/kiosk.toml") == Config()


def test_uninstall_restores_the_system(image: Path) -> None:
    before = tree(image)
    assert install(image) == 0
    assert len(tree(image)) > len(before) + 8
    assert main(["uninstall", "--root", str(image)]) == 0
    assert tree(image) == before


def test_installing_twice_changes_nothing_more(image: Path) -> None:
    before = tree(image)
    install(image)
    once = tree(image)
    assert install(image) == 0
    assert tree(image) == once
    main(["uninstall", "--root", str(image)])
    assert tree(image) == before


def test_installing_again_for_another_screen_removes_the_old_files(image: Path) -> None:
    before = tree(image)
    install(image)
    assert install(image, "--screen", "cage") == 0
    assert not (image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service").is_symlink()
    assert not (image / "etc/X11/xorg.conf.d/90-teachable-kiosk.conf").exists()
    assert "cage" in (image / SCREEN).read_text()
    main(["uninstall", "--root", str(image)])
    assert tree(image) == before


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": [{}], "links": [], "undo": [], "folders": []}', "[" * 5000])
def test_a_damaged_manifest_is_named_and_nothing_is_removed(
    text: str, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(image)
    manifest = image / "etc/teachable-kiosk/installed.json"
    manifest.write_text(text)
    before = tree(image)
    assert main(["uninstall", "--root", str(image)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: cannot read {manifest}: ")
    assert error.endswith("Remove the kiosk's files by hand, and this file last.\n")
    assert tree(image) == before


def test_changed_settings_survive_install_and_uninstall(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image)
    settings = image / "etc/teachable-kiosk/kiosk.toml"
    settings.write_text('[classes]\nlabels = ["a", "b"]\n')
    install(image)
    main(["uninstall", "--root", str(image), "--dry-run"])
    foreseen = capsys.readouterr().out
    assert "kept    /etc/teachable-kiosk/kiosk.toml: it was changed" in foreseen
    assert "remove  /etc/teachable-kiosk/kiosk.toml" not in foreseen
    main(["uninstall", "--root", str(image)])
    assert settings.read_text() == '[classes]\nlabels = ["a", "b"]\n'
    assert "kept    /etc/teachable-kiosk/kiosk.toml: it was changed" in capsys.readouterr().out
    assert not (image / UNIT).exists()


def test_a_file_that_install_did_not_write_is_never_overwritten(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = image / "etc/udev/rules.d/60-teachable-kiosk.rules"
    foreign.write_text("# mine")
    before = tree(image)
    assert install(image) == 1
    assert tree(image) == before
    assert capsys.readouterr().err == (
        f"error: {foreign} exists already and does not belong to the kiosk. Move it away, then install again.\n"
    )


def test_an_incomplete_installation_can_be_undone(image: Path) -> None:
    before = tree(image)
    install(image)
    (image / UNIT).unlink()
    (image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service").unlink()
    assert main(["uninstall", "--root", str(image)]) == 0
    assert tree(image) == before


def test_a_dry_run_shows_everything_and_changes_nothing(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(image)
    assert install(image, "--dry-run") == 0
    output = capsys.readouterr().out
    assert tree(image) == before
    install(image)
    without_text = ("installed.json", "wants/teachable-kiosk.service", "kiosk.toml", "settings.toml")
    for name, text in tree(image).items():
        if name not in before and text and not name.endswith(without_text):
            assert f"write   /{name}" in output
            assert all(f"        {line}".rstrip() in output for line in text.splitlines())
    capsys.readouterr()
    installed = tree(image)
    assert main(["uninstall", "--root", str(image), "--dry-run"]) == 0
    assert tree(image) == installed
    assert f"remove  /{UNIT}" in capsys.readouterr().out


def test_a_dry_run_does_not_list_the_settings_file(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image, "--dry-run")
    output = capsys.readouterr().out
    assert output.splitlines()[0] == (
        "write   /etc/teachable-kiosk/kiosk.toml, only if it does not exist: later changes are the owner's"
    )
    assert "[camera]" not in output
    assert "[Service]" in output


def test_a_dry_run_of_root_without_a_user_shows_a_placeholder(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "root")
    before = tree(image)
    assert main(["install", "--root", str(image), "--dry-run"]) == 0
    output = capsys.readouterr().out.splitlines()
    assert (
        output[0]
        == "NOTE    the kiosk must not run as root: name a user with --user. This listing shows NAME, uid 1000."
    )
    assert "        User=NAME" in output
    assert tree(image) == before
    refusal = "error: the kiosk must not run as root. Name another user with --user.\n"
    for arguments in (["--dry-run", "--user", "root"], []):
        assert main(["install", "--root", str(image), *arguments]) == 1
        assert capsys.readouterr().err == refusal


def test_without_a_desktop_the_kiosk_draws_on_the_console(image: Path) -> None:
    assert install(without_desktop(image)) == 0
    screen = (image / SCREEN).read_text()
    assert "ExecStart=/usr/bin/cage -d -- /usr/bin/env -u WATCHDOG_PID" in screen
    assert (image / "etc/systemd/system/multi-user.target.wants/teachable-kiosk.service").is_symlink()
    assert not (image / "etc/X11/xorg.conf.d").exists()


def test_a_desktop_that_does_not_start_at_boot_is_ignored(image: Path) -> None:
    (image / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    (image / "usr/bin").mkdir(parents=True)
    (image / "usr/bin/cage").touch()
    install(image)
    assert "cage" in (image / SCREEN).read_text()


@pytest.mark.parametrize(
    ("arguments", "spoil", "message"),
    [
        (["--user", "root"], None, "the kiosk must not run as root. Name another user with --user."),
        (
            ["--user", "eve"],
            None,
            "{root}/etc/passwd has no user eve. Create it: sudo useradd --create-home eve",
        ),
        (
            ["--user", "pi"],
            lambda root: (root / "etc/systemd/system/display-manager.service").unlink(),
            "this computer starts no desktop, and its SDL cannot draw on a console. Install the compositor cage "
            "(sudo apt install cage), then install again.",
        ),
        (
            ["--user", "pi"],
            lambda root: (root / "etc/group").unlink(),
            "cannot read {root}/etc/group: No such file or directory. Check --root.",
        ),
    ],
)
def test_a_refusal_is_one_line_and_nothing_is_written(
    image: Path,
    arguments: list[str],
    spoil: Callable[[Path], None] | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if spoil:
        spoil(image)
    before = tree(image)
    assert main(["install", "--root", str(image), *arguments]) == 1
    assert tree(image) == before
    assert capsys.readouterr().err == f"error: {message.format(root=image)}\n"


@pytest.mark.parametrize(("controllers", "reported"), [("cpuset cpu io pids\n", True), ("cpu memory pids\n", False)])
def test_a_kernel_that_cannot_limit_memory_is_reported(
    image: Path, controllers: str, reported: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (image / "sys/fs/cgroup").mkdir(parents=True)
    (image / "sys/fs/cgroup/cgroup.controllers").write_text(controllers)
    install(image)
    note = "NOTE    memory is not limited here: add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt.\n"
    assert (note in capsys.readouterr().out) is reported


def test_a_dry_run_of_uninstall_without_an_installation_has_nothing_to_do(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["uninstall", "--root", str(image), "--dry-run"]) == 0
    manifest = image / "etc/teachable-kiosk/installed.json"
    assert capsys.readouterr() == (f"nothing to remove: {manifest} does not exist\n", "")


def test_uninstall_without_an_installation_is_refused(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstall", "--root", str(image)]) == 1
    assert capsys.readouterr().err == (
        f"error: the kiosk is not installed here: {image}/etc/teachable-kiosk/installed.json does not exist.\n"
    )


def test_raspberry_pi_os_stops_blanking_and_gets_its_setting_back() -> None:
    system = System("pi", 1000, frozenset({"video"}), "desktop", (Path("/x/teachable-kiosk"),), blanking=True)
    switch = ("raspi-config", "nonint", "do_blanking")
    plan = plan_for(system)
    assert (*switch, "1") in plan.commands
    assert (*switch, "0") in plan.undo
    for blanking in (False, None):
        left_alone = plan_for(replace(system, blanking=blanking))
        assert not [command for command in (*left_alone.commands, *left_alone.undo) if "raspi-config" in command]


class FakePrograms:
    """Programs that answer by a word of their command line; all others are missing."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers

    def __call__(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        for word, answer in self._answers.items():
            if any(word in part for part in command):
                return subprocess.CompletedProcess(command, 0, answer, "")
        return subprocess.CompletedProcess(command, 127, "", "not found")


@pytest.mark.parametrize(("answer", "blanks"), [("0\n", True), ("1\n", False)])
def test_raspberry_pi_os_reports_whether_it_blanks_the_screen(answer: str, blanks: bool) -> None:
    assert blanks_its_screen(FakePrograms(get_blanking=answer)) is blanks
    assert blanks_its_screen(FakePrograms()) is None


def test_the_console_is_used_if_the_sdl_can_draw_on_it() -> None:
    sdl = FakePrograms(SDL_GetVideoDriver="x11 wayland KMSDRM dummy\n")
    assert screen_for(Path("/"), "kmsdrm", Path("python"), sdl) == ("kmsdrm", "")
    with pytest.raises(InstallRefused) as caught:
        screen_for(Path("/"), "kmsdrm", Path("python"), FakePrograms(SDL_GetVideoDriver="x11 wayland dummy\n"))
    assert str(caught.value) == (
        "this computer starts no desktop, and its SDL cannot draw on a console. "
        "Install the compositor cage (sudo apt install cage), then install again."
    )


def test_what_a_program_prints_in_another_encoding_is_read_as_far_as_it_can_be() -> None:
    done = run_program(("sh", "-c", "printf 'pr\\344t\\n'; printf 'm\\366glich' >&2; exit 3"))
    assert (done.returncode, done.stdout, done.stderr) == (3, "pr\ufffdt\n", "m\ufffdglich")


def test_the_video_drivers_of_this_sdl_are_read() -> None:
    done = run_program((sys.executable, "-c", DRIVERS))
    assert {"x11", "dummy"} <= set(done.stdout.split())


def test_a_program_that_the_user_may_not_read_is_refused() -> None:
    place = Path(tempfile.mkdtemp())  # other users may not enter pytest's own folders
    try:
        place.chmod(0o755)
        file = place / "inner/run_kiosk.py"
        file.parent.mkdir(mode=0o755)
        file.touch(0o644)
        stranger = User("booth", os.getuid() + 54321, frozenset())
        check_reachable(file, stranger, "the kiosk")
        file.parent.chmod(0o750)
        with pytest.raises(InstallRefused) as caught:
            check_reachable(file, stranger, "the kiosk")
        assert str(caught.value) == (
            f"the user booth may not read {file.parent}, where the kiosk is. "
            "Install the kiosk below /opt, or name its owner with --user."
        )
        check_reachable(file, replace(stranger, groups=frozenset({file.stat().st_gid})), "the kiosk")
        check_reachable(file, replace(stranger, uid=file.stat().st_uid), "the kiosk")
        link = place / "python"
        link.symlink_to(file)
        with pytest.raises(InstallRefused) as of_the_link:
            check_reachable(link, stranger, "its Python")
        assert str(of_the_link.value) == (
            f"the user booth may not read {file.parent}, where its Python is. "
            "Set the kiosk up with a Python that every user may read, such as /usr/bin/python3, "
            "or name its owner with --user."
        )
    finally:
        shutil.rmtree(place)


def test_special_characters_in_the_program_path_are_quoted_for_systemd() -> None:
    program = (Path('/o d/5% "$x"/python'), Path("/srv/kiosk/run_kiosk.py"))
    system = System("pi", 1000, frozenset(), "desktop", program)
    (unit,) = (file.text for file in plan_for(system).files if file.path.name == "teachable-kiosk.service")
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert command.startswith(r'"/o d/5%% \"$$x\"/python" /srv/kiosk/run_kiosk.py --fullscreen ')


def test_a_dry_run_names_every_obstacle(tmp_path: Path) -> None:
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/teachable-kiosk.service").write_text("of somebody else")
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (tmp_path / "etc/group").write_text("")
    lines: list[str] = []
    with pytest.raises(InstallRefused) as refused:
        run_install(lines.append, root=tmp_path, user="nobody-there", dry_run=True)
    assert str(refused.value) == "3 things stand in the way. Solve them in this order, then look again."
    assert lines == [
        f"STOP    {tmp_path}/etc/passwd has no user nobody-there. Create it: sudo useradd --create-home nobody-there",
        "STOP    this computer starts no desktop, and its SDL cannot draw on a console. Install the compositor cage "
        "(sudo apt install cage), then install again.",
        f"STOP    {tmp_path}/etc/systemd/system/teachable-kiosk.service exists already and does not belong to the "
        "kiosk. Move it away, then install again.",
    ]

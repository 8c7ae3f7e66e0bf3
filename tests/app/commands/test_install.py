"""Installing into a system that does not run, and undoing it to the byte."""

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
from app.commands.install import run_command
from app.commands.installation import System, plan_for
from app.commands.system import DRIVERS, User, blanks_its_screen, check_reachable, screen_for
from app.config.schema import Config, load_config
from run_kiosk import main
from tests.support.images import SCREEN, UNIT, install

REPOSITORY = Path(__file__).resolve().parents[3]


def tree(root: Path) -> dict[str, str]:
    """Every folder, file and link below, with what is in it."""
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


def test_it_runs_as_a_person_in_the_groups_that_the_system_has(image: Path) -> None:
    assert install(image) == 0
    unit = (image / UNIT).read_text()
    assert re.findall(r"^User=(.*)$", unit, re.MULTILINE) == ["pi"]
    assert re.findall(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE) == ["video audio input plugdev gpio"]
    assert re.findall(r"@[A-Z_]+@", unit + (image / SCREEN).read_text()) == []
    wants = image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service"
    assert str(wants.readlink()) == f"/{UNIT}"


def test_a_checkout_starts_with_its_own_python_and_names_its_manual(image: Path) -> None:
    install(image)
    unit = (image / UNIT).read_text()
    assert re.findall(r"^ExecStart=(\S+ \S+) ", unit, re.MULTILINE) == [f"{sys.executable} {REPOSITORY}/run_kiosk.py"]
    assert re.findall(r"^Documentation=(.*)$", unit, re.MULTILINE) == [f"file://{REPOSITORY}/docs/operating.md"]


def test_memory_that_a_stranger_s_model_takes_does_not_end_the_kiosk(image: Path) -> None:
    """The kernel ends the process that opened the model; by default systemd would stop the whole service with it."""
    install(image)
    assert re.findall(r"^(MemoryMax|OOMPolicy)=(.*)$", (image / UNIT).read_text(), re.MULTILINE) == [
        ("MemoryMax", "70%"), ("OOMPolicy", "continue"),
    ]  # fmt: skip


def test_a_card_that_belongs_to_a_group_of_its_own_is_open_to_it(image: Path) -> None:
    with (image / "etc/group").open("a") as groups:
        groups.write("apex:x:130:\n")
    install(image)
    assert re.findall(r"^SupplementaryGroups=(.*)$", (image / UNIT).read_text(), re.MULTILINE) == [
        "video audio input plugdev apex gpio"
    ]


def test_both_ids_of_the_edge_tpu_and_its_card_are_open_to_it(image: Path) -> None:
    install(image)
    rules = (image / "etc/udev/rules.d/60-teachable-kiosk.rules").read_text()
    lines = [line for line in rules.splitlines() if 'SUBSYSTEM=="usb"' in line]
    ids = [re.findall(r'ATTRS\{id(?:Vendor|Product)\}=="(\w+)"', line) for line in lines]
    assert ids == [["1a6e", "089a"], ["18d1", "9302"]]
    lines += [line for line in rules.splitlines() if 'SUBSYSTEM=="apex"' in line]
    assert [re.findall(r'(?:GROUP|MODE)="(\w+)"', line) for line in lines] == [["0660", "plugdev"]] * 3  # as docs say


def test_its_settings_are_the_shipped_ones(image: Path) -> None:
    install(image)
    assert load_config(image / "etc/teachable-kiosk/kiosk.toml") == Config()


def test_uninstalling_leaves_the_system_as_it_was(image: Path) -> None:
    before = tree(image)
    assert install(image) == 0
    assert len(tree(image)) > len(before) + 8
    assert main(["uninstall", "--root", str(image)]) == 0
    assert tree(image) == before


def test_installing_twice_is_installing_once(image: Path) -> None:
    before = tree(image)
    install(image)
    once = tree(image)
    assert install(image) == 0
    assert tree(image) == once
    main(["uninstall", "--root", str(image)])
    assert tree(image) == before


def test_installing_anew_for_another_screen_takes_the_old_away(image: Path) -> None:
    before = tree(image)
    install(image)
    assert install(image, "--screen", "cage") == 0
    assert not (image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service").is_symlink()
    assert not (image / "etc/X11/xorg.conf.d/90-teachable-kiosk.conf").exists()
    assert "cage" in (image / SCREEN).read_text()
    main(["uninstall", "--root", str(image)])
    assert tree(image) == before


def test_settings_that_were_changed_survive_both(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image)
    settings = image / "etc/teachable-kiosk/kiosk.toml"
    settings.write_text('[classes]\nlabels = ["a", "b"]\n')
    install(image)
    main(["uninstall", "--root", str(image)])
    assert settings.read_text() == '[classes]\nlabels = ["a", "b"]\n'
    assert "kept    /etc/teachable-kiosk/kiosk.toml: it was changed" in capsys.readouterr().out
    assert not (image / UNIT).exists()


def test_somebody_else_s_file_is_never_overwritten(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = image / "etc/udev/rules.d/60-teachable-kiosk.rules"
    foreign.write_text("# mine")
    before = tree(image)
    assert install(image) == 1
    assert tree(image) == before
    assert capsys.readouterr().err == (
        f"error: {foreign} is there already and is not the kiosk's. Move it away, then install again.\n"
    )


def test_an_installation_that_was_cut_off_can_be_undone(image: Path) -> None:
    before = tree(image)
    install(image)
    (image / UNIT).unlink()
    (image / "etc/systemd/system/graphical.target.wants/teachable-kiosk.service").unlink()
    assert main(["uninstall", "--root", str(image)]) == 0
    assert tree(image) == before


def test_a_dry_run_says_all_and_does_nothing(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(image)
    assert install(image, "--dry-run") == 0
    told = capsys.readouterr().out
    assert tree(image) == before
    install(image)
    without_text = ("installed.json", "wants/teachable-kiosk.service", "kiosk.toml")
    for name, text in tree(image).items():
        if name not in before and text and not name.endswith(without_text):
            assert f"write   /{name}" in told
            assert all(f"        {line}".rstrip() in told for line in text.splitlines())
    capsys.readouterr()
    installed = tree(image)
    assert main(["uninstall", "--root", str(image), "--dry-run"]) == 0
    assert tree(image) == installed
    assert f"remove  /{UNIT}" in capsys.readouterr().out


def test_a_dry_run_tells_of_the_settings_only_what_becomes_of_their_file(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(image, "--dry-run")
    told = capsys.readouterr().out
    assert told.splitlines()[0] == (
        "write   /etc/teachable-kiosk/kiosk.toml, only if there is none: it is the owner's from then on"
    )
    assert "[camera]" not in told
    assert "[Service]" in told


def test_a_dry_run_of_root_who_names_nobody_shows_where_the_user_will_stand(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "root")
    before = tree(image)
    assert main(["install", "--root", str(image), "--dry-run"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "NOTE    the kiosk must not run as root: name a user with --user. Here it is NAME, number 1000."
    assert "        User=NAME" in told
    assert tree(image) == before
    refusal = "error: the kiosk must not run as root. Name another user with --user.\n"
    for arguments in (["--dry-run", "--user", "root"], []):
        assert main(["install", "--root", str(image), *arguments]) == 1
        assert capsys.readouterr().err == refusal


def test_without_a_desktop_it_takes_the_console(image: Path) -> None:
    assert install(without_desktop(image)) == 0
    screen = (image / SCREEN).read_text()
    assert "ExecStart=/usr/bin/cage -s -- /usr/bin/env -u WATCHDOG_PID" in screen
    assert (image / "etc/systemd/system/multi-user.target.wants/teachable-kiosk.service").is_symlink()
    assert not (image / "etc/X11/xorg.conf.d").exists()


def test_a_desktop_that_is_switched_off_counts_as_none(image: Path) -> None:
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
            "there is no user eve in {root}/etc/passwd. Make it: sudo useradd --create-home eve.",
        ),
        (
            ["--user", "pi"],
            lambda root: (root / "etc/systemd/system/display-manager.service").unlink(),
            "this computer starts no desktop, and its SDL cannot draw on a console. Install a compositor for one "
            "program: sudo apt install cage. Then install again.",
        ),
        (
            ["--user", "pi"],
            lambda root: (root / "etc/group").unlink(),
            "{root}/etc/group cannot be read: No such file or directory. Check --root.",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_and_nothing_is_written(
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


@pytest.mark.parametrize(("controllers", "told"), [("cpuset cpu io pids\n", True), ("cpu memory pids\n", False)])
def test_a_kernel_that_limits_no_memory_is_told(
    image: Path, controllers: str, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (image / "sys/fs/cgroup").mkdir(parents=True)
    (image / "sys/fs/cgroup/cgroup.controllers").write_text(controllers)
    install(image)
    note = "NOTE    memory is not limited here: add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt.\n"
    assert (note in capsys.readouterr().out) is told


def test_uninstalling_where_nothing_is_installed_says_so(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstall", "--root", str(image)]) == 1
    assert capsys.readouterr().err == (
        f"error: the kiosk is not installed here: there is no {image}/etc/teachable-kiosk/installed.json.\n"
    )


def test_raspberry_pi_os_is_told_not_to_blank_and_gets_its_setting_back() -> None:
    system = System("pi", 1000, frozenset({"video"}), "desktop", (Path("/x/teachable-kiosk"),), blanking=True)
    switch = ("raspi-config", "nonint", "do_blanking")
    plan = plan_for(system)
    assert (*switch, "1") in plan.commands
    assert (*switch, "0") in plan.undo
    for blanking in (False, None):
        left_alone = plan_for(replace(system, blanking=blanking))
        assert not [command for command in (*left_alone.commands, *left_alone.undo) if "raspi-config" in command]


class Answers:
    """Programs of a system, by the word that picks their answer; every other one is missing."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers

    def __call__(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        for word, answer in self._answers.items():
            if any(word in part for part in command):
                return subprocess.CompletedProcess(command, 0, answer, "")
        return subprocess.CompletedProcess(command, 127, "", "not found")


@pytest.mark.parametrize(("answer", "blanks"), [("0\n", True), ("1\n", False)])
def test_raspberry_pi_os_says_whether_it_blanks_the_screen(answer: str, blanks: bool) -> None:
    assert blanks_its_screen(Answers(get_blanking=answer)) is blanks
    assert blanks_its_screen(Answers()) is None


def test_a_console_is_drawn_on_if_the_sdl_can() -> None:
    sdl = Answers(SDL_GetVideoDriver="x11 wayland KMSDRM dummy\n")
    assert screen_for(Path("/"), "kmsdrm", Path("python"), sdl) == ("kmsdrm", "")
    with pytest.raises(InstallRefused, match=r"^this computer starts no desktop, and its SDL cannot draw"):
        screen_for(Path("/"), "kmsdrm", Path("python"), Answers(SDL_GetVideoDriver="x11 wayland dummy\n"))


def test_the_video_drivers_of_this_sdl_are_read() -> None:
    done = run_command((sys.executable, "-c", DRIVERS))
    assert {"x11", "dummy"} <= set(done.stdout.split())


def test_a_project_that_the_user_cannot_enter_is_refused() -> None:
    place = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    try:
        place.chmod(0o755)
        file = place / "inner/run_kiosk.py"
        file.parent.mkdir(mode=0o755)
        file.touch(0o644)
        stranger = User("booth", os.getuid() + 54321, frozenset())
        check_reachable(file, stranger)
        file.parent.chmod(0o750)
        with pytest.raises(InstallRefused) as caught:
            check_reachable(file, stranger)
        assert str(caught.value) == (
            f"the user booth may not read {file.parent}, where the kiosk or its Python is. "
            "Install the kiosk below /opt, or name its owner with --user."
        )
        check_reachable(file, replace(stranger, groups=frozenset({file.stat().st_gid})))
        check_reachable(file, replace(stranger, uid=file.stat().st_uid))
        link = place / "python"
        link.symlink_to(file)
        with pytest.raises(InstallRefused, match=f"may not read {file.parent}, "):
            check_reachable(link, stranger)
    finally:
        shutil.rmtree(place)


def test_a_python_in_a_folder_with_an_odd_name_is_quoted_as_systemd_wants_it() -> None:
    program = (Path('/o d/5% "$x"/python'), Path("/srv/kiosk/run_kiosk.py"))
    system = System("pi", 1000, frozenset(), "desktop", program)
    (unit,) = (file.text for file in plan_for(system).files if file.path.name == "teachable-kiosk.service")
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert command.startswith(r'"/o d/5%% \"$$x\"/python" /srv/kiosk/run_kiosk.py --fullscreen ')

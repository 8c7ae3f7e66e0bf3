"""What `install` asks first: packages, automatic login, keys of the desktop; and the first PIN of the staff pages."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.errors import InstallRefused
from app.base.pin import is_pin, matches
from app.commands.consent import Terminal
from app.commands.extras import extras_for, missing_packages
from app.commands.install import run_install
from app.commands.installation import OUT_OF_ORDER
from app.commands.manifest import check_writable
from app.config.pin_lock import FILE as LOCK
from app.config.pin_lock import PinLock, write_pin_lock
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from run_kiosk import main
from tests.support.images import SCREEN, UNIT, install

DATA = "var/lib/teachable-kiosk"
LOGIN = "etc/lightdm/lightdm.conf.d/90-teachable-kiosk.conf"
HOME = "home/pi/.config/labwc"


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() and not path.is_symlink() else ""
        for path in root.rglob("*")
    }


def desktop(image: Path) -> Path:
    """The image with lightdm and labwc, as Raspberry Pi OS has them."""
    (image / "etc/lightdm").mkdir(parents=True)
    (image / "etc/lightdm/lightdm.conf").write_text("[Seat:*]\n#autologin-user=\n")
    (image / "usr/bin").mkdir(parents=True)
    (image / "usr/bin/labwc").touch()
    (image / "home/pi").mkdir(parents=True)
    return image


class Person:
    """Somebody at the terminal who answers in order."""

    def __init__(self, answers: dict[str, bool], pin: str = "") -> None:
        self._answers, self._pin = answers, pin
        self.asked: list[str] = []

    def agrees(self, about: str) -> bool:
        self.asked.append(about)
        return next(answer for word, answer in self._answers.items() if word in about)

    def pin(self) -> str:
        return self._pin


def pin_of(image: Path) -> str:
    return SettingsFile(Config(), image / DATA).config.staff.pin


def test_install_makes_a_pin_and_shows_it_once(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image)
    output = capsys.readouterr().out
    (pin,) = re.findall(r"^PIN     (\d+) opens the staff pages", output, re.MULTILINE)
    assert is_pin(pin)
    assert matches(pin, pin_of(image))
    assert output.count(pin) == 1
    for path in image.rglob("*"):
        assert not path.is_file() or path.is_symlink() or pin not in path.read_text(), path
    install(image)
    output = capsys.readouterr().out
    assert "kept    the PIN of the staff pages" in output
    assert pin not in output
    assert matches(pin, pin_of(image))


def test_every_installation_has_a_pin_of_its_own(tmp_path: Path, image: Path) -> None:
    pins = set()
    for _ in range(2):
        lines: list[str] = []
        run_install(lines.append, root=image, user="pi")
        pins.update(line for line in lines if line.startswith("PIN"))
        main(["uninstall", "--root", str(image)])
    assert len(pins) == 2


def test_a_pin_that_the_person_chooses_is_not_shown(image: Path) -> None:
    lines: list[str] = []
    run_install(lines.append, root=image, user="pi", asks=Person({}, pin="48213"))
    assert matches("48213", pin_of(image))
    assert "48213" not in "\n".join(lines)


def test_a_pin_that_was_set_later_survives_uninstall_and_a_lock_goes(image: Path) -> None:
    install(image)
    SettingsFile(Config(), image / DATA).save({"screen.volume": 0.1})
    write_pin_lock(image / DATA, PinLock(3, 60.0))
    main(["uninstall", "--root", str(image)])
    assert pin_of(image)
    assert (image / DATA / LOCK).exists()


def end_of_input(_: str) -> str:
    raise EOFError


def test_at_a_terminal_a_person_is_asked_and_a_pin_is_typed_twice() -> None:
    answers = iter(["y", "", "no"])
    terminal = Terminal(yes=False, read=lambda _: next(answers), is_terminal=True)
    assert [terminal.agrees("log pi in") for _ in range(3)] == [True, False, False]
    typed = iter(["12", "48213", "48214", "48213", "48213"])
    assert Terminal(yes=False, read_secret=lambda _: next(typed), is_terminal=True).pin() == "48213"
    assert Terminal(yes=True, is_terminal=True).agrees("anything")
    ended = Terminal(yes=False, read=end_of_input, read_secret=end_of_input, is_terminal=True)
    assert (ended.agrees("anything"), ended.pin()) == (False, "")
    nobody = Terminal(yes=False, is_terminal=False)
    assert (nobody.agrees("anything"), nobody.pin()) == (False, "")


def test_without_consent_nothing_of_other_programs_is_changed(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desktop(image)
    install(image)
    assert not (image / LOGIN).exists()
    assert not (image / HOME).exists()
    output = capsys.readouterr().out
    assert "left    it to you to log pi in automatically when the computer starts (--yes lets install do it)" in output
    assert "switch off the keys of the desktop labwc with which visitors could leave the kiosk (--yes" in output


def test_with_consent_everything_is_set_up_and_uninstall_restores_the_system(image: Path) -> None:
    before = tree(desktop(image))
    install(image, "--yes")
    assert "autologin-user=pi" in (image / LOGIN).read_text()
    assert '<keybind key="A-F4" />' in (image / HOME / "rc.xml").read_text()
    assert 'identifier="teachable-kiosk"' in (image / HOME / "rc.xml").read_text()
    assert "XKB_DEFAULT_OPTIONS=srvrkeys:none" in (image / HOME / "environment").read_text()
    once = tree(image)
    install(image)  # what somebody agreed to once stays
    assert tree(image) == once
    main(["uninstall", "--root", str(image)])
    assert tree(image) == before


def test_each_change_is_asked_for_by_itself(image: Path) -> None:
    person = Person({"log pi in": True, "labwc": False})
    run_install(lambda _line: None, root=desktop(image), user="pi", asks=person)
    assert len(person.asked) == 2
    assert (image / LOGIN).exists()
    assert not (image / HOME).exists()


def test_a_dry_run_shows_what_it_would_ask(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(desktop(image))
    install(image, "--dry-run", "--yes")
    output = capsys.readouterr().out
    assert "ask     whether the installation may log pi in automatically when the computer starts" in output
    assert f"write   /{LOGIN}\n        # Written for the Teachable Kiosk.\n        [Seat:*]\n" in output
    assert f"write   /{DATA}/settings.toml with a PIN for the staff pages, unless there is one" in output
    assert tree(image) == before


def test_files_of_the_user_are_never_replaced(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desktop(image)
    (image / HOME).mkdir(parents=True)
    (image / HOME / "rc.xml").write_text("<labwc_config>mine</labwc_config>")
    install(image, "--yes")
    assert (image / HOME / "rc.xml").read_text() == "<labwc_config>mine</labwc_config>"
    assert "NOTE    /home/pi/.config/labwc/rc.xml exists already. Add to it what " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "asked", "note"),
    [
        ("[Seat:*]\nautologin-user=pi\n", False, ""),
        (
            "[Seat:*]\nautologin-user=anna\n", False,
            "lightdm logs anna in automatically, not pi: change autologin-user in /etc/lightdm.",
        ),
        ("", True, ""),
    ],
)  # fmt: skip
def test_automatic_login_that_is_there_is_left_alone(image: Path, settings: str, asked: bool, note: str) -> None:
    desktop(image)
    (image / "etc/lightdm/lightdm.conf").write_text(settings)
    found = extras_for(image, "pi", Path("/home/pi"), "desktop")
    assert ("automatic login" in [extra.name for extra in found.extras]) is asked
    assert (note in found.notes) is bool(note)


def test_other_display_managers_get_a_file_or_a_note(image: Path) -> None:
    note = "the kiosk needs a desktop session: let this system log pi in automatically."
    assert note in extras_for(image, "pi", Path("/home/pi"), "desktop").notes
    (image / "usr/bin").mkdir(parents=True)
    (image / "usr/bin/sddm").touch()
    (extra,) = extras_for(image, "pi", Path("/home/pi"), "desktop").extras
    assert "[Autologin]\nUser=pi\n" in extra.files[0].text


def test_cage_needs_the_x_server_that_it_does_not_bring_along(image: Path) -> None:
    assert missing_packages(image, "cage") == ("cage", "xwayland", "udisks2")
    assert missing_packages(image, "desktop") == ("udisks2",)
    for file in ("usr/bin/cage", "usr/bin/Xwayland", "usr/libexec/udisks2/udisksd"):
        (image / file).parent.mkdir(parents=True, exist_ok=True)
        (image / file).touch()
    assert missing_packages(image, "cage") == ()


def test_packages_are_installed_with_apt_and_removed_again() -> None:
    found = extras_for(Path("/"), "pi", Path("/home/pi"), "cage")
    for extra in found.extras:
        if extra.name == "packages":
            (install_them,), (remove,) = extra.commands, extra.undo
            assert install_them[:5] == ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y")
            assert remove[:5] == ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "remove", "-y")
            assert install_them[5:] == remove[5:]


def test_an_image_that_lacks_packages_gets_a_note(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image)
    note = "NOTE    this system lacks packages. On it, run: sudo apt install udisks2"
    assert note in capsys.readouterr().out


def test_uninstall_undoes_the_extras_of_the_manifest(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(image)
    manifest = image / "etc/teachable-kiosk/installed.json"
    written = json.loads(manifest.read_text())
    assert written["extras"] == {}
    install(desktop(image), "--yes")
    assert set(json.loads(manifest.read_text())["extras"]) == {"automatic login", "labwc"}


@pytest.fixture
def console(image: Path) -> Iterator[str]:
    (image / "etc/systemd/system/display-manager.service").unlink()
    (image / "usr/bin").mkdir(parents=True, exist_ok=True)
    (image / "usr/bin/cage").touch()
    install(image)
    return (image / SCREEN).read_text()


def test_no_key_switches_to_another_console(image: Path, console: str) -> None:
    (command,) = [line for line in console.splitlines() if line.startswith("ExecStart=/")]
    assert " -s " not in command.partition("--")[0]  # cage's switch that allows it
    logind = (image / "etc/systemd/logind.conf.d/90-teachable-kiosk.conf").read_text()
    assert {"NAutoVTs=0", "ReserveVT=0"} <= set(logind.splitlines())


def test_no_key_leaves_an_x_server(image: Path) -> None:
    install(image)
    text = (image / "etc/X11/xorg.conf.d/90-teachable-kiosk.conf").read_text()
    assert 'Option "DontVTSwitch" "true"' in text
    assert 'Option "DontZap" "true"' in text


def test_the_service_is_locked_in(image: Path) -> None:
    install(image)
    assert "KIOSK_LOCKED_IN=1" in (image / UNIT).read_text()


def test_a_kiosk_that_has_given_up_says_so_in_every_language(image: Path) -> None:
    install(image)
    assert "OnFailure=teachable-kiosk-failed.service" in (image / UNIT).read_text().splitlines()
    failed = (image / "etc/systemd/system/teachable-kiosk-failed.service").read_text()
    assert f"cat {OUT_OF_ORDER}" in failed
    said = [line.strip() for line in (image / OUT_OF_ORDER.relative_to("/")).read_text().splitlines() if line]
    assert said[0] == "This kiosk is out of order. Please call a member of staff."
    assert len(set(said)) == 5


def test_the_text_is_shown_by_the_command_of_the_unit(image: Path, tmp_path: Path) -> None:
    install(image)
    failed = (image / "etc/systemd/system/teachable-kiosk-failed.service").read_text()
    (command,) = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", failed, re.MULTILINE)
    command = command.replace(str(OUT_OF_ORDER), str(image / OUT_OF_ORDER.relative_to("/")))
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, env={"TERM": "linux"}, check=True)
    assert "This kiosk is out of order." in done.stdout


def test_a_read_only_system_is_recognised(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 ro,noatime 0 0\n")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere else
    with pytest.raises(InstallRefused) as caught:
        check_writable(image, mounts)
    assert str(caught.value) == (
        f"{image}/etc is on a read-only file system. Make it writable first: sudo mount -o remount,rw /, or switch the "
        "overlay of Raspberry Pi OS off with raspi-config."
    )
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n")
    with pytest.raises(InstallRefused) as caught:
        check_writable(image, mounts)
    assert str(caught.value) == f"cannot write to {image}/etc. Run it with sudo, or with --dry-run."

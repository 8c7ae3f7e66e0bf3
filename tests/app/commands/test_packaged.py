"""`install --packaged`: what the Debian package does about the service."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from run_kiosk import main
from tests.support.images import SCREEN, UNIT

SETTINGS = "etc/teachable-kiosk/kiosk.toml"


def packaged(root: Path) -> int:
    return main(["install", "--packaged", "--root", str(root)])


def of_unit(root: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (root / UNIT).read_text(), re.MULTILINE)


@pytest.fixture
def console(image: Path) -> Path:
    """The image without a desktop, with cage and with the user that the package makes."""
    (image / "etc/systemd/system/display-manager.service").unlink()
    (image / "usr/bin").mkdir(parents=True)
    (image / "usr/bin/cage").touch()
    with (image / "etc/passwd").open("a") as people:
        people.write("teachable-kiosk:x:998:998::/var/lib/teachable-kiosk:/usr/sbin/nologin\n")
    return image


def test_without_a_desktop_the_kiosk_starts_with_the_computer_as_its_own_user(console: Path) -> None:
    assert packaged(console) == 0
    assert of_unit(console, "User") == ["teachable-kiosk"]
    assert "cage" in (console / SCREEN).read_text()


def test_a_desktop_stays_as_it_is(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = set(image.rglob("*"))
    assert packaged(image) == 0
    assert set(image.rglob("*")) == before
    assert capsys.readouterr().out == (
        "This computer starts a desktop, so nothing else is changed. The menu has the kiosk as a program.\n"
        "To start the kiosk with the computer: sudo teachable-kiosk install --user NAME\n"
    )


def test_an_installation_for_another_user_and_screen_is_repeated(image: Path) -> None:
    main(["install", "--root", str(image), "--user", "pi", "--screen", "kmsdrm"])
    before = (image / UNIT).read_text(), (image / SCREEN).read_text()
    (image / UNIT).write_text("# of an older version\n")
    assert packaged(image) == 0
    assert ((image / UNIT).read_text(), (image / SCREEN).read_text()) == before
    assert of_unit(image, "User") == ["pi"]


def test_a_record_of_an_older_version_is_repeated_for_the_package_s_user(console: Path) -> None:
    packaged(console)
    record = console / "etc/teachable-kiosk/installed.json"
    record.write_text(
        json.dumps({key: value for key, value in json.loads(record.read_text()).items() if key != "repeat"})
    )
    assert packaged(console) == 0
    assert of_unit(console, "User") == ["teachable-kiosk"]


def test_settings_that_were_there_before_stay_after_uninstall_even_unchanged(console: Path) -> None:
    """The package brings them, and dpkg removes them."""
    settings = console / SETTINGS
    main(["install", "--root", str(console), "--user", "pi"])
    text = settings.read_text()
    main(["uninstall", "--root", str(console)])
    assert not settings.exists()
    settings.parent.mkdir()
    settings.write_text(text)
    packaged(console)
    packaged(console)
    main(["uninstall", "--root", str(console)])
    assert settings.read_text() == text
    assert not (console / UNIT).exists()

"""Settings changed on the screen survive a restart and override the file; a damaged file is set aside."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.errors import SettingsNotWritten
from app.base.pin import matches, stored
from app.config.load import load_config
from app.config.schema import Config
from app.config.settings_file import FILE, SettingsFile


def test_changed_settings_survive_a_restart_and_no_other_settings_are_written(tmp_path: Path) -> None:
    SettingsFile(Config(), tmp_path).save(
        {"classes.labels": ("Äpfel", 'Cup "1"'), "camera.mirror": False, "idle.after_s": 60.0}
    )
    base = replace(Config(), model=replace(Config().model, seed=7))
    again = SettingsFile(base, tmp_path).config
    assert again.classes.labels == ("Äpfel", 'Cup "1"')
    assert (again.camera.mirror, again.idle.after_s, again.model.seed) == (False, 60.0, 7)
    assert load_config(tmp_path / FILE).camera.source == Config().camera.source


def test_later_changes_are_added_to_earlier_ones(tmp_path: Path) -> None:
    settings = SettingsFile(Config(), tmp_path)
    settings.save({"screen.volume": 0.2})
    settings.save({"screen.palette": "night"})
    settings = SettingsFile(Config(), tmp_path)
    settings.save({"screen.volume": 0.7})
    screen = SettingsFile(Config(), tmp_path).config.screen
    assert (screen.volume, screen.palette) == (0.7, "night")


@pytest.mark.parametrize("text", ["not = [toml", "[screen]\nvolume = 7.0\n", "[nowhere]\nx = 1\n", "\x00\xff"])
def test_a_damaged_file_is_set_aside_and_the_defaults_come_back(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    settings = SettingsFile(Config(), tmp_path)
    assert settings.config == Config()
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes() == text.encode("latin-1")
    assert f"set aside as {tmp_path / FILE}.damaged-1" in caplog.text
    settings.save({"screen.volume": 0.2})
    assert SettingsFile(Config(), tmp_path).config.screen.volume == 0.2


def test_a_full_disk_is_reported_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    settings = SettingsFile(Config(), tmp_path)
    settings.save({"screen.volume": 0.2})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        with pytest.raises(SettingsNotWritten) as caught:
            settings.save({"screen.volume": 0.9})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == (
        "This setting holds until the kiosk stops: it could not be written. Make room on the disk."
    )
    assert SettingsFile(Config(), tmp_path).config.screen.volume == 0.2


def test_a_plain_pin_that_staff_had_set_is_stored_hashed_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text('[staff]\npin = "48213"\n[screen]\nvolume = 0.2\n')
    settings = SettingsFile(Config(), tmp_path)
    settings.protect_pin()
    assert "48213" not in (tmp_path / FILE).read_text()
    again = SettingsFile(Config(), tmp_path).config
    assert matches("48213", again.staff.pin)
    assert again.staff.pin == settings.config.staff.pin
    assert again.screen.volume == 0.2
    assert f"The PIN was in plain text. Now {tmp_path / FILE} keeps it as a scrypt key." in caplog.text
    assert "48213" not in caplog.text


def test_a_plain_pin_in_the_owners_file_works_and_the_owner_is_asked_to_delete_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    base = replace(Config(), staff=replace(Config().staff, pin="48213"))
    for _ in range(2):
        settings = SettingsFile(base, tmp_path)
        settings.protect_pin()
        assert matches("48213", settings.config.staff.pin)
        assert settings.config.staff.pin != "48213"
        assert "The file of --config holds a PIN in plain text. It is not read again: delete that line." in caplog.text
        caplog.clear()


def test_a_pin_that_staff_removed_stays_removed(tmp_path: Path) -> None:
    base = replace(Config(), staff=replace(Config().staff, pin="48213"))
    SettingsFile(base, tmp_path).save({"staff.pin": ""})
    settings = SettingsFile(base, tmp_path)
    settings.protect_pin()
    assert settings.config.staff.pin == ""


def test_a_pin_that_was_set_from_a_shell_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    running = SettingsFile(Config(), tmp_path)
    SettingsFile(Config(), tmp_path).save({"staff.pin": stored("2580")})
    running.save({"screen.volume": 0.3})
    config = SettingsFile(Config(), tmp_path).config
    assert matches("2580", config.staff.pin)
    assert config.screen.volume == 0.3

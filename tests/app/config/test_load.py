"""Reading settings from a TOML file: overrides, and one clear line for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.errors import ConfigInvalid
from app.config.load import load_config
from app.config.schema import Config


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_all_settings_have_their_defaults() -> None:
    assert load_config(None) == Config()


def test_a_file_overrides_only_what_it_names(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, '[classes]\nlabels = ["apple", "cup"]\n[buttons]\nhold_delay_s = 1\n'))
    assert config.classes.labels == ("apple", "cup")
    assert config.classes.target_shots == Config().classes.target_shots
    assert config.buttons.hold_delay_s == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[klasses]\n",
            "{path}: the section [klasses] does not exist. Choose one of: " + ", ".join(vars(Config())) + ".",
        ),
        ("classes = 3\n", "{path}: classes is a section. Write [classes] above its settings."),
        (
            "[camera]\nsorce = 1\n",
            "{path}: [camera] has no setting 'sorce'. Choose one of: source, rotation, zoom, mirror, "
            "width_px, height_px, rate_hz, autofocus, fixed_light.",
        ),
        ("[camera]\nmirror = 1\n", "{path}: camera.mirror takes true or false, not 1."),
        ("[screen]\nwidth_px = true\n", "{path}: screen.width_px takes a whole number, not True."),
        (
            '[classes]\nlabels = "x"\n',
            '{path}: classes.labels takes a list of texts, such as ["apple", "cup"].',
        ),
        ('[classes]\nlabels = ["x"]\n', "{path}: classes.labels names 1 classes. Name 2 to 9."),
        (
            '[classes]\nlabels = ["x", "x"]\n',
            "{path}: classes.labels needs names that differ, in more than case, and are not blank.",
        ),
        (
            '[classes]\nlabels = ["x", " \\u200b\\u3164"]\n',
            "{path}: classes.labels needs names that differ, in more than case, and are not blank.",
        ),
        (
            '[classes]\nlabels = ["x", " "]\n',
            "{path}: classes.labels needs names that differ, in more than case, and are not blank.",
        ),
        (
            '[classes]\nlabels = ["x", "X"]\n',
            "{path}: classes.labels needs names that differ, in more than case, and are not blank.",
        ),
        (
            '[classes]\nlabels = ["x", "y\\nz"]\n',
            "{path}: classes.labels names 'y\\nz'. Write it on one line, with 200 letters at most.",
        ),
        (
            '[accelerator]\nperformance = "max"\n',
            "{path}: accelerator.performance is 'max'. Write one of: Low, Medium, High, Max, or nothing.",
        ),
        (
            '[model]\ndevice = "usb"\n',
            "{path}: model.device is 'usb'. Write auto, cpu, or a device such as usb:0 or pci:0.",
        ),
        ("[camera]\nrotation = 45\n", "{path}: camera.rotation is 45. Choose one of: 0, 90, 180, 270."),
        ("[camera]\nzoom = 9.0\n", "{path}: camera.zoom is 9.0. Make it 4.0 or less."),
        ('[staff]\npin = "12"\n', "{path}: staff.pin takes 4 to 12 digits, or none at all."),
        (
            '[staff]\nhold = ["undo"]\n',
            '{path}: staff.hold takes two buttons, such as ["reset", "undo"].',
        ),
        (
            '[privacy]\nwhen_idle = "sell"\n',
            "{path}: privacy.when_idle is 'sell'. Choose one of: keep, embeddings, erase.",
        ),
        ('[model]\nnot_sure = "often"\n', "{path}: model.not_sure is 'often'. Choose one of: strict, normal, off."),
        ("[buttons]\nhold_delay_s = 0.0\n", "{path}: buttons.hold_delay_s is 0.0. Make it 0.05 or more."),
    ],
)
def test_a_mistake_is_reported_in_one_line_that_says_what_is_possible(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == message.format(path=path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == f"cannot read {path}: No such file or directory. Name another file with --config."


def test_broken_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"is not valid TOML: .*line 3.*Correct that line and start again\.$"):
        load_config(written(tmp_path, "classes = [1,\n2\nx"))


def test_a_byte_order_mark_is_accepted_and_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    text = '[classes]\nlabels = ["Äpfel", "cup"]\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_config(path).classes.labels == ("Äpfel", "cup")
    for encoding, line in (("utf-16", ""), ("utf-16-be", ""), ("utf-32", ""), ("latin-1", " (line 2)")):
        path.write_bytes(text.encode(encoding))
        with pytest.raises(ConfigInvalid) as caught:
            load_config(path)
        assert str(caught.value) == f"cannot read {path}: it is not UTF-8 text: save it as UTF-8{line}."


@pytest.mark.parametrize("value", ["nan", "-inf", "inf", "1e999", "99999999999999999999999"])
def test_numbers_that_are_none_are_refused(value: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"[camera]\nzoom = {value}\n")
    with pytest.raises(ConfigInvalid, match=r"camera\.zoom takes a (smaller )?number"):
        load_config(path)


def test_spellings_of_one_name_are_one_class(tmp_path: Path) -> None:
    path = written(tmp_path, '[classes]\nlabels = ["caf\\u00e9", "CAFE\\u0301"]\n')
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}: classes.labels needs names that differ, in more than case, and are not blank."
    )

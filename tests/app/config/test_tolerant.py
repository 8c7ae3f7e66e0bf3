"""Settings that do not hold: each is left out on its own, and one line says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.config.checks import check
from app.config.schema import Config
from app.config.tolerant import apply_what_holds, load_what_holds
from tests.support.settings import WRONG, setting_types


@pytest.mark.parametrize(("section", "key", "kind"), list(setting_types()))
def test_every_setting_with_a_wrong_value_leaves_settings_that_hold(section: str, key: str, kind: Any) -> None:
    for value in WRONG[kind]:
        table = {section: {key: value}, "camera": {"mirror": False}} if section != "camera" else {section: {key: value}}
        config, taken, problems = apply_what_holds(Config(), table, "kiosk.toml")
        check(config, "what was taken")
        assert (key in taken.get(section, {})) == (not problems)
        if problems:
            assert getattr(getattr(config, section), key) == getattr(getattr(Config(), section), key)
            assert [line.startswith("kiosk.toml: ") and "\n" not in line for line in problems] == [True]
        if section != "camera":
            assert config.camera.mirror is False


def test_of_two_settings_that_exclude_each_other_the_first_holds() -> None:
    table = {"lamps": {"class_1": "gpio:5", "class_2": "gpio:5", "class_3": "gpio:6"}}
    config, _, problems = apply_what_holds(Config(), table, "f")
    assert (config.lamps.class_1, config.lamps.class_2, config.lamps.class_3) == ("gpio:5", "", "gpio:6")
    assert problems == ("f: lamps.class_2 is gpio:5, which is lamps.class_1 already. Give it its own pin.",)


def test_unknown_names_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text("screen = 3\n[klasses]\n[cam]\nera = 1\n[camera]\nsorce = 1\nzoom = 2.0\n")
    config, taken, problems = load_what_holds(Config(), path)
    assert (config.camera.zoom, taken) == (2.0, {"camera": {"zoom": 2.0}})
    assert [line.split(".")[0] + "." for line in (problem.removeprefix(f"{path}: ") for problem in problems)] == [
        "screen is a section.",
        "the section [klasses] does not exist.",
        "the section [cam] does not exist.",
        "[camera] has no setting 'sorce'.",
    ]


@pytest.mark.parametrize("data", [b"not = [toml", b"\xff\x00", b"[camera]\nmirror = tru"])
def test_a_file_that_is_no_toml_is_left_out_as_a_whole(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(data)
    config, taken, problems = load_what_holds(Config(), tmp_path / "f")
    assert (config, taken, len(problems)) == (Config(), {}, 1)


@pytest.mark.parametrize("name", ["missing", "x" * 300, "a\0b", "."])
def test_a_file_that_cannot_be_read_is_left_out(name: str, tmp_path: Path) -> None:
    assert load_what_holds(Config(), tmp_path / name)[::2] != (Config(), ())
    assert load_what_holds(Config(), tmp_path / name)[0] == Config()

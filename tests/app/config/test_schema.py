"""The defaults of the settings: the file that is shipped shows each of them."""

from __future__ import annotations

import re
from pathlib import Path

from app.config.load import load_config
from app.config.schema import Config

DEFAULTS = Path(__file__).resolve().parents[3] / "assets" / "kiosk.toml"


def test_the_shipped_file_changes_nothing() -> None:
    assert load_config(DEFAULTS) == Config()


def test_the_shipped_file_shows_every_setting_with_its_true_default(tmp_path: Path) -> None:
    uncommented = re.sub(r"^# (?=\w+ = )", "", DEFAULTS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path = tmp_path / "kiosk.toml"
    path.write_text(uncommented, encoding="utf-8")
    assert load_config(path) == Config()
    for section in vars(Config()):
        shown = uncommented.split(f"[{section}]")[1].split("\n[")[0]
        names = set(re.findall(r"^(\w+) = ", shown, flags=re.MULTILINE))
        assert names == set(vars(getattr(Config(), section)))


def test_empty_directories_mean_the_default_folders_of_the_system() -> None:
    assert Config().data_dir.name == "teachable-kiosk"
    assert Config().export_dir.is_absolute()

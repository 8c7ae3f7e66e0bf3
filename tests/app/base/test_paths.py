"""The program finds its own files, and knows the name it was started with."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.base.paths import asset_path, import_folder, is_checkout, program_name

REPOSITORY = Path(__file__).resolve().parents[3]


def test_assets_and_packages_come_from_the_checkout() -> None:
    assert asset_path("fonts", "MPLUSRounded1c-Medium.ttf") == REPOSITORY / "assets/fonts/MPLUSRounded1c-Medium.ttf"
    assert asset_path() == REPOSITORY / "assets"
    assert import_folder() == REPOSITORY
    assert is_checkout()


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("/usr/local/bin/teachable-kiosk", "teachable-kiosk"),
        ("run_kiosk.py", "run_kiosk.py"),
        ("/srv/kiosk/run_kiosk.py", "run_kiosk.py"),
        ("-c", "run_kiosk.py"),
    ],
)
def test_the_program_name_is_what_the_user_typed(started: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [started, "--help"])
    assert program_name() == name


def test_no_module_looks_for_files_of_the_program_beside_its_own_source() -> None:
    """A wheel has another layout above its packages, so only `importlib.resources` finds files."""
    packages = [REPOSITORY / name for name in ("app", "learning", "tpu")]
    modules = [REPOSITORY / "run_kiosk.py", *(module for package in packages for module in package.rglob("*.py"))]
    assert len(modules) > 100
    for module in modules:
        nodes = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        assert "__file__" not in {node.id for node in nodes if isinstance(node, ast.Name)}, module

"""Modules run by name in a process of their own find the same packages, whatever the current folder holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tpu.edgetpu.driver_check import driver_problem
from tpu.edgetpu.python_process import module_command, module_environment
from tpu.errors import INSTALL_DRIVER

pytestmark = pytest.mark.needs_runtime


def test_a_module_is_found_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        module_command("tpu.edgetpu.driver_check", "libnowhere.so.1"),
        env=module_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("missing libnowhere.so.1: cannot open shared object file")


def test_a_package_that_is_only_on_the_search_path_of_the_parent_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("print('found')")
    monkeypatch.syspath_prepend(tmp_path)
    done = subprocess.run(
        module_command("only_here"), env=module_environment(), cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout == "found\n"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11: -P is new there")
def test_files_in_the_current_folder_do_not_hide_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    (tmp_path / "tpu.py").write_text("raise SystemExit('the wrong tpu')")
    monkeypatch.chdir(tmp_path)
    assert driver_problem("libnowhere.so.1") == (
        "the Edge TPU driver is missing (libnowhere.so.1: cannot open shared object file: No such file or directory): "
        f"{INSTALL_DRIVER}"
    )

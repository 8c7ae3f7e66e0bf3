"""Two kiosks never use one data directory at the same time; other commands may."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.base.errors import DataDirInUse
from app.session.lock import FILE, only_kiosk_in
from run_kiosk import main
from tests.support.processes import REPOSITORY, headless

pytestmark = pytest.mark.needs_runtime

HOLD = """
import subprocess, sys, time
from pathlib import Path
from app.session.lock import only_kiosk_in
with only_kiosk_in(Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_a_second_kiosk_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_kiosk_in(tmp_path):
        assert main(["--headless", "--camera", "demo", "--data-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"error: another kiosk uses {tmp_path}. Close it, or give this one a folder of its own: --data-dir DIR.\n"
    )


def test_doctor_works_beside_a_running_kiosk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_kiosk_in(tmp_path):
        main(["doctor", "--camera", "demo", "--data-dir", str(tmp_path)])
    assert "another kiosk" not in "".join(capsys.readouterr())


def test_a_killed_kiosk_leaves_the_folder_free_though_its_children_live(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=REPOSITORY, env=headless(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    child = holder.stdout.readline().strip()
    try:
        with pytest.raises(DataDirInUse) as caught, only_kiosk_in(tmp_path):
            pass
        assert str(caught.value) == (
            f"another kiosk uses {tmp_path}. Close it, or give this one a folder of its own: --data-dir DIR."
        )
        holder.kill()
        holder.wait()
        assert Path(f"/proc/{child}").is_dir()
        with only_kiosk_in(tmp_path):
            pass
    finally:
        holder.kill()
        subprocess.run(["kill", child], check=False)
        holder.stdout.close()


def test_a_kiosk_that_closed_frees_the_folder_for_the_next_one(tmp_path: Path) -> None:
    for _ in range(2):
        with only_kiosk_in(tmp_path / "new"):
            pass


def test_a_kiosk_starts_without_a_lock_where_none_is_possible(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()  # as a folder that cannot be written: the lock file cannot be opened
    with only_kiosk_in(tmp_path):
        pass
    with only_kiosk_in(Path("/proc/nowhere")):
        pass

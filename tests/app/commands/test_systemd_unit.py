"""systemd accepts the installed unit, and rates it as well protected."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.images import SCREEN, UNIT, install

MOST_EXPOSED = 2.5  # of 10, from systemd-analyze security; a unit without hardening has 9.6


def systemd_analyze(*words: str, units: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: install it with `sudo apt install systemd`")
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_LOG_LEVEL": "warning"}
    return subprocess.run(
        ["systemd-analyze", *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("screen", ["desktop", "kmsdrm", "cage"])
def test_systemd_accepts_the_unit(image: Path, screen: str) -> None:
    install(image, "--screen", screen)
    unit = image / UNIT
    text = unit.read_text().replace("User=pi", f"User={'root' if os.getuid() == 0 else os.getlogin()}")
    unit.write_text(
        re.sub(r"^SupplementaryGroups=.*$", "", text, flags=re.MULTILINE)
    )  # these groups exist only in the image
    if screen == "cage":
        (image / SCREEN).write_text((image / SCREEN).read_text().replace("/usr/bin/cage", "/bin/true"))
    done = systemd_analyze("verify", "--man=no", str(unit), units=unit.parent)
    complaints = [line for line in done.stderr.splitlines() if "teachable-kiosk" in line]
    assert complaints == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "line"), [(UNIT, "WatchdogSec=30"), (SCREEN, "TTYReset=yes")])
def test_systemd_rejects_a_spoiled_unit(image: Path, name: str, line: str) -> None:
    install(image, "--screen", "kmsdrm")
    spoiled = image / name
    assert line in spoiled.read_text()
    spoiled.write_text(spoiled.read_text().replace(line, f"{line.partition('=')[0]}=perhaps"))
    done = systemd_analyze("verify", "--man=no", str(image / UNIT), units=(image / UNIT).parent)
    assert re.search(rf"{spoiled.name}:\d+: Failed to parse .*perhaps", done.stderr)


@pytest.mark.parametrize("screen", ["desktop", "kmsdrm", "cage"])
def test_systemd_rates_the_unit_as_little_exposed(image: Path, screen: str) -> None:
    install(image, "--screen", screen)
    unit = image / UNIT
    done = systemd_analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", "--no-pager", str(unit), units=unit.parent
    )
    assert done.returncode == 0, done.stdout
    assert "Overall exposure level" in done.stdout


@pytest.mark.parametrize("screen", ["desktop", "cage"])
def test_systemd_accepts_the_unit_of_a_kiosk_that_has_given_up(image: Path, screen: str) -> None:
    install(image, "--screen", screen)
    unit = image / "etc/systemd/system/teachable-kiosk-failed.service"
    done = systemd_analyze("verify", "--man=no", str(unit), units=unit.parent)
    assert [line for line in done.stderr.splitlines() if "teachable-kiosk-failed" in line] == []
    spoiled = unit.read_text().replace("RemainAfterExit=yes", "RemainAfterExit=perhaps")
    unit.write_text(spoiled)
    done = systemd_analyze("verify", "--man=no", str(unit), units=unit.parent)
    assert re.search(r"teachable-kiosk-failed.service:\d+: Failed to parse .*perhaps", done.stderr)

"""Diagnostic lines about the computer."""

from __future__ import annotations

from pathlib import Path

from app.jobs.machine_info import machine_lines


def test_a_value_that_the_system_does_not_report_has_no_line(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 51200 kB\n")
    zone = tmp_path / "thermal" / "thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("81500\n")
    lines = {
        str(what): (how, wrong)
        for what, how, wrong in machine_lines(tmp_path, memory=tmp_path / "meminfo", thermal=tmp_path / "thermal")
    }
    assert lines["Free memory"] == ("50 MiB", True)
    assert lines["Temperature"] == ("82 °C", True)
    few = machine_lines(tmp_path, memory=tmp_path / "none", thermal=tmp_path / "none")
    assert {str(what) for what, _, _ in few} == {"Free on the disk", "Versions"}

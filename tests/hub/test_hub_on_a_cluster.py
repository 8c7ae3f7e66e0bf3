"""`hub --dask` writes the model that `hub` writes, and refuses what `hub` refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.model.saved_folder.facts import PLAIN_FILE
from run_kiosk import main
from tests.hub.killed_workers import kill_workers
from tests.support.stations import drawn, write_station

pytestmark = pytest.mark.needs_dask

KINDS = [0, 1, 2] * 4


def made(root: Path, out: Path, *options: str) -> tuple[bytes, dict[str, Any]]:
    report = out.with_suffix(".json")
    assert main(["hub", str(root), "--out", str(out), "--json", str(report), *options]) == 0
    return (out / PLAIN_FILE).read_bytes(), json.loads(report.read_text())


def test_model_and_report_are_the_same_also_when_a_worker_is_killed_twice(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "in"
    for number in range(9):
        write_station(root / f"s{number}" / "a", ("apple", "cup", "duck"), drawn(KINDS, number), KINDS)
    (root / "s1" / "a" / "session.npz").write_bytes(b"cut off")
    model, facts = made(root, tmp_path / "here")
    dask = ["--dask", client.cluster.scheduler_address]
    there = made(root, tmp_path / "there", *dask)
    killed = kill_workers(monkeypatch, client, (2, 5))
    with_kills = made(root, tmp_path / "killed", *dask)
    client.wait_for_workers(2, timeout=60)
    assert len(killed) == 2
    del facts["seconds"], facts["model"], facts["serial"]
    for other_model, other_facts in (there, with_kills):
        assert other_model == model
        assert {name: value for name, value in other_facts.items() if name in facts} == facts
    assert [one["folder"] for one in facts["refused"]] == ["s1/a"]

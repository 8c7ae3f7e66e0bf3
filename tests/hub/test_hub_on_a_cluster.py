"""`hub --dask` writes the model that `hub` writes, and refuses what `hub` refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.embedding.cluster import cluster
from app.model.saved_folder.facts import PLAIN_FILE
from run_kiosk import main
from tests.support.stations import drawn, write_station

pytestmark = pytest.mark.needs_dask

KINDS = [0, 1, 2] * 4


def made(root: Path, out: Path, *options: str) -> tuple[bytes, dict[str, Any]]:
    report = out.with_suffix(".json")
    assert main(["hub", str(root), "--out", str(out), "--json", str(report), *options]) == 0
    return (out / PLAIN_FILE).read_bytes(), json.loads(report.read_text())


def test_the_model_and_the_report_are_the_same(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for number in range(3):
        write_station(root / f"s{number}" / "a", ("apple", "cup", "duck"), drawn(KINDS, number), KINDS)
    (root / "s1" / "a" / "session.npz").write_bytes(b"cut off")
    model, facts = made(root, tmp_path / "here")
    with cluster("local:2", print) as client:
        other_model, other_facts = made(root, tmp_path / "there", "--dask", client.cluster.scheduler_address)
    assert other_model == model
    for one in (facts, other_facts):
        del one["seconds"], one["model"], one["serial"]
    assert other_facts == facts
    assert [one["folder"] for one in facts["refused"]] == ["s1/a"]

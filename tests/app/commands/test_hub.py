"""`hub`: saved folders of many stations become one model, whatever strangers put among them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands.hub import Hub
from app.hub.folders import find_folders
from app.hub.readers import HereReader
from app.hub.run import HubOptions
from app.hub.watch import Watch
from app.model.saved_folder.signature import SIGNATURE, is_right
from app.model.starter import open_starter
from app.session.pictures import encode_picture
from learning.view_prior import prior_from_bytes
from run_kiosk import main
from tests.support.stations import SHA256, drawn, write_station
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path

pytestmark = pytest.mark.needs_runtime

KINDS = [0, 1, 2] * 4
HOLDS = [number // 3 for number in range(12)]
OTHER = "0" * 64  # an extractor that is not here


def pictures() -> dict[int, bytes]:
    rng = np.random.default_rng(3)
    levels = (40, 200, 90)
    return {
        row: encode_picture(rng.integers(levels[kind] - 30, levels[kind] + 30, (80, 80, 3), dtype=np.uint8))
        for row, kind in enumerate(KINDS[:6])
    }


def stations(root: Path) -> Path:
    """Three good stations, one whose samples are copies, and folders that cannot be used."""
    for number in range(2):
        labels = ("Apple", "Rot", "duck") if number else ("apple", "Red", "duck")
        folder = root / f"station <{number}>" / "teachable" / f"2026-0{number + 1}-03_1412_apple"
        write_station(folder, labels, drawn(KINDS, number), KINDS, holds=HOLDS)
    good = root / "station <0>" / "teachable" / "2026-01-03_1412_apple"
    shutil.copytree(good, root / "twin" / "a")
    again = pictures()
    write_station(
        root / "old kiosk", ("apple", "cup", "duck"), drawn(KINDS[:6], 5), KINDS[:6], sha256=OTHER, pictures=again
    )
    write_station(root / "old without pictures", ("apple", "cup", "duck"), drawn(KINDS, 6), KINDS, sha256=OTHER)
    for name in ("cut off", "no sums", "half", "link", "empty sums"):
        shutil.copytree(good, root / "z" / name)
    (root / "z/cut off/session.npz").write_bytes((good / "session.npz").read_bytes()[:900])
    (root / "z/no sums/SHA256SUMS").unlink()
    for name in ("half", "link"):
        (root / "z" / name / "session.json").unlink()
    (root / "z/link/session.json").symlink_to("/etc/passwd")
    (root / "z/empty sums/SHA256SUMS").write_text("")
    (root / "linked").symlink_to(good.parent)
    (root / "readme.txt").write_text("no station")
    return root


REFUSED = {
    "old without pictures": (
        "it was taught with another network (some network; here it is kiosk_extractor), and without its pictures it "
        "cannot be learned again. Save it with pictures there."
    ),
    "z/cut off": "session.npz differs from SHA256SUMS. Copy the whole folder again.",
    "z/no sums": "it has no SHA256SUMS, so it may not be whole. Copy the whole folder again.",
    "z/half": "session.json is missing. Copy the whole folder again.",
    "z/link": "session.json is not a plain file or folder, so it is not opened.",
    "z/empty sums": "SHA256SUMS does not list session.npz. Copy the whole folder again.",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hub")
    key = folder / "key"
    key.write_text("a key that nobody else knows\n")
    key.chmod(0o600)
    report = folder / "hub.json"
    arguments = ["hub", str(stations(folder / "in")), "--out", str(folder / "out"), "--json", str(report)]
    assert main([*arguments, "--sign-with", str(key)]) == 0
    return folder / "out", json.loads(report.read_text())


def test_every_folder_is_used_or_refused_with_a_reason(result: tuple[Path, dict[str, Any]]) -> None:
    facts = result[1]
    assert {one["folder"]: one["reason"] for one in facts["refused"]} == REFUSED
    used = {one["name"]: (one["samples"], one["duplicates"]) for one in facts["stations"] if one["folders"]}
    assert used == {"old kiosk": (6, 0), "station <0>": (12, 0), "station <1>": (12, 0), "twin": (0, 12)}
    assert (facts["samples"], facts["duplicates"]) == (30, 12)
    assert facts["classes"] == ["apple", "cup", "duck", "Red"]
    assert facts["names"]["Red"] == ["Red", "Rot"]


def test_pictures_of_another_extractor_are_embedded_again(result: tuple[Path, dict[str, Any]]) -> None:
    assert {one["name"]: one["embedded_again"] for one in result[1]["stations"] if one["embedded_again"]} == {
        "old kiosk": 6
    }


def test_the_folder_is_a_starter_without_anybodys_samples(result: tuple[Path, dict[str, Any]]) -> None:
    out, facts = result
    model = open_starter(out, 3, runtime="auto")
    assert list(model.engine.labels) == facts["classes"]
    model.engine.close()
    assert not (out / "session.npz").exists()
    metadata = json.loads((out / "metadata.json").read_text())
    assert metadata["order"] == facts["serial"]
    assert metadata["shots"] == {"apple": 10, "cup": 2, "duck": 10, "Red": 8}


def test_the_folder_is_signed(result: tuple[Path, dict[str, Any]]) -> None:
    sums, signed = (result[0] / name for name in ("SHA256SUMS", SIGNATURE))
    assert is_right(b"a key that nobody else knows", sums.read_bytes(), signed.read_bytes())
    assert not is_right(b"a key that somebody guesses!", sums.read_bytes(), signed.read_bytes())
    assert not is_right(b"a key that nobody else knows", sums.read_bytes() + b"x", signed.read_bytes())


def test_the_report_shows_stations_refusals_and_names_as_text(result: tuple[Path, dict[str, Any]]) -> None:
    page = (result[0] / "report.html").read_text()
    assert "station &lt;0&gt;" in page
    assert "station <0>" not in page
    for text in ("z/cut off", "Red, Rot", "2026-01", "duplicates dropped"):
        assert text in page
    assert "<script" not in page


def test_a_folder_without_sessions_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for folder, error in (
        ("in", "holds no saved folder with a session. Copy the stations' folders there."),
        ("no", "is not a folder. Name one that holds the saved folders of stations."),
    ):
        assert main(["hub", str(tmp_path / folder), "--out", str(tmp_path / "out")]) == 1
        assert capsys.readouterr().err == f"error: {tmp_path / folder} {error}\n"
    assert not (tmp_path / "out").exists()


class End(Exception):
    """Ends the watching."""


def test_watching_trains_when_enough_is_new_and_serial_numbers_grow(tmp_path: Path) -> None:
    root, out, serials, lines = tmp_path / "in", tmp_path / "out", [], []
    root.mkdir()
    steps = iter(range(20))

    def wait() -> None:
        match next(steps):
            case 0:
                write_station(root / "a", ("apple", "cup", "duck"), drawn(KINDS, 0), KINDS, holds=HOLDS)
            case 3:
                serials.append(json.loads((out / "metadata.json").read_text())["order"])
                write_station(root / "b", ("apple", "cup", "duck"), drawn(KINDS[:3], 1), KINDS[:3])  # not enough
            case 6:
                assert json.loads((out / "metadata.json").read_text())["order"] == serials[0]
                write_station(root / "c", ("apple", "cup", "duck"), drawn(KINDS, 2), KINDS, holds=HOLDS)
            case 9:
                serials.append(json.loads((out / "metadata.json").read_text())["order"])
                raise End

    with EmbeddingExtractor(extractor_path("")) as extractor:
        hub = Hub(
            extractor=extractor,
            extractor_file=extractor_path(""),
            prior=prior_from_bytes((extractor_path("").parent / f"{SHA256}.views.npz").read_bytes()),
            reader=HereReader(extractor),
            synonyms={},
            options=HubOptions(out, 0, 1 << 30, True, None, "auto"),
            json_path=None,
            write=lines.append,
        )
        with pytest.raises(End):
            hub.watch(Watch(lambda: find_folders(root)), 6, wait)
        hub.close()
    assert serials[1] > serials[0]
    assert sum(line.startswith("used: ") for line in lines) == 2
    assert "used: 27 samples of 3 stations, in 3 classes; duplicates dropped: 0; folders left out: 0" in lines

"""`hub`: saved folders of many stations become one model, whatever strangers put among them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
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


def test_no_picture_travels_to_the_stations(result: tuple[Path, dict[str, Any]]) -> None:
    jpeg = next(iter(pictures().values()))[:6]
    files = [path for path in result[0].rglob("*") if path.is_file()]
    assert result[0] / "report.html" in files
    for path in files:
        data = path.read_bytes()
        assert jpeg not in data, path
        assert base64.b64encode(jpeg) not in data, path


def test_the_report_with_pictures_is_a_file_outside_the_folder(
    result: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["hub", str(result[0].parent / "in"), "--out", str(tmp_path / "out"), "--report"]
    for inside in (tmp_path / "out", tmp_path / "out/pictures.html", tmp_path / "x/../out/a/pictures.html"):
        assert main([*arguments, str(inside)]) == 1
        assert capsys.readouterr().err == (
            f"error: {inside} is in {tmp_path / 'out'}, which every station gets, and it shows visitors' pictures. "
            "Name a file in another folder with --report.\n"
        )
    (tmp_path / "file").write_text("")
    for name, problem in (("file/a.html", "Not a directory"), (".", "Is a directory")):
        assert main([*arguments, str(tmp_path / name)]) == 1
        expected = f"error: cannot write {tmp_path / name}: {problem}. Name another file with --report.\n"
        assert capsys.readouterr().err == expected
    assert not (tmp_path / "out").exists()
    assert main([*arguments, str(tmp_path / "pictures.html")]) == 0
    page = (tmp_path / "pictures.html").read_text()
    assert page.count("data:image/jpeg") == page.count("old kiosk: ") > 0
    assert "data:image/jpeg" not in (tmp_path / "out/report.html").read_text()


class End(Exception):
    """Ends the watching."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Callable[[int, Callable[[], None]], None], Path, list[str]]]:
    """Starts `hub --watch` for a folder; what waits between two looks changes the folder and raises `End`."""
    root, lines = tmp_path / "in", list[str]()
    root.mkdir()
    with EmbeddingExtractor(extractor_path("")) as extractor:
        hub = Hub(
            extractor=extractor,
            extractor_file=extractor_path(""),
            prior=prior_from_bytes((extractor_path("").parent / f"{SHA256}.views.npz").read_bytes()),
            reader=HereReader(extractor),
            synonyms={},
            options=HubOptions(tmp_path / "out", 0, 1 << 30, None, None, "auto"),
            json_path=None,
            write=lines.append,
        )
        watch = Watch(lambda: find_folders(root), steady_looks=3)

        def start(enough: int, wait: Callable[[], None]) -> None:
            with pytest.raises(End):
                hub.watch(watch, enough, wait)

        yield start, root, lines
        hub.close()


def taught(root: Path, station: int, samples: int = 12) -> Path:
    kinds = KINDS[:samples]
    return write_station(root, ("apple", "cup", "duck"), drawn(kinds, station), kinds, holds=HOLDS[:samples])


def test_watching_trains_when_enough_is_new_and_serial_numbers_grow(watched: Any, tmp_path: Path) -> None:
    start, root, lines = watched
    out, serials = tmp_path / "out", []
    steps = iter(range(20))

    def wait() -> None:
        match next(steps):
            case 0:
                taught(root / "a", 0)
            case 3:
                serials.append(json.loads((out / "metadata.json").read_text())["order"])
                taught(root / "b", 1, samples=3)  # not enough
            case 6:
                assert json.loads((out / "metadata.json").read_text())["order"] == serials[0]
                taught(root / "c", 2)
            case 9:
                serials.append(json.loads((out / "metadata.json").read_text())["order"])
                raise End

    start(6, wait)
    assert serials[1] > serials[0]
    assert sum(line.startswith("used: ") for line in lines) == 2
    assert "used: 27 samples of 3 stations, in 3 classes; duplicates dropped: 0; folders left out: 0" in lines


def test_watching_tries_a_slow_copy_again_and_leaves_out_what_stays_damaged(watched: Any) -> None:
    start, root, lines = watched
    steps = iter(range(20))

    def wait() -> None:
        match next(steps):
            case 0:
                for number, name in enumerate(("damaged", "slow", "whole")):
                    taught(root / name, number)
                whole = (root / "slow/session.npz").read_bytes()
                (root / "slow.whole").write_bytes(whole)
                for name in ("damaged", "slow"):
                    (root / name / "session.npz").write_bytes(whole[:900])
            case 3:
                assert sum(line.startswith("used: 12 samples of 1 stations") for line in lines) == 1
                (root / "slow/session.npz").write_bytes((root / "slow.whole").read_bytes())
            case 8:
                raise End

    start(12, wait)
    why = "session.npz differs from SHA256SUMS. Copy the whole folder again."
    again = "It is read again when it changes."
    assert [line for line in lines if why in line] == [
        f"not used yet: damaged: {why} {again}", f"not used yet: slow: {why} {again}", f"left out damaged: {why}",
    ]  # fmt: skip
    assert sum(line.startswith("used: 24 samples of 2 stations") for line in lines) == 1


def test_watching_tries_to_write_again_without_new_samples(watched: Any, tmp_path: Path) -> None:
    """The place of the starter may be full, or on a share that is gone for a while."""
    start, root, lines = watched
    out, steps = tmp_path / "out", iter(range(20))

    def wait() -> None:
        match next(steps):
            case 0:
                out.write_text("in the way")
                taught(root / "a", 0)
            case 4:
                assert out.is_file()
                out.unlink()
            case 6:
                raise End

    start(6, wait)
    assert (out / "metadata.json").is_file()
    assert lines.count(f"no new starter: {out} is a file. Name an empty or new folder.") == 1


def test_watching_trains_again_without_a_folder_that_was_deleted_however_little_is_left(watched: Any) -> None:
    start, root, lines = watched
    steps = iter(range(20))

    def wait() -> None:
        match next(steps):
            case 0:
                taught(root / "a", 0)
                taught(root / "b", 1)
            case 3:
                shutil.rmtree(root / "a")
            case 4:
                root.rename(root.with_name("unplugged"))
            case 6:
                root.with_name("unplugged").rename(root)
            case 8:
                raise End

    start(24, wait)
    used = [line.partition(" samples")[0] for line in lines if line.startswith("used: ")]
    assert used == ["used: 24", "used: 12"]
    missing = f"cannot read {root}: No such file or directory. Name a folder with the folders of stations."
    assert lines.count(missing) == 1


def test_if_no_model_can_be_made_the_json_still_says_what_was_left_out_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, report = taught(tmp_path / "in" / "a", 0), tmp_path / "hub.json"
    (folder / "session.npz").write_bytes(b"damaged")
    assert main(["hub", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--json", str(report)]) == 1
    (refused,) = json.loads(report.read_text())["refused"]
    assert refused["reason"] in capsys.readouterr().out
    assert not (tmp_path / "out").exists()

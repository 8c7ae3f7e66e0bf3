"""What many stations taught is collected, measured without each station, and trained on in memory or from sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import HubRefused
from app.hub import left_out as left_out_module
from app.hub.fleet import Fleet, stations_of
from app.hub.folders import ReadFolder, RefusedFolder
from app.hub.left_out import LeftOut, leave_stations_out, sum_up
from app.hub.names import NameMap
from app.hub.training import COPIES, FleetModel, train_fleet
from app.session.pictures import encode_picture
from learning.discriminant import Rows
from learning.novelty import unchanged
from tests.support.stations import VALUES, FloatArray, drawn
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path

pytestmark = pytest.mark.needs_runtime

VIEWS = 12  # of a picture: together they outweigh it
LABELS = ("apple", "cup", "duck")


def read(
    station: str,
    embeddings: FloatArray,
    label_indices: Sequence[int],
    *,
    labels: Sequence[str] = LABELS,
    saved_at_s: int = 0,
    name: str = "",
    pictures: Sequence[bytes] = (),
) -> ReadFolder:
    """What reading a folder returns."""
    y = np.array(label_indices, np.int64)
    return ReadFolder(
        name=name or f"{station}/a",
        station=station,
        labels=tuple(labels),
        embeddings=embeddings,
        label_indices=y,
        holds=np.arange(len(y), dtype=np.int64) // 2,
        pictures=tuple(pictures) or (b"",) * len(y),
        made=(embeddings[:0], y[:0]),
        saved_at_s=saved_at_s,
        embedded_again=False,
    )


def collected(scratch: Path, folders: Sequence[ReadFolder | RefusedFolder], names: NameMap | None = None) -> Fleet:
    fleet = Fleet(scratch, names or NameMap())
    for folder in folders:
        fleet.add(folder)
    return fleet


def several(count: int = 4, samples: int = 24, **how: float) -> list[ReadFolder]:
    kinds = [number % 3 for number in range(samples)]
    return [read(f"station {number}", drawn(kinds, number, **how), kinds) for number in range(count)]


def judged(fleet: Fleet) -> LeftOut:
    keys, stations = fleet.finish(), stations_of(fleet.folders)
    sums = sum_up(stations, keys, fleet.folders[0].embeddings()[0], None)
    return leave_stations_out(stations, keys, sums, None)


def test_samples_that_are_the_same_count_once_and_their_station_is_no_error(tmp_path: Path) -> None:
    first, second = several(2)
    twin = read("twin", first.embeddings, first.label_indices.tolist())
    fleet = collected(tmp_path, [first, second, twin])
    fleet.finish()
    facts = fleet.stations["twin"]
    assert (facts.folders, facts.samples, facts.duplicates, facts.classes) == (1, 0, 24, {})
    assert fleet.samples == 48


def test_the_same_picture_with_another_name_is_no_duplicate(tmp_path: Path) -> None:
    first = several(1)[0]
    other = read("other", first.embeddings, [1] * 24)
    assert collected(tmp_path, [first, other]).stations["other"].samples == 16  # 8 of 24 were cups before


def test_a_class_with_one_sample_is_left_out_of_the_model(tmp_path: Path) -> None:
    lone = read("lone", drawn([9], 5), [0], labels=("zebra", "apple"))
    assert collected(tmp_path, [*several(2), lone]).finish() == LABELS


def test_too_few_classes_are_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(HubRefused) as refused:
        collected(tmp_path, [read("a", drawn([0, 0], 0), [0, 0])]).finish()
    text = "1 folders can be used, and they have 1 classes with 2 samples. Add folders until there are 2 classes."
    assert str(refused.value) == text


def test_classes_that_the_mapping_file_leaves_out_are_counted(tmp_path: Path) -> None:
    fleet = collected(tmp_path, several(2), NameMap({"duck": ""}))
    assert fleet.finish() == ("apple", "cup")
    assert fleet.stations["station 0"].left_out == 8


def test_pictures_are_kept_with_their_samples(tmp_path: Path) -> None:
    first = several(1)[0]
    pictures = [f"picture {number}".encode() for number in range(24)]
    again = read("again", first.embeddings, first.label_indices.tolist(), pictures=pictures)
    fleet = collected(tmp_path, [read("half", first.embeddings[:5], first.label_indices[:5].tolist()), again])
    assert [fleet.folders[1].picture(row) for row in (0, 3)] == [b"picture 5", b"picture 8"]
    assert fleet.folders[0].picture(0) == b""


def test_a_station_is_judged_by_a_model_without_it(tmp_path: Path) -> None:
    """Against a discriminant that is trained on the others' samples directly."""
    folders = several(3, habit=1.2)
    found = judged(collected(tmp_path, folders))
    for number, one in enumerate(folders):
        others = [other for other in folders if other is not one]
        x = np.concatenate([other.embeddings for other in others])
        y = np.concatenate([other.label_indices for other in others])
        rows = Rows([x], y, np.ones(len(x), np.float32), unchanged)
        answers = rows.discriminant(np.arange(len(y)))
        logits = answers.logits(np.asarray((one.embeddings - rows.mean) @ np.eye(VALUES) @ rows.values(np.eye(len(x)))))
        right = int((logits.argmax(axis=1) == one.label_indices).sum())
        score = found.stations[f"station {number}"]
        assert (score.judged, score.right) == (24, right)
    assert int(found.confusion.sum()) == 72


def test_a_station_that_teaches_wrong_names_stands_out(tmp_path: Path) -> None:
    pictures = [b"0", b"1", b"", b""]
    wrong = read("wrong", drawn([0, 0, 1, 1], 9), [1, 1, 0, 0], saved_at_s=1_770_000_000, pictures=pictures)
    folders = [*several(4), wrong]
    found = judged(collected(tmp_path, folders))
    assert found.stations["wrong"].accuracy == 0.0
    assert all(found.stations[f"station {number}"].accuracy == 1.0 for number in range(4))
    assert found.accuracy == 0.8  # the mean over stations: one with few samples counts as much
    assert [one.folder.station for one in found.disagreeing] == ["wrong"]  # of a hold with pictures, the surest one
    assert found.months["2026-02"].right == 0
    assert found.months[""].right == 96


def test_a_class_that_only_one_station_has_is_not_judged_there(tmp_path: Path) -> None:
    lone = read("lone", drawn([0] * 6 + [7] * 6, 8), [0] * 6 + [1] * 6, labels=("apple", "zebra"))
    score = judged(collected(tmp_path, [*several(2), lone])).stations["lone"]
    assert (score.judged, score.only_here, score.accuracy) == (6, 6, 1.0)


def test_a_lone_station_cannot_be_judged(tmp_path: Path) -> None:
    found = judged(collected(tmp_path, several(1)))
    assert (found.accuracy, found.stations["station 0"].only_here) == (None, 24)


def test_many_stations_are_left_out_in_groups_and_none_is_judged_by_a_model_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_out_module, "MOST_MODELS", 2)
    shared = [0, 1, 2] * 8
    folders = [*several(4), read("station 4", drawn(shared, 4), shared)]
    # Stations 0, 2 and 4 are left out together. A class that only 0 and 2 have is unknown to the model without them.
    for number in (0, 2):
        folders.append(
            read(
                f"station {number}",
                drawn([8] * 4, number, seed=1),
                [0] * 4,
                labels=("zebra", "apple"),
                name=f"station {number}/b",
            )
        )
    found = judged(collected(tmp_path, folders))
    assert found.together == 3
    assert [one.judged for one in found.stations.values()] == [24] * 5
    assert [one.only_here for one in found.stations.values()] == [4, 0, 4, 0, 0]


@pytest.fixture(scope="module")
def extractor() -> Iterator[EmbeddingExtractor]:
    with closing(EmbeddingExtractor(extractor_path(""))) as opened:
        yield opened


def trained(fleet: Fleet, extractor: EmbeddingExtractor, folder: Path, memory_bytes: int) -> FleetModel:
    keys, stations = fleet.finish(), stations_of(fleet.folders)
    return train_fleet(
        stations,
        keys,
        keys,
        extractor,
        extractor_path(""),
        folder / f"{memory_bytes}.tflite",
        sums=sum_up(stations, keys, fleet.folders[0].embeddings()[0], None),
        prior=None,
        seed=0,
        memory_bytes=memory_bytes,
        runtime="auto",
    )


def test_above_the_memory_limit_the_model_answers_like_one_fit_of_everything(
    tmp_path: Path, extractor: EmbeddingExtractor
) -> None:
    (tmp_path / "scratch").mkdir()
    fleet = collected(tmp_path / "scratch", several(5, samples=60, habit=1.0))
    whole = trained(fleet, extractor, tmp_path, 1 << 30)
    from_sums = trained(fleet, extractor, tmp_path, 1 << 20)
    assert (whole.from_sums, whole.fitted_on, from_sums.from_sums, from_sums.fitted_on) == (False, 300, True, 75)
    assert from_sums.facts.shots == whole.facts.shots == (100, 100, 100)
    kinds = [0, 1, 2] * 200
    fresh = drawn(kinds, 77, seed=5, habit=1.0)
    one, other = (found.trained.head.logits(fresh).argmax(axis=1) for found in (whole, from_sums))
    assert (one == other).mean() >= 0.999
    assert (one == kinds).mean() > 0.9


def with_pictures(station: str, extractor: EmbeddingExtractor, seed: int) -> ReadFolder:
    """Six red and six blue pictures, with made views that do harm: each is of the other colour."""
    rng, colours = np.random.default_rng(seed), ((200, 40, 40), (40, 40, 200))
    speckled = [np.clip(rng.normal(colours[row % 2], 25, (320, 320, 3)), 0, 255).astype(np.uint8) for row in range(12)]
    embeddings = np.stack([extractor.embed(picture) for picture in speckled])
    folder = read(
        station,
        embeddings,
        [row % 2 for row in range(12)],
        labels=("red", "blue"),
        pictures=[encode_picture(picture) for picture in speckled],
    )
    others = np.roll(embeddings, 1, axis=0)
    return replace(folder, made=(np.repeat(others, VIEWS, axis=0), np.repeat(np.arange(12), VIEWS)))


def test_pictures_of_all_stations_are_turned_by_quarters_where_made_views_do_harm(
    tmp_path: Path, extractor: EmbeddingExtractor
) -> None:
    (tmp_path / "scratch").mkdir()
    first, second = (with_pictures(f"station {number}", extractor, number) for number in range(2))
    second = replace(second, pictures=(*second.pictures[:-1], b"damaged"))
    fleet = collected(tmp_path / "scratch", [first, second])
    whole = trained(fleet, extractor, tmp_path, 1 << 30).trained.training_report
    assert whole["quarter_turns"] == 3 * (10 + 9)  # ten of each class; the last one cannot be read
    from_sums = trained(fleet, extractor, tmp_path, 16 * COPIES * 4 * extractor.feature_dim)
    assert from_sums.from_sums
    assert from_sums.trained.training_report["quarter_turns"] == 0  # the sums know nothing of turns

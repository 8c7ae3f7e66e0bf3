"""Made views: stored beside their sample, limited for each class, and deleted with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.base.errors import SessionNotWritten
from app.session.session import MOST_MADE_VIEWS
from tests.support.stores import EMBEDDING, PICTURE, kill_while_adding, open_store

pytestmark = pytest.mark.needs_runtime


ADDER = """
import sys, numpy as np
from pathlib import Path
from app.session.store import SessionStore
store = SessionStore(Path(sys.argv[1]), labels=("a", "b"), extractor_name="x", extractor_sha256="1")
picture = np.zeros((32, 32, 3), np.uint8)
for number in range(10_000):
    sample = store.add(number % 2, np.full(4, number, np.float32), picture, hold=number)
    store.add_made_views(sample.sample_id, np.full((3, 4), number, np.float32), "1")
    print(sample.sample_id, flush=True)
    store.remove(sample.sample_id - 5)
"""


def views(count: int, first: float = 0.0) -> NDArray[np.float32]:
    """`count` different views: each row repeats one number, which counts up from `first`."""
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, np.newaxis], 4, axis=1)


def firsts(made: NDArray[np.float32]) -> list[float]:
    return [float(row[0]) for row in made]


def rows_in(path: Path) -> list[tuple[int, int]]:
    """Sample id and number of all views in a database, as another program sees them."""
    with closing(sqlite3.connect(path)) as other:
        return other.execute("SELECT sample_id, number FROM made_views ORDER BY 1, 2").fetchall()


def test_made_views_come_back_in_their_order_beside_their_sample_and_count_as_no_sample(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    first, second, third = (store.add(index, EMBEDDING, PICTURE, hold=index).sample_id for index in (0, 1, 0))
    assert store.add_made_views(third, views(2, 30.0), "1") == 2
    assert store.add_made_views(first, views(2, 10.0), "1") == 2
    assert store.add_made_views(third, views(1, 32.0), "1") == 1
    store.close()
    session = open_store(tmp_path / "s").load()
    assert [firsts(one.made) for one in session.samples] == [[10.0, 11.0], [], [30.0, 31.0, 32.0]]
    assert session.shots() == (2, 1)
    made, made_source = session.made()
    assert (made.dtype, made_source.dtype) == (np.float32, np.int64)
    assert firsts(made) == [10.0, 11.0, 30.0, 31.0, 32.0]
    assert made_source.tolist() == [0, 0, 2, 2, 2]
    assert [one.sample_id for one in session.samples] == [first, second, third]


def test_a_class_keeps_sixty_views_and_the_first_ones_stay(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    first, second, other = (store.add(index, EMBEDDING, PICTURE).sample_id for index in (0, 0, 1))
    assert MOST_MADE_VIEWS == 60
    assert store.add_made_views(first, views(58), "1") == 58
    assert store.add_made_views(second, views(5, 100.0), "1") == 2
    assert store.add_made_views(second, views(5, 200.0), "1") == 0
    assert store.add_made_views(other, views(61), "1") == 60
    assert firsts(store.load().samples[1].made) == [100.0, 101.0]


def test_a_restored_sample_gets_no_more_views_than_its_class_has_room_for(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    first, second = (store.add(0, EMBEDDING, PICTURE, hold=7).sample_id for _ in range(2))
    store.add_made_views(first, views(40), "1")
    removed = store.remove(first)
    assert removed is not None
    assert rows_in(tmp_path / "s") == []
    store.add_made_views(second, views(30), "1")
    store.restore(removed)
    back = store.load().samples[0]
    assert (back.sample_id, back.hold, firsts(back.made)) == (first, 7, firsts(views(30)))


def test_views_of_a_sample_that_is_gone_or_of_another_extractor_are_not_stored(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    sample = store.add(0, EMBEDDING, PICTURE)
    assert store.add_made_views(sample.sample_id, views(3), "2") == 0
    store.remove(sample.sample_id)
    assert store.add_made_views(sample.sample_id, views(3), "1") == 0
    assert rows_in(tmp_path / "s") == []


@pytest.mark.parametrize("removal", ["remove", "remove_last_hold", "erase", "replace_with"])
def test_views_go_with_their_sample(tmp_path: Path, removal: str) -> None:
    store = open_store(tmp_path / "s")
    for index in (0, 1):
        store.add_made_views(store.add(index, EMBEDDING, PICTURE).sample_id, views(2), "1")
    if removal == "remove":
        store.remove(2)
    elif removal == "remove_last_hold":
        store.remove_last_hold()
    elif removal == "erase":
        store.erase()
    else:
        store.replace_with(open_store(tmp_path / "other").load())
    assert rows_in(tmp_path / "s") == ([(1, 0), (1, 1)] if removal.startswith("remove") else [])


def test_views_go_with_a_sample_that_another_program_deletes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for index in (0, 1):
        store.add_made_views(store.add(index, EMBEDDING, PICTURE).sample_id, views(2), "1")
    with closing(sqlite3.connect(tmp_path / "s")) as other, other:
        other.execute("DELETE FROM samples WHERE sample_id = 1")
    assert rows_in(tmp_path / "s") == [(2, 0), (2, 1)]


def test_if_the_views_cannot_be_deleted_their_sample_stays_too(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add_made_views(store.add(0, EMBEDDING, PICTURE).sample_id, views(2), "1")
    with closing(sqlite3.connect(tmp_path / "s")) as other, other:
        other.execute(
            "CREATE TRIGGER fails BEFORE DELETE ON made_views WHEN OLD.number = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(SessionNotWritten):
        store.remove(1)
    assert rows_in(tmp_path / "s") == [(1, 0), (1, 1)]
    (sample,) = store.load().samples
    assert firsts(sample.made) == [0.0, 1.0]


def test_nobody_ever_sees_a_sample_without_its_views_or_views_without_their_sample(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add_made_views(store.add(0, EMBEDDING, PICTURE).sample_id, views(2), "1")
    seen: list[tuple[int, int]] = []
    count = "SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM made_views)"
    with closing(sqlite3.connect(tmp_path / "s")) as other, store._shared.writing() as database:
        database.execute("DELETE FROM samples WHERE sample_id = 1")
        seen.append(database.execute(count).fetchone())
        seen.append(other.execute(count).fetchone())
    assert seen == [(0, 0), (1, 2)]


def test_acknowledged_samples_with_their_views_survive_a_kill_and_no_view_is_left_over(tmp_path: Path) -> None:
    path = tmp_path / "s"
    acknowledged = kill_while_adding(ADDER, path)
    kept = {one.sample_id: one for one in open_store(path).load().samples}
    for sample_id in acknowledged[-4:]:  # the one before may be removed already
        number = sample_id - 1
        assert (kept[sample_id].hold, firsts(kept[sample_id].made)) == (number, [number] * 3)
    assert {sample_id for sample_id, _ in rows_in(path)} <= set(kept)


def test_another_extractor_drops_the_views_of_each_sample_that_it_embeds_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for hold in (4, 5):
        store.add_made_views(store.add(0, EMBEDDING, PICTURE, hold=hold).sample_id, views(2), "1")
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    store.switch_extractor()
    assert store.samples_without_views(9) == ()
    assert store.re_embed(lambda _image: (np.zeros(6, np.float32), "cpu"), 1).done == 1
    assert rows_in(tmp_path / "s") == [(2, 0), (2, 1)]
    assert store.add_made_views(2, np.zeros((1, 6), np.float32), "2") == 0, "its embedding is of the other extractor"
    assert [one.sample_id for one in store.samples_without_views(9)] == [1]
    store.re_embed(lambda _image: (np.zeros(6, np.float32), "cpu"), 9)
    assert rows_in(tmp_path / "s") == []
    assert store.load().holds().tolist() == [4, 5]
    assert store.add_made_views(2, np.ones((1, 6), np.float32), "2") == 1


def test_views_of_another_extractor_than_that_of_their_sample_are_not_read(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add_made_views(store.add(0, EMBEDDING, PICTURE).sample_id, views(2), "1")
    with closing(sqlite3.connect(tmp_path / "s")) as other, other:
        other.execute("UPDATE made_views SET extractor_sha256 = '2' WHERE number = 0")
    assert firsts(store.load().samples[0].made) == [1.0]


def test_samples_of_the_first_version_have_views_of_the_extractor_of_their_session(tmp_path: Path) -> None:
    """They do not say which extractor embedded them, until the extractor changes."""
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    with closing(sqlite3.connect(tmp_path / "s")) as other, other:
        other.execute("UPDATE samples SET extractor_sha256 = ''")
    assert store.add_made_views(1, views(1), "2") == 0
    assert store.add_made_views(1, views(2), "1") == 2
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    assert firsts(store.load().samples[0].made) == [0.0, 1.0]
    assert store.add_made_views(1, views(1), "2") == 0


def test_views_are_wanted_first_where_class_and_hold_have_fewest_and_a_picture_is_left(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    holds = ((0, 1), (0, 1), (0, 2), (1, 3), (1, 3), (0, None))
    for class_index, hold in holds:
        store.add(class_index, EMBEDDING, PICTURE, hold=hold)
    store.add_made_views(1, views(2), "1")

    def wanted(limit: int = 9, skip: tuple[int, ...] = ()) -> list[int]:
        return [one.sample_id for one in store.samples_without_views(limit, skip=skip)]

    assert wanted() == [5, 4, 6, 3, 2]
    assert wanted(2) == [5, 4]
    assert wanted(2, skip=(5,)) == [4, 6]
    with closing(sqlite3.connect(tmp_path / "s")) as other, other:
        other.execute("UPDATE samples SET picture = x'' WHERE sample_id IN (4, 6)")
    assert wanted(3) == [5, 3, 2]
    store.add_made_views(3, views(58), "1")
    assert wanted() == [5], "the other class is full"


@pytest.mark.parametrize("pictures", [True, False])
def test_a_copy_has_the_views_and_the_holds_with_and_without_pictures(tmp_path: Path, pictures: bool) -> None:
    store = open_store(tmp_path / "s")
    sample = store.add(0, EMBEDDING, PICTURE, hold=6)
    store.add_made_views(sample.sample_id, views(2, 5.0), "1")
    store.copy_to(tmp_path / "copy", pictures=pictures)
    assert (sample.picture[100:132] in (tmp_path / "copy").read_bytes()) is pictures
    (copied,) = open_store(tmp_path / "copy").load().samples
    assert (copied.hold, firsts(copied.made), bool(copied.picture)) == (6, [5.0, 6.0], pictures)


def test_erasing_overwrites_the_views(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    made = np.random.default_rng(1).normal(size=(3, 500)).astype(np.float32)
    sample = store.add(0, np.ones(500, np.float32), PICTURE)
    store.add_made_views(sample.sample_id, made, "1")
    assert made[1].tobytes()[:64] in (tmp_path / "s").read_bytes()
    store.erase()
    assert not any(row.tobytes()[:64] in (tmp_path / "s").read_bytes() for row in made)

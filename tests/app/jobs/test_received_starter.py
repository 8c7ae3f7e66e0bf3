"""A station takes a newer starter that is signed, or that staff take, and keeps its own otherwise."""

from __future__ import annotations

import io
import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.buttons import Action, ScreenKey, StaffPage, StaffTab
from app.base.errors import ExportFailed, FolderRefused, KeyUnusable
from app.config.schema import Config
from app.core import events as ev
from app.core.modes.staff_targets import targets
from app.core.state import Mode
from app.importing.received_starter import ReceivedStarter, known_classes, read_starter, share_right
from app.jobs import received_starter
from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.signature import SIGNATURE, read_key, signature
from app.model.saved_folder.verified_folder import with_checksums
from app.model.starter import HEAD_FILE
from app.session.session import Sample, Session
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

KEY = b"a key that nobody else knows"
LOGGER = "app.jobs.received_starter"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that SAVE wrote, with the classes apple and cup."""
    folder = tmp_path_factory.mktemp("model")
    station = Station(folder)
    station.train()
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    session = station.store.load()
    np.savez(folder / "head.npz", **head_of(session.embeddings(), session.label_indices()))
    station.close()
    return saved


def head_of(x: Any, y: Any) -> dict[str, Any]:
    """A head that names these samples correctly: the nearest mean."""
    means = np.stack([x[y == label].mean(axis=0) for label in range(2)])
    return {"weights": means.T.astype(np.float32), "biases": (-0.5 * (means**2).sum(axis=1)).astype(np.float32)}


def publish(
    folder: Path,
    model: Path,
    order: int,
    *,
    key: bytes | None = KEY,
    turned: bool = False,
    head: bytes | None = None,
    **facts: Any,
) -> Path:
    """Write a starter as `hub` does; one with a `turned` head takes apples for cups."""
    shutil.rmtree(folder, ignore_errors=True)
    with np.load(model.parents[2] / "head.npz") as arrays:
        step = -1 if turned else 1
        layer = {"weights": arrays["weights"][:, ::step].copy(), "biases": arrays["biases"][::step].copy()}
    stream = io.BytesIO()
    np.savez(stream, **layer)
    metadata = {**json.loads((model / "metadata.json").read_text()), "order": order, **facts}
    files = with_checksums(
        {
            PLAIN_FILE: (model / PLAIN_FILE).read_bytes(),
            "metadata.json": json.dumps(metadata).encode(),
            HEAD_FILE: stream.getvalue() if head is None else head,
        }
    )
    if key is not None:
        files[SIGNATURE] = signature(key, files["SHA256SUMS"])
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def started(tmp_path: Path, share: Path) -> Iterator[Callable[[], Station]]:
    """Start the kiosk, again if it was started before."""
    key = tmp_path / "key"
    key.write_bytes(KEY + b"\n")
    key.chmod(0o600)
    running: list[Station] = []

    def start() -> Station:
        if running:
            running.pop().close()
        config = Config()
        config = replace(
            config,
            idle=replace(config.idle, starter=str(share), starter_key_file=str(key)),
            staff=replace(config.staff, pin="2468"),
        )
        running.append(Station(tmp_path, config))
        running[0].settle()
        return running[0]

    yield start
    if running:
        running[0].close()


def taken(station: Station) -> int:
    """The serial number of the starter that the station has taken."""
    facts = station.config.data_dir / "starter" / "taken" / "metadata.json"
    return json.loads(facts.read_text())["order"] if facts.exists() else 0


def test_a_signed_starter_is_taken_and_answers_even_when_the_share_is_gone(
    started: Callable[[], Station], share: Path, model: Path
) -> None:
    publish(share, model, 7)
    station = started()
    assert (taken(station), station.kiosk.state.starter.labels) == (7, ("apple", "cup"))
    assert not station.vision.model.engine.trusted
    shutil.rmtree(share)
    station = started()
    assert (taken(station), station.kiosk.state.mode) == (7, Mode.LIVE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"order": 6}, "is not taken: its serial number 6 is older than 7."),
        ({"order": 7, "shots": {}}, "is not taken: it has the serial number 7 of the present one."),
        ({"order": 8, "key": b"a key that somebody guesses!"}, "is not signed with the key: staff can take it"),
        ({"order": 8, "key": None}, "is not signed with the key: staff can take it"),
    ],
    ids=["older", "same number", "wrong key", "unsigned"],
)
def test_an_older_or_unsigned_starter_is_not_taken_and_the_present_one_answers(
    change: dict[str, Any],
    said: str,
    started: Callable[[], Station],
    share: Path,
    model: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish(share, model, 7)
    started()
    publish(share, model, **change)
    station = started()
    assert (taken(station), station.kiosk.state.mode) == (7, Mode.LIVE)
    assert [one.getMessage() for one in caplog.records if one.name == LOGGER] == [f"the starter in {share} {said}"]
    assert KEY.decode() not in caplog.text


@pytest.mark.parametrize("name", [PLAIN_FILE, "metadata.json", HEAD_FILE, "SHA256SUMS"])
def test_a_changed_file_makes_the_signature_worthless(
    name: str, started: Callable[[], Station], share: Path, model: Path
) -> None:
    data = (publish(share, model, 7) / name).read_bytes()
    (share / name).write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    station = started()
    assert (taken(station), station.kiosk.state.starter) == (0, None)


def test_a_starter_that_is_worse_on_what_was_taught_here_is_not_taken(
    started: Callable[[], Station], share: Path, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(share, model, 7)
    station = started()
    station.teach(6)
    publish(share, model, 8, turned=True)
    station = started()
    station.kiosk.perform(ev.LoadStarter())
    station.settle()
    assert taken(station) == 7
    problem = "it is right for 0% of what this station was taught last, the present one for 100%."
    assert f"the starter in {share} is not taken: {problem}" in caplog.messages
    publish(share, model, 9)
    station.kiosk.perform(ev.LoadStarter())
    station.settle()
    assert taken(station) == 9


@pytest.mark.parametrize("key", [KEY, None], ids=["signed", "unsigned"])
@pytest.mark.parametrize("harm", ["huge shape", "pickle", "no archive"])
def test_a_head_that_would_do_harm_is_never_unpacked(
    harm: str, key: bytes | None, started: Callable[[], Station], share: Path, model: Path, caplog: Any
) -> None:
    """A starter need not be signed to be read."""
    caplog.set_level(logging.INFO, LOGGER)
    stream = io.BytesIO()
    if harm == "pickle":
        np.savez(stream, weights=np.array([[{}, {}]], object), biases=np.zeros(2, np.float32))
    elif harm == "huge shape":
        member = io.BytesIO()
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 2)})
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("weights.npy", member.getvalue())
            archive.writestr("biases.npy", b"")
    publish(share, model, 8, key=key, head=stream.getvalue())
    station = started()
    assert (taken(station), station.kiosk.state.starter) == (0, None)
    assert f"no starter in {share}: head.npz is damaged." in caplog.messages


NOT_A_HUBS = "metadata.json is damaged, or was not written by a hub."
NAMELESS = "its classes have no names that can be shown."


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        *(({"order": order}, NOT_A_HUBS) for order in (-1, True, 1.5, "7", None, 1 << 60)),
        *(({"order": 7, "threshold": one}, NOT_A_HUBS) for one in (-0.1, 1.1, 10**400, "high", None, [])),
        *(({"order": 7, "labels": labels}, NOT_A_HUBS) for labels in ("apple", None, {}, ["a"] * 1001)),
        *(
            ({"order": 7, "labels": labels}, NAMELESS)
            for labels in ([], ["apple"], ["apple", 1], ["apple", "c\u200bup"])
        ),
        ({"order": 7, "extractor": {"sha256": 5}}, NOT_A_HUBS),
        ({"order": 7, "extractor": "x"}, NOT_A_HUBS),
        ({"order": 7, "labels": ["apple", "cup", "duck"]}, "head.npz is damaged."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_signed_starter_whose_facts_cannot_be_is_refused(
    facts: dict[str, Any], text: str, share: Path, model: Path
) -> None:
    assert read_starter(publish(share, model, 7), KEY).order == 7
    with pytest.raises(FolderRefused) as caught:
        read_starter(publish(share, model, **facts), KEY)
    assert str(caught.value) == text


@pytest.mark.parametrize("key", [KEY, None], ids=["signed", "unsigned"])
def test_a_head_with_more_biases_than_classes_is_refused(key: bytes | None, share: Path, model: Path) -> None:
    stream = io.BytesIO()
    with np.load(model.parents[2] / "head.npz") as arrays:
        np.savez(stream, weights=arrays["weights"].copy(), biases=np.zeros(3, np.float32))
    with pytest.raises(FolderRefused) as caught:
        read_starter(publish(share, model, 7, key=key, head=stream.getvalue()), KEY)
    assert str(caught.value) == "head.npz is damaged."


def test_the_head_of_an_unsigned_starter_is_unpacked_in_another_process(
    started: Callable[[], Station], share: Path, model: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpacked_here(_data: bytes) -> None:
        pytest.fail("a stranger's archive was opened in the process of the kiosk")

    monkeypatch.setattr("app.importing.received_starter._unpacked", unpacked_here)
    publish(share, model, 8, key=None)
    started()
    assert f"the starter in {share} is not signed with the key: staff can take it" in caplog.messages


@pytest.mark.parametrize("error", [ZeroDivisionError(), ExportFailed("The disk is full.")], ids=repr)
def test_whatever_one_starter_does_the_others_are_looked_at_and_the_present_one_answers(
    error: Exception, started: Callable[[], Station], share: Path, model: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    publish(share, model, 7)
    station = started()
    publish(share, model, 8)
    works = received_starter.refusal

    def refusal(new: Any, present: Any, own: Any) -> str | None:
        if new.order == 8:
            raise error
        return works(new, present, own)

    monkeypatch.setattr(received_starter, "refusal", refusal)
    station = started()
    assert (taken(station), station.kiosk.state.mode) == (7, Mode.LIVE)
    publish(tmp_path / "stick" / "starter", model, 9)
    station.drives.insert("STICK", tmp_path / "stick")
    received_starter.StarterPlace().newest(station.tools)
    assert taken(station) == 9


def test_a_power_cut_while_a_newer_starter_replaces_the_present_one_loses_neither(
    started: Callable[[], Station], share: Path, model: Path
) -> None:
    publish(share, model, 7)
    present = started().config.data_dir / "starter" / "taken"
    shutil.rmtree(share)
    replaced = present.with_name("taken.x1.replaced")
    replaced.mkdir()
    present.rename(replaced / "taken")
    station = started()
    assert (taken(station), station.kiosk.state.mode) == (7, Mode.LIVE)
    assert not replaced.exists()


def test_a_signed_starter_on_a_stick_is_taken(
    started: Callable[[], Station], model: Path, tmp_path: Path, share: Path
) -> None:
    station = started()
    assert taken(station) == 0
    publish(tmp_path / "stick" / "teachable" / "starter", model, 9)
    station.drives.insert("STICK", tmp_path / "stick")
    station.kiosk.perform(ev.LoadStarter())
    station.settle()
    assert (taken(station), station.kiosk.state.starter.labels) == (9, ("apple", "cup"))


def test_staff_take_an_unsigned_starter_behind_the_pin(
    started: Callable[[], Station], share: Path, model: Path
) -> None:
    publish(share, model, 8, key=None)
    station = started()
    state = station.kiosk.state
    state = replace(state, mode=Mode.STAFF, staff=replace(state.staff, inside=True))
    station.kiosk.state = state
    station.panel.tap(StaffTab(StaffPage.SYSTEM))
    station.settle()
    assert ScreenKey.TAKE_STARTER in targets(station.kiosk.state)
    station.panel.tap(ScreenKey.TAKE_STARTER)
    station.kiosk.tick()
    assert station.notice == "One moment: the new starter is being copied."
    assert ScreenKey.TAKE_STARTER not in targets(station.kiosk.state)
    station.settle()
    assert station.notice == "The new starter is here. It answers after this visit."
    assert ScreenKey.TAKE_STARTER not in targets(station.kiosk.state)
    assert taken(station) == 8
    station = started()
    assert station.kiosk.state.starter.labels == ("apple", "cup")


def test_without_a_pin_nobody_can_take_it(started: Callable[[], Station]) -> None:
    state = started().kiosk.state
    system = ev.SystemLooked(starter_waits=True)
    state = replace(state, config=replace(state.config, staff=replace(state.config.staff, pin="")), mode=Mode.STAFF)
    state = replace(state, staff=replace(state.staff, inside=True, page=StaffPage.SYSTEM, system=system))
    assert ScreenKey.TAKE_STARTER not in targets(state)


@pytest.mark.parametrize(
    ("content", "mode", "error"),
    [
        (KEY, 0o640, "others can read or change the key file {path}. Forbid it: chmod 600 {path}."),
        (KEY, 0o602, "others can read or change the key file {path}. Forbid it: chmod 600 {path}."),
        (b"  short \n", 0o600, "the key in {path} is shorter than 16 bytes. {make}"),
        (b"x" * 5000, 0o600, "the key file {path} is longer than 4096 bytes. {make}"),
        (None, 0, "cannot read the key file {path}: No such file or directory. {make}"),
    ],
    ids=["group", "others", "short", "long", "missing"],
)
def test_a_key_file_that_others_can_read_or_that_holds_no_key_is_refused(
    content: bytes | None, mode: int, error: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(KeyUnusable) as refused:
        read_key(path)
    make = "Make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE)."
    assert str(refused.value) == error.format(path=path, make=make)


def test_a_key_file_that_others_can_read_is_reported_and_the_kiosk_works(
    started: Callable[[], Station], share: Path, model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(share, model, 7)
    (tmp_path / "key").chmod(0o644)
    caplog.set_level(logging.WARNING)
    station = started()
    assert station.kiosk.state.mode is Mode.TEACH
    path = tmp_path / "key"
    assert f"others can read or change the key file {path}. Forbid it: chmod 600 {path}." in caplog.messages
    assert KEY.decode() not in caplog.text


@pytest.mark.parametrize(("samples", "share"), [(9, None), (10, 1.0), (11, 1.0)])
def test_a_starter_is_judged_on_ten_samples_or_more(samples: int, share: float | None) -> None:
    head = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    starter = ReceivedStarter({}, True, 1, ("apple", "cup"), "ab", head)
    taught = tuple(Sample(n, n % 2, np.eye(2, dtype=np.float32)[n % 2], b"", 0.0) for n in range(samples))
    assert share_right(starter, Session(("apple", "cup"), taught, "x", "ab"), known_classes(starter)) == share

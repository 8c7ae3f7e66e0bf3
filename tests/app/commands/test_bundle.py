"""`doctor --bundle`: what is needed to find a fault, and nothing that is private."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.base.errors import BundleNotWritten
from app.base.incidents import FOLDER, LOG, Incidents
from app.base.pin import stored
from app.base.privacy import Privacy
from app.base.redaction import redacted
from app.commands.bundle import write_bundle
from app.config.schema import Config
from app.session.database import SESSION_FILE
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

SECRETS = ("48213", "hunter2", "t0ken", "Schmidt", "apple", "scrypt")


def test_a_bundle_holds_what_happened_and_no_picture_secret_or_name(station: Station, tmp_path: Path) -> None:
    station.teach(2)
    pictures = [one.picture for one in station.store.load().samples]
    station.tools.archive.keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    incidents = Incidents(station.config.data_dir / FOLDER)
    log = logging.Logger("app.workers.camera")
    log.addHandler(incidents)
    log.warning(redacted("camera rtsp://admin:hunter2@10.0.0.7/live?t=t0ken: it delivers no pictures"))
    log.warning("the session is not archived: cup has no pictures, nor have Apples and 2026-01-31_141200_apple_cup")
    incidents.close()
    config = replace(
        station.config,
        camera=replace(station.config.camera, source="rtsp://admin:hunter2@10.0.0.7/live?t=t0ken"),
        staff=replace(station.config.staff, pin=stored("48213"), contact="Mr Schmidt"),
    )
    path = tmp_path / "bundle.zip"
    write_bundle(path, config, ["ok   model: fine"])
    with ZipFile(path) as bundle:
        parts = {name: bundle.read(name) for name in bundle.namelist()}
    everything = b"\n".join(parts.values())
    log_text = parts["incidents/incidents.txt"].decode()
    assert "the session is not archived: … has no pictures, nor have Apples and 2026-01-31_141200_…" in log_text
    everything = everything.replace(b"Apples", b"")  # another word
    for secret in SECRETS:
        assert secret.encode() not in everything
    assert not any(picture[at : at + 16] in everything for picture in pictures for at in range(0, len(picture), 64))
    assert b"\xff\xd8\xff" not in everything
    assert b"it delivers no pictures" in parts["incidents/incidents.txt"]
    assert parts["doctor.txt"] == b"ok   model: fine\n"
    assert b"samples: [(4, " in parts["session.txt"]
    assert b"numpy " in parts["versions.txt"]
    assert b"MemTotal" in parts["tables/proc/meminfo.txt"]
    assert b"('archive',)/*.sqlite3: 1 files" in parts["files.txt"]
    assert b'pin = "(set, left out)"' in parts["settings.toml"]


def test_a_bundle_is_written_whatever_the_files_are_called_and_whatever_lies_in_their_place(tmp_path: Path) -> None:
    data_dir = tmp_path / os.fsdecode(b"d\xe4ten")
    (data_dir / FOLDER).mkdir(parents=True)
    for name in (SESSION_FILE, f"{FOLDER}/{LOG}"):
        os.mkfifo(data_dir / name)
    config = replace(Config(), storage=replace(Config().storage, data_dir=str(data_dir)))
    write_bundle(tmp_path / "bundle.zip", config, [f"no folder {data_dir}"])
    with ZipFile(tmp_path / "bundle.zip") as bundle:
        assert bundle.read("session.txt") == b"it cannot be read: no plain file\n"
        assert bundle.read(f"{FOLDER}/{LOG}") == b"(no plain file)\n"
        assert b"d?ten" in bundle.read("settings.toml")


def test_a_bundle_is_written_while_the_clock_stands_in_1970(station: Station, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle.zip", station.config, ["ok"], clock=lambda: 0.0)
    with ZipFile(tmp_path / "bundle.zip") as bundle:
        assert bundle.getinfo("doctor.txt").date_time == (1980, 1, 1, 0, 0, 0)


def test_a_place_that_takes_no_file_is_named(station: Station, tmp_path: Path) -> None:
    with pytest.raises(BundleNotWritten) as caught:
        write_bundle(tmp_path / "no" / "bundle.zip", station.config, [])
    assert str(caught.value) == (
        f"cannot write {tmp_path}/no/bundle.zip: No such file or directory. Name another file with --bundle."
    )

"""Fixtures of the kiosk's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.model.prior import BANK, ExtractorPrior
from tests.support.disks import Sticks, sticks
from tests.support.kiosks import Station
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A whole kiosk with a table before its camera, driven step by step."""
    made = Station(tmp_path)
    yield made
    made.close()


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Sticks]:
    """Where real file systems on loop devices are plugged in."""
    with sticks(tmp_path / "usb") as socket:
        yield socket


@pytest.fixture
def station_with_prior(tmp_path: Path) -> Iterator[Station]:
    """A station that knows the prior of its extractor, and so prepares trainings in the background."""
    extractor = EmbeddingExtractor(default_extractor_path())
    made = Station(tmp_path, extractor=extractor, prior=ExtractorPrior(extractor.origin_sha256, None))
    yield made
    made.close()


@pytest.fixture(scope="session")
def few_bank_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen pictures of the shipped bank, so that measuring an extractor is quick."""
    path = tmp_path_factory.mktemp("bank") / "bank.zip"
    with ZipFile(BANK) as shipped, ZipFile(path, "w") as few:
        for name in shipped.namelist()[:12]:
            few.writestr(name, shipped.read(name))
    return path

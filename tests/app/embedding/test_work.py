"""Files are read as small as the extractor allows, some ahead, and their embeddings come in order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.demo.camera import DemonstrationCamera
from app.embedding.work import Embedded, HereEmbedder, ToEmbed, ToVary, Unreadable, embedded, picture_at, read_edge_px
from app.session.pictures import STORED_PX, decode_picture, encode_picture
from tests.support.pictures import painted
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

pytestmark = pytest.mark.needs_runtime

LARGE_PX = (2592, 1944)


@pytest.fixture(scope="module")
def extractor() -> EmbeddingExtractor:
    return EmbeddingExtractor(default_extractor_path())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photographs of three things with five megapixels and the noise of a camera."""
    camera, rng = DemonstrationCamera(sleep=lambda _s: None), np.random.default_rng(0)
    files = []
    for kind in camera.kinds[:3]:
        camera.show(kind)
        picture = cv2.resize(camera.read(), LARGE_PX, interpolation=cv2.INTER_CUBIC)
        noisy = picture + rng.normal(0, 4, picture.shape).astype(np.float32)
        files.append(tmp_path_factory.mktemp("large") / f"{kind}.jpg")
        cv2.imwrite(str(files[-1]), np.clip(noisy, 0, 255).astype(np.uint8)[..., ::-1])
    return files


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(one))


def test_a_large_photograph_is_read_in_part_and_embedded_as_if_it_were_whole(
    extractor: EmbeddingExtractor, large: list[Path]
) -> None:
    """The difference is not larger than what storing a picture as a sample makes."""
    wholes = [extractor.embed(picture_at(str(file))) for file in large]
    for file, whole in zip(large, wholes, strict=True):
        found = embedded(ToEmbed(str(file), keep=True), extractor)
        assert isinstance(found, Embedded)
        stored = extractor.embed(decode_picture(encode_picture(centre_crop(picture_at(str(file))))))
        assert 0 < difference(whole, found.embedding) < 1.3 * difference(whole, stored)
        assert decode_picture(found.picture).shape == (STORED_PX, STORED_PX, 3)
    assert difference(wholes[0], wholes[1]) > 0.5
    assert picture_at(str(large[0]), read_edge_px(extractor.input_size_px)).shape == (486, 648, 3)


@pytest.mark.parametrize(("input_px", "edge_px"), [(96, STORED_PX), (144, STORED_PX), (224, 448)])
def test_twice_the_input_is_read_and_never_less_than_is_stored(input_px: int, edge_px: int) -> None:
    assert read_edge_px(input_px) == edge_px


def test_embeddings_and_what_is_unreadable_come_in_the_order_of_the_files(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    files = sorted(painted(tmp_path / "data").rglob("*.png"))
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    order = [*files[:3], broken, *files[3:], files[0]]
    results = list(HereEmbedder(extractor).pictures([ToEmbed(str(file), keep=False) for file in order]))
    assert results[3] == Unreadable(str(broken), "it is not a readable picture")
    for file, result in zip(order, results, strict=True):
        if file != broken:
            assert isinstance(result, Embedded)
            assert np.array_equal(result.embedding, extractor.embed(picture_at(str(file))))


def test_views_are_made_of_the_stored_form_of_each_file(extractor: EmbeddingExtractor, large: list[Path]) -> None:
    wanted = [ToVary(str(file), 2, seed) for seed, file in enumerate(large)]
    views = list(HereEmbedder(extractor).views(wanted))
    assert [one.shape for one in views] == [(2, extractor.feature_dim)] * len(large)
    (again,) = HereEmbedder(extractor).views(wanted[1:2])
    assert np.array_equal(again, views[1])

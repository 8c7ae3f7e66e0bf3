"""Every parser of files that people bring or the system writes, with sound inputs, for `tests.support.fuzzing`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from app.base.errors import KioskError
from app.base.paths import asset_path
from app.base.text_files import NotText, decode_text
from app.config.lesson import parse_lesson
from app.config.load import load_config
from app.config.portable import read_portable
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.devices.drive import MountedDrives
from app.devices.file_cameras import FolderCamera
from app.guarded.sandbox import framed, unframed
from app.guarded.sandbox_child import Refused, check_session, unpack_head
from app.importing.find import find_folder
from app.importing.read_session import _checked_arrays, _renumbered
from app.importing.received_starter import _facts as _starter_facts
from app.importing.received_starter import _unpacked
from app.session.pictures import decode_picture, encode_picture, small_picture
from learning.errors import LearningError
from learning.explanation import NotExplainable, explaining_form
from learning.extractor_file import check_extractor
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from learning.view_prior import measure_prior, prior_from_bytes, prior_to_bytes
from tests.support.fuzzing import Parser
from tpu.archives import read_arrays, read_member
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.errors import RuntimeLayerError
from tpu.guarded.messages import BadReply, checked_detail, decoded
from tpu.guarded.process import GuardedChild, GuardLimits
from tpu.input_metadata import read_normalization
from tpu.model_file import last_operator, refuse_damaged
from tpu.models import default_extractor_path
from tpu.novelty import read_novelty_test
from tpu.tensors import read_picture

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAVED = Path(__file__).resolve().parents[1] / "data" / "version_0_1" / "drive" / "teachable"
EXPECTED = (KioskError, LearningError, RuntimeLayerError)
MOUNTS = (
    b"/dev/root / ext4 rw,noatime 0 0\nproc /proc proc rw 0 0\n/dev/sda1 /media/USB\\040DISK vfat rw,nosuid 0 0\n",
    b"/dev/sdb1 /run/media/k/M\xc3\xbcller\\134x exfat ro 0 0\n/dev/sdc1 /mnt/\xe4\xa0\x85 fuseblk rw 0 0\n",
)
SETTINGS = (
    b'[camera]\nsource = "demo"\nzoom = 1.5\n[classes]\nlabels = ["apple", "cup"]\n[staff]\npin = "1234"\n',
    b'\xef\xbb\xbf[screen]\nvolume = 0.5\nlanguage = "de"\n[idle]\nafter_s = 60.0\n[privacy]\narchive_max_mib = 10\n',
)


def parsers() -> list[Parser]:
    """Return all parsers. Two of them run models in the guarded process and are slow."""
    (saved,) = SAVED.iterdir()
    rng = np.random.default_rng(0)
    extractor = default_extractor_path().read_bytes()
    vectors = rng.normal(size=(12, 864)).astype(np.float32)
    head = fit_head(vectors, np.arange(12) % 3, 3, rng=rng).head
    model = append_head(extractor, head)
    tails = [model[-60_000:], (saved / "converted_tflite_quantized/model.tflite").read_bytes()[-60_000:]]
    session = (saved / "session.npz").read_bytes()
    image = rng.integers(0, 256, (48, 64, 3), np.uint8)
    pictures = [cv2.imencode(ending, image)[1].tobytes() for ending in (".jpg", ".png", ".bmp", ".webp", ".tiff")]
    pictures.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes())
    pictures.append(cv2.imencode(".png", image.astype(np.uint16) * 257)[1].tobytes())
    samples = [encode_picture(image[:48, :48])]
    checkpoint = _saved(head.save, "head.npz")
    prior = prior_to_bytes(measure_prior(np.abs(vectors), np.abs(np.stack([vectors, vectors * 1.1], axis=1))))
    jsons = [(saved / name).read_bytes() for name in ("metadata.json", "session.json")]
    labels = [
        b"0 apple\n1 cup\n",
        b"apple\r\n\xc3\xa4pfel\r\n",
        (saved / "converted_tflite_quantized/labels.txt").read_bytes(),
    ]
    details = [json.dumps({"index": 3, "shape": [1, 8, 8, 3], "dtype": "uint8", "quantization": [0.5, 3]}).encode()]
    lessons = [path.read_bytes() for path in sorted(asset_path("lessons").glob("*.toml"))]
    starters = [_saved(lambda path: np.savez(path, weights=vectors[:, :3], biases=vectors[0, :3]), "head.npz")]
    frames = [b"".join(framed({"samples": 4, "feature_dim": 3, "made": 0}, _blobs()))]
    guard = GuardedChild(GuardLimits(processor_s=0.5, answer_s=20.0, wall_s=20.0), stays=True)
    return [
        Parser("tflite", [model, extractor], _model_facts, EXPECTED),
        Parser("tflite and head", [extractor], _append, (*EXPECTED, NotExplainable)),
        Parser("guarded model", [model], lambda data: _answer(data, guard), EXPECTED),
        Parser("archive behind a model", tails, _archive, EXPECTED),
        Parser("session.npz", [session], lambda data: _session([data, *samples]), (*EXPECTED, Refused)),
        Parser("pictures of a session", samples, lambda data: _session([session, data]), (*EXPECTED, Refused)),
        Parser("answer of the sandbox", frames, _sandbox_answer, EXPECTED),
        Parser("messages of the guarded process", details, lambda data: checked_detail(decoded(data)), (BadReply,)),
        Parser("labels", labels, _with_file(read_label_file, "labels.txt"), EXPECTED),
        Parser("settings", SETTINGS, _with_file(load_config, "kiosk.toml"), EXPECTED),
        Parser("settings of staff", SETTINGS, _with_file(_staff_settings, "settings.toml"), EXPECTED),
        Parser("texts", SETTINGS, decode_text, (NotText,)),
        Parser("facts of a folder", jsons, _found, EXPECTED),
        Parser("pictures", pictures, _with_file(read_picture, "picture.jpg"), EXPECTED),
        Parser("stored pictures", [*samples, *pictures], _stored, EXPECTED),
        Parser("pictures of a folder as camera", pictures, _with_file(_camera, "picture.jpg"), EXPECTED),
        Parser("mount table", MOUNTS, _with_file(_drives, "mounts"), EXPECTED),
        Parser("heads", [checkpoint], _with_file(SoftmaxRegression.load, "head.npz"), EXPECTED),
        Parser("priors", [prior], prior_from_bytes, EXPECTED),
        Parser("head of a signed starter", starters, _unpacked, EXPECTED),
        Parser("head of another starter", starters, _unpacked_apart, (Refused,)),
        Parser("facts of a starter", jsons, _starter_facts, EXPECTED),
        Parser("lessons", lessons, lambda data: parse_lesson(data, "fruit.toml"), EXPECTED),
        Parser("settings on a drive", SETTINGS, _portable, (*EXPECTED, ValueError)),
    ]


def _model_facts(data: bytes) -> None:
    refuse_damaged(data, "model.tflite")
    read_normalization(data)
    read_novelty_test(data)
    last_operator(data)


def _append(data: bytes) -> None:
    refuse_damaged(data, "extractor.tflite")
    check_extractor(data, Path("extractor.tflite"))
    head = SoftmaxRegression(864, 3)
    explaining_form(append_head(data, head))


def _answer(data: bytes, guard: GuardedChild) -> None:
    engine = ClassificationEngine("a stranger's.tflite", labels="abc", data=data, trusted=False, guard=guard)
    try:
        engine.judge(np.full((64, 64, 3), 200, np.uint8))
    finally:
        engine.close()


def _archive(data: bytes) -> None:
    read_novelty_test(data)
    read_member(data, "labels.txt", 1 << 20)
    read_arrays(data, ("centre", "axes", "means"), 1 << 20)


def _session(files: list[bytes]) -> None:
    check_session({}, [memoryview(one) for one in files], lambda _fraction: None)


def _sandbox_answer(data: bytes) -> None:
    head, blobs = unframed(data)
    if isinstance(head, dict):
        arrays = _checked_arrays(head, blobs, 3)
        _renumbered(arrays.holds, arrays.label_indices)


def _blobs() -> list[bytes]:
    indices, holds = np.array([0, 1, 2, 0]), np.array([0, -1, 1, 2])
    return [bytes(48), indices.tobytes(), holds.tobytes(), b"", b"", b"picture"]


def _unpacked_apart(data: bytes) -> None:
    unpack_head({}, [memoryview(data)], lambda _fraction: None)


def _portable(data: bytes) -> None:
    read_portable(tomllib.loads(decode_text(data)), Config(), "kiosk-settings.toml")


def _stored(data: bytes) -> None:
    decode_picture(data)
    small_picture(data, 96)


def _staff_settings(path: Path) -> None:
    SettingsFile(load_config(None), path.parent)


def _camera(path: Path) -> None:
    camera = FolderCamera(path.parent)
    camera.read()
    camera.close()


def _drives(path: Path) -> None:
    drives = MountedDrives(path, path.parent, path.parent)
    drives.present()
    drives.unmounted()


def _found(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_memory()) as root:
        folder = Path(root) / "teachable" / "x"
        folder.mkdir(parents=True)
        for name in ("metadata.json", "session.json", "session.npz"):
            (folder / name).write_bytes(data)
        find_folder(Path(root))


def _with_file(parse: Callable[[Path], Any], name: str) -> Callable[[bytes], Any]:
    def with_file(data: bytes) -> Any:
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            return parse(path)

    return with_file


def _saved(save: Callable[[Path], Any], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

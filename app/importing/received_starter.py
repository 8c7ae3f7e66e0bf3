"""Read a starter that comes from elsewhere: from a share, a synchronised folder or a stick.

The signature is checked before anything else is read of the folder. Then each file that is used is compared with its
checksum, so that the signature holds for all of them. The head of a starter without a right signature is unpacked in
the sandbox; of its other files, only a small JSON object is read here.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base.error_texts import system_error_text
from app.base.errors import DriveUnreadable, FolderRefused
from app.base.labels import name_key
from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.content import LARGEST_MODEL_BYTES, LARGEST_TEXT_BYTES, clean
from app.importing.find import LARGEST_ORDER
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.signature import SIGNATURE, is_right, signature
from app.model.saved_folder.verified_folder import CHECKSUMS, METADATA, listed_sums
from app.model.starter import HEAD_FILE
from app.session.session import Session
from learning.archive import DAMAGED_ARCHIVE
from learning.layers import FloatArray

MOST_LABELS = 1000
LARGEST_HEAD_BYTES = 32 << 20
HEAD_LIMITS = Limits(wall_s=20.0, processor_s=20, written_bytes=LARGEST_HEAD_BYTES + (1 << 20))
LEAST_JUDGED = 10  # samples; fewer say too little
HEAD_DAMAGED = f"{HEAD_FILE} is damaged."


@dataclass(frozen=True, eq=False)
class ReceivedStarter:
    """What is used of a starter's folder.

    Attributes:
        files: The files that are used, SHA256SUMS and the signature included.
        signed: Whether the signature is right.
        order: Its serial number.
        labels: Class labels.
        extractor_sha256: Of the extractor that it was trained with.
        head: Weights (D, C) and biases (C,); None if the folder has none.
    """

    files: Mapping[str, bytes]
    signed: bool
    order: int
    labels: tuple[str, ...]
    extractor_sha256: str
    head: tuple[FloatArray, FloatArray] | None

    def same_as(self, other: ReceivedStarter) -> bool:
        """Whether both are the same folder."""
        return self.files[CHECKSUMS] == other.files[CHECKSUMS]

    def signed_with(self, key: bytes) -> dict[str, bytes]:
        """Return the files with a signature of this key."""
        others = {name: data for name, data in self.files.items() if name not in (CHECKSUMS, SIGNATURE)}
        sums = self.files[CHECKSUMS]
        return {**others, CHECKSUMS: sums, SIGNATURE: signature(key, sums)}


def read_starter(folder: Path, key: bytes) -> ReceivedStarter:
    """Read and check a starter.

    Args:
        folder: Its path can be trusted, its content cannot.
        key: Of the signature.

    Raises:
        FolderRefused: If a file has the wrong format or differs from its checksum.
        SandboxFailed: If unpacking the head of one that is not signed takes too much time or memory.
        DriveUnreadable: If the system cannot read it.
    """
    try:
        with open_untrusted_folder(folder) as opened:
            return _read(opened, key)
    except OSError as error:
        raise DriveUnreadable(f"it cannot be read: {system_error_text(error)}.") from error


def share_right(starter: ReceivedStarter, session: Session, both_know: frozenset[str]) -> float | None:
    """Return how often the head of a starter names samples of a session correctly, 0..1.

    Args:
        starter: The starter.
        session: Samples of this station.
        both_know: `name_key` of the classes to judge.

    Returns:
        None if that cannot be judged: another extractor, or fewer than LEAST_JUDGED samples.
    """
    if starter.head is None or starter.extractor_sha256 != session.extractor_sha256:
        return None
    keys = [name_key(label) for label in starter.labels]
    rows = [
        (one.embedding, keys.index(key))
        for one in session.samples
        if (key := name_key(session.labels[one.class_index])) in both_know and key in keys
    ]
    weights, biases = starter.head
    if len(rows) < LEAST_JUDGED or len(rows[0][0]) != len(weights):
        return None
    x, truth = np.stack([embedding for embedding, _ in rows]), np.array([label for _, label in rows])
    return float(((x @ weights + biases).argmax(axis=1) == truth).mean())


def known_classes(starter: ReceivedStarter) -> frozenset[str]:
    """Return what compares the class names of a starter with those of others."""
    return frozenset(map(name_key, starter.labels))


def _read(folder: UntrustedFolder, key: bytes) -> ReceivedStarter:
    sums = folder.read(CHECKSUMS, LARGEST_TEXT_BYTES)
    signed = is_right(key, sums, folder.read(SIGNATURE, LARGEST_TEXT_BYTES)) if _has(folder, SIGNATURE) else False
    expected = listed_sums(sums)
    limits = {METADATA: LARGEST_TEXT_BYTES, PLAIN_FILE: LARGEST_MODEL_BYTES}
    if HEAD_FILE in expected:
        limits[HEAD_FILE] = LARGEST_HEAD_BYTES
    files = {}
    for name, most_bytes in limits.items():
        data = _file(folder, name.split("/"), most_bytes)
        if expected.get(name) != hashlib.sha256(data).hexdigest():
            raise FolderRefused(f"{name} differs from {CHECKSUMS}.")
        files[name] = data
    order, labels, extractor = _facts(files[METADATA])
    unpack = _unpacked if signed else _unpacked_apart
    head = _head(unpack(files[HEAD_FILE]), len(labels)) if HEAD_FILE in files else None
    return ReceivedStarter({**files, CHECKSUMS: sums}, signed, order, labels, extractor, head)


def _facts(data: bytes) -> tuple[int, tuple[str, ...], str]:
    try:
        facts = json.loads(data)
        order, labels, extractor = facts["order"], facts["labels"], facts["extractor"]["sha256"]
        if facts["model"] != PLAIN_FILE or not 0 <= float(facts["threshold"]) <= 1:
            raise ValueError(METADATA)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise FolderRefused(f"{METADATA} is damaged, or was not written by a hub.") from error
    whole = isinstance(order, int) and not isinstance(order, bool) and 0 <= order <= LARGEST_ORDER
    if not whole or not isinstance(extractor, str) or not isinstance(labels, list) or len(labels) > MOST_LABELS:
        raise FolderRefused(f"{METADATA} is damaged, or was not written by a hub.")
    if len(labels) < 2 or not all(isinstance(one, str) and clean(one) == one for one in labels):
        raise FolderRefused("its classes have no names that can be shown.")
    return order, tuple(labels), extractor


def _head(layer: tuple[FloatArray, FloatArray], classes: int) -> tuple[FloatArray, FloatArray]:
    weights, biases = layer
    if weights.shape[1] != classes or biases.shape != (classes,):
        raise FolderRefused(HEAD_DAMAGED)
    return layer


def _unpacked(data: bytes) -> tuple[FloatArray, FloatArray]:
    """Unpack a head that is signed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            return _array(members, "weights", 2), _array(members, "biases", 1)
    except DAMAGED_ARCHIVE as error:
        raise FolderRefused(HEAD_DAMAGED) from error


def _unpacked_apart(data: bytes) -> tuple[FloatArray, FloatArray]:
    """Unpack a stranger's head in the sandbox, which may lie about what it found."""
    try:
        reply, blobs = run_sandboxed("head", {}, [data], HEAD_LIMITS)
    except FolderRefused as error:
        raise FolderRefused(HEAD_DAMAGED) from error
    classes = reply.get("classes")
    if not isinstance(classes, int) or not 0 < classes <= MOST_LABELS or len(blobs) != 2:
        raise FolderRefused(HEAD_DAMAGED)
    if len(blobs[0]) % (4 * classes) or len(blobs[1]) % 4:
        raise FolderRefused(HEAD_DAMAGED)
    weights, biases = (np.frombuffer(bytes(blob), np.float32) for blob in blobs)
    return weights.reshape(-1, classes), biases


def _array(members: zipfile.ZipFile, name: str, dimensions: int) -> FloatArray:
    """Read an array, never a pickled one; its size is checked before it is unpacked."""
    info = members.getinfo(f"{name}.npy")
    if info.file_size > LARGEST_HEAD_BYTES:
        raise FolderRefused(HEAD_DAMAGED)
    with members.open(info) as packed:
        stream = io.BytesIO(packed.read(info.file_size))
    if np.lib.format.read_magic(stream) != (1, 0):
        raise FolderRefused(HEAD_DAMAGED)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran or dtype != np.float32 or len(shape) != dimensions:
        raise FolderRefused(HEAD_DAMAGED)
    return np.frombuffer(stream.read(), np.float32).reshape(shape)


def _has(folder: UntrustedFolder, name: str) -> bool:
    return folder.size_bytes(name) is not None


def _file(folder: UntrustedFolder, steps: list[str], most_bytes: int) -> bytes:
    if len(steps) == 1:
        return folder.read(steps[0], most_bytes)
    with folder.folder(steps[0]) as inner:
        return _file(inner, steps[1:], most_bytes)

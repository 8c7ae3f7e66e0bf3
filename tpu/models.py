"""Known embedding extractors: the one that ships, and those that can be downloaded and verified.

A download is resumed after an interruption, checked against its SHA-256, and only then renamed to its final name.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from importlib import resources
from pathlib import Path

import platformdirs

from tpu.errors import DownloadFailed, ExtractorNotFound, ModelNotDownloaded, StrPath, UnknownModel

BUILT_IN_NAME = "built-in"
GOOGLE = "https://raw.githubusercontent.com/google-coral/test_data/master/"
CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
ATTEMPTS = 3


@dataclass(frozen=True)
class KnownModel:
    """An extractor that can be downloaded.

    Attributes:
        name: Its name on the command line.
        address: The URL of the file.
        sha256: Of the file, hexadecimal. Empty if it is not known: then the hash of the first download is stored beside
            the file, and later downloads must match it.
        licence: SPDX identifier.
        about: One line for the list of models.
        size_bytes: Of the file; None if it is not known.
    """

    name: str
    address: str
    sha256: str
    licence: str
    about: str
    size_bytes: int | None = None


KNOWN_MODELS = (
    KnownModel(
        "mobilenet_v1",
        GOOGLE + "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
        "f409ef4f73fcbb9667841965623c5c8524aac33d41b9bf5f3667161fb4a76319",
        "Apache-2.0",
        "MobileNet v1, 224 px, 1024 values, for the CPU",
        3_251_736,
    ),
    KnownModel(
        "mobilenet_v1_edgetpu",
        GOOGLE + "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite",
        "33a249155302975d7e28f72a5250903cdf7f7afb7bd1ceec3d2cd8ca9ce6a609",
        "Apache-2.0",
        "the same, compiled for the Edge TPU",
        3_486_336,
    ),
    *(
        KnownModel(
            f"efficientnet_{size.lower()}{kind}",
            f"{GOOGLE}efficientnet-edgetpu-{size}_quant_embedding_extractor{kind}.tflite",
            "",  # not known: trust on first use
            "Apache-2.0",
            f"EfficientNet-EdgeTPU {size}, {edge} px, 1280 values, {where}",
        )
        for size, edge in (("S", 224), ("M", 240), ("L", 300))
        for kind, where in (("", "for the CPU"), ("_edgetpu", "compiled for the Edge TPU"))
    ),
)

Progress = Callable[[int, int | None], None]
"""Called with the bytes downloaded so far and the total, which is None while it is unknown."""


def default_extractor_path() -> Path:
    """Return the path of the extractor that ships with the kiosk."""
    return Path(str(resources.files("assets") / "models" / "kiosk_extractor.tflite"))


def extractor_path(named: StrPath) -> Path:
    """Return the file of an extractor.

    Args:
        named: A path, or the name of a known model; an empty string or "built-in" is the one that ships.

    Raises:
        ModelNotDownloaded: If it is a known model that is not on this machine yet.
        ExtractorNotFound: If it looks like a name, without a folder or a suffix, and is neither a file nor known.
    """
    if named in ("", BUILT_IN_NAME):
        return default_extractor_path()
    path = Path(named)
    known = next((model for model in KNOWN_MODELS if model.name == str(named)), None)
    if known is None and path.name == str(named) and not path.suffix and not os.path.lexists(path):
        raise ExtractorNotFound(str(named), (BUILT_IN_NAME, *(model.name for model in KNOWN_MODELS)))
    if known is None or path.exists():
        return path
    if not local_path(known).is_file():
        raise ModelNotDownloaded(known.name)
    return local_path(known)


def models_dir() -> Path:
    """Return the folder of downloaded models; one for temporary files if this user has no home directory."""
    try:
        return platformdirs.user_cache_path("teachable-kiosk") / "models"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"teachable-kiosk-{os.getuid()}" / "models"


def find_model(name: str) -> KnownModel:
    """Look up a known model by its name.

    Raises:
        UnknownModel: If no known model has that name.
    """
    for model in KNOWN_MODELS:
        if model.name == name:
            return model
    raise UnknownModel(name, tuple(model.name for model in KNOWN_MODELS))


def local_path(model: KnownModel, folder: StrPath | None = None) -> Path:
    """Return the path of a known model after its download; `folder` None means `models_dir()`."""
    return Path(folder or models_dir()) / model.address.rsplit("/", 1)[1]


def is_intact(model: KnownModel, folder: StrPath | None = None) -> bool:
    """Return whether the downloaded file exists and has the right hash."""
    path = local_path(model, folder)
    expected = model.sha256 or _stored_hash(path)
    return path.is_file() and bool(expected) and _sha256(path) == expected


def pull(model: KnownModel, folder: StrPath | None = None, on_progress: Progress | None = None) -> Path:
    """Download a model, verify it, and return its path. An interrupted download is resumed.

    Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).

    Raises:
        DownloadFailed: If the server cannot be reached, the transfer breaks off repeatedly, the hash is wrong, or the
            folder cannot be written.
    """
    path = local_path(model, folder)
    if is_intact(model, folder):
        return path
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch_whole(model.address, partial, on_progress or (lambda _done, _total: None))
        found, expected = _sha256(partial), model.sha256 or _stored_hash(path)
        if expected and found != expected:
            partial.unlink()
            raise DownloadFailed(
                model.address, f"delivered other bytes than expected (sha256 {found}). Pull it again later."
            )
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        if not model.sha256:
            _hash_file(path).write_text(found + "\n", encoding="ascii")
    except OSError as error:
        raise DownloadFailed(path.parent, f"cannot be written: {error.strerror}. Make room there.") from error
    return path


def _fetch_whole(address: str, partial: Path, on_progress: Progress) -> None:
    reason: BaseException | None = None
    for _ in range(ATTEMPTS):
        try:
            _fetch_rest(address, partial, on_progress)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and partial.is_file():  # the partial file is already complete
                return
            raise DownloadFailed(address, f"answers {error.code} {error.reason}. Try again later.") from error
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            reason = error
        else:
            return
    raise DownloadFailed(
        address,
        f"cannot be reached or breaks off ({_cause(reason)}). Check the network and pull it again: "
        "it goes on where it stopped. Or fetch that file elsewhere and name it with --extractor.",
    ) from reason


def _cause(error: BaseException | None) -> str:
    """The system's text of a network error, without Python's class names and error numbers."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)


def _fetch_rest(address: str, partial: Path, on_progress: Progress) -> None:
    present = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={present}-"} if present else {})
    with urllib.request.build_opener().open(request, timeout=TIMEOUT_S) as answer:  # urlopen would cache the proxies
        resumed = present and answer.status == 206
        length = answer.headers.get("Content-Length", "")
        done = present if resumed else 0
        total = done + int(length) if length.isdecimal() else None
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                on_progress(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"{done} of {total} bytes arrived")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _hash_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _stored_hash(path: Path) -> str:
    stored = _hash_file(path)
    return stored.read_text(encoding="ascii", errors="replace").strip() if stored.is_file() else ""

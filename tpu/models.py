"""Known embedding extractors: what they are, where they come from, and how they get here whole and true."""

from __future__ import annotations

import hashlib
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from importlib import resources
from pathlib import Path

import platformdirs

from tpu.errors import DownloadFailed, ModelUnreadable, RuntimeLayerError

BUILT_IN_NAME = "built-in"
GOOGLE = "https://raw.githubusercontent.com/google-coral/test_data/master/"
CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
ATTEMPTS = 3


@dataclass(frozen=True)
class KnownModel:
    """An extractor that can be pulled.

    Attributes:
        address: Where it is published.
        sha256: Of the whole file; empty where it could not be learned beforehand: the first download is
            then remembered beside the file and later ones must equal it.
        size_bytes: Of the whole file; None where it could not be learned beforehand.
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
            "",  # first download, first trusted
            "Apache-2.0",
            f"EfficientNet-EdgeTPU {size}, {edge} px, 1280 values, {where}",
        )
        for size, edge in (("S", 224), ("M", 240), ("L", 300))
        for kind, where in (("", "for the CPU"), ("_edgetpu", "compiled for the Edge TPU"))
    ),
)

Progress = Callable[[int, int | None], None]
"""Receives bytes so far and bytes in all; None while the length is unknown."""


def default_extractor_path() -> Path:
    """The built-in extractor."""
    return Path(str(resources.files("assets") / "models" / "kiosk_extractor.tflite"))


def extractor_path(named: str) -> Path:
    """The file of an extractor that somebody named, by its path or as a known model; empty is the built-in one.

    Raises:
        ModelUnreadable: If it is a known model that was not pulled.
    """
    if named in ("", BUILT_IN_NAME):
        return default_extractor_path()
    path = Path(named)
    known = next((model for model in KNOWN_MODELS if model.name == named), None)
    if known is None or path.exists():
        return path
    if not local_path(known).is_file():
        raise ModelUnreadable(named, f"it is not on this machine. Fetch it with the command `models pull {named}`.")
    return local_path(known)


def models_dir() -> Path:
    """Where pulled models are kept."""
    return platformdirs.user_cache_path("teachable-kiosk") / "models"


def find_model(name: str) -> KnownModel:
    """Look a model up by its name.

    Raises:
        RuntimeLayerError: If nothing has that name.
    """
    for model in KNOWN_MODELS:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in KNOWN_MODELS)
    raise RuntimeLayerError(f"there is no known model {name!r}. There are: {names}.")


def local_path(model: KnownModel, folder: Path | None = None) -> Path:
    """Where the model's file is once it has been pulled."""
    return (folder or models_dir()) / model.address.rsplit("/", 1)[1]


def is_intact(model: KnownModel, folder: Path | None = None) -> bool:
    """Whether the pulled file is there and has the right hash."""
    path = local_path(model, folder)
    expected = model.sha256 or _remembered(path)
    return path.is_file() and bool(expected) and _sha256(path) == expected


def pull(model: KnownModel, folder: Path | None = None, on_progress: Progress | None = None) -> Path:
    """Download a model, going on where an earlier try broke off, and put it in place once it is verified.

    Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).

    Raises:
        DownloadFailed: If it cannot be fetched, breaks off again and again, or has the wrong hash.
    """
    path = local_path(model, folder)
    if is_intact(model, folder):
        return path
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch_whole(model.address, partial, on_progress or (lambda _done, _total: None))
        found, expected = _sha256(partial), model.sha256 or _remembered(path)
        if expected and found != expected:
            partial.unlink()
            raise DownloadFailed(
                f"{model.address} delivered other bytes than expected (sha256 {found}). Pull it again later."
            )
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        if not model.sha256:
            _memory(path).write_text(found + "\n", encoding="ascii")
    except OSError as error:
        raise DownloadFailed(f"{path.parent} cannot be written: {error.strerror}. Make room there.") from error
    return path


def _fetch_whole(address: str, partial: Path, report: Progress) -> None:
    reason: BaseException | None = None
    for _ in range(ATTEMPTS):
        try:
            _fetch_rest(address, partial, report)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and partial.is_file():  # nothing is left to fetch
                return
            raise DownloadFailed(f"{address} answers {error.code} {error.reason}. Try again later.") from error
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            reason = error
        else:
            return
    raise DownloadFailed(
        f"{address} cannot be reached or breaks off ({_in_words(reason)}). Check the network and pull it again: "
        "it goes on where it stopped. Or fetch that file elsewhere and name it with --extractor."
    ) from reason


def _in_words(error: BaseException | None) -> str:
    """What the system says of it, without the names and numbers of Python."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)


def _fetch_rest(address: str, partial: Path, report: Progress) -> None:
    have = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.build_opener().open(request, timeout=TIMEOUT_S) as answer:  # urlopen remembers its proxies
        resumed = have and answer.status == 206
        length = answer.headers.get("Content-Length", "")
        done = have if resumed else 0
        total = done + int(length) if length.isdecimal() else None
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                report(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"{done} of {total} bytes arrived")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _memory(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _remembered(path: Path) -> str:
    memory = _memory(path)
    return memory.read_text(encoding="ascii").strip() if memory.is_file() else ""

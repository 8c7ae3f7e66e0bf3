"""Open files of unknown origin in a child process, which may crash, hang or run out of memory.

The child runs `app.guarded.sandbox_child`. Both sides exchange frames: a JSON head, then blobs.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from app.base.errors import FolderRefused, SandboxFailed
from app.base.i18n import Text, message
from app.base.paths import import_folder
from app.guarded.refusals import REFUSALS, STOPPED
from tpu.guarded.isolation import FROM_SIGNAL, OUT_OF_TIME, guarded_environment

logger = logging.getLogger(__name__)

LENGTH_BYTES = 8
LARGEST_HEAD_BYTES = 1 << 20
OUT_OF_MEMORY = 3  # exit code of the child
GRACE_S = 5.0  # from the end of its work to the end of the process


@dataclass(frozen=True)
class Limits:
    """Limits of the child process; it is killed if it exceeds one.

    Attributes:
        memory_bytes: Address space. NumPy and OpenCV reserve 400 MB and use 70 MB.
        processor_s, wall_s: Processor time, and elapsed time.
        written_bytes: Size of the longest answer.
    """

    memory_bytes: int = 1 << 30
    processor_s: int = 60
    wall_s: float = 60.0
    written_bytes: int = 256 << 20


def run_sandboxed(
    task: str,
    head: Mapping[str, Any],
    blobs: Sequence[bytes],
    limits: Limits,
    on_progress: Callable[[float], object] = lambda _fraction: None,
) -> tuple[dict[str, Any], list[memoryview]]:
    """Let a child process do a task of `app.guarded.sandbox_child`.

    Args:
        task: A key of `app.guarded.sandbox_child.TASKS`.
        head, blobs: Its arguments.
        limits: What the child may use.
        on_progress: Receives 0..1.

    Returns:
        Head and blobs of the answer. The child may be under the control of the files, so check them. The blobs are
        views of a file, which is read as they are used, so they take no memory.

    Raises:
        FolderRefused: If the child refuses the files.
        SandboxFailed: If it crashes, or needs too much time or memory.
    """
    # In memory: a file on the disk would leave the pictures behind after they are erased.
    with _in_memory("question") as question, _in_memory("answer") as answer:
        for part in framed(head, blobs):
            question.write(part)
        question.seek(0)
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb", buffering=0) as progress:
            child = subprocess.Popen(
                [sys.executable, "-m", "app.guarded.sandbox_child", task, str(limits.memory_bytes),
                 str(limits.processor_s), str(limits.written_bytes), str(writer)],
                stdin=question, stdout=answer, stderr=subprocess.DEVNULL, cwd=import_folder(),
                env=guarded_environment(), start_new_session=True, pass_fds=(writer,),
            )  # fmt: skip
            os.close(writer)
            try:
                _follow(progress, time.monotonic() + limits.wall_s, on_progress)
                code: int | None = child.wait(GRACE_S)
            except (subprocess.TimeoutExpired, TimeoutError):
                code = None
            finally:
                _kill(child)
        if code != 0:
            raise SandboxFailed(_failure_text(code))
        size = answer.seek(0, os.SEEK_END)
        if not 0 < size <= limits.written_bytes:
            raise SandboxFailed(_failure_text(1))
        reply, found = unframed(memoryview(mmap.mmap(answer.fileno(), size, access=mmap.ACCESS_READ)))
    if not isinstance(reply, dict):
        raise SandboxFailed(_failure_text(1))
    if "refused" in reply:
        logger.info("refused: %.300a", reply)  # %a escapes control characters, which could move the cursor
        reason = REFUSALS.get(str(reply["refused"]))
        if reason is None:
            raise SandboxFailed(_failure_text(1))
        raise FolderRefused(message("it cannot be used: {reason}", reason=reason))
    return reply, found


def _in_memory(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "w+b")


def forget(blobs: Sequence[memoryview]) -> None:
    """Free the memory that holds what was read of the blobs of an answer; they can be read again."""
    for file in {id(blob.obj): blob.obj for blob in blobs}.values():
        if isinstance(file, mmap.mmap):
            file.madvise(mmap.MADV_DONTNEED)


def _follow(progress: IO[bytes], until_s: float, on_progress: Callable[[float], object]) -> None:
    """Pass on the percents that the child writes until it ends.

    Raises:
        TimeoutError: If it does not end in time.
    """
    while True:
        readable, _, _ = select.select([progress], [], [], max(0.0, until_s - time.monotonic()))
        if not readable:
            raise TimeoutError
        percents = progress.read(4096)
        if not percents:
            return
        on_progress(min(percents[-1], 100) / 100)


def framed(head: Mapping[str, Any], blobs: Sequence[bytes]) -> Iterator[bytes]:
    """Encode a head and blobs as bytes, one part after the other."""
    encoded_head = json.dumps({"head": head, "sizes": [len(blob) for blob in blobs]}).encode()
    yield len(encoded_head).to_bytes(LENGTH_BYTES, "big")
    yield encoded_head
    yield from blobs


def unframed(data: bytes | memoryview) -> tuple[Any, list[memoryview]]:
    """Decode what `framed` encoded.

    Raises:
        SandboxFailed: If the bytes are not a frame.
    """
    data = memoryview(data)
    length = int.from_bytes(data[:LENGTH_BYTES], "big")
    try:
        if length > LARGEST_HEAD_BYTES:
            raise ValueError(length)
        decoded = json.loads(bytes(data[LENGTH_BYTES : LENGTH_BYTES + length]))
        head, sizes = decoded["head"], decoded["sizes"]
        blobs, offset = [], LENGTH_BYTES + length
        for size in sizes:
            blobs.append(data[offset : offset + size])
            offset += size
        if any(size < 0 for size in sizes) or offset != len(data):
            raise ValueError(offset)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SandboxFailed(_failure_text(1)) from error
    return head, blobs


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and every process that it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _failure_text(code: int | None) -> Text:
    if code is None or code in (-signal.SIGXCPU, OUT_OF_TIME, FROM_SIGNAL + signal.SIGXCPU):
        return STOPPED["time"]
    return STOPPED["memory" if code == OUT_OF_MEMORY else "crash"]

"""A model of unknown origin computes in a process of its own, which may crash, hang or grow and is then replaced."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from learning.fit import fit_head
from learning.tflite_export import append_head
from tests.support.hostile_models import HOSTILE, changed, hangs_on_bright_pictures, never_answers
from tests.support.waiting import wait_until
from tpu.classifier import ClassificationEngine
from tpu.errors import ModelError, ModelStopped
from tpu.extractor import EmbeddingExtractor
from tpu.guarded.isolation import address_space_bytes, limit_processor_time, processor_s
from tpu.guarded.messages import BadReply, checked_detail, clean_text, decoded, size_bytes
from tpu.guarded.process import ChildFailed, GuardedChild, GuardLimits
from tpu.guarded.system_calls import FCNTL, NUMBERS
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

BLACK, BRIGHT = np.zeros((96, 96, 3), np.uint8), np.full((96, 96, 3), 255, np.uint8)
QUICK = GuardLimits(answer_s=30.0, processor_s=0.6, wall_s=30.0)


@pytest.fixture(scope="module")
def classifier() -> bytes:
    """A sound model of three classes, which no list of hashes contains."""
    vectors = np.random.default_rng(0).normal(size=(12, 864)).astype(np.float32)
    head = fit_head(vectors, np.arange(12) % 3, 3, rng=np.random.default_rng(0)).head
    return append_head(default_extractor_path().read_bytes(), head)


@pytest.fixture(scope="module")
def guard() -> Iterator[GuardedChild]:
    """One child for all tests of this module: it is replaced whenever a test breaks it."""
    child = GuardedChild(QUICK, stays=True)
    yield child
    child.kill()


def opened(data: bytes, guard: GuardedChild | None = None) -> ClassificationEngine:
    return ClassificationEngine("a stranger's.tflite", labels="abc", data=data, guard=guard)


def test_a_model_that_no_list_names_answers_as_it_would_here(classifier: bytes, guard: GuardedChild) -> None:
    rng = np.random.default_rng(1)
    pictures = [BLACK, BRIGHT, *(rng.integers(0, 256, (120, 160, 3), np.uint8) for _ in range(4))]
    here = ClassificationEngine("ours.tflite", labels="abc", data=classifier, trusted=True)
    there = opened(classifier, guard)
    assert (here.trusted, there.trusted) == (True, False)
    for picture in pictures:
        assert there.judge(picture).probabilities.tolist() == here.judge(picture).probabilities.tolist()
        assert there.judge(picture).novelty == here.judge(picture).novelty
    there.close()


def test_only_the_hash_of_the_whole_file_decides_where_a_model_runs(tmp_path: Path) -> None:
    installed = default_extractor_path()
    with EmbeddingExtractor(installed) as extractor:
        assert extractor.trusted
    moved, lying = tmp_path / "x.tflite", tmp_path / installed.name
    shutil.copy(installed, moved)
    lying.write_bytes(installed.read_bytes() + b"\0")
    with EmbeddingExtractor(moved) as same, EmbeddingExtractor(lying) as other:
        assert same.trusted
        assert not other.trusted


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_model_ends_in_an_error_of_one_line_or_an_answer(
    kind: str, classifier: bytes, guard: GuardedChild
) -> None:
    ends = []
    try:
        engine = opened(changed(classifier, HOSTILE[kind]), guard)
    except ModelError as error:
        ends.append(str(error))
    else:
        for picture in (BLACK, BRIGHT):
            try:
                ends.append(float(engine.classify(picture).sum()))
            except ModelError as error:
                ends.append(str(error))
        engine.close()
    assert all("\n" not in one if isinstance(one, str) else abs(one - 1) < 0.05 for one in ends), ends
    sound = opened(classifier, guard)  # whatever happened, the next model answers
    assert abs(sound.classify(BRIGHT).sum() - 1) < 0.05
    sound.close()


def test_a_model_that_hangs_on_some_pictures_only_is_stopped_and_answers_the_others_again(
    classifier: bytes, guard: GuardedChild, record_property: Callable[[str, object], None]
) -> None:
    engine = opened(changed(classifier, hangs_on_bright_pictures), guard)
    first = engine.classify(BLACK).tolist()
    hung, hung_s = guard.pid, time.monotonic()
    with pytest.raises(ModelStopped) as stopped:
        engine.classify(BRIGHT)
    assert str(stopped.value) == (
        "the model a stranger's.tflite cannot be used: it takes too long for one picture, so it was stopped. "
        "Use another file."
    )
    assert engine.classify(BLACK).tolist() == first
    record_property("recovery_s", time.monotonic() - hung_s)
    assert guard.pid != hung
    wait_until(lambda: not Path(f"/proc/{hung}").exists())
    engine.close()


def test_nobody_waits_longer_than_he_wants_to_and_the_child_may_be_late(classifier: bytes) -> None:
    guard = GuardedChild(GuardLimits(answer_s=0.3, processor_s=1.0, wall_s=30.0))
    engine = opened(changed(classifier, hangs_on_bright_pictures), guard)
    started_s = time.monotonic()
    with pytest.raises(ModelStopped) as late:
        engine.classify(BRIGHT)
    assert late.value.kind == "late"
    assert time.monotonic() - started_s < 5

    def answers_again() -> bool:
        try:
            return engine.classify(BLACK) is not None
        except ModelStopped:
            return False

    wait_until(answers_again)  # the hanging process was found out and replaced meanwhile
    engine.close()


def test_a_child_that_dies_at_any_moment_is_replaced_before_the_next_answer(
    classifier: bytes, guard: GuardedChild, record_property: Callable[[str, object], None]
) -> None:
    engine = opened(classifier, guard)
    first = engine.classify(BRIGHT).tolist()
    os.kill(guard.pid, 9)
    died_s = time.monotonic()
    with pytest.raises(ModelStopped):
        engine.classify(BRIGHT)
    assert engine.classify(BRIGHT).tolist() == first
    record_property("recovery_s", time.monotonic() - died_s)
    engine.close()


def test_many_models_and_answers_share_one_process(classifier: bytes, guard: GuardedChild) -> None:
    engines = [opened(classifier, guard) for _ in range(3)]
    before = guard.pid
    for engine in engines * 5:
        engine.classify(BLACK)
    for engine in engines:
        engine.close()
    assert guard.pid == before


def test_the_process_of_a_model_ends_when_the_model_is_closed(classifier: bytes) -> None:
    guard = GuardedChild(QUICK)
    engine = opened(classifier, guard)
    pid = guard.pid
    engine.close()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_the_process_sees_no_file_no_network_and_may_only_compute(guard: GuardedChild) -> None:
    holds = guard.start("litert", time.monotonic() + 60)
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{guard.pid}/status").read_text(encoding="ascii").splitlines()
    )
    if "system calls" in holds:
        assert status["Seccomp"].strip() == "2"
        assert status["NoNewPrivs"].strip() == "1"
    if "mount" in holds:
        assert list(Path(f"/proc/{guard.pid}/root").iterdir()) == []
    for kind, file in (("user", "user"), ("pid", "pid"), ("network", "net"), ("mount", "mnt")):
        ours, theirs = (Path(f"/proc/{pid}/ns/{file}").readlink() for pid in ("self", guard.pid))
        assert ours != theirs or kind not in holds
        assert ours == theirs or kind in (*holds, "mount"), "it has a namespace that it does not name"
    files = {str(Path(f"/proc/{guard.pid}/fd/{fd}").readlink()) for fd in (0, 1, 2)}
    assert files <= {"/dev/null", "/null"}, "it reads nothing, and nothing that it prints is kept"


def test_the_process_learns_no_secret_but_which_processor_an_emulator_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_OF_THE_CAMERA", "secret")
    monkeypatch.setenv("QEMU_CPU", "cortex-a72")
    guard = GuardedChild(QUICK, stays=True)
    guard.start("litert", time.monotonic() + 60)
    environment = Path(f"/proc/{guard.pid}/environ").read_bytes()
    guard.kill()
    assert b"QEMU_CPU=cortex-a72\0" in environment
    assert b"secret" not in environment


def test_a_process_without_an_order_may_not_compute_on(guard: GuardedChild) -> None:
    """Its limit of processor time moves on only with each message."""
    import resource

    guard.start("litert", time.monotonic() + 60)
    soft, _hard = resource.prlimit(guard.pid, resource.RLIMIT_CPU)
    assert processor_s(guard.pid) < soft < processor_s(guard.pid) + 40


def test_a_message_to_a_child_that_has_ended_limits_no_other_process() -> None:
    """To the system, process 0 is the one that asks: the kiosk itself would run out of processor time."""
    import resource

    guard = GuardedChild(QUICK)
    guard.start("litert", time.monotonic() + 60)
    guard.kill()
    before = resource.getrlimit(resource.RLIMIT_CPU)
    with pytest.raises(ChildFailed):
        guard.send({"do": "run", "key": 1}, time.monotonic() + 60)
    limit_processor_time(0, 5)
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


def test_the_filter_refuses_everything_that_is_not_listed() -> None:
    program = """
import os, socket, sys
from tpu.guarded.system_calls import allow_only_computing
status = open("/proc/self/status")
claimed = allow_only_computing()
active = "Seccomp:\t2" in status.read()
if not claimed or not active:
    print("not here" if claimed == active else "it says the opposite")
    sys.stdout.flush()
    os._exit(0)
tries = {
    "open": lambda: os.open("/etc/passwd", os.O_RDONLY), "socket": lambda: socket.socket(), "fork": os.fork,
    "kill": lambda: os.kill(os.getppid(), 9), "exec": lambda: os.execv("/bin/true", ["true"]),
    "unlink": lambda: os.unlink("/tmp/x"), "ptrace": lambda: os.setuid(0),
}
done = []
for name, attempt in tries.items():
    try:
        attempt()
        done.append(name)
    except PermissionError:
        pass
print(done or "nothing")
sys.stdout.flush()
os._exit(0)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    if said.stdout.strip() == "not here":
        pytest.skip("this machine has no filter for system calls")
    assert said.stdout.strip() == "nothing"


def test_the_address_space_is_what_the_kernel_says_of_this_process() -> None:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    assert address_space_bytes() == pytest.approx(int(status["VmSize"].split()[0]) << 10, rel=0.05)


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")],
)
def test_the_filter_lists_system_calls_by_the_numbers_of_the_kernel(machine: str, header: str) -> None:
    path = Path("/usr/include") / header
    if not path.exists():
        pytest.skip("needs the kernel's headers: install them with `sudo apt install linux-libc-dev`")
    defined = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text()))
    defined.setdefault("fstat", "80")  # the generic header names it once more by that of __NR3264
    for name, number in {**NUMBERS[machine], "fcntl": FCNTL[machine]}.items():
        assert int(defined[name]) == number, name


@pytest.mark.parametrize("sent", [b"garbage", b"[1]", b'{"number": 99}', b'{"number": 0}', b"{}"])
def test_a_child_that_sends_garbage_is_ended_at_once(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for its end would never end."""
    monkeypatch.setattr("tpu.guarded.process.ENDS_WITHIN_S", 3600.0)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = GuardedChild()
    process = child._process = subprocess.Popen(["sleep", "3600"], start_new_session=True)
    child._socket, child._holds = ours, ()
    with theirs:
        number = child.send({"do": "run", "key": 1}, time.monotonic() + 60)
        theirs.send(sent)
        with pytest.raises(ChildFailed) as caught:
            child.reply(number, time.monotonic() + 60)
    assert caught.value.kind == "crash"
    assert process.poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    "packet", [b"", b"x", b"[]", b'"x"', b"[" * 60_000, b"\xff\xfe", b'{"number": 1e999'], ids=repr
)
def test_a_packet_that_is_no_message_is_refused(packet: bytes) -> None:
    with pytest.raises(BadReply):
        decoded(packet)


@pytest.mark.parametrize(
    "detail",
    [
        None,
        {},
        {"index": 0, "shape": [1, -1], "dtype": "uint8", "quantization": [1.0, 0]},
        {"index": True, "shape": [1], "dtype": "uint8", "quantization": [1.0, 0]},
        {"index": 0, "shape": [1 << 40], "dtype": "uint8", "quantization": [1.0, 0]},
        {"index": 0, "shape": [1] * 99, "dtype": "uint8", "quantization": [1.0, 0]},
        {"index": 0, "shape": [1], "dtype": "uint8", "quantization": [float("nan"), 0]},
        {"index": 0, "shape": [1], "dtype": "uint8", "quantization": [1.0, 1 << 70]},
        {"index": 0, "shape": "abc", "dtype": "uint8", "quantization": [1.0, 0]},
        {"index": 0, "shape": [1], "dtype": ["uint8"], "quantization": [1.0, 0]},
    ],
)
def test_a_tensor_that_no_sound_child_describes_is_refused(detail: object) -> None:
    with pytest.raises(BadReply):
        checked_detail(detail)


def test_a_tensor_without_dimensions_is_one_value() -> None:
    detail = checked_detail({"index": 3, "shape": [], "dtype": "float32", "quantization": [0.0, 0]})
    assert (detail["shape"].tolist(), size_bytes(detail)) == ([], 4)


def test_a_text_of_the_child_is_cut_and_cannot_move_the_cursor() -> None:
    assert clean_text("\x1b[2Jbad\nnews") == "[2Jbad news"
    assert len(clean_text("x" * 10_000)) == 300
    assert clean_text({"a": 1}) == ""


def test_a_program_that_is_killed_leaves_no_process_behind(tmp_path: Path, classifier: bytes) -> None:
    """Even if the model hangs: the child's processor time ends soon after its parent."""
    model = tmp_path / "hangs.tflite"
    model.write_bytes(changed(classifier, never_answers))
    program = f"""
import numpy as np, sys, time, threading
from tpu.classifier import ClassificationEngine
from tpu.guarded.process import ChildFailed, GuardedChild, GuardLimits
guard = GuardedChild(GuardLimits(answer_s=100, wall_s=100, processor_s=1))
engine = ClassificationEngine({str(model)!r}, labels="abc", guard=guard)
print(guard.pid, flush=True)
engine.classify(np.zeros((96, 96, 3), np.uint8))
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not Path(f"/proc/{child}").exists())

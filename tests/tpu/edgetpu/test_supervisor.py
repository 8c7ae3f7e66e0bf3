"""A compiled extractor on a stick that is slow, fails, hangs, aborts and is unplugged.

The driver library is a simulation; everything else is real: how it is loaded, the child process, the supervisor.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.edge_tpu.fixtures import PLAIN, SHORT_TIMEOUTS
from tests.support.edge_tpu.stick import SimulatedStick
from tests.support.waiting import wait_until
from tpu.edgetpu.lock import lock_device
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, Phase, Status
from tpu.edgetpu.timeouts import Timeouts
from tpu.errors import AcceleratorUnavailable
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import Driver

pytestmark = pytest.mark.needs_runtime

Supervise = Callable[..., EdgeTpuSupervisor]
IMAGE = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
READY = Status(Phase.READY, "usb:0")


def children() -> list[int]:
    """Return the ids of the running child processes of this one that serve the accelerator."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return [pid for pid in found if b"tpu.edgetpu.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture
def extractor(extractors: Path, supervise: Supervise):
    supervisor = supervise()
    with EmbeddingExtractor(extractors, accelerator=supervisor) as made:
        supervisor.start()
        made.supervisor = supervisor
        yield made


@contextmanager
def with_stick(stick: SimulatedStick, path: Path, supervisor: EdgeTpuSupervisor) -> Iterator[EmbeddingExtractor]:
    """Plug the stick in, and open an extractor once it is ready."""
    with EmbeddingExtractor(path, accelerator=supervisor) as extractor:
        supervisor.start()
        stick.plug_in()
        wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
        yield extractor


def answered_by(extractor: EmbeddingExtractor) -> str:
    return extractor.answer(IMAGE).device


def test_the_stick_returns_what_the_cpu_file_returns(extractor, stick: SimulatedStick, extractors: Path) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    answer = extractor.answer(IMAGE)
    assert answer.device == "usb:0"
    with EmbeddingExtractor(extractors.with_name(PLAIN)) as plain:
        assert np.array_equal(answer.outputs[0], plain.embed(IMAGE))
    assert stick.options == {"device": "usb:0"}


def test_the_performance_setting_reaches_the_driver(
    supervise: Supervise, stick: SimulatedStick, extractors: Path
) -> None:
    stick.plug_in()
    supervisor = supervise(driver=Driver(str(stick.library), "Medium")).start()
    with EmbeddingExtractor(extractors, accelerator=supervisor) as extractor:
        wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    assert stick.options == {"device": "usb:0", "Performance": "Medium"}


def test_without_a_stick_the_cpu_answers_and_a_stick_takes_over_once_plugged_in(
    extractor, stick: SimulatedStick
) -> None:
    assert answered_by(extractor) == "cpu"
    stick.plug_in()
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers")


def test_nobody_waits_for_a_stick_that_is_slow_to_open(extractor, stick: SimulatedStick) -> None:
    stick.open_slowly(3000)
    stick.plug_in()
    wait_until(lambda: extractor.supervisor.status.phase is Phase.OPENING, "the stick is being opened")
    assert answered_by(extractor) == "cpu", "it waited until the stick was open"
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers", every_s=0.1)


def test_an_abort_is_answered_by_the_cpu_and_the_stick_comes_back(extractor, stick: SimulatedStick) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    stick.abort_at(3)
    assert [answered_by(extractor) for _ in range(3)] == ["usb:0", "usb:0", "cpu"]
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers again")


def test_a_hang_costs_one_picture_a_quarter_of_a_second_and_is_killed(
    stick: SimulatedStick, extractors: Path, supervise: Supervise
) -> None:
    assert Timeouts().answer_s == 0.25
    longer = replace(SHORT_TIMEOUTS, answer_s=1.5, call_s=6.0)  # so that a slow computer tells them apart
    supervisor = supervise(timeouts=longer)
    with with_stick(stick, extractors, supervisor) as extractor:
        hung = children()
        stick.hang_at(1)
        started_s = time.monotonic()
        assert answered_by(extractor) == "cpu"
        assert time.monotonic() - started_s >= 1.5
        assert set(hung) & set(children()), "it waited until the child was killed"
        started_s = time.monotonic()
        assert [answered_by(extractor) for _ in range(2)] == ["cpu"] * 2
        assert time.monotonic() - started_s < 2 * 1.5, "the next pictures waited, too"
        wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers again", every_s=0.1)
        assert not set(hung) & set(children())


def test_the_child_survives_a_call_that_is_only_late(
    stick: SimulatedStick, extractors: Path, supervise: Supervise
) -> None:
    supervisor = supervise(timeouts=replace(SHORT_TIMEOUTS, call_s=20.0))
    with with_stick(stick, extractors, supervisor) as extractor:
        child = children()
        stick.compute_slowly(400)
        assert answered_by(extractor) == "cpu"
        stick.compute_slowly(0)
        wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers again")
        assert children() == child


def test_a_stick_pulled_while_idle_is_noticed_and_used_again_when_it_is_back(extractor, stick: SimulatedStick) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    stick.unplug()
    wait_until(lambda: extractor.supervisor.status == Status(Phase.ABSENT), "the supervisor knows that it is gone")
    assert answered_by(extractor) == "cpu"
    stick.plug_in()
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers again")


def test_a_result_of_the_wrong_shape_is_never_passed_on(extractor, stick: SimulatedStick) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    stick.give_wrong_shape_at(2)
    answers = [extractor.answer(IMAGE) for _ in range(3)]
    assert [answer.device for answer in answers] == ["usb:0", "cpu", "cpu"]
    assert [answer.outputs[0].shape for answer in answers] == [(1024,)] * 3
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers again")


def test_a_stick_that_refuses_to_open_is_tried_again(extractor, stick: SimulatedStick) -> None:
    stick.refuse_to_open()
    stick.plug_in()
    wait_until(lambda: extractor.supervisor.status.phase is Phase.BROKEN, "it is known to be broken")
    assert extractor.supervisor.status == Status(
        Phase.BROKEN,
        "usb:0",
        "the Edge TPU usb:0 does not open: another program uses it, or it hangs. "
        "Close that program, or unplug it and plug it in again.",
    )
    assert answered_by(extractor) == "cpu"
    stick.open_again()
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers")


def test_after_two_crashes_at_the_start_a_stick_is_not_tried_until_it_is_plugged_in_again(
    extractor, stick: SimulatedStick
) -> None:
    stick.abort_when_opened(2)
    stick.plug_in()
    wait_until(lambda: "Unplug it" in extractor.supervisor.status.reason, "it is given up")
    assert extractor.supervisor.status == Status(
        Phase.BROKEN, "usb:0", "its process ended (SIGABRT). Unplug it and plug it in again."
    )
    time.sleep(1.0)  # many retries, if there were any
    assert answered_by(extractor) == "cpu"
    stick.unplug()
    time.sleep(10 * SHORT_TIMEOUTS.replug_s)  # the status stays the same
    stick.plug_in()
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers")


def test_a_missing_driver_says_what_to_install(supervise: Supervise, stick: SimulatedStick, extractors: Path) -> None:
    stick.plug_in()
    supervisor = supervise(driver=Driver("libnowhere.so.1")).start()
    with EmbeddingExtractor(extractors, accelerator=supervisor) as extractor:
        status = supervisor.wait_until_settled(30)
        assert answered_by(extractor) == "cpu"
    assert status.reason == (
        "the Edge TPU driver is missing (libnowhere.so.1: cannot open shared object file: No such file or directory): "
        "install libedgetpu1-std 16.0TF2.19 or newer: download its .deb from "
        "https://github.com/feranick/libedgetpu/releases, then run `sudo apt install ./libedgetpu1-std_*.deb`."
    )


def test_a_failing_first_call_is_not_reported_as_an_old_driver(
    extractor: EmbeddingExtractor, stick: SimulatedStick
) -> None:
    stick.fail_at(1)
    stick.plug_in()
    reasons: list[str] = []

    def failed() -> bool:
        reasons.append(extractor.supervisor.status.reason)
        return "it failed" in reasons[-1]

    wait_until(failed, "it is known to have failed")
    assert "Edge TPU is not ready" in reasons[-1]
    assert not any("does not fit the runtime" in reason for reason in reasons)
    wait_until(lambda: answered_by(extractor) == "usb:0", "the stick answers")


def test_a_stick_is_used_by_one_program_at_a_time(
    extractor, supervise: Supervise, stick: SimulatedStick, extractors: Path
) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    second = supervise().start()
    with EmbeddingExtractor(extractors, accelerator=second) as other:
        assert second.wait_until_settled(30) == Status(
            Phase.BROKEN, "usb:0", "another kiosk on this machine uses it. Close that one."
        )
        assert answered_by(other) == "cpu"
        assert answered_by(extractor) == "usb:0"
        extractor.supervisor.close()
        wait_until(lambda: answered_by(other) == "usb:0", "the other has the stick")


def test_the_lock_is_held_while_the_child_hangs_in_the_driver(tmp_path: Path) -> None:
    first = lock_device("/sys/bus/usb/devices/1-1", tmp_path)
    assert first is not None
    assert lock_device("/sys/bus/usb/devices/1-1", tmp_path) is None
    inherited = os.dup(first)  # as the child inherits it
    os.close(first)
    assert lock_device("/sys/bus/usb/devices/1-1", tmp_path) is None
    os.close(inherited)
    again = lock_device("/sys/bus/usb/devices/1-1", tmp_path)
    assert again is not None
    os.close(again)


def test_the_child_ends_with_the_supervisor(extractor, stick: SimulatedStick) -> None:
    stick.plug_in()
    wait_until(lambda: extractor.device == "usb:0", "the stick is ready")
    (child,) = children()
    extractor.supervisor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, signal.SIGCONT)
    assert answered_by(extractor) == "cpu"


def test_the_error_for_a_compiled_extractor_without_its_cpu_file_says_what_is_needed(
    supervise: Supervise, stick: SimulatedStick, extractors: Path
) -> None:
    extractors.with_name(PLAIN).rename(extractors.with_name("elsewhere.tflite"))
    supervisor = supervise().start()
    with EmbeddingExtractor(extractors, accelerator=supervisor) as extractor:
        supervisor.wait_until_settled(30)
        with pytest.raises(AcceleratorUnavailable) as caught:
            extractor.embed(IMAGE)
    assert str(caught.value) == (
        "the model mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu needs an Edge TPU, and none is plugged in. "
        f"To go on without, put its CPU file {PLAIN} beside it."
    )
    assert stick.folder.exists()


def test_a_cpu_file_with_another_input_is_not_used(extractors: Path, supervise: Supervise) -> None:
    from tests.support.extractors import tiny_extractor

    extractors.with_name(PLAIN).write_bytes(tiny_extractor())
    with EmbeddingExtractor(extractors, accelerator=supervise()) as extractor:
        assert extractor.counterpart_bytes is None
        assert extractor.origin_sha256 == extractor.sha256


def test_a_closed_model_waits_for_no_accelerator(supervise: Callable[..., EdgeTpuSupervisor], extractors: Path) -> None:
    model = EmbeddingExtractor(extractors, accelerator=supervise())
    model.close()
    assert not model.wait_for_accelerator(60.0)
    assert model.device == "cpu"

"""Changed inputs never crash a parser, block it, or take all memory; and the program that looks for that finds it."""

from __future__ import annotations

import ctypes
import gc
import time
from pathlib import Path

import pytest

from benchmarks.fuzz import shares_of
from tests.support.fuzzed_parsers import parsers
from tests.support.fuzzing import MOST_MEMORY_BYTES, Parser, State, mutated, run, run_all

pytestmark = pytest.mark.needs_runtime

SAMPLE = 12  # inputs of each parser; `benchmarks/fuzz.py` takes 100,000
SLOW = ("guarded model", "tflite and head")


def test_a_sample_of_changed_inputs_is_parsed_or_refused_by_every_parser() -> None:
    findings = []
    for parser in parsers():
        count = 4 if parser.name in SLOW else SAMPLE
        done, found = run(parser, 20261129, 0, count)
        findings += found if done == count else [*found, {"parser": parser.name, "number": done, "what": "not done"}]
    assert findings == []


def parser_that(what: object) -> Parser:
    """Return a parser that does something with the second of its inputs."""

    def parse(data: bytes) -> None:
        if data == b"two":
            what()  # type: ignore[operator]

    return Parser("x", [b"one", b"two", b"three"], parse, (ValueError,))


def refuses() -> None:
    raise ValueError


def fails() -> None:
    raise KeyError("oh")


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (refuses, []),
        (fails, [{"parser": "x", "number": 1, "what": "KeyError: 'oh'"}]),
        (lambda: ctypes.string_at(0), [{"parser": "x", "number": 1, "what": "the process ended with SIGSEGV"}]),
        (lambda: bytearray(MOST_MEMORY_BYTES + (9 << 20)), [{"parser": "x", "number": 1, "what": "it took"}]),
        (lambda: bytearray(3 * MOST_MEMORY_BYTES), [{"parser": "x", "number": 1, "what": "MemoryError: "}]),
        (lambda: _busy(1.1), [{"parser": "x", "number": 1, "what": "it took 1."}]),
    ],
    ids=["a refusal", "an error", "a crash", "much memory", "too much memory", "a hang"],
)
def test_whatever_a_parser_must_not_do_is_found(what: object, found: list[dict[str, object]]) -> None:
    _done, findings = run(parser_that(what), 0, 0, 3)
    shortened = [{**one, "what": str(one["what"])[: len(str(found[0]["what"]))]} for one in findings]
    assert shortened == found


def test_the_memory_of_each_input_is_measured_by_itself() -> None:
    sizes = {b"first": MOST_MEMORY_BYTES - (9 << 20), b"second": MOST_MEMORY_BYTES + (9 << 20)}
    parser = Parser("x", list(sizes), lambda data: bytearray(sizes[data]), ())
    _done, findings = run(parser, 0, 0, 2)
    assert [one["number"] for one in findings] == [1]


def test_memory_that_is_freed_during_a_parse_does_not_hide_what_the_parser_takes() -> None:
    unreachable: list[object] = [bytearray(64 << 20)]
    unreachable.append(unreachable)
    del unreachable  # a cycle: only the garbage collector frees it

    def parse(_data: bytes) -> None:
        gc.collect()
        bytearray(MOST_MEMORY_BYTES + (9 << 20))

    _done, findings = run(Parser("x", [b"one"], parse, ()), 0, 0, 1)
    assert [one["number"] for one in findings] == [0]


def _busy(for_s: float) -> None:
    end_s = time.process_time() + for_s
    while time.process_time() < end_s:
        pass


def test_an_input_depends_on_seed_and_number_alone() -> None:
    seeds = [b"a" * 100, b"b" * 100]
    assert [mutated(seeds, 1, number) for number in range(2)] == seeds
    some = [mutated(seeds, 1, number) for number in range(2, 40)]
    assert some == [mutated(seeds, 1, number) for number in range(2, 40)]
    assert len(set(some)) > 30
    assert some != [mutated(seeds, 2, number) for number in range(2, 40)]


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    State({"x": 2}, [{"parser": "x", "number": 1, "what": "before"}]).write(state)
    done = run_all([parser_that(fails)], {"x": 3}, seed=0, state_file=state)
    assert done.done == {"x": 3}
    assert done.findings == [{"parser": "x", "number": 1, "what": "before"}], "the second input was not tried again"
    assert State.read(state) == done


def test_all_inputs_are_shared_among_the_parsers() -> None:
    shares = shares_of([parser.name for parser in parsers()], 100_000)
    assert sum(shares.values()) >= 100_000
    assert shares["guarded model"] == 1_000

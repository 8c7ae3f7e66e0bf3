"""`bench --write` and `--share`: figures of benchmarks become a page, charts and a file that names nobody."""

from __future__ import annotations

import getpass
import json
import platform
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.base.errors import BenchmarkUnavailable
from app.commands.bench import REPORTED, STANDALONE, run_bench
from app.commands.bench.estimate import estimates
from app.commands.bench.figures import Figure, figures_in, in_turns, line_of, share
from app.commands.bench.report import NOTES, drawn_where, write_report, write_shared
from app.commands.command_line import run_command_line

FIGURES = (
    Figure("idle", "attract, “nobody” & <all>", 8.4, "%", 10.0),
    Figure("idle", "teach", 30.0, "%", 25.0),
    Figure("pipeline", "rate, kiosk against one loop", 1.75, "×", 1.5, at_least=True),
    Figure("pipeline", "bare model", 2.5, "ms"),
)
BENCHMARK = """
print("# some machine")
print("run,seconds")
print("0,0.4")
print('idle,"teach, nobody presses",12.5,%,25,False')
"""


def test_figures_survive_being_printed_between_other_lines() -> None:
    lines = ["# a machine", "run,seconds,made views,seconds of the fit", *map(line_of, FIGURES), "0,0.123,30,0.1"]
    assert figures_in(lines) == FIGURES


def test_a_goal_is_the_most_or_the_least_that_is_wanted() -> None:
    assert [figure.reached for figure in FIGURES] == [True, False, True, None]


def test_the_page_shows_every_figure_with_its_goal_and_each_topic_has_a_chart(tmp_path: Path) -> None:
    write_report(tmp_path, FIGURES)
    page = (tmp_path / "performance.md").read_text()
    assert "| attract, “nobody” & <all> | 8.4 % | ≤ 10 % | reached |" in page
    assert "| teach | 30 % | ≤ 25 % | missed |" in page
    assert "| rate, kiosk against one loop | 1.75 × | ≥ 1.5 × | reached |" in page
    assert "| bare model | 2.5 ms |  |  |" in page
    for topic in ("idle", "pipeline"):
        assert f"](performance/{topic}.svg)" in page
        assert NOTES.get(topic, "") in page
        chart = ElementTree.parse(tmp_path / "performance" / f"{topic}.svg")
        texts = [text.text for text in chart.iter("{http://www.w3.org/2000/svg}text")]
        assert {figure.what for figure in FIGURES if figure.topic == topic} <= set(texts)
    assert figures_in((tmp_path / "performance.csv").read_text().splitlines()) == FIGURES
    assert "Estimated, not measured" in page
    assert all(name in page for name, _ in estimates())


def test_the_page_says_whether_a_topic_was_drawn_in_a_window() -> None:
    assert drawn_where("start", {"DISPLAY": ":0"}) == "Drawn in a window of 1280 × 720 pixels."
    assert drawn_where("idle", {}) == "There was no screen: drawn into memory."
    for topic in ("answers", "train-to-live", "pipeline"):
        assert drawn_where(topic, {"DISPLAY": ":0"}) == "Drawn into memory, without a window."
    assert drawn_where("growth", {"DISPLAY": ":0"}) == drawn_where("pictures", {}) == ""


def test_the_shared_file_names_the_machine_but_no_user_computer_or_folder(tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    write_shared(path, FIGURES)
    shared = json.loads(path.read_text())
    assert [row["value"] for row in shared["figures"]] == [8.4, 30.0, 1.75, 2.5]
    assert shared["machine"]["python"] == platform.python_version()
    words = json.dumps(shared)
    hidden = [platform.node(), str(tmp_path), str(Path.home()) + "/"]
    assert not [word for word in hidden if len(word) > 3 and word in words]
    assert set(shared) == {"machine", "figures"}
    assert f'"{getpass.getuser()}"' not in words


def test_the_output_of_each_benchmark_is_shown_and_its_figures_are_kept(tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text(BENCHMARK)
    written: list[str] = []
    figures = run_bench(["quick"], written.append, folder=tmp_path)
    assert figures == [Figure("idle", "teach, nobody presses", 12.5, "%", 25.0)]
    assert written == ["# quick", *BENCHMARK.replace('print("', "").replace('")', "").split("\n")[1:4], written[-1]]


def test_a_benchmark_that_fails_writes_no_page(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise SystemExit(3)")
    with pytest.raises(BenchmarkUnavailable) as caught:
        run_bench(["broken"], print, folder=tmp_path)
    assert str(caught.value) == "the benchmark broken failed. Its messages are above."


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command_line(["bench", "--write", "/proc/nowhere"]) == 1
    output = capsys.readouterr()
    assert output.err == ("error: /proc/nowhere cannot be written: that place takes no folders. Name another folder.\n")
    assert output.out == ""


def test_every_topic_of_the_page_comes_with_the_program() -> None:
    assert set(REPORTED) <= set(STANDALONE)


def test_works_done_in_turns_have_medians_and_shares_are_of_sorted_values() -> None:
    calls: list[str] = []
    assert len(in_turns([lambda: calls.append("a"), lambda: calls.append("b")], 3)) == 2
    assert calls == ["a", "b"] * 3
    assert [share([5, 1, 4, 2, 3], part) for part in (0.0, 0.5, 0.95)] == [1, 3, 5]

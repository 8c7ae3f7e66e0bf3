"""Write the figures of a machine: a table for docs/performance.md, CSV, a chart for each topic, and a file to share."""

from __future__ import annotations

import html
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from app.commands.bench.estimate import estimates
from app.commands.bench.figures import HEAD, Figure, line_of
from app.devices.display import screen_chosen

PACKAGES = ("numpy", "opencv-python-headless", "opencv-python", "pygame", "ai-edge-litert")
TITLES = {
    "start": "Start",
    "idle": "Nobody presses anything",
    "answers": "Answers and presses",
    "train-to-live": "From TRAIN to the first answer",
    "pipeline": "Around the model",
    "growth": "Long sessions",
    "pictures": "`train` on folders of pictures",
}
NOTES = {
    "answers": """\
After 622 s of teaching, with 8 trainings and savings at a quarter of a core, memory was 87.5 MB beyond imports, model
and simulated camera. Of this camera's own 25.8 MB a real one needs nothing. Beyond imports and model alone it was
113.3 MB. Since then garbage is collected after every long job: in turns, after 6 trainings and savings with presses in
between, memory was 98 MB instead of 108 MB beyond imports, model and simulated camera, and 89 MB three seconds later.

A press while a model is trained or saved does nothing, neither sound nor notice, so there is nothing to measure. While
the report of a training is computed, which follows the first answer, presses count: p95 was 41 ms (goal: 50 ms), in a
run in which presses with nothing beside them took 36 ms.""",
    "idle": """\
The rendering of the simulated camera is printed apart, because a real camera needs none. Two thirds of the attract
screen's share are its 10 pictures a second. Between the pauses, the same work takes several times as long as when it is
repeated without a pause (0.7 ms instead of 0.1 ms for the state of the kiosk), probably because of cold caches. So the
shares follow what other guests of this host do: within one hour the attract screen took 12 to 30 %, and earlier
10.3 % with the rendering.""",
    "train-to-live": """\
With 9 classes of 100 samples and 540 made views, more than half of the time is the fit.

With less of a processor (`python benchmarks/slow.py --quota 0.3 bench`), 3 classes of 30 samples take 1.1 to 1.2 s with
0.3 of a core (medians of two runs of five; goal: 1.2 s), and 0.40 to 0.45 s with 0.6 of a core (goal: 0.6 s). Some
trainings take longer, up to 1.7 s with 0.3 of a core. Meanwhile loops of the lowest priority kept the cores awake.
Without them, the same program took 3 to 8 s with 0.3 of a core on this virtual machine, because its cores wake late and
the group loses most of its share.

Of 0.28 s of processor time from TRAIN to the first answer with 0.3 of a core, a fifth fits the head, a third writes,
opens and compares the file and stores the model, a quarter draws the screen as the training begins and ends, and
the rest is the camera and the answers to its pictures.""",
    "pipeline": """\
Averaging 480 × 480 pixels exactly to 144 × 144 took 0.4 times as long as the bare model. So the square is halved, which
OpenCV does with vector instructions, and then interpolated linearly in whole numbers, which is the same on all
processors. Each way was timed in turns with the bare model, whose weights leave little of the picture in the cache. The
change of an embedding is a share of its length, on 32 rendered pictures. Recognition is the difference to the exact
average in percentage points, in which taught and asked pictures were made alike: packs, coins and signs of
`benchmarks/photographs.py`, 5 and 20 photographs of a class, the mean over all changes of the asked ones.

| way | time against the bare model | change, median | largest | recognition |
|---|---|---|---|---|
| exact average | 0.41 | | | |
| the same in whole numbers: rows, then a product of matrices | 0.80 | 6.0 % | 6.8 % | |
| the same, but one grey level more or less in 0.36 % of the values | | 6.1 % | 6.7 % | −0.2 to +0.1 |
| average of halves, then exact average | 0.22 | 7.0 % | 7.8 % | |
| linear to twice the edge, then average of halves | 0.16 | 6.8 % | 7.9 % | −0.1 to +0.2 |
| average of halves, then linear | 0.13 | 7.7 % | 9.3 % | −0.3 to +0.2 |
| average of halves, then linear in whole numbers: used | 0.20 | 7.8 % | 9.6 % | −0.4 to 0.0 |
| linear alone | 0.06 | 10.9 % | 14.9 % | −0.3 to +0.2; with noise −1.3 |

Half the 95 % interval over 12 draws is 0.1 to 0.2 points. So halves change recognition little more than a few values
that differ by one grey level do; the −0.4 is of 91 % of hand signs. In a session of an older version, whose samples
keep embeddings of the exact average, it is −0.1 to 0.0. The photographs have 100 to 288 pixels an edge, and were
enlarged to 480; the ways that are not in use were also measured at 224. Sharper ones were not measured.

The rest of the call, about 0.1 times the bare model, is the crop, the copies into the model and back, and Python. With
that, and with the picture that must be read from memory, 1.15 is out of reach here.

On a computer that is faster than the camera, all ways answer every picture, and no program can show an answer sooner
than a single loop does. So the goals are for slow cores, simulated on this computer as those of a Raspberry Pi 4: each
answer and each drawing is followed by a pause, so that the bare model takes as long as is estimated below, and
everything else six times its processor time. An answer counts when it is drawn.

The usual loop reads `cv2.VideoCapture`, for which OpenCV asks the driver for four buffers (DEFAULT_V4L_BUFFERS in
`modules/videoio/src/cap_v4l.cpp`). The driver fills all that are empty, and OpenCV returns the oldest, so such a loop
reads a picture that has waited for almost three rounds. One that sets CAP_PROP_BUFFERSIZE to 1 waits for a new picture
in each round: its answers are nearly as young as the kiosk's, but far fewer. The kiosk asks for two buffers, one of
which its camera thread empties at once. Both loops share the kiosk's model and drawing; the camera is simulated by the
rule of OpenCV and the driver (`app/commands/bench/v4l.py`). Decoding JPEG, the time in the camera and its cable, and
the time from drawing to the light of the screen were not measured.""",
}
"""What a reader must know to judge the figures, by topic."""
IN_A_WINDOW, IN_MEMORY = ("start", "idle"), ("answers", "train-to-live", "pipeline")
"""The topics that draw in a window where there is a screen, and those that always draw into memory."""
WIDTH, ROW, LABEL, EDGE = 900, 26, 520, 10  # of a chart
REACHED, MISSED, PLAIN = "#2f7d4f", "#b5532c", "#5b6770"


def machine() -> dict[str, str]:
    """The machine and the versions, without names of computer, user or folders."""
    found = {"machine": platform.machine(), "processor": _processor(), "cores": str(os.cpu_count())}
    found |= {"memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"}
    found |= {"python": platform.python_version(), "kernel": platform.release().split("-")[0]}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_shared(path: Path, figures: Sequence[Figure]) -> None:
    """Write the figures with machine and versions as JSON, for a table of boards."""
    rows = [dict(zip(HEAD[:5], (one.topic, one.what, one.value, one.unit, one.goal), strict=True)) for one in figures]
    path.write_text(json.dumps({"machine": machine(), "figures": rows}, indent=1) + "\n")


def write_report(folder: Path, figures: Sequence[Figure]) -> None:
    """Write `performance.md`, `performance.csv` and a chart for each topic into a folder."""
    charts = folder / "performance"
    charts.mkdir(parents=True, exist_ok=True)
    lines = [",".join(HEAD), *(line_of(figure) for figure in figures)]
    (folder / "performance.csv").write_text("\n".join(lines) + "\n")
    parts = [HEADER.format(machine="\n".join(f"| {name} | {value} |" for name, value in machine().items()))]
    for topic, some in groupby(figures, key=lambda figure: figure.topic):
        own = list(some)
        (charts / f"{topic}.svg").write_text(chart(own))
        parts.append(f"## {TITLES.get(topic, topic)}\n\n![{topic}](performance/{topic}.svg)\n\n{table(own)}")
        if drawn := drawn_where(topic, os.environ):
            parts.append(drawn)
        if topic in NOTES:
            parts.append(NOTES[topic])
    boards = "\n".join(f"| {name} | {value:.0f} ms |" for name, value in estimates())
    parts.append(ESTIMATE.format(boards=boards))
    (folder / "performance.md").write_text("\n\n".join(parts) + "\n")


def drawn_where(topic: str, environment: Mapping[str, str]) -> str:
    """Say whether a benchmark has drawn in a window; empty if it draws nothing."""
    if topic in IN_A_WINDOW and screen_chosen(environment):
        return "Drawn in a window of 1280 × 720 pixels."
    if topic in IN_A_WINDOW:
        return "There was no screen: drawn into memory."
    return "Drawn into memory, without a window." if topic in IN_MEMORY else ""


def table(figures: Sequence[Figure]) -> str:
    """The figures of a topic as a table in Markdown."""
    rows = ["| what | measured | goal | |", "|---|---|---|---|"]
    for figure in figures:
        sign = "" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:g} {figure.unit}"
        mark = {None: "", True: "reached", False: "missed"}[figure.reached]
        rows.append(f"| {figure.what} | {figure.value:.3g} {figure.unit} | {sign} | {mark} |")
    return "\n".join(rows)


def chart(figures: Sequence[Figure]) -> str:
    """Bars of the figures in SVG: each against its goal, which is the line; those without a goal as numbers alone."""
    height, room = ROW * len(figures) + 2 * EDGE, WIDTH - LABEL - 110
    parts = []
    for row, figure in enumerate(figures):
        y = EDGE + ROW * row
        colour = {None: PLAIN, True: REACHED, False: MISSED}[figure.reached]
        text = f"{figure.value:.3g} {figure.unit}"
        parts.append(f'<text x="{LABEL - 8}" y="{y + 17}" text-anchor="end">{html.escape(figure.what)}</text>')
        right = LABEL
        if figure.goal:
            length = min(1.0, figure.value / (2 * figure.goal)) * room
            right += round(length)
            parts.append(f'<rect x="{LABEL}" y="{y + 4}" width="{max(2, length):.0f}" height="18" fill="{colour}"/>')
            line = LABEL + room / 2
            parts.append(f'<path d="M{line:.0f} {y + 1}v24" stroke="#222" stroke-dasharray="3 2"/>')
            right = max(right, round(line))
        parts.append(f'<text x="{right + 6}" y="{y + 17}" fill="{colour}">{html.escape(text)}</text>')
    style = "<style>text{font:13px sans-serif;fill:#222}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{style}{"".join(parts)}</svg>\n'
    )


def _processor() -> str:
    """The model name of the processor or the board."""
    for path, pattern in (("/proc/device-tree/model", r"(.+)"), ("/proc/cpuinfo", r"model name\s*:\s*(.+)")):
        try:
            found = re.search(pattern, Path(path).read_text(errors="replace"))
        except OSError:
            continue
        if found:
            return found[1].strip("\0 ")
    return "unknown"


HEADER = """# Performance

`make bench` writes this page. Every ratio (×) compares two measurements of the same run, so it does not depend on how
fast the machine is; the other values are those of one machine, and stand beside a reference of the same run: an answer
of the bare model, the decoding of pictures, or imports, model and window. In the charts the dashed line is the goal.

| machine | |
|---|---|
{machine}"""

ESTIMATE = """## Boards that were not measured

**Estimated, not measured**: the multiply-adds of the built-in extractor over those that one core reaches with 8-bit
integers (`app/commands/bench/estimate.py`). `bench --share FILE` writes the figures of a machine to a file without
names or paths; please send it if you have such a board.

| board | one picture through the extractor, estimated |
|---|---|
{boards}"""

"""What a person can do with the page: camera, pictures, table, languages; and that nothing in it is dangerous."""

from __future__ import annotations

import ast
import base64
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from app.base.i18n import LANGUAGES
from app.model.saved_folder.page import LARGEST_MODEL_BYTES, PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from app.model.saved_folder.page_texts import page_texts
from tests.browser.conftest import COLOURS, Open, speckled, write

pytestmark = pytest.mark.needs_browser

LARGEST_PAGE_BYTES = 8_000_000
HOSTILE = ("</script><img src=x onerror=alert(1)>", "=HYPERLINK(1)", "__proto__")
TEXTS = page_texts()
SIZES = ((320, 640), (768, 1024), (1280, 800), (3840, 2160))


def made(folder: Path, model: bytes, labels: Sequence[str] = ("a", "b", "c"), **changes: object) -> Path:
    """Write a page with other labels for a model of three classes."""
    facts = PageFacts(
        "converted_tflite_quantized/model.tflite", labels, (3, 3, 3), (None, 0.5, 1), 0.9, 0.5, 1, "x", "2026-01-31"
    )
    engine = read_engine()
    assert engine is not None
    (folder / "open_me.html").write_bytes(open_me_page(replace(facts, **changes), model, engine))  # type: ignore[arg-type]
    return folder / "open_me.html"


def model_of(saved: Path) -> bytes:
    return (saved / "converted_tflite_quantized/model.tflite").read_bytes()


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return write(tmp_path / "red.png", speckled(COLOURS["red"], np.random.default_rng(5)))


def test_the_page_is_small_enough_for_a_mail(saved: Path) -> None:
    assert (saved / "open_me.html").stat().st_size <= LARGEST_PAGE_BYTES
    assert "open_me.html" in (saved / "SHA256SUMS").read_text()


def test_the_camera_shows_a_verdict_and_the_square_that_the_model_sees(open_page: Open, saved: Path) -> None:
    page = open_page(saved / "open_me.html").page
    page.click("#camera-button")
    page.get_by_test_id("verdict").get_by_text("red").wait_for(timeout=15_000)
    bars = page.locator("#bars li").all_inner_texts()
    assert [bar.split("\n")[0] for bar in bars] == ["blue", "green", "red"]
    frame, video = (page.locator(one).bounding_box() for one in ("#frame", "#video"))
    assert frame is not None
    assert video is not None
    assert frame["width"] == pytest.approx(frame["height"], abs=2)
    assert frame["x"] + frame["width"] / 2 == pytest.approx(video["x"] + video["width"] / 2, abs=2)
    assert page.locator("#camera option").count() >= 1
    assert page.locator("#video").evaluate("video => getComputedStyle(video).transform").startswith("matrix(-1")
    page.uncheck("#mirror")
    assert page.locator("#video").evaluate("video => getComputedStyle(video).transform") == "none"
    page.click("#camera-stop")
    assert page.get_by_test_id("verdict").inner_text() == ""
    assert page.locator("#camera-button").evaluate("button => button === document.activeElement")


def test_a_refused_camera_is_explained_with_what_to_do_instead(open_page: Open, saved: Path, red: Path) -> None:
    opened = open_page(saved / "open_me.html", camera=False)
    opened.page.click("#camera-button")
    problem = opened.page.locator("#camera-problem")
    problem.wait_for()
    assert problem.inner_text() == TEXTS["en"]["camera_refused"]
    assert opened.answers([red])[0]["label"] == "red"


def test_hostile_labels_are_only_text(open_page: Open, saved: Path, red: Path, tmp_path: Path) -> None:
    opened = open_page(made(tmp_path, model_of(saved), HOSTILE))
    (answer,) = opened.answers([red])
    assert answer["label"] == HOSTILE[2]
    assert set(json.loads(answer["probabilities"])) == set(HOSTILE)
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("#bars .label").all_inner_texts() == list(HOSTILE)
    assert HOSTILE[0] in opened.page.locator("h1").inner_text()


def test_the_table_is_saved_as_csv_without_formulas(open_page: Open, saved: Path, red: Path, tmp_path: Path) -> None:
    formula = red.rename(tmp_path / '-1+2,"x".png')
    opened = open_page(made(tmp_path, model_of(saved), HOSTILE))
    (answer,) = opened.answers([formula])
    with opened.page.expect_download() as download:
        opened.page.click("#save-table")
    lines = Path(download.value.path()).read_bytes().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Picture,Answer,</script><img src=x onerror=alert(1)>,'=HYPERLINK(1),__proto__"
    shares = [f"{value:.4f}" for value in json.loads(answer["probabilities"]).values()]
    assert lines[1] == f'"\'-1+2,""x"".png",__proto__,{",".join(shares)}'
    assert lines[2:] == [""]


def test_pictures_can_be_dropped_and_pasted(open_page: Open, saved: Path, red: Path) -> None:
    page = open_page(saved / "open_me.html").page
    data = base64.b64encode(red.read_bytes()).decode()
    for event, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """([event, field, data]) => {
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], event + '.png', {type: 'image/png'}));
                const Kind = event === 'drop' ? DragEvent : ClipboardEvent;
                document.dispatchEvent(new Kind(event, {[field]: transfer, bubbles: true, cancelable: true}));
            }""",
            [event, field, data],
        )
        page.locator(f"[data-testid=answer][data-name='{event}.png']").wait_for()
    assert (
        page.locator("[data-testid=answer]").evaluate_all("rows => rows.map(row => row.dataset.label)") == ["red"] * 2
    )


def test_a_file_that_is_no_picture_is_named_and_the_others_are_answered(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    (tmp_path / "<b>.png").write_text("no picture")
    page = open_page(saved / "open_me.html").page
    page.set_input_files("[data-testid=pictures]", [str(tmp_path / "<b>.png"), str(red)])
    page.locator("[data-testid=answer]").wait_for()
    assert page.locator("#unreadable").inner_text() == "This browser cannot open <b>.png as a picture."


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_language_of_the_visit_and_any_other(
    language: str, open_page: Open, saved: Path, tmp_path: Path
) -> None:
    page = open_page(made(tmp_path, model_of(saved), language=language)).page
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("#camera-button").inner_text() == TEXTS[language]["start_camera"]
    assert not re.search(r"\{\w+\}|undefined", page.locator("main").inner_text().split("Apache License")[0])
    page.select_option("#language", "de")
    assert page.locator("#pictures-title").inner_text() == "Bilder"


def test_a_large_model_is_chosen_as_a_file_and_any_other_file_is_refused(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    beside, other = tmp_path / "model.tflite", tmp_path / "other.tflite"
    beside.write_bytes(model_of(saved) + bytes(LARGEST_MODEL_BYTES))
    other.write_bytes(model_of(saved))
    opened = open_page(made(tmp_path, beside.read_bytes(), ("blue", "green", "red")), wait=False)
    page = opened.page
    page.locator("#model-choice").wait_for()
    page.set_input_files("[data-testid=model]", str(other))
    page.get_by_text(TEXTS["en"]["wrong_model"].split("{")[0]).wait_for()
    page.set_input_files("[data-testid=model]", str(beside))
    page.wait_for_selector("body[data-state=ready]", timeout=30_000)
    assert opened.answers([red])[0]["label"] == "red"


def test_the_model_comes_out_of_the_page_and_runs_with_the_python_that_is_shown(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    opened = open_page(saved / "open_me.html")
    (answer,) = opened.answers([red])
    with opened.page.expect_download() as download:
        opened.page.click("#download")
    download.value.save_as(tmp_path / "maker/model.tflite")
    assert (tmp_path / "maker/model.tflite").read_bytes() == model_of(saved)
    (tmp_path / "maker/picture.jpg").write_bytes(red.read_bytes())
    snippets = opened.page.locator("[data-testid=snippet]")
    codes = dict(snippets.evaluate_all("all => all.map(one => [one.dataset.name, one.textContent])"))
    assert list(codes) == ["Python", "JavaScript", "Android (Kotlin)"]
    ast.parse(codes["Python"])
    done = subprocess.run(
        [sys.executable, "-c", codes["Python"]], cwd=tmp_path / "maker", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shares = json.loads(answer["probabilities"])
    shown = dict(line.split(": ") for line in done.stdout.splitlines())
    assert list(shown) == list(shares)
    assert max(shown, key=lambda label: float(shown[label].rstrip("%"))) == "red"


def check(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong."""
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(scheme: str, open_page: Open, saved: Path, red: Path, axe: str) -> None:
    opened = open_page(saved / "open_me.html", color_scheme=scheme)
    opened.answers([red])
    opened.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    opened.page.click("#camera-button")
    opened.page.get_by_test_id("verdict").get_by_text("red").wait_for(timeout=15_000)
    for palette in ("automatic", "contrast", "distinct"):
        opened.page.select_option("#colours", palette)
        assert check(opened.page, axe) == [], palette


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_cut_off_at_any_width(width: int, height: int, open_page: Open, saved: Path, tmp_path: Path) -> None:
    long_labels = ("a" * 60, "Donaudampfschifffahrtsgesellschaft und noch mehr", "b")
    path = made(tmp_path, model_of(saved), long_labels, language="de")
    page = open_page(path, viewport={"width": width, "height": height}).page
    page.click("#camera-button")
    page.locator("#camera-controls").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_with_the_keyboard(open_page: Open, saved: Path) -> None:
    page = open_page(saved / "open_me.html").page
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(one => one.id || one.dataset.testid || one.className || one.tagName)(document.activeElement)"
            )
        )
    wanted = ["skip", "language", "colours", "camera-button", "pictures", "download", "SUMMARY"]
    assert [one for one in reached if one in wanted][: len(wanted)] == wanted
